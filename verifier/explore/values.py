"""Exchanging the two values of clients in a packed state, where they were shown to be alike (`passes/renaming.py`)."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.machine import Machine
from verifier.explore.orders import Orders
from verifier.program.layout import Slot
from verifier.program.monitor import VALUED
from verifier.records import dataclass


@dataclass(frozen=True)
class Values:
    """Where values and calls lie: a stored number becomes `table[number]` in each slot. `judge`: the judge's slot."""

    slots: tuple[tuple[Slot, tuple[int, ...]], ...]
    pending: tuple[Slot, ...]
    valued: tuple[bool, ...]
    """By call a client is in (0: none): whether its outcome is a value."""
    judge: Slot
    orders: Orders | None

    def exchanged(self, state: int) -> int:
        """The state with both values exchanged everywhere."""
        out = state
        for slot, table in self.slots:
            v = state >> slot.shift & slot.mask
            out ^= (v ^ table[v]) << slot.shift
        if self.orders is not None:
            valued = [self.valued[(state >> p.shift & p.mask) + p.low] for p in self.pending]
            judged = state >> self.judge.shift & self.judge.mask
            out ^= (judged ^ self.orders.renamed(judged, valued)) << self.judge.shift
        return out

    def apart(self, state: int) -> int:
        """The state without what the judge knows."""
        return state & ~(self.judge.mask << self.judge.shift)


def values(machine: Machine, orders: Orders | None) -> Values | None:
    """The values of a machine whose clients' values are interchangeable; None for all others."""
    clients = machine.program.clients
    if clients is None or clients.renaming is None:
        return None
    cells, renaming = machine.layout.cells, clients.renaming
    moves = dict(renaming.moves)
    slots = [(cells[n], _table(cells[n], lambda v: moves.get(v, v))) for n in renaming.cells if cells[n].width]
    calls = renaming.operations
    pending = tuple(cells[n] for n in clients.pending)
    slots += [(p, _table(p, lambda v: calls[v] if 0 <= v < len(calls) else v)) for p in pending if p.width]
    valued = (False, *(o.method in VALUED for o in clients.operations))
    return Values(tuple(slots), pending, valued, cells[clients.state], orders)


def _table(slot: Slot, becomes: Callable[[int], int]) -> tuple[int, ...]:
    return tuple(becomes(v + slot.low) - slot.low for v in range(slot.mask + 1))
