"""Which steps are atomic steps: those that use shared memory through `sync`, `sync/atomic` or a channel.

A report of calls counts them. What only touches a goroutine's own state, and plain accesses, which in a program without
races nobody can see happen, are steps too, but not these.
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.expr import At, Cell, Const, Own, Read, Ref, all_of, any_of, equal, ite, op, refs
from verifier.program.program import PACKAGE, Kind, Program, Range, Step
from verifier.records import replace

COUNTER = "atomic steps"
"""The name of a package's cell that counts them in `within`; nothing else writes it. No name in Go has a space."""


def atomic_steps(program: Program, template: int) -> tuple[int, ...]:
    """For each step of a template, how many atomic steps it stands for: one at most, unless it is a fused one."""
    if program.raw is not None:
        single = atomic_steps(program.raw, template)
        return tuple(sum(single[n] for n in s.origin) for s in program.templates[template].steps)
    clients = program.clients
    ghosts = frozenset() if clients is None else clients.ghosts | {clients.phase}
    return tuple(int(_atomic(s, template, ghosts)) for s in program.templates[template].steps)


def within(small: Program, program: Program, most: int) -> Program:
    """`small`, made from `program` or `program` itself, with `most` atomic steps at most once all clients run.

    An atomic step that would be one more is not enabled. Nothing else changes; `raw` is `program`.
    """
    clients = small.clients
    assert clients is not None, "the program has no clients whose steps could be counted"
    number = next(n for n, c in enumerate(small.templates[PACKAGE].cells) if c.name == COUNTER)
    counter, phase = Cell(number), Read(Cell(clients.phase))
    began, made = equal(phase, Const(0)), small.raw is program

    def step(n: int, s: Step, atomic: int) -> Step:
        s = s if made else replace(s, origin=(n,))
        # The two halves of a paired step are one.
        if not atomic or s.fail is not None or (s.offer is not None and not s.offer.sends):
            return s
        left = any_of(began, op("<", Read(counter), Const(most + 1 - atomic)))
        counted = ite(began, Read(counter), op("+", Read(counter), Const(atomic)))
        return replace(s, guard=all_of(s.guard, left), updates=(*s.updates, (counter, counted)))

    templates = tuple(
        replace(t, steps=tuple(map(step, range(len(t.steps)), t.steps, atomic_steps(small, t.number))))
        for t in small.templates
    )
    cells = list(small.cells)
    cells[number] = replace(cells[number], domain=Range(0, max(most, 0)))
    package = replace(templates[PACKAGE], cells=tuple(cells[: len(templates[PACKAGE].cells)]))
    prelude = small.prelude if made else ()
    return replace(small, templates=(package, *templates[1:]), cells=tuple(cells), raw=program, prelude=prelude)


def _atomic(step: Step, template: int, ghosts: frozenset[int]) -> bool:
    if any(a.atomic for a in step.accesses):
        return True
    if step.kind is not Kind.SYNC:
        return False
    return bool(step.sync) or step.offer is not None or any(_shared(r, template, ghosts) for r in _refs(step))


def _refs(step: Step) -> Iterator[Ref]:
    yield from refs(step.guard)
    for ref, value in step.updates:
        yield ref
        yield from refs(value)
    yield from (a.ref for a in step.accesses)


def _shared(ref: Ref, template: int, ghosts: frozenset[int]) -> bool:
    match ref:
        case Own(template=t, offset=n) if t == PACKAGE:
            return n not in ghosts
        case Own(template=t):
            return t != template
        case Cell(number=n):
            return n not in ghosts
    return isinstance(ref, At)
