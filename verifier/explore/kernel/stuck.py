"""After a compiled search with cycles: the first state in which a goroutine waits for ever while others run on.

The same question as `graph.first_stuck` answers edge by edge, for searches too large for that. No edges are kept:
the steps are taken again, from the last state to the first, until no state learns anything new about those behind it.
Breadth-first numbers make most steps lead to higher numbers, so a few rounds are enough.
"""

from __future__ import annotations

import ctypes

from verifier.explore.kernel.buffers import Buffer
from verifier.explore.kernel.expressions import FAULT
from verifier.explore.kernel.jit import Missing, compiled
from verifier.explore.kernel.search import Disagreement, KernelSearch
from verifier.explore.kernel.stuckcode import StuckModule, stuck_module
from verifier.explore.kernel.words import Unsupported
from verifier.explore.outcome import Violation
from verifier.program.semantics import ProgramFault, at_rest

_CHUNK = 1 << 16
"""States looked at between two chances for Ctrl-C."""

__all__ = ["Missing", "Stopped", "Unsupported", "first_stuck"]


class Stopped(Exception):
    """The question was not answered; the message says why."""


def first_stuck(search: KernelSearch) -> Violation | None:
    """The earliest state of a finished search in which some goroutine can never move again, whatever others do.

    Raises Stopped when time or memory run out, Unsupported or Missing when compiled code cannot answer.
    """
    made = stuck_module(search.machine, search.shape)
    count = search.count
    if search.memory() + 8 * count > search.budget:
        raise Stopped(f"no memory is left to search {count:,} states for goroutines stuck while others run")
    code = compiled(made.source, passes=count > _CHUNK)
    number, address = ctypes.c_int64, ctypes.c_void_p
    settle = code.function("settle", *[address] * 4, *[number] * 3)
    marks, out = Buffer(8 * count), Buffer(8 * search.shape.words * max(search.shape.most, 1))
    changed = 1
    while changed:
        changed = 0
        for top in range(count - 1, -1, -_CHUNK):
            if search.late():
                raise Stopped("the time was up before goroutines stuck while others run had been searched for")
            found = settle(*search.where, out.address, marks.address, top, max(top - _CHUNK + 1, 0), search.bits)
            if found == FAULT:
                raise ProgramFault(f"{search.machine.program.name}: reads a cell that does not exist")
            if found < 0:
                raise Disagreement(f"{search.machine.program.name}: a successor is no state")
            changed += found
    waiting = code.function("waiting", address, address, number, number)
    for begin in range(0, count, _CHUNK):
        state = waiting(search.where[0], marks.address, begin, min(begin + _CHUNK, count))
        if state >= 0:
            return _violation(search, state, int.from_bytes(marks.bytes[8 * state : 8 * state + 8], "little"), made)
    return None


def _violation(search: KernelSearch, state: int, able: int, made: StuckModule) -> Violation:
    locations, _ = search.machine.layout.unpack(search.order[state])
    stuck = (g for n, g in enumerate(made.goroutines) if not able >> n & 1 and not at_rest(locations[g]))
    return Violation("deadlock", "", state, (), tuple(stuck))
