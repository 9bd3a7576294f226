"""Recycled blocks in compiled code: what is reachable, which block an allocation takes, and zeroing the others."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.heap import Finger, Heap
from verifier.explore.kernel.emit import Constants, Function, Value, Variable
from verifier.explore.kernel.words import Unsupported, Words, signed
from verifier.explore.machine import Machine
from verifier.program.layout import WORD

_FEW = 8
"""Bits of a cell all of whose values fit a table."""
_SPAN = 1 << 16
"""Entries of the largest table."""
_MOST = 62
"""Blocks that fit the bits of a number."""


class HeapCode:
    """Emits the functions over the recycled blocks of one program; blocks are bits, numbered as in `Heap`."""

    collect = "collect"
    """The function that zeroes the unreachable blocks of a state in memory."""

    def __init__(self, machine: Machine, constants: Constants) -> None:
        self._machine = machine
        self._heap = Heap(machine)
        self._constants = constants
        if len(self._heap.clears) > _MOST:
            raise Unsupported(f"more than {_MOST} blocks of recycled memory")
        self._picks: dict[tuple[int, tuple[int, ...]], str] = {}

    def pick(self, f: Function, state: Value, sort: int, candidates: tuple[int, ...]) -> Value:
        """The place an allocation takes, 0 when no block is free."""
        name = self._picks.setdefault((sort, candidates), f"pick{len(self._picks)}")
        return f.call(name, state)

    def source(self) -> str:
        """The text of all functions asked for so far."""
        return "\n".join([self._live(), self._collect(), *(self._pick(n, *key) for key, n in self._picks.items())])

    def _live(self) -> str:
        f = Function("live", [("s", "ptr")])
        words = Words(f, f.parameters[0], self._machine.layout.words)
        start = f.constant(0)
        for finger in self._heap.roots:
            start = start | self._keeps(f, words, finger)
        reached, todo = f.variable(start), f.variable(start)
        with f.loop(lambda: todo.get().differs(0)):
            rest = todo.get()
            lowest = rest & (f.constant(0) - rest)
            todo.set(rest & ~lowest)
            f.switch(lowest, {1 << n: self._follow(f, words, n, reached, todo) for n in self._inside()})
        f.give(reached.get())
        return f.source()

    def _inside(self) -> list[int]:
        return [n for n, fingers in enumerate(self._heap.inner) if fingers]

    def _follow(self, f: Function, words: Words, block: int, reached: Variable, todo: Variable) -> Callable[[], None]:
        def body() -> None:
            found = f.constant(0)
            for finger in self._heap.inner[block]:
                found = found | self._keeps(f, words, finger)
            fresh = found & ~reached.get()
            reached.set(reached.get() | fresh)
            todo.set(todo.get() | fresh)

        return body

    def _keeps(self, f: Function, words: Words, finger: Finger) -> Value:
        slot, table = finger
        if not slot.width:
            return f.constant(table.get(slot.low, 0))
        first, last = min(table), max(table)
        if last - first >= _SPAN:
            raise Unsupported("references on both sides of a wide range of numbers")
        if slot.width <= _FEW:
            first, last = slot.low, slot.low + slot.mask
        kept = [table.get(value, 0) for value in range(first, last + 1)]
        at = words.field(slot) - (first - slot.low)
        array = self._constants.array(f, kept)
        if slot.width <= _FEW:
            return f.load(array, at)
        # An interface may hold large numbers too: the table is about the references among its values.
        inside = at.unsigned_below(len(kept))
        return inside.choose(f.load(array, inside.choose(at, f.constant(0))), f.constant(0))

    def _collect(self) -> str:
        f = Function(self.collect, [("s", "ptr")])
        (state,) = f.parameters
        live = f.call("live", state)
        everything = (1 << len(self._heap.clears)) - 1
        with f.when(live.equals(everything)):
            f.give(0)
        for n, (clear, zeros) in enumerate(zip(self._heap.clears, self._heap.zeros, strict=True)):
            touched = [w for w in range(self._machine.layout.words) if clear >> w * WORD & (1 << WORD) - 1]
            if not touched:
                continue
            with f.when((live & (1 << n)).equals(0)):
                for w in touched:
                    kept = f.load(state, w) & signed(~(clear >> w * WORD))
                    f.store(state, w, kept | signed(zeros >> w * WORD))
        f.give(0)
        return f.source()

    def _pick(self, name: str, sort: int, candidates: tuple[int, ...]) -> str:
        f = Function(name, [("s", "ptr")])
        live = f.call("live", f.parameters[0])
        for place in candidates:
            with f.when((live & (1 << self._heap.block_of[sort, place])).equals(0)):
                f.give(place)
        f.give(0)
        return f.source()
