"""The judge's states in compiled code: what `orders.Orders` does to sets of configurations, on sorted lists of numbers.

A configuration is one number: the value of each key, then for each client the outcome its call has had already. What a
call does to the map comes from a table of the sequential map (`monitor.apply`), so nothing here knows any operation.
States and the sets of all that is possible in them are numbered in one table; numbers differ from those of `Orders`.
"""

from __future__ import annotations

import ctypes

from verifier.explore.kernel.buffers import Buffer
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.words import signed
from verifier.program.monitor import REFUTED, Clients, apply

_STATES = REFUTED
"""Sets at most."""
_MOST = 1 << 12
"""Configurations of one set at most."""
_CONFIGURATIONS = 1 << 25
"""Configurations of all sets at most."""
_TABLE = 1 << 21
"""Length of the table of sets: twice as many as there can be."""

COUNT, FULL = range(2)
"""The number of sets, and what there was no room for: 0 as long as there was."""
MANY, LONG, ALL = range(1, 4)
"""No room for another set; for so many configurations in one; for so many in all of them."""


class OrderCode:
    """The memory of the sets, and functions that work on it. Keep it as long as the compiled code runs.

    Raises MemoryError.
    """

    def __init__(self, clients: Clients) -> None:
        values, keys = len(clients.values), len(clients.keys)
        self._clients = clients
        self._width = values.bit_length()
        self._inside = self._width * keys
        """Bits of what is in the map."""
        self._done = (1 + max(values, 1)).bit_length()
        """Bits of an outcome, from 1."""
        self._sets = Buffer(4 * _CONFIGURATIONS)
        self._begin = Buffer(8 * (REFUTED + 2))
        self._table = Buffer(4 * _TABLE)
        self.control = (ctypes.c_int64 * 2)(1, 0)
        # The first set is the empty map with nobody in a call, which is the number 0.
        self._begin.bytes.cast("q")[1] = 1

    @property
    def full(self) -> str:
        """Why there is no room for another set; empty as long as there is."""
        return {
            MANY: f"more than {_STATES:,} states of the judge of `linearizable` and sets of what may follow",
            LONG: f"more than {_MOST:,} possibilities in one state of the judge of `linearizable`",
            ALL: f"more than {_CONFIGURATIONS:,} possibilities in all states of the judge of `linearizable`",
        }.get(self.control[FULL], "")

    def __len__(self) -> int:
        return int(self.control[COUNT])

    def source(self, constants: Constants) -> str:
        """The text of `returned`, `permuted`, `renamed`, `possible`, `included`, and of what they call."""
        parts = [self._has(), self._numbered(), self._close(constants), self._possible()]
        return "\n".join([*parts, self._returned(), self._permuted(), self._renamed(), self._included()])

    # ---- sets

    def _has(self) -> str:
        """`has(list, n, x)`: whether a number is among the first n of a list."""
        f = Function("has", [("list", "ptr"), ("n", "i64"), ("x", "i64")])
        numbers, n, x = f.parameters
        at = f.variable(0)
        with f.loop(lambda: at.get().below(n)):
            with f.when(f.load(numbers, at.get()).equals(x)):
                f.give(1)
            at.set(at.get() + 1)
        f.give(0)
        return f.source()

    def _numbered(self) -> str:
        """`numbered(list, n)`: the number of a set; the list is sorted in place."""
        f = Function("numbered", [("list", "ptr"), ("n", "i64")])
        numbers, n = f.parameters
        control = pointer(f, ctypes.addressof(self.control))
        sets, begin, table = (pointer(f, b.address) for b in (self._sets, self._begin, self._table))
        with f.when(n.equals(1) & f.load(numbers).equals(0)):
            f.give(0)
        at, i = f.variable(1), f.variable(0)
        with f.loop(lambda: at.get().below(n)):
            mine = f.load(numbers, at.get())
            i.set(at.get())
            going = f.variable(1)
            with f.loop(lambda: going.get().differs(0)):
                before = f.load(numbers, i.get() - 1)
                moves = mine.below(before)
                with f.when(moves):
                    f.store(numbers, i.get(), before)
                    i.set(i.get() - 1)
                going.set((moves & i.get().differs(0)).extended())
            f.store(numbers, i.get(), mine)
            at.set(at.get() + 1)
        mixed = f.variable(n)
        at.set(0)
        with f.loop(lambda: at.get().below(n)):
            mixed.set((mixed.get() ^ f.load(numbers, at.get())) * signed(0x9E3779B97F4A7C15))
            mixed.set(mixed.get() ^ (mixed.get() >> 29))
            at.set(at.get() + 1)
        home = f.variable(mixed.get() & (_TABLE - 1))
        entry = f.variable(f.load(table, home.get(), "i32"))
        with f.loop(lambda: entry.get().differs(0)):
            number = entry.get() - 1
            first = f.load(begin, number)
            with f.when((f.load(begin, number + 1) - first).equals(n)):
                same = f.variable(1)
                at.set(0)
                with f.loop(lambda: at.get().below(n)):
                    with f.when(f.load(sets, first + at.get(), "i32").differs(f.load(numbers, at.get()))):
                        same.set(0)
                    at.set(at.get() + 1)
                with f.when(same.get().differs(0)):
                    f.give(number)
            home.set((home.get() + 1) & (_TABLE - 1))
            entry.set(f.load(table, home.get(), "i32"))
        count = f.load(control, COUNT)
        first = f.load(begin, count)
        with f.when(f.constant(_STATES).at_most(count)):
            self._no_room(f, MANY)
        with f.when(f.constant(_CONFIGURATIONS).below(first + n)):
            self._no_room(f, ALL)
        at.set(0)
        with f.loop(lambda: at.get().below(n)):
            f.store(sets, first + at.get(), f.load(numbers, at.get()), "i32")
            at.set(at.get() + 1)
        f.store(begin, count + 1, first + n)
        f.store(table, home.get(), count + 1, "i32")
        f.store(control, COUNT, count + 1)
        f.give(count)
        return f.source()

    def _no_room(self, f: Function, what: int, given: Value | int = 0) -> None:
        """Answer something, after a note that no answer counts any more."""
        control = pointer(f, ctypes.addressof(self.control))
        with f.when(f.load(control, FULL).equals(0)):
            f.store(control, FULL, what)
        f.give(given)

    # ---- calls that take effect

    def _close(self, constants: Constants) -> str:
        """`close(list, from, n, pending)`: what follows from all after `from`, appended; how many there are then."""
        f = Function("close", [("list", "ptr"), ("from", "i64"), ("n", "i64"), ("pending", "ptr")])
        numbers, begin, given, pending = f.parameters
        clients, inside = self._clients, (1 << self._inside) - 1
        effects = constants.array(f, self._effects(), "i32")
        at, n = f.variable(begin), f.variable(given)
        with f.loop(lambda: at.get().below(n.get())):
            c = f.load(numbers, at.get())
            for client in range(len(clients.instances)):
                shift = self._inside + client * self._done
                call = f.load(pending, client)
                idle = ((c >> shift) & ((1 << self._done) - 1)).equals(0)
                with f.when(call.differs(0) & idle):
                    effect = f.load(effects, (call << self._inside) + (c & inside), "i32")
                    outcome = (effect >> self._inside) << shift
                    made = (c & ~inside) | (effect & inside) | outcome
                    with f.when(f.call("has", numbers, n.get(), made).equals(0)):
                        with f.when(f.constant(_MOST).at_most(n.get() + 1)):
                            self._no_room(f, LONG, n.get())
                        f.store(numbers, n.get(), made)
                        n.set(n.get() + 1)
            at.set(at.get() + 1)
        f.give(n.get())
        return f.source()

    def _effects(self) -> list[int]:
        """For every call (0: none) and contents: the contents after it, and above them 1 + the outcome."""
        clients = self._clients
        out = [0] * ((len(clients.operations) + 1) << self._inside)
        keys, values, width = len(clients.keys), len(clients.values), self._width
        for number, o in enumerate(clients.operations, 1):
            for c in range(1 << self._inside):
                contents = tuple(c >> width * k & (1 << width) - 1 for k in range(keys))
                if max(contents) > values:
                    continue
                after, outcome = apply(contents, o)
                made = sum(v << width * k for k, v in enumerate(after))
                out[(number << self._inside) + c] = made | 1 + outcome << self._inside
        return out

    def _possible(self) -> str:
        """`possible(state, pending)`: the number of the set of all that is possible in a state."""
        f = Function("possible", [("state", "i64"), ("pending", "ptr")])
        state, pending = f.parameters
        numbers = f.array(_MOST)
        f.give(f.call("numbered", numbers, self._all(f, state, numbers, pending)))
        return f.source()

    def _all(self, f: Function, state: Value, numbers: Value, pending: Value) -> Value:
        """How many are possible in a state, each once in a list."""
        n = self._members(f, state, numbers)
        return f.call("close", numbers, 0, n, pending)

    def _members(self, f: Function, state: Value, numbers: Value) -> Value:
        """How many configurations a state has, copied into a list."""
        sets, begin = (pointer(f, b.address) for b in (self._sets, self._begin))
        first = f.load(begin, state)
        n = f.load(begin, state + 1) - first
        at = f.variable(0)
        with f.loop(lambda: at.get().below(n)):
            f.store(numbers, at.get(), f.load(sets, first + at.get(), "i32"))
            at.set(at.get() + 1)
        return n

    def _returned(self) -> str:
        """`returned(state, client, outcome, pending)`: as `Orders.returned`; `pending` is changed."""
        parameters = [("state", "i64"), ("client", "i64"), ("outcome", "i64"), ("pending", "ptr")]
        f = Function("returned", parameters)
        state, client, outcome, pending = f.parameters
        with f.when(state.equals(REFUTED)):
            f.give(REFUTED)
        numbers, kept, beyond = f.array(_MOST), f.array(_MOST), f.array(_MOST)
        n = self._all(f, state, numbers, pending)
        at, count = f.variable(0), f.variable(0)
        shift = client * self._done + self._inside
        mask = f.constant((1 << self._done) - 1) << shift
        with f.loop(lambda: at.get().below(n)):
            c = f.load(numbers, at.get())
            rest = c & ~mask
            fits = ((c & mask) >> shift).equals(outcome + 1)
            with f.when(fits), f.when(f.call("has", kept, count.get(), rest).equals(0)):
                f.store(kept, count.get(), rest)
                count.set(count.get() + 1)
            at.set(at.get() + 1)
        with f.when(count.get().equals(0)):
            f.give(REFUTED)
        f.store(pending, client, 0)
        # What follows from another one is left out; it is told by a number that is none.
        i, j = f.variable(0), f.variable(0)
        with f.loop(lambda: i.get().below(count.get())):
            mine = f.load(kept, i.get())
            with f.when(mine.at_least(0)):
                f.store(beyond, 0, mine)
                more = f.call("close", beyond, 0, 1, pending)
                j.set(0)
                with f.loop(lambda: j.get().below(count.get())):
                    theirs = f.load(kept, j.get())
                    with f.when(f.call("has", beyond, more, theirs).differs(0) & theirs.differs(mine)):
                        f.store(kept, j.get(), -1)
                    j.set(j.get() + 1)
            i.set(i.get() + 1)
        i.set(0)
        j.set(0)
        with f.loop(lambda: i.get().below(count.get())):
            c = f.load(kept, i.get())
            with f.when(c.at_least(0)):
                f.store(kept, j.get(), c)
                j.set(j.get() + 1)
            i.set(i.get() + 1)
        f.give(f.call("numbered", kept, j.get()))
        return f.source()

    # ---- states beside states

    def _permuted(self) -> str:
        """`permuted(state, order)`: as `Orders.permuted`."""
        f = Function("permuted", [("state", "i64"), ("order", "ptr")])
        state, order = f.parameters
        with f.when(state.equals(REFUTED)):
            f.give(REFUTED)
        numbers = f.array(_MOST)
        n = self._members(f, state, numbers)
        at = f.variable(0)
        with f.loop(lambda: at.get().below(n)):
            c = f.load(numbers, at.get())
            made = c & ((1 << self._inside) - 1)
            for client in range(len(self._clients.instances)):
                old = (c >> (f.load(order, client) * self._done + self._inside)) & ((1 << self._done) - 1)
                made = made | (old << self._inside + client * self._done)
            f.store(numbers, at.get(), made)
            at.set(at.get() + 1)
        f.give(f.call("numbered", numbers, n))
        return f.source()

    def _renamed(self) -> str:
        """`renamed(state, valued)`: as `Orders.renamed`; bit n of `valued` is set if client n's outcome is a value."""
        f = Function("renamed", [("state", "i64"), ("valued", "i64")])
        state, valued = f.parameters
        with f.when(state.equals(REFUTED)):
            f.give(REFUTED)
        numbers = f.array(_MOST)
        n = self._members(f, state, numbers)
        at = f.variable(0)

        def swapped(c: Value, shift: int, width: int, first: int, really: Value) -> Value:
            """1 and 2, both from `first` on, exchanged in a field of a configuration."""
            v = (c >> shift) & ((1 << width) - 1)
            pair = v.equals(first) | v.equals(first + 1)
            both = (pair & really).choose(f.constant(first ^ first + 1), f.constant(0))
            return c ^ (both << shift)

        with f.loop(lambda: at.get().below(n)):
            c = f.load(numbers, at.get())
            for key in range(len(self._clients.keys)):
                c = swapped(c, key * self._width, self._width, 1, f.constant(1, "i1"))
            for client in range(len(self._clients.instances)):
                really = ((valued >> client) & 1).differs(0)
                c = swapped(c, self._inside + client * self._done, self._done, 2, really)
            f.store(numbers, at.get(), c)
            at.set(at.get() + 1)
        f.give(f.call("numbered", numbers, n))
        return f.source()

    def _included(self) -> str:
        """`included(state, set)`: whether every configuration of a state is in a set."""
        f = Function("included", [("state", "i64"), ("set", "i64")])
        state, whole = f.parameters
        numbers, all_ = f.array(_MOST), f.array(_MOST)
        n, most = self._members(f, state, numbers), self._members(f, whole, all_)
        at = f.variable(0)
        with f.loop(lambda: at.get().below(n)):
            with f.when(f.call("has", all_, most, f.load(numbers, at.get())).equals(0)):
                f.give(0)
            at.set(at.get() + 1)
        f.give(1)
        return f.source()


def pointer(f: Function, address: int) -> Value:
    """An address that is known when the code is made."""
    return Value(f, f"inttoptr (i64 {address} to ptr)", "ptr")
