"""The canonical form in compiled code: what `canonical.Canonical` does, step for step, on the words of a state."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.explore.canonical import Canonical, Sorted
from verifier.explore.identities import Identity
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.words import Unsupported, signed
from verifier.explore.machine import Machine
from verifier.explore.mixing import FIRST, SECOND
from verifier.program.layout import WORD

_MOST = 20
"""Bits of a slot that may name a goroutine: tables have an entry for every number it can hold."""


class CanonicalCode:
    """Emits `canonical(s)`, which replaces a state in memory by the one kept for its orbit."""

    name = "canonical"
    """The function."""

    def __init__(self, machine: Machine, constants: Constants) -> None:
        self._form = Canonical(machine)
        self._constants = constants
        identities = [*self._form.identities.shared, *(i for g in self._form.naming for i in g.group.identities)]
        if any(i.width > _MOST for i in identities):
            raise Unsupported("references to more than a million places")

    def source(self) -> str:
        """The text of the function and of those it calls."""
        form = self._form
        f = Function(self.name, [("s", "ptr")])
        (state,) = f.parameters
        if form.named:
            self._sort_named(f, state)
        for g in form.anonymous:
            self._sort_contents(f, state, g)
        f.give(0)
        sizes = sorted({words_of(g) for g in form.anonymous})
        parts = [f.source(), *(_sort_source(size) for size in sizes)]
        return "\n".join([*parts, _arrange_source()] if form.named else parts)

    # ---- named groups

    def _sort_named(self, f: Function, state: Value) -> None:
        form = self._form
        colours = self._colours(f, state)
        orders = f.array(form.members)
        position = f.array(form.members)
        changed = f.constant(0)
        for g in form.named:
            first, count = g.group.first, len(g.shifts)
            changed = changed | f.call("arrange", f.address(colours, first), count, f.address(orders, first))
        with f.when(changed.differs(0)):
            for g in form.named:
                first, count = g.group.first, len(g.shifts)
                for n in range(count):
                    f.store(position, f.load(orders, first + n) + first, n)
            for i in form.identities.shared:
                self._rename(f, state, i.shift, i, position)
            for g in form.naming:
                for shift in g.shifts:
                    for i in g.group.identities:
                        self._rename(f, state, shift + i.shift, i, position)
            for g in form.named:
                if g.mask:
                    self._move(f, state, g, f.address(orders, g.group.first))

    def _colours(self, f: Function, state: Value) -> Value:
        """The colours of all members, as `Canonical._colours` computes them."""
        form = self._form
        colours = f.array(form.members)
        for g in form.coloured:
            for n, shift in enumerate(g.shifts):
                member = g.group.first + n
                h = f.constant(signed(g.seed))
                for w, word in enumerate(inside(f, state, g, shift)):
                    h = _mixed(h ^ (word & signed(g.plain >> w * WORD)))
                for i in g.group.identities:
                    v = _field(f, state, shift + i.shift, i.width)
                    own = self._look(f, i.names.member, v).equals(member)
                    name = own.choose(self._look(f, i.names.own, v), self._look(f, i.names.other, v))
                    h = _mixed(h ^ name)
                f.store(colours, member, h)
        for left in reversed(range(form.identities.rounds)):
            colours = self._round(f, state, colours, left > 0)
        return colours

    def _round(self, f: Function, state: Value, colours: Value, more: bool) -> Value:
        """One round, as `Canonical._round`."""
        form = self._form
        sums = f.array(form.members)
        coloured = [g.group.first + n for g in form.coloured for n in range(len(g.shifts))]
        for member in coloured:
            f.store(sums, member, f.load(colours, member))

        def add(member: Value | int, amount: Value) -> None:
            f.store(sums, member, f.load(sums, member) + amount)

        for i in form.identities.shared:
            v = _field(f, state, i.shift, i.width)
            named = self._look(f, i.names.member, v)
            with f.when(named.at_least(0)):
                add(named, self._look(f, i.into, v))
        for g in form.naming:
            for n, shift in enumerate(g.shifts):
                member = g.group.first + n
                for i in g.group.identities:
                    v = _field(f, state, shift + i.shift, i.width)
                    named = self._look(f, i.names.member, v)
                    with f.when(named.at_least(0) & named.differs(member)):
                        add(named, _mixed(f.load(colours, member) ^ self._look(f, i.into, v)))
                        if g.group.named or more:
                            add(member, _mixed(f.load(colours, named) ^ self._look(f, i.out, v)))
        for member in coloured if more else ():
            f.store(sums, member, _mixed(f.load(sums, member)))
        return sums

    def _rename(self, f: Function, state: Value, shift: int, identity: Identity, position: Value) -> None:
        """Change the name in one slot to that of the same member where it will stand."""
        v = _field(f, state, shift, identity.width)
        named = self._look(f, identity.names.member, v)
        longest = max(len(r) for r in identity.names.renamed)
        flat = [x for r in identity.names.renamed for x in (*r, *[0] * (longest - len(r)))]
        with f.when(named.at_least(0)):
            renamed = self._look(f, flat, v * longest + f.load(position, named))
            word, down = divmod(shift, WORD)
            f.store(state, word, f.load(state, word) ^ ((v ^ renamed) << down))

    def _move(self, f: Function, state: Value, g: Sorted, order: Value) -> None:
        """Bring the regions of a group into an order: old positions by new ones."""
        size = words_of(g)
        kept = f.array(len(g.shifts) * size)
        for n, shift in enumerate(g.shifts):
            for w, word in enumerate(inside(f, state, g, shift)):
                f.store(kept, n * size + w, word)
        for n, shift in enumerate(g.shifts):
            old = f.load(order, n) * size
            put(f, state, g, shift, [f.load(kept, old + w) for w in range(size)])

    # ---- the others

    def _sort_contents(self, f: Function, state: Value, g: Sorted) -> None:
        size = words_of(g)
        contents = f.array(len(g.shifts) * size)
        for n, shift in enumerate(g.shifts):
            for w, word in enumerate(inside(f, state, g, shift)):
                f.store(contents, n * size + w, word)
        with f.when(f.call(f"sort{size}", contents, len(g.shifts)).differs(0)):
            for n, shift in enumerate(g.shifts):
                put(f, state, g, shift, [f.load(contents, n * size + w) for w in range(size)])

    def _look(self, f: Function, values: Sequence[int], at: Value) -> Value:
        return f.load(self._constants.array(f, [signed(v) for v in values]), at)


def words_of(g: Sorted) -> int:
    """How many words a region of a group takes."""
    return max(1, -(-g.group.width // WORD))


def inside(f: Function, state: Value, g: Sorted, shift: int) -> list[Value]:
    """The words of a region, moved down to bit 0."""
    word, down = divmod(shift, WORD)
    masks = [signed(g.mask >> w * WORD) for w in range(words_of(g))]
    return [(f.load(state, word + w) >> (0 if w else down)) & mask for w, mask in enumerate(masks)]


def put(f: Function, state: Value, g: Sorted, shift: int, words: Sequence[Value]) -> None:
    """Store the words of a region."""
    first, down = divmod(shift, WORD)
    for w, value in enumerate(words):
        mask = g.mask >> w * WORD & (1 << WORD) - 1
        up = 0 if w else down
        kept = f.load(state, first + w) & signed(~(mask << up))
        f.store(state, first + w, kept | (value << up))


def _field(f: Function, state: Value, shift: int, width: int) -> Value:
    word, down = divmod(shift, WORD)
    return (f.load(state, word) >> down) & (1 << width) - 1


def _mixed(x: Value) -> Value:
    """`mixing.mix`."""
    x = (x ^ (x >> 30)) * signed(FIRST)
    x = (x ^ (x >> 27)) * signed(SECOND)
    return x ^ (x >> 31)


def _arrange_source() -> str:
    """`arrange(colours, count, order)`: positions by colour, equal ones in their order; whether any of them moves."""
    f = Function("arrange", [("colours", "ptr"), ("count", "i64"), ("order", "ptr")])
    colours, count, order = f.parameters
    n, at, moved = f.variable(0), f.variable(0), f.variable(0)
    with f.loop(lambda: n.get().below(count)):
        mine = f.load(colours, n.get())
        at.set(n.get())
        going = f.variable(n.get().differs(0).extended())
        with f.loop(lambda: going.get().differs(0)):
            before = f.load(order, at.get() - 1)
            later = f.load(colours, before).unsigned_above(mine)
            with f.when(later):
                f.store(order, at.get(), before)
                at.set(at.get() - 1)
                moved.set(1)
            going.set((later & at.get().differs(0)).extended())
        f.store(order, at.get(), n.get())
        n.set(n.get() + 1)
    f.give(moved.get())
    return f.source()


def _sort_source(size: int) -> str:
    """`sort<size>(contents, count)`: numbers of `size` words in ascending order; whether any of them moved."""
    f = Function(f"sort{size}", [("contents", "ptr"), ("count", "i64")])
    contents, count = f.parameters
    n, at, moved = f.variable(1), f.variable(0), f.variable(0)
    with f.loop(lambda: n.get().below(count)):
        mine = [f.load(contents, n.get() * size + w) for w in range(size)]
        at.set(n.get())
        going = f.variable(1)
        with f.loop(lambda: going.get().differs(0)):
            before = [f.load(contents, (at.get() - 1) * size + w) for w in range(size)]
            later = above(f, before, mine)
            with f.when(later):
                for w in range(size):
                    f.store(contents, at.get() * size + w, before[w])
                at.set(at.get() - 1)
                moved.set(1)
            going.set((later & at.get().differs(0)).extended())
        for w in range(size):
            f.store(contents, at.get() * size + w, mine[w])
        n.set(n.get() + 1)
    f.give(moved.get())
    return f.source()


def above(f: Function, a: list[Value], b: list[Value]) -> Value:
    """Whether one number of several words, the lowest first, is greater than another."""
    above = f.constant(0, "i1")
    for x, y in zip(a, b, strict=True):
        above = x.unsigned_above(y) | (x.equals(y) & above)
    return above
