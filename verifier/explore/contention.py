"""Waiting and critical sections, from the state graph: exact shares over all schedules, or a reason why not.

Not the share of schedules counted one by one: a long schedule has more variants than a short one only because there
are more moments at which somebody else could move, and would count for more. And not "some goroutine cannot move": of
two goroutines about to lock, one cannot as soon as the other has, even if its turn comes much later.
"""

from __future__ import annotations

from math import inf

from verifier.evidence.contention import MILLION, Contention
from verifier.explore.machine import Machine
from verifier.explore.outcome import Exploration
from verifier.explore.walks import FAILED, Edges, millionths, part, state_edges, topological
from verifier.program.concrete import Concrete
from verifier.program.evaluate import Valuation, place
from verifier.program.program import Step
from verifier.program.semantics import at_rest
from verifier.records import dataclass

Lock = tuple[int, int, bool]
"""A lock somebody holds: the goroutine, the lock's cell, whether for reading."""
Held = dict[Lock, tuple[int, int]]
"""Locks held, each with how often (a read lock can be taken again) and the steps since."""

_CYCLE = "goroutines can go round in circles, so there is no longest schedule"
_STRANGER = "a read lock is released by another goroutine than took it"
_PAIR = "a lock is taken or released in the step that hands a value over a channel"


class _Unclear(Exception):
    """Who holds a lock cannot be told; the message says why."""


def contention(found: Exploration, files: frozenset[str]) -> Contention:
    """The contention of a scheme whose code stands in `files`.

    `found` has to be complete, of a program without interchangeable goroutines.
    """
    assert found.complete and not found.machine.program.classes
    if any(v.kind == "bound" for v in found.violations):
        return Contention(None, None, None, "a bound of the model was hit")
    edges = state_edges(found)
    order = topological(edges)
    if order is None:
        return Contention(None, None, None, _CYCLE)
    waits, lost = _waiting(found, edges, order, files)
    try:
        return Contention(waits, lost, _section(found, edges, order, files))
    except _Unclear as reason:
        return Contention(waits, lost, None, str(reason))


def called(step: Step, files: frozenset[str]) -> bool:
    """Whether a step is part of a call into `files`, made by code that stands elsewhere."""
    if step.span is None or step.span.file not in files:
        return False
    return any(call.called_at is not None and call.called_at.file not in files for call in step.stack)


@dataclass(frozen=True, slots=True)
class _Turns:
    """Who can be next in a state: for each goroutine the states it may go to. `waiting`: how many cannot move."""

    after: tuple[tuple[int, ...], ...]
    waiting: int


def _turns(found: Exploration, edges: Edges, files: frozenset[str]) -> list[_Turns]:
    made = found.machine
    movers = [c.movers for c in made.steps]
    inside = _inside(made, files)
    out: list[_Turns] = []
    for n, state in enumerate(found.store.order):
        after: dict[int, list[int]] = {}
        for k, to in edges[n]:
            for g in movers[k]:
                after.setdefault(g, []).append(to)
        stuck = 0
        for instance in made.program.goroutines:
            i = instance.number
            slot = made.layout.pcs[i]
            location = made.layout.locations[i][state >> slot.shift & slot.mask]
            stuck += i not in after and not at_rest(location) and (instance.template, location) in inside
        out.append(_Turns(tuple(map(tuple, after.values())), stuck))
    return out


def _inside(made: Machine, files: frozenset[str]) -> set[tuple[int, int]]:
    """Where goroutines are in a call of the scheme: (template, location)."""
    return {(t.number, s.src) for t in made.program.templates for s in t.steps if called(s, files)}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """From a state on: how likely somebody waits, how likely nobody does, turns lost and steps taken on average."""

    some: float
    none: float
    lost: float
    taken: float


_OVER = _Waiting(0.0, 1.0, 0.0, 0.0)


def _waiting(found: Exploration, edges: Edges, order: list[int], files: frozenset[str]) -> tuple[int, int]:
    """`WAITS` and `LOST` in millionths."""
    turns = _turns(found, edges, files)
    known = [_OVER] * len(edges)
    for n in reversed(order):
        known[n] = _before(turns[n], known)
    start = known[0]
    # That nobody waits is worked out too: neither 0 nor 1 is then due to rounding.
    share = millionths(start.some, start.none)
    # Who waits for ever loses every turn from then on.
    return share, MILLION if start.lost == inf else millionths(start.lost, start.taken)


def _before(now: _Turns, known: list[_Waiting]) -> _Waiting:
    parties = len(now.after) + now.waiting
    if not parties:
        return _OVER
    if not now.after:
        return _Waiting(1.0, 0.0, inf, 0.0)
    some = none = lost = taken = 0.0
    for after in now.after:
        ways = [_OVER if to == FAILED else known[to] for to in after]
        some += sum(w.some for w in ways) / len(ways)
        none += sum(w.none for w in ways) / len(ways)
        lost += sum(w.lost for w in ways) / len(ways)
        taken += sum(w.taken for w in ways) / len(ways)
    able = len(now.after)
    # A turn that is lost changes nothing, so before somebody moves there are waiting / able of them on average.
    none = part(none, 1 / parties) if none else 0.0
    return _Waiting((now.waiting + some) / parties, none, (now.waiting + lost) / able, 1.0 + taken / able)


def _section(found: Exploration, edges: Edges, order: list[int], files: frozenset[str]) -> int | None:
    """The longest critical section; None when no lock is ever taken. Raises _Unclear."""
    made = found.machine
    held: list[Held] = [{} for _ in edges]
    longest: int | None = None
    for n in order:
        before, held[n] = held[n], {}
        for k, to in edges[n]:
            if to == FAILED:
                continue
            c = made.steps[k]
            after = before
            if c.step.sync or any(g in c.movers for g, _, _ in before):
                after = _after(made, found.store.order[n], c, before, files)
            for lock, (depth, steps) in after.items():
                known = held[to].get(lock, (0, 0))
                held[to][lock] = (max(depth, known[0]), max(steps, known[1]))
                longest = max(longest or 0, steps)
    return longest


def _after(made: Machine, state: int, c: Concrete, before: Held, files: frozenset[str]) -> Held:
    """The locks held after a step."""
    after = dict(before)
    touched: set[Lock] = set()
    if c.step.sync:
        if c.partner is not None:
            raise _Unclear(_PAIR)
        ours = c.step.span is not None and c.step.span.file in files
        locations, cells = made.layout.unpack(state)
        for sync in c.step.sync:
            cell = place(sync.ref, Valuation(cells, locations))
            touched |= _change(after, sync.op, c.instance, cell, ours)
    for lock, (depth, steps) in before.items():
        if lock[0] in c.movers and lock in after and lock not in touched:
            after[lock] = (depth, steps + 1)
    return after


def _change(held: Held, what: str, goroutine: int, cell: int, ours: bool) -> set[Lock]:
    """Take or release a lock; the locks this was about. Locks that are not the scheme's own are left out."""
    write, read = (goroutine, cell, False), (goroutine, cell, True)
    match what:
        case "lock" | "acquire" if ours:
            held[write] = (1, 0)
            return {write}
        case "rlock" if ours or read in held:
            depth, steps = held.get(read, (0, 0))
            held[read] = (depth + 1, steps + bool(depth))
            return {read}
        case "unlock":
            # Any goroutine may unlock a mutex.
            gone = {lock for lock in held if lock[1] == cell and not lock[2]}
            for lock in gone:
                del held[lock]
            return gone
        case "runlock" if read in held:
            depth, steps = held.pop(read)
            if depth > 1:
                held[read] = (depth - 1, steps + 1)
            return {read}
        case "runlock" if any(lock[1] == cell and lock[2] for lock in held):
            raise _Unclear(_STRANGER)
    return set()
