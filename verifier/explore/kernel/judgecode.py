"""The judge of calls in compiled code: looked up in a table of what is known, asked for what is not.

Both questions, "what is the state after this return" and "what is it with clients exchanged", are one number; a table
maps numbers to answers. Whoever answers what is not there (`Answer`) may be Python.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from verifier.explore.kernel.buffers import reserved
from verifier.explore.kernel.emit import Function, Value
from verifier.explore.kernel.words import Unsupported, Words, signed
from verifier.explore.orders import Orders, TooManyOrders
from verifier.program.layout import Layout
from verifier.program.monitor import REFUTED, Clients

STATE, CLIENT, OUTCOME, CALL, CLIENTS = 20, 2, 3, 6, 4
"""Bits of a judge's state, of a client's number, an outcome and a call; and how many clients there can be."""

_ENTRIES = 1 << 22
"""Answers remembered at most; what is not is asked for again."""
_FULL = 3 << 20
"""Answers entered at most, so that looking for one that is not there ends soon."""

COVERED = "covered"
"""The name of the function that says whether a stored state covers one that was found."""

_EXCHANGE, _CLOSURE, _WITHIN = (1 << 60 + n for n in range(3))
"""Set in questions about clients exchanged, about all that is possible in a state, and whether that covers another."""


def question(state: int, client: int, outcome: int, pending: tuple[int, ...]) -> int:
    """The number that asks what becomes of a state when a call returns."""
    key = state | client << STATE | outcome << STATE + CLIENT
    for n, call in enumerate(pending):
        key |= call << STATE + CLIENT + OUTCOME + n * CALL
    return key


class Judge:
    """The table, and Python's answers. Keep it as long as the compiled code runs."""

    def __init__(self, clients: Clients) -> None:
        if len(clients.instances) > CLIENTS or len(clients.operations) >= 1 << CALL or len(clients.values) > 5:
            raise Unsupported("more clients, calls or values than a question to the judge holds")
        self._clients = clients
        self.orders = Orders(clients)
        self.full = ""
        """Why no more answers can be given; empty as long as they can."""
        self.asked = 0
        """Questions that the table had no answer to."""
        self._table = reserved(_ENTRIES * 16, _ENTRIES * 16)
        self._used = (ctypes.c_int64 * 1)()
        self._answer = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(self._answered)

    @property
    def covers(self) -> bool:
        """Whether states may be left out that others cover."""
        return self._clients.covering

    def source(self, layout: Layout) -> str:
        """The text of `judge(question)` and, where states cover others, of `covered(stored, found)`."""
        return "\n".join([self._judge(), *([self._covered(layout)] if self.covers else [])])

    def _covered(self, layout: Layout) -> str:
        """Whether the judge of a stored state allows no more than that of one found that is equal otherwise."""
        f = Function(COVERED, [("stored", "ptr"), ("found", "ptr")])
        stored, found = (Words(f, p, layout.words) for p in f.parameters)
        slot = layout.cells[self._clients.state]
        less, more = stored.field(slot), found.field(slot)
        with f.when(less.equals(REFUTED)):
            f.give(1)
        with f.when(more.equals(REFUTED)):
            f.give(0)
        key = more | _CLOSURE
        for n, cell in enumerate(self._clients.pending):
            key = key | (found.value(layout.cells[cell]) << STATE + CLIENT + OUTCOME + n * CALL)
        closure = f.call("judge", key)
        f.give(f.call("judge", less | (closure << STATE) | _WITHIN))
        return f.source()

    def _judge(self) -> str:
        """`judge(question)`: looked up, or asked for."""
        f = Function("judge", [("key", "i64")])
        (key,) = f.parameters
        table, used = _pointer(f, self._table.address), _pointer(f, ctypes.addressof(self._used))
        mixed = (key ^ (key >> 29)) * signed(0x9E3779B97F4A7C15)
        at = f.variable((mixed ^ (mixed >> 32)) & (_ENTRIES - 1))
        entry = f.variable(f.load(table, at.get() * 2))
        with f.loop(lambda: entry.get().differs(0)):
            with f.when(entry.get().equals(key + 1)):
                f.give(f.load(table, at.get() * 2 + 1))
            at.set((at.get() + 1) & (_ENTRIES - 1))
            entry.set(f.load(table, at.get() * 2))
        address = ctypes.cast(self._answer, ctypes.c_void_p).value
        answer = f.result(f"call i64 inttoptr (i64 {address} to ptr)(i64 {key.text})", "i64")
        count = f.load(used)
        with f.when(count.below(_FULL)):
            f.store(used, 0, count + 1)
            f.store(table, at.get() * 2, key + 1)
            f.store(table, at.get() * 2 + 1, answer)
        f.give(answer)
        return f.source()

    def _answered(self, key: int) -> int:
        self.asked += 1
        state = key & (1 << STATE) - 1
        try:
            if key & _EXCHANGE:
                rest = key >> STATE
                order = [rest >> 2 * n & 3 for n in range(len(self._clients.instances))]
                return self.orders.permuted(state, order)
            if key & _WITHIN:
                return int(self.orders.within(state, key >> STATE & (1 << 60 - STATE) - 1))
            client = key >> STATE & (1 << CLIENT) - 1
            outcome = key >> STATE + CLIENT & (1 << OUTCOME) - 1
            calls = key >> STATE + CLIENT + OUTCOME
            pending = tuple(calls >> n * CALL & (1 << CALL) - 1 for n in range(len(self._clients.instances)))
            if key & _CLOSURE:
                return self.orders.closure(state, pending)
            return self.orders.returned(state, client, outcome, pending)
        except TooManyOrders as reason:
            self.full = str(reason)
            return state


def _pointer(f: Function, address: int) -> Value:
    return Value(f, f"inttoptr (i64 {address} to ptr)", "ptr")


def returned(f: Function, state: Value, client: int, outcome: Value, pending: list[Value]) -> Value:
    """The judge's state after a return, in code that asks for it."""
    key = state | (outcome << STATE + CLIENT) | client << STATE
    for n, call in enumerate(pending):
        key = key | (call << STATE + CLIENT + OUTCOME + n * CALL)
    return f.call("judge", key)


def exchanged(f: Function, state: Value, order: Callable[[int], Value], count: int) -> Value:
    """The judge's state when client `order(n)` is called n, in code that asks for it."""
    key = state | _EXCHANGE
    for n in range(count):
        key = key | (order(n) << STATE + 2 * n)
    return f.call("judge", key)
