"""The canonical form of programs with pools or clients: sorted, the judge told, blocks renumbered (`canonical`)."""

from __future__ import annotations

from verifier.explore.canonical import Canonical, Sorted
from verifier.explore.kernel.canoncode import above, inside, put, words_of
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.judgecode import exchanged, renamed
from verifier.explore.kernel.poolcode import PoolCode
from verifier.explore.kernel.words import Unsupported, Words, signed
from verifier.explore.machine import Machine
from verifier.explore.values import Values, values
from verifier.program.layout import WORD

_PAIR = (0, 2, 1, 3)
"""What becomes of numbers of two bits when 1 and 2 are exchanged."""


class ClientCode:
    """Emits `canonical(s)` for one machine."""

    name = "canonical"

    def __init__(self, machine: Machine, constants: Constants) -> None:
        self._machine = machine
        self._form = Canonical(machine) if machine.program.classes else None
        if self._form is not None and self._form.named:
            raise Unsupported("goroutines that are named by references beside pools or clients")
        self._pools = PoolCode(machine, constants) if machine.program.pools else None
        self._values = None if self._form is None else values(machine, None)
        self._constants = constants
        self._words = machine.layout.words

    def source(self) -> str:
        """The text of the function and of those it calls."""
        groups = [] if self._form is None else self._form.anonymous
        parts = [self._ordered(groups), *(_order_source(size) for size in sorted({words_of(g) for g in groups}))]
        if self._pools is not None:
            parts.append(self._pools.source(compared=bool(groups)))
        if self._values is not None:
            parts += [self._least(self._values), self._exchanged(self._values)]
        return "\n".join(parts)

    def _ordered(self, groups: list[Sorted]) -> str:
        """Goroutines sorted, blocks renumbered: the canonical form, or one of the two it is chosen from."""
        f = Function(self.name if self._values is None else "ordered", [("s", "ptr")])
        (state,) = f.parameters
        seen = state
        if groups and self._pools is not None:
            seen = f.array(self._words)
            f.call("begun", state, seen)
        for g in groups:
            self._sort(f, state, seen, g)
        if self._pools is not None:
            f.call("settle", state)
        f.give(0)
        return f.source()

    def _least(self, values: Values) -> str:
        """The state or the one with values exchanged, whichever is less in all but the judge's state."""
        f = Function(self.name, [("s", "ptr")])
        (state,) = f.parameters
        other = f.array(self._words)
        f.call("exchanged", state, other)
        f.call("ordered", state)
        f.call("ordered", other)
        judge = values.judge.mask << values.judge.shift
        for w in reversed(range(self._words)):
            mask = signed(~(judge >> w * WORD))
            mine, theirs = f.load(state, w) & mask, f.load(other, w) & mask
            with f.when(mine.unsigned_below(theirs)):
                f.give(0)
            with f.when(theirs.unsigned_below(mine)):
                for n in range(self._words):
                    f.store(state, n, f.load(other, n))
                f.give(0)
        f.give(0)
        return f.source()

    def _exchanged(self, values: Values) -> str:
        """`exchanged(s, out)`: as `Values.exchanged`, into other words."""
        f = Function("exchanged", [("s", "ptr"), ("out", "ptr")])
        state, out = f.parameters
        words = Words(f, state, self._words)
        made = list(words.words)
        pairs: dict[int, int] = {}
        for slot, table in values.slots:
            word, down = divmod(slot.shift, WORD)
            if table == _PAIR:
                pairs[word] = pairs.get(word, 0) | 1 << down
                continue
            v = words.field(slot)
            made[word] = made[word] ^ ((v ^ f.load(self._constants.array(f, table), v)) << down)
        for word, low in pairs.items():
            # In two bits, 1 and 2 are exchanged where the bits differ: all slots of a word at once.
            mixed = (words.words[word] ^ (words.words[word] >> 1)) & signed(low)
            made[word] = made[word] ^ mixed ^ (mixed << 1)
        for w, value in enumerate(made):
            f.store(out, w, value)
        valued = f.constant(0)
        for n, slot in enumerate(values.pending):
            call = words.value(slot)
            valued = valued | (f.load(self._constants.array(f, [int(v) for v in values.valued]), call) << n)
        judge = values.judge
        word, down = divmod(judge.shift, WORD)
        old = words.field(judge)
        f.store(out, word, f.load(out, word) ^ ((old ^ renamed(f, old, valued)) << down))
        f.give(0)
        return f.source()

    def _sort(self, f: Function, state: Value, seen: Value, g: Sorted) -> None:
        """Bring a group into the order of what is seen of it, and tell the judge who has changed places."""
        size, count = words_of(g), len(g.shifts)
        contents = f.array(count * size)
        for n, shift in enumerate(g.shifts):
            for w, word in enumerate(inside(f, seen, g, shift)):
                f.store(contents, n * size + w, word)
        order = f.array(count)
        with f.when(f.call(f"order{size}", contents, count, order).differs(0)):
            for n, shift in enumerate(g.shifts):
                for w, word in enumerate(inside(f, state, g, shift)):
                    f.store(contents, n * size + w, word)
            for n, shift in enumerate(g.shifts):
                old = f.load(order, n) * size
                put(f, state, g, shift, [f.load(contents, old + w) for w in range(size)])
            self._tell(f, state, g, order)

    def _tell(self, f: Function, state: Value, g: Sorted, order: Value) -> None:
        clients = self._machine.program.clients
        roots = [members[0] for members in g.group.instances]
        if clients is None or not set(roots) & set(clients.instances):
            return
        where = {instance: n for n, instance in enumerate(roots)}
        slot = self._machine.layout.cells[clients.state]
        word, down = divmod(slot.shift, WORD)
        old = (f.load(state, word) >> down) & slot.mask
        count = len(clients.instances)
        numbers = f.array(len(roots))
        for n, instance in enumerate(roots):
            f.store(numbers, n, clients.instances.index(instance))

        def now(n: int) -> Value:
            at = where.get(clients.instances[n])
            return f.constant(n) if at is None else f.load(numbers, f.load(order, at))

        new = exchanged(f, old, now, count)
        f.store(state, word, f.load(state, word) ^ ((old ^ new) << down))


def _order_source(size: int) -> str:
    """`order<size>(contents, count, order)`: positions of numbers in ascending order, equal ones as they are."""
    f = Function(f"order{size}", [("contents", "ptr"), ("count", "i64"), ("order", "ptr")])
    contents, count, order = f.parameters
    n, at, moved = f.variable(0), f.variable(0), f.variable(0)
    with f.loop(lambda: n.get().below(count)):
        mine = [f.load(contents, n.get() * size + w) for w in range(size)]
        at.set(n.get())
        going = f.variable(n.get().differs(0).extended())
        with f.loop(lambda: going.get().differs(0)):
            before = f.load(order, at.get() - 1)
            theirs = [f.load(contents, before * size + w) for w in range(size)]
            later = above(f, theirs, mine)
            with f.when(later):
                f.store(order, at.get(), before)
                at.set(at.get() - 1)
                moved.set(1)
            going.set((later & at.get().differs(0)).extended())
        f.store(order, at.get(), n.get())
        n.set(n.get() + 1)
    f.give(moved.get())
    return f.source()
