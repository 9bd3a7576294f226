"""A schedule of clients in which every goroutine goes on as long as nobody can tell.

In a program without races what a goroutine does between two atomic steps commutes with all that others do meanwhile
(Lipton, "Reduction", CACM 1975). So a call may begin just before its first atomic step, go on from each one up to the
next, and return after its last: the same calls overlap, or fewer, and there is less to read. Whoever shows the schedule
replays it first.
"""

from __future__ import annotations

from verifier.explore.heap import Heap
from verifier.explore.machine import Machine, machine
from verifier.explore.reference import Successors, stepping
from verifier.program.atomic import atomic_steps
from verifier.program.monitor import Clients
from verifier.program.program import END, Program
from verifier.records import dataclass, field


@dataclass(frozen=True, slots=True)
class _Row:
    """A step taken: its number in the machine, and the calls its goroutine is in before and after it.

    `ends`: the goroutine has returned then.
    """

    step: int
    instance: int
    atomic: bool
    before: int
    after: int
    ends: bool


@dataclass
class _Block:
    """Rows of one goroutine that are taken together, at the time of row `at`."""

    at: int
    rows: list[_Row] = field(default_factory=list)


def steady(program: Program, choices: tuple[int, ...]) -> tuple[int, ...]:
    """`choices` in that order; as they are if some step cannot be taken then. `program` has clients."""
    assert program.clients is not None and not program.classes
    m = machine(program)
    after = stepping(m)
    setup, rows = _rows(m, after, program.clients, choices)
    blocks = [b for i in program.goroutines for b in _blocks(i.number, rows)]
    ordered = [r.step for b in sorted(blocks, key=lambda b: b.at) for r in b.rows]
    return _choices(m, after, [*setup, *ordered]) or choices


def _rows(m: Machine, after: Successors, clients: Clients, choices: tuple[int, ...]) -> tuple[list[int], list[_Row]]:
    """The steps before all clients run, and those from then on."""
    atomic = {i.number: atomic_steps(m.program, i.template) for i in m.program.goroutines}
    calls = {i: m.layout.cells[c] for i, c in zip(clients.instances, clients.pending, strict=True)}
    phase = m.layout.cells[clients.phase]
    state = Heap(m).canonical(m.initial)
    setup: list[int] = []
    rows: list[_Row] = []
    for choice in choices:
        k, target = after(state)[choice]
        c = m.steps[k]
        if not state >> phase.shift & phase.mask:
            setup.append(k)
        else:
            slot = calls.get(c.instance)
            was, now = (0, 0) if slot is None else (s >> slot.shift & slot.mask for s in (state, target))
            rows.append(_Row(k, c.instance, bool(atomic[c.instance][c.index]), was, now, c.step.dst == END))
        state = target
    return setup, rows


def _blocks(instance: int, rows: list[_Row]) -> list[_Block]:
    """What one goroutine does, in blocks of one atomic step each; what nobody needs is left out."""
    out: list[_Block] = []
    ahead: list[_Row] = []
    inside = False
    for at, row in enumerate(rows):
        if row.instance != instance or row.ends:
            continue
        if row.after and not row.before:
            inside = False
        # A call without an atomic step stands at its return, as does what belongs to no call.
        if row.atomic or (not inside and not row.after):
            out.append(_Block(at, [*ahead, row]))
            ahead, inside = [], True
        elif inside:
            out[-1].rows.append(row)
        else:
            ahead.append(row)
    if out and inside and out[-1].rows[-1].after:
        # Its call does not return.
        last = out[-1].rows
        out[-1].rows = last[: 1 + max((n for n, r in enumerate(last) if r.atomic), default=len(last))]
    return out


def _choices(m: Machine, after: Successors, steps: list[int]) -> tuple[int, ...]:
    """The choices that take these steps; none if one of them cannot be taken."""
    state = Heap(m).canonical(m.initial)
    out: list[int] = []
    for k in steps:
        enabled = after(state) if state >= 0 else []
        found = [n for n, (step, _) in enumerate(enabled) if step == k]
        if not found:
            return ()
        out.append(found[0])
        state = enabled[found[0]][1]
    return tuple(out)
