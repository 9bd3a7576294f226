"""Which states a search leaves out because it has one in which the judge allows no more (`passes/covering.py`)."""

from __future__ import annotations

from verifier.explore.machine import Machine
from verifier.explore.orders import Orders


class Covering:
    """The judge's states that a search has seen, by all else of a state. `start`: its first state."""

    def __init__(self, machine: Machine, orders: Orders, start: int) -> None:
        clients = machine.program.clients
        assert clients is not None
        cells = machine.layout.cells
        self._orders = orders
        self._judge = cells[clients.state]
        self._pending = [cells[n] for n in clients.pending]
        self._rest = ~(self._judge.mask << self._judge.shift)
        self._seen: dict[int, list[int]] = {}
        self.covered(start)

    def covered(self, state: int) -> bool:
        """Whether a state is covered by one seen before; if not, it is seen now."""
        judged = state >> self._judge.shift & self._judge.mask
        known = self._seen.setdefault(state & self._rest, [])
        if known:
            pending = tuple(state >> p.shift & p.mask for p in self._pending)
            if any(self._orders.covers(k, judged, pending) for k in known):
                return True
        known.append(judged)
        return False
