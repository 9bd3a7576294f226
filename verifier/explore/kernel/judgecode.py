"""The judge of calls in compiled code: looked up in a table of what is known, asked for what is not.

Every question, such as "what is the state after this return" and "what is it with clients exchanged", is one number; a
table maps numbers to answers. What is not there is worked out by compiled code (`ordercode`), or by Python's `Orders`:
tests compare the two.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from verifier.explore.kernel.buffers import reserved
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.ordercode import OrderCode, pointer
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

_EXCHANGE, _CLOSURE, _WITHIN, _VALUES = (1 << 59 + n for n in range(4))
"""Set in questions about clients exchanged, about all that is possible in a state, whether that covers another one,
and about values exchanged."""


def question(state: int, client: int, outcome: int, pending: tuple[int, ...]) -> int:
    """The number that asks what becomes of a state when a call returns."""
    key = state | client << STATE | outcome << STATE + CLIENT
    for n, call in enumerate(pending):
        key |= call << STATE + CLIENT + OUTCOME + n * CALL
    return key


class Judge:
    """The table, and who answers: `compiled` code or Python. Keep it as long as the compiled code runs."""

    def __init__(self, clients: Clients, *, compiled: bool = True) -> None:
        if len(clients.instances) > CLIENTS or len(clients.operations) >= 1 << CALL or len(clients.values) > 5:
            raise Unsupported("more clients, calls or values than a question to the judge holds")
        self._clients = clients
        self.orders = Orders(clients)
        self._code = OrderCode(clients) if compiled else None
        self._full = ""
        self.asked = 0
        """Questions that Python was asked."""
        self._table = reserved(_ENTRIES * 16, _ENTRIES * 16)
        self._used = (ctypes.c_int64 * 1)()
        self._answer = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(self._answered)

    @property
    def full(self) -> str:
        """Why no more answers can be given; empty as long as they can."""
        return self._full if self._code is None else self._code.full

    @property
    def covers(self) -> bool:
        """Whether states may be left out that others cover."""
        return self._clients.covering

    def source(self, layout: Layout, constants: Constants) -> str:
        """The text of `judge(question)` and, where states cover others, of `covered(stored, found)`."""
        parts = [self._judge(), *([self._covered(layout)] if self.covers else [])]
        if self._code is not None:
            parts += [self._code.source(constants), self._answer_source()]
        return "\n".join(parts)

    def _answer_source(self) -> str:
        """`answer(question)`, worked out."""
        f = Function("answer", [("key", "i64")])
        (key,) = f.parameters
        count = len(self._clients.instances)
        state = key & (1 << STATE) - 1
        given = f.array(CLIENTS)
        with f.when((key & _EXCHANGE).differs(0)):
            for n in range(count):
                f.store(given, n, (key >> STATE + 2 * n) & 3)
            f.give(f.call("permuted", state, given))
        if self._clients.renaming is not None:
            with f.when((key & _VALUES).differs(0)):
                f.give(f.call("renamed", state, (key >> STATE) & (1 << CLIENTS) - 1))
        with f.when((key & _WITHIN).differs(0)):
            f.give(f.call("included", state, (key >> STATE) & (1 << STATE) - 1))
        for n in range(count):
            f.store(given, n, (key >> STATE + CLIENT + OUTCOME + n * CALL) & (1 << CALL) - 1)
        with f.when((key & _CLOSURE).differs(0)):
            f.give(f.call("possible", state, given))
        client = (key >> STATE) & (1 << CLIENT) - 1
        outcome = (key >> STATE + CLIENT) & (1 << OUTCOME) - 1
        f.give(f.call("returned", state, client, outcome, given))
        return f.source()

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
        table, used = pointer(f, self._table.address), pointer(f, ctypes.addressof(self._used))
        mixed = (key ^ (key >> 29)) * signed(0x9E3779B97F4A7C15)
        at = f.variable((mixed ^ (mixed >> 32)) & (_ENTRIES - 1))
        entry = f.variable(f.load(table, at.get() * 2))
        with f.loop(lambda: entry.get().differs(0)):
            with f.when(entry.get().equals(key + 1)):
                f.give(f.load(table, at.get() * 2 + 1))
            at.set((at.get() + 1) & (_ENTRIES - 1))
            entry.set(f.load(table, at.get() * 2))
        answer = self._asked(f, key)
        count = f.load(used)
        with f.when(count.below(_FULL)):
            f.store(used, 0, count + 1)
            f.store(table, at.get() * 2, key + 1)
            f.store(table, at.get() * 2 + 1, answer)
        f.give(answer)
        return f.source()

    def _asked(self, f: Function, key: Value) -> Value:
        """The answer to a question that the table has none to."""
        if self._code is not None:
            return f.call("answer", key)
        address = ctypes.cast(self._answer, ctypes.c_void_p).value
        return f.result(f"call i64 inttoptr (i64 {address} to ptr)(i64 {key.text})", "i64")

    def _answered(self, key: int) -> int:
        self.asked += 1
        state = key & (1 << STATE) - 1
        try:
            if key & _EXCHANGE:
                rest = key >> STATE
                order = [rest >> 2 * n & 3 for n in range(len(self._clients.instances))]
                return self.orders.permuted(state, order)
            if key & _WITHIN:
                return int(self.orders.within(state, key >> STATE & (1 << STATE) - 1))
            if key & _VALUES:
                valued = [bool(key >> STATE + n & 1) for n in range(len(self._clients.instances))]
                return self.orders.renamed(state, valued)
            client = key >> STATE & (1 << CLIENT) - 1
            outcome = key >> STATE + CLIENT & (1 << OUTCOME) - 1
            calls = key >> STATE + CLIENT + OUTCOME
            pending = tuple(calls >> n * CALL & (1 << CALL) - 1 for n in range(len(self._clients.instances)))
            if key & _CLOSURE:
                return self.orders.closure(state, pending)
            return self.orders.returned(state, client, outcome, pending)
        except TooManyOrders as reason:
            self._full = str(reason)
            return state


def returned(f: Function, state: Value, client: Value | int, outcome: Value, pending: list[Value]) -> Value:
    """The judge's state after a return, in code that asks for it."""
    key = state | (outcome << STATE + CLIENT) | (client << STATE)
    for n, call in enumerate(pending):
        key = key | (call << STATE + CLIENT + OUTCOME + n * CALL)
    return f.call("judge", key)


def renamed(f: Function, state: Value, valued: Value) -> Value:
    """The judge's state with both values exchanged; bit n of `valued`: the outcome of client n's call is a value."""
    return f.call("judge", (state | (valued << STATE)) | _VALUES)


def exchanged(f: Function, state: Value, order: Callable[[int], Value], count: int) -> Value:
    """The judge's state when client `order(n)` is called n, in code that asks for it."""
    key = state | _EXCHANGE
    for n in range(count):
        key = key | (order(n) << STATE + 2 * n)
    return f.call("judge", key)
