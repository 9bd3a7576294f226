"""Races by the book: vector clocks carried through all interleavings, with the Go memory model's edges (June 2022).

A program races when some execution has two conflicting accesses that happens-before does not order. Goroutine exit
orders nothing; a failed TryLock orders nothing; a failed CompareAndSwap is a read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from . import programs as go
from .interpreter import Access, Machine, Move, State, conflict

Clock = tuple[int, ...]

ACQUIRE, RELEASE, MERGE, BOTH = "acquire", "release", "merge", "both"
"""Take over an object's clock · set it to mine · join mine into it · take over and set."""


class Past(NamedTuple):
    """An access that has happened: who, and the component of the clock at that time."""

    access: Access
    g: int
    time: int


class Timed(NamedTuple):
    """A state with the clock of every goroutine, of every object, and the accesses so far."""

    state: State
    clocks: tuple[Clock, ...]
    objects: tuple[tuple[str, Clock], ...]
    past: frozenset[Past]


@dataclass
class ClockFindings:
    """`race` is a pair of unordered accesses; `decided` is False when a limit cut the search."""

    race: tuple[Access, ...] = ()
    decided: bool = True
    crash: bool = False
    states: int = 0


def edges(move: Move) -> list[tuple[str, str]]:
    """The synchronisation of a step: (what it does, object)."""
    op: Any = move.op
    match op[0], move.outcome:
        case (("lock" | "try"), "taken"):
            return {"mu": [(ACQUIRE, "mu")], "rw.R": [(ACQUIRE, "rw")], "rw": [(ACQUIRE, "rw"), (ACQUIRE, "readers")]}[
                op[1]
            ]
        case "unlock", _:
            return [(MERGE, {"mu": "mu", "rw.R": "readers", "rw": "rw"}[op[1]])]
        case "a.load", _:
            return [(ACQUIRE, op[1])]
        case "a.store", _:
            return [(RELEASE, op[1])]
        case (("a.add" | "a.swap"), _):
            return [(BOTH, op[1])]
        case "a.cas", outcome:
            return [(BOTH if outcome == "swapped" else ACQUIRE, op[1])]
        case "once", "done":
            return [(ACQUIRE, "once")]
        case "once done", _:
            return [(RELEASE, "once")]
        case "wg.Done", "":
            return [(MERGE, "wg")]
        case "wg.Wait", _:
            return [(ACQUIRE, "wg")]
        case "sm.load", _:
            return [(ACQUIRE, f"sm {op[1]}")]
        case (("sm.store" | "sm.delete"), _):
            return [(RELEASE, f"sm {op[1]}")]
        case (("sm.loadorstore" | "sm.cas"), outcome):
            return [(BOTH if outcome in ("stored", "swapped") else ACQUIRE, f"sm {op[1]}")]
    return []


def explore_clocks(program: go.Program, spurious: bool = False, limit: int = 30_000) -> ClockFindings:
    """Carry clocks through every interleaving until a race is found."""
    machine, found = Machine(program, spurious), ClockFindings()
    n = len(machine.codes)
    first = Timed(machine.start, tuple(tuple(int(i == j) for j in range(n)) for i in range(n)), (), frozenset())
    seen, todo = {first}, [first]
    while todo:
        now = todo.pop()
        for move in machine.moves(now.state):
            access = machine.access(now.state, move.g)
            past = now.past
            if access is not None:
                mine = now.clocks[move.g]
                for old in past:
                    if old.g != move.g and conflict(old.access, access) and old.time > mine[old.g]:
                        found.race = (old.access, access)
                        found.states = len(seen)
                        return found
                # Only the latest access of a kind matters: an earlier one is ordered before whatever it is before.
                past = frozenset(q for q in past if (q.access, q.g) != (access, move.g))
                past |= {Past(access, move.g, mine[move.g])}
            if move.state is None:
                found.crash = True
                continue
            after = _synchronise(now, move, past)
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if len(seen) > limit:
            found.decided = False
            break
    found.states = len(seen)
    return found


def _synchronise(now: Timed, move: Move, past: frozenset[Past]) -> Timed:
    assert move.state is not None
    mine, objects, g = now.clocks[move.g], dict(now.objects), move.g
    for what, name in edges(move):
        theirs = objects.get(name, (0,) * len(mine))
        if what in (ACQUIRE, BOTH):
            mine = tuple(map(max, mine, theirs))
        if what == MERGE:
            objects[name] = tuple(map(max, mine, theirs))
        if what in (RELEASE, BOTH):
            objects[name] = mine
        if what != ACQUIRE:
            mine = (*mine[:g], mine[g] + 1, *mine[g + 1 :])
    clocks = list(now.clocks)
    if move.op[0] == "go":
        child: Any = move.op[1]
        clocks[child] = tuple(map(max, mine, clocks[child]))
        mine = (*mine[:g], mine[g] + 1, *mine[g + 1 :])
    clocks[g] = mine
    return Timed(move.state, tuple(clocks), tuple(sorted(objects.items())), past)
