"""Which orders of the calls so far are possible: the judge's states, kept as sets of configurations.

A configuration is what the map may hold and, for every client, the outcome its call has had already: 0 while it has not
taken effect (or there is no call), 1 + outcome once it has. Calls take effect as late as can be, when some call
returns; of the configurations then, only those are kept from which the others follow. So a call changes nothing here,
and histories that leave the same possibilities have the same state.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.program.monitor import REFUTED, START, Clients, Contents, apply

Configuration = tuple[Contents, tuple[int, ...]]


class TooManyOrders(Exception):
    """The judge has more states than the program's cell for them has values: nothing is known then."""


class Orders:
    """The judge of one search: states are numbered as they are found."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self.cell = clients.state
        self._numbers: dict[frozenset[Configuration], int] = {}
        self._states: list[frozenset[Configuration]] = []
        self._known: dict[tuple[int, int, int, tuple[int, ...]], int] = {}
        self._closures: dict[frozenset[Configuration], int] = {}
        self._closed: list[frozenset[Configuration]] = []
        self._followed: dict[tuple[int, tuple[int, ...]], int] = {}
        empty = (0,) * len(clients.keys)
        assert self._number({(empty, (0,) * len(clients.instances))}) == START

    def __len__(self) -> int:
        return len(self._states)

    def returned(self, state: int, client: int, outcome: int, pending: tuple[int, ...]) -> int:
        """The state after `client`'s call has returned; `pending[n]` is the operation client n is in, from 1; 0: none.

        Raises TooManyOrders.
        """
        key = (state, client, outcome, pending)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._returned(state, client, outcome, pending)
        return found

    def permuted(self, state: int, order: Sequence[int]) -> int:
        """The state in which client `order[n]` is called n."""
        if state == REFUTED:
            return state
        return self._number({(m, tuple(done[n] for n in order)) for m, done in self._states[state]})

    def renamed(self, state: int, valued: Sequence[bool]) -> int:
        """The state with both values exchanged; `valued[n]`: the outcome of client n's call is a value."""
        if state == REFUTED:
            return state
        swap = (0, 2, 1)
        return self._number(
            {
                (
                    tuple(swap[v] for v in m),
                    tuple(1 + swap[d - 1] if d and v else d for d, v in zip(done, valued, strict=True)),
                )
                for m, done in self._states[state]
            }
        )

    def closure(self, state: int, pending: tuple[int, ...]) -> int:
        """The number of the set of all that is possible in a state while clients are in these calls."""
        key = (state, pending)
        found = self._followed.get(key)
        if found is None:
            possible: set[Configuration] = set()
            for c in self._states[state]:
                possible |= {c, *self._onward(c, pending)}
            closed = frozenset(possible)
            found = self._closures.setdefault(closed, len(self._closed))
            if found == len(self._closed):
                self._closed.append(closed)
            self._followed[key] = found
        return found

    def within(self, state: int, closure: int) -> bool:
        """Whether all that is possible in a state is in a set that `closure` has numbered, for the same calls."""
        return self._states[state] <= self._closed[closure]

    def covers(self, known: int, found: int, pending: tuple[int, ...]) -> bool:
        """Whether `known` allows no more than `found`, both with these calls: what refutes `found` refutes it, too."""
        if known == found or REFUTED in (known, found):
            return found != REFUTED or known == REFUTED
        return self.within(known, self.closure(found, pending))

    def _returned(self, state: int, client: int, outcome: int, pending: tuple[int, ...]) -> int:
        if state == REFUTED:
            return state
        kept: set[Configuration] = set()
        for c in self._states[state]:
            for contents, done in {c, *self._onward(c, pending)}:
                if done[client] == 1 + outcome:
                    kept.add((contents, (*done[:client], 0, *done[client + 1 :])))
        if not kept:
            return REFUTED
        rest = (*pending[:client], 0, *pending[client + 1 :])
        below: set[Configuration] = set()
        for c in kept:
            if c not in below:
                below |= self._onward(c, rest)
        return self._number(kept - below)

    def _onward(self, c: Configuration, pending: tuple[int, ...]) -> set[Configuration]:
        """The configurations that pending calls lead to by taking effect, `c` itself left out."""
        todo, seen = [c], set[Configuration]()
        while todo:
            contents, done = todo.pop()
            for n, number in enumerate(pending):
                if number and not done[n]:
                    after, outcome = apply(contents, self._clients.operations[number - 1])
                    made = (after, (*done[:n], 1 + outcome, *done[n + 1 :]))
                    if made not in seen:
                        seen.add(made)
                        todo.append(made)
        return seen

    def _number(self, configurations: set[Configuration]) -> int:
        key = frozenset(configurations)
        found = self._numbers.get(key)
        if found is None:
            found = len(self._states)
            if found >= REFUTED:
                raise TooManyOrders(f"more than {REFUTED:,} states of the judge of `linearizable`")
            self._numbers[key] = found
            self._states.append(key)
        return found
