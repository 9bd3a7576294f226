"""Which goroutines can use the code of another one: it is called on the state in which the two are exchanged.

Machine code for the steps of one goroutine of a class (`passes/symmetry`) does for all of them. What comes out is
exchanged back, so that every successor is the very state that code of its own would have made. Only the judge has to be
told who is calling.
"""

from __future__ import annotations

from verifier.explore.canonical import Canonical, Sorted, all_pooled
from verifier.explore.kernel.canoncode import inside, put
from verifier.explore.kernel.emit import Function
from verifier.explore.machine import Machine
from verifier.records import dataclass


@dataclass(frozen=True)
class Twin:
    """A goroutine that uses the code of instance `first`: its steps are numbered `offset` after those.

    `client` is its number among clients, `position` its place in the group.
    """

    first: int
    offset: int
    client: int
    group: Sorted
    position: int

    @property
    def turn(self) -> str:
        """The name of the function that exchanges the two in a state."""
        return f"turn{self.first}_{self.position}"

    def source(self, words: int) -> str:
        """`turn…(s)`: both regions exchanged, in place."""
        f = Function(self.turn, [("s", "ptr")])
        (state,) = f.parameters
        a, b = self.group.shifts[0], self.group.shifts[self.position]
        mine, theirs = (inside(f, state, self.group, shift) for shift in (a, b))
        put(f, state, self.group, a, theirs)
        put(f, state, self.group, b, mine)
        f.give(0)
        return f.source()


def twins(machine: Machine) -> dict[int, Twin]:
    """The goroutines that can use another one's code, that one included; only clients, whose code is long."""
    program = machine.program
    if program.clients is None or not program.classes or (program.recycled and not all_pooled(machine)):
        return {}
    out: dict[int, Twin] = {}
    for g in Canonical(machine).anonymous:
        if g.group.identities or any(len(members) != 1 for members in g.group.instances):
            continue
        roots = [members[0] for members in g.group.instances]
        steps = {r: [k for k, c in enumerate(machine.steps) if c.instance == r] for r in roots}
        if all(_same(machine, roots[0], r, steps) for r in roots):
            for position, r in enumerate(roots):
                offset = steps[r][0] - steps[roots[0]][0] if steps[r] else 0
                out[r] = Twin(roots[0], offset, program.instances[r].ordinal, g, position)
    return out


def _same(machine: Machine, first: int, other: int, steps: dict[int, list[int]]) -> bool:
    """Whether steps of the same numbers leave the same places."""
    mine, theirs = ([machine.steps[k] for k in steps[n]] for n in (first, other))
    return (
        machine.layout.codes[first] == machine.layout.codes[other]
        and len(mine) == len(theirs)
        and len({b - a for a, b in zip(steps[first], steps[other], strict=True)}) <= 1
        and all(
            (a.index, a.step.src, a.candidates, a.child, a.partner)
            == (b.index, b.step.src, b.candidates, b.child, b.partner)
            for a, b in zip(mine, theirs, strict=True)
        )
    )
