"""The canonical form of programs with pools or clients: sorted, the judge told, blocks renumbered (`canonical`)."""

from __future__ import annotations

from verifier.explore.canonical import Canonical, Sorted
from verifier.explore.kernel.canoncode import above, inside, put, words_of
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.judgecode import exchanged
from verifier.explore.kernel.poolcode import PoolCode
from verifier.explore.kernel.words import Unsupported
from verifier.explore.machine import Machine
from verifier.program.layout import WORD


class ClientCode:
    """Emits `canonical(s)` for one machine."""

    name = "canonical"

    def __init__(self, machine: Machine, constants: Constants) -> None:
        self._machine = machine
        self._form = Canonical(machine) if machine.program.classes else None
        if self._form is not None and self._form.named:
            raise Unsupported("goroutines that are named by references beside pools or clients")
        self._pools = PoolCode(machine, constants) if machine.program.pools else None
        self._words = machine.layout.words

    def source(self) -> str:
        """The text of the function and of those it calls."""
        f = Function(self.name, [("s", "ptr")])
        (state,) = f.parameters
        groups = [] if self._form is None else self._form.anonymous
        seen = state
        if groups and self._pools is not None:
            seen = f.array(self._words)
            f.call("begun", state, seen)
        for g in groups:
            self._sort(f, state, seen, g)
        if self._pools is not None:
            f.call("settle", state)
        f.give(0)
        parts = [f.source(), *(_order_source(size) for size in sorted({words_of(g) for g in groups}))]
        if self._pools is not None:
            parts.append(self._pools.source(compared=bool(groups)))
        return "\n".join(parts)

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
