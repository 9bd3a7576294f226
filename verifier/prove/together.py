"""A few goroutines together in the abstract machine: what they do is done among any number of them, too.

Nobody is outside, so nothing is left open but what the machine forgets of a single goroutine: large integers and all
blocks of a statement but one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import combinations, combinations_with_replacement

from verifier.prove.context import Configuration
from verifier.prove.machine import Machine
from verifier.prove.renaming import Renamer, beside
from verifier.prove.shape import NotCovered
from verifier.prove.values import OUTSIDE
from verifier.prove.views import BadView

CROWD = OUTSIDE - 1
"""As many as a configuration has names for."""

PATIENCE = 300
"""Configurations looked at before `reached` gives up."""


def seen_by_exploration(
    machine: Machine, n: int, k: int, limit: int = 20_000
) -> tuple[set[Configuration], BadView | None, bool]:
    """Views of size k of every configuration n goroutines (of any roles) reach; a failure; whether it was cut off.

    The oracle of the tests: every view seen must lie in the fixpoint.
    """
    names = Renamer(machine.shape)
    entries = [machine.entry(r.template) for r in machine.shape.roles]
    seen: set[Configuration] = set()
    out: set[Configuration] = set()
    work: list[Configuration] = []
    for chosen in combinations_with_replacement(entries, n):
        c = names.view(beside(chosen, machine.package), range(n))
        if c not in seen:
            seen.add(c)
            work.append(c)
    for c in work:
        out |= {names.view(c, s) for s in combinations(range(n), k)}
        found = machine.race(c, outside_too=False)
        if found is not None:
            name = machine.shape.program.cells[found.cell].name
            return out, BadView(c, "race", name, "", found.members), False
        for j in range(n):
            for o in machine.moves(c, j):
                if o.after is None:
                    assert o.step.fail is not None
                    if o.lost != 1:
                        return out, BadView(c, o.step.fail.kind, o.step.fail.message, o.step.step.text, (j,)), False
                    continue
                d = names.view(o.after, range(n))
                if d not in seen:
                    seen.add(d)
                    work.append(d)
        if len(seen) > limit:
            return out, None, True
    return out, None, False


def reached(machine: Machine, bad: BadView, exactly: dict[int, int], out_of_time: Callable[[], bool]) -> bool:
    """Whether a few goroutines, all of them present, race or fail: then it is no use to track more of them.

    The views of k goroutines contain what any k of them see in such a run, so there is a bad view for every k. Finding
    none says nothing. A failure that looked at one untracked block does not count, as in the fixpoint.
    """
    limit = bad.kind == "bound"
    # A clash needs few steps; a limit is reached when one after the other goes as far as it can.
    members = [machine.entry(t) for t in _crowd(machine, bad, exactly, CROWD if limit else 0)]
    start = beside(members, machine.package)
    todo, seen = deque([(start, 0)]), {start}
    try:
        for _ in range(PATIENCE):
            if not todo or out_of_time():
                return False
            c, last = todo.pop() if limit else todo.popleft()
            if machine.race(c, outside_too=False) is not None:
                return True
            n = len(c.members)
            for j in [(last - i) % n for i in range(1, n + 1)]:
                for o in machine.moves(c, j):
                    if o.after is None:
                        if o.lost != 1:
                            return True
                    elif o.after not in seen:
                        seen.add(o.after)
                        todo.append((o.after, j))
    except NotCovered:
        return False
    return False


def _crowd(machine: Machine, bad: BadView, exactly: dict[int, int], least: int) -> list[int]:
    """Templates: the goroutines of a bad view, one of every other role, and more of the first one up to `least`."""
    first = bad.configuration.members[bad.members[0]].template
    wanted = [m.template for m in bad.configuration.members]
    wanted += [r.template for r in machine.shape.roles if r.template not in wanted]
    more = min(least - len(wanted), exactly.get(first, CROWD) - wanted.count(first))
    out = [*[first] * more, *sorted(wanted, key=lambda t: t != first)]
    return [t for n, t in enumerate(out) if out[:n].count(t) < exactly.get(t, CROWD)][:CROWD]
