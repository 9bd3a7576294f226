"""Control dependence: which choices of a goroutine decide whether it comes to a location (Ferrante, Ottenstein and
Warren, "The program dependence graph and its use in optimization", 1987, section 3)."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.program.expr import Const, Op, Own, Read, Ref
from verifier.program.passes.footprint import conjuncts
from verifier.program.program import END, Template

UNWINDING = "panicking"
"""What lowering calls the cell that says, while deferred calls run, which panic they run for."""

RECOVERED = "recovered"
"""What lowering calls the cell that holds what `recover` returns."""

_EXIT = -1
"""Where every run ends for the purpose of postdominance: after END, or somewhere in a loop without an end."""


def control_dependences(template: Template) -> dict[int, frozenset[int]]:
    """For each location the branching locations that decide whether a goroutine gets there, directly or through others.

    Steps that fail, or begin to unwind for a panic, are no way to go on: a check that may panic decides nothing about
    what follows it. A loop that is never left counts as one that may be left at its first location.
    """
    following = ways(template)
    following[END] = {_EXIT}
    following[_EXIT] = set()
    for location in _first_of_endless(following):
        following[location].add(_EXIT)
    after = _postdominators(following)
    direct: dict[int, set[int]] = {n: set() for n in following}
    for branch, nexts in following.items():
        if len(nexts) < 2:
            continue
        for n in following:
            decided = any(n in after[s] for s in nexts) and (n == branch or n not in after[branch])
            if decided:
                direct[n].add(branch)
    return {n: _closure(n, direct) for n in following if n != _EXIT}


def ways(template: Template) -> dict[int, set[int]]:
    """From each location the locations a goroutine can go to next, if it is not to panic."""
    panics = _panics(template)
    following: dict[int, set[int]] = {END: set()}
    for s in template.steps:
        following.setdefault(s.src, set())
        if s.fail is None and not any(isinstance(v, Const) and (r, v.value) in panics for r, v in s.updates):
            following[s.src].add(s.dst)
            following.setdefault(s.dst, set())
    _leave_out_doomed(template, following)
    return following


def _leave_out_doomed(template: Template, following: dict[int, set[int]]) -> None:
    """Take the ways to locations from which every step fails, like the one before a `panic(…)`, out of the graph."""
    leaves = {s.src for s in template.steps}
    doomed: set[int] = set()
    while more := {n for n in leaves - doomed if following[n] <= doomed}:
        doomed |= more
    for nexts in following.values():
        nexts -= doomed


def _panics(template: Template) -> set[tuple[Ref, int]]:
    """What is remembered while deferred calls run: the cells and values by which the goroutine knows that it panics.

    Nothing where it may recover: then a panic is a way to go on, and a check that panics decides what comes next.
    """
    if any(c.name == RECOVERED for c in template.cells):
        return set()
    return {
        (c.args[0].ref, c.args[1].value)
        for s in template.steps
        if s.fail is not None and s.fail.kind == "panic"
        for c in conjuncts(s.guard)
        if isinstance(c, Op) and c.name == "==" and isinstance(c.args[0], Read) and isinstance(c.args[1], Const)
        # Not the nil check of a variable that is set to nil elsewhere.
        if c.args[1].value != 0 and _called(template, c.args[0].ref) == UNWINDING
    }


def _called(template: Template, ref: Ref) -> str:
    return template.cells[ref.offset].name if isinstance(ref, Own) and ref.template == template.number else ""


def _first_of_endless(following: Mapping[int, set[int]]) -> list[int]:
    """A location of every loop, or end, from which END cannot be reached: the first in the text."""
    back: dict[int, set[int]] = {n: set() for n in following}
    for n, nexts in following.items():
        for m in nexts:
            back[m].add(n)
    ends = _reachable(_EXIT, back)
    out: list[int] = []
    for n in sorted(set(following) - ends):
        reached = _reachable(n, following)
        # A bottom component: whatever is reached from here leads back here, or is an end itself.
        if n not in ends and all(n in _reachable(m, following) for m in reached):
            out.append(n)
            ends |= _reachable(n, back)
    return out


def _reachable(start: int, following: Mapping[int, set[int]]) -> set[int]:
    seen = {start}
    todo = [start]
    while todo:
        for m in following[todo.pop()]:
            if m not in seen:
                seen.add(m)
                todo.append(m)
    return seen


def _postdominators(following: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """For each location those that every way from it to the exit comes by, itself included."""
    all_ = set(following)
    after = {n: set(all_) for n in following}
    after[_EXIT] = {_EXIT}
    changed = True
    while changed:
        changed = False
        for n in sorted(following, reverse=True):
            if n == _EXIT:
                continue
            common = set.intersection(*(after[m] for m in following[n])) if following[n] else set()
            new = common | {n}
            if new != after[n]:
                after[n], changed = new, True
    return after


def _closure(location: int, direct: Mapping[int, set[int]]) -> frozenset[int]:
    seen: set[int] = set()
    todo = list(direct[location])
    while todo:
        branch = todo.pop()
        if branch not in seen:
            seen.add(branch)
            todo += direct[branch]
    return frozenset(seen)
