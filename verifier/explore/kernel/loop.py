"""The parts of the kernel that are the same for every program: breadth-first loop, hash table, control block."""

from __future__ import annotations

from verifier.explore.kernel.emit import Function, Value, Variable
from verifier.explore.kernel.words import signed
from verifier.records import dataclass

BATCH = 16
"""States expanded before their successors are looked up: the table's lines arrive meanwhile."""

DONE, ROOM, PAUSE, EVENT = range(4)
"""Why `explore` returns: all expanded; table or stores are full; the budget of this call is spent; `CODE` says."""

COUNT, HEAD, LAYER, TRANSITIONS, BACK, CAPACITY, UNTIL, BITS, CODE, KNOWN = range(10)
"""The control block: states found, states expanded, end of the layer that is being expanded, transitions, whether a
step led to a state no later layer found, states the stores have room for, states to expand in this call, log2 of the
table's length, an event's code, the length of the table of known races minus 1."""

CONTROL = 10
"""Numbers in the control block."""

PARAMETERS = (
    "control",
    "states",
    "parents",
    "choices",
    "table",
    "out",
    "taken",
    "hashes",
    "sources",
    "armed",
    "ran",
    "known",
)
"""What `explore` is given the addresses of: the control block, the stores of all states (words, number of the parent,
number of the step), the hash table (number of a state plus 1, or 0), the buffers of a batch (words, steps, hashes,
numbers of the states they come from), the armed events, the steps that came to a state, the known races."""


@dataclass(frozen=True)
class Shape:
    """How large a state, a batch and its buffers are."""

    words: int
    steps: int
    most: int
    """Successors of one state at most."""
    canonical: str = ""
    """The function that brings a successor into canonical form, if there is one."""
    covered: str = ""
    """The function that says whether a state covers another one that is equal but for `apart`, if there is one."""
    apart: tuple[int, ...] = ()
    """The bits of every word in which a state may differ from one that covers it."""

    @property
    def buffer(self) -> int:
        """Successors of a batch at most."""
        return BATCH * max(self.most, 1)

    @property
    def choice(self) -> str:
        """The type of a stored step number."""
        return "i16" if self.steps <= 1 << 16 else "i32"


def rehash_source(shape: Shape) -> str:
    """`rehash(states, table, from, to, bits)`: enter states into a table that does not hold them."""
    f = Function("rehash", [("states", "ptr"), ("table", "ptr"), ("from", "i64"), ("to", "i64"), ("bits", "i64")])
    states, table, begin, end, bits = f.parameters
    mask = (f.constant(1) << bits) - 1
    down = f.constant(64) - bits
    homes = f.array(BATCH)
    first, n = f.variable(begin), f.variable(0)
    with f.loop(lambda: first.get().below(end)):
        until = _least(first.get() + BATCH, end)
        n.set(first.get())
        with f.loop(lambda: n.get().below(until)):
            home = hashed(f, shape, states, n.get()) >> down
            f.store(homes, n.get() - first.get(), home)
            _prefetch(f, table, home)
            n.set(n.get() + 1)
        n.set(first.get())
        with f.loop(lambda: n.get().below(until)):
            at = f.variable(f.load(homes, n.get() - first.get()))
            with f.loop(lambda: f.load(table, at.get(), "i32").differs(0)):
                at.set((at.get() + 1) & mask)
            n.set(n.get() + 1)
            f.store(table, at.get(), n.get(), "i32")
        first.set(until)
    f.give(0)
    return f.source()


def _least(a: Value, b: Value) -> Value:
    return a.below(b).choose(a, b)


def _prefetch(f: Function, array: Value, index: Value, type: str = "i32") -> None:
    """Ask for an element before it is needed."""
    f.do(f"call void @llvm.prefetch.p0(ptr {f.address(array, index, type).text}, i32 0, i32 3, i32 1)")


def explore_source(shape: Shape) -> str:
    """`explore(…)`: expand states until something has to be told; see PARAMETERS."""
    return _Loop(shape).source() + "\ndeclare void @llvm.prefetch.p0(ptr, i32, i32, i32)"


class _Loop:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._f = f = Function("explore", [(p, "ptr") for p in PARAMETERS])
        given = dict(zip(PARAMETERS, f.parameters, strict=True))
        self._control, self._states, self._table = given["control"], given["states"], given["table"]
        self._given = given
        numbers = [f.load(self._control, n) for n in range(CONTROL)]
        self._head, self._count = f.variable(numbers[HEAD]), f.variable(numbers[COUNT])
        self._layer, self._back = f.variable(numbers[LAYER]), f.variable(numbers[BACK])
        self._transitions = f.variable(numbers[TRANSITIONS])
        self._mask, self._down = (f.constant(1) << numbers[BITS]) - 1, f.constant(64) - numbers[BITS]
        self._capacity, self._until, self._known = numbers[CAPACITY], numbers[UNTIL], numbers[KNOWN]

    def source(self) -> str:
        """The text of the function."""
        f, head, count = self._f, self._head, self._count
        made, told = f.variable(0), f.variable(0)
        with f.loop(lambda: head.get().below(count.get())):
            with f.when(self._capacity.below(count.get())):
                self._leave(ROOM)
            with f.when(self._until.at_most(head.get())):
                self._leave(PAUSE)
            with f.when(head.get().equals(self._layer.get())):
                self._layer.set(count.get())
            made.set(0)
            told.set(0)
            self._expand(_least(head.get() + BATCH, self._layer.get()), made, told)
            self._transitions.set(self._transitions.get() + made.get())
            self._enter(made.get())
            with f.when(told.get().differs(0)):
                f.store(self._control, CODE, told.get())
                self._leave(EVENT)
        self._leave(DONE)
        return f.source()

    def _leave(self, why: int) -> None:
        kept = ((COUNT, self._count), (HEAD, self._head), (LAYER, self._layer), (BACK, self._back))
        for n, variable in (*kept, (TRANSITIONS, self._transitions)):
            self._f.store(self._control, n, variable.get())
        self._f.give(why)

    def _expand(self, end: Value, made: Variable, told: Variable) -> None:
        """Successors of the states from `head` to `end` into the buffers; stop before a state that has to be told."""
        f, head, given, shape = self._f, self._head, self._given, self._shape
        with f.loop(lambda: head.get().below(end) & told.get().equals(0)):
            first = made.get()
            found = f.call(
                "successors",
                f.address(self._states, head.get() * shape.words),
                f.address(given["out"], first * shape.words),
                f.address(given["taken"], first, "i32"),
                given["armed"],
                given["known"],
                self._known,
            )
            news = found.below(0)
            with f.when(news):
                told.set(found)
            with f.when(~news):
                last = found + first
                with f.loop(lambda: made.get().below(last)):
                    at = made.get()
                    if shape.canonical:
                        f.call(shape.canonical, f.address(given["out"], at * shape.words))
                    home = hashed(f, shape, given["out"], at) >> self._down
                    f.store(given["hashes"], at, home)
                    f.store(given["sources"], at, head.get(), "i32")
                    _prefetch(f, self._table, home)
                    made.set(at + 1)
                head.set(head.get() + 1)

    def _enter(self, made: Value) -> None:
        """Look every successor of the batch up, and store those that are new."""
        f, given = self._f, self._given
        j, at, going = f.variable(0), f.variable(0), f.variable(0)
        with f.loop(lambda: j.get().below(made)):
            # The state it will most likely be compared with, as soon as the table's line is there.
            entry = f.load(self._table, f.load(given["hashes"], j.get()), "i32")
            _prefetch(f, self._states, (entry - 1) * self._shape.words, "i64")
            j.set(j.get() + 1)
        j.set(0)
        with f.loop(lambda: j.get().below(made)):
            n = j.get()
            step = f.load(given["taken"], n, "i32")
            f.store(given["ran"], step, 1, "i8")
            at.set(f.load(given["hashes"], n))
            going.set(1)
            with f.loop(lambda: going.get().differs(0)):
                entry = f.load(self._table, at.get(), "i32")

                def add(n: Value = n, step: Value = step) -> None:
                    self._add(n, step, at.get())
                    going.set(0)

                def compare(n: Value = n, entry: Value = entry) -> None:
                    with f.when(self._alike(entry - 1, n)):
                        same = self._same(entry - 1, n)
                        with f.when(same & entry.at_most(self._layer.get())):
                            self._back.set(1)
                        going.set((~same).extended())
                        if self._shape.covered:
                            with f.when(~same):
                                going.set(f.call(self._shape.covered, *self._both(entry - 1, n)).equals(0).extended())
                    at.set((at.get() + 1) & self._mask)

                f.either(entry.equals(0), add, compare)
            j.set(n + 1)

    def _add(self, n: Value, step: Value, at: Value) -> None:
        f, given, words = self._f, self._given, self._shape.words
        number = self._count.get()
        for w in range(words):
            f.store(self._states, number * words + w, f.load(given["out"], n * words + w))
        f.store(given["parents"], number, f.load(given["sources"], n, "i32"), "i32")
        f.store(given["choices"], number, step, self._shape.choice)
        self._count.set(number + 1)
        f.store(self._table, at, number + 1, "i32")

    def _both(self, number: Value, n: Value) -> tuple[Value, Value]:
        """The addresses of a stored state and of one that was found."""
        f, words = self._f, self._shape.words
        return f.address(self._states, number * words), f.address(self._given["out"], n * words)

    def _same(self, number: Value, n: Value) -> Value:
        """Whether a stored state and one that was found, alike, are equal."""
        f, (stored, found) = self._f, self._both(number, n)
        same = f.constant(1, "i1")
        for w, apart in enumerate(self._shape.apart):
            if apart:
                same = same & f.load(stored, w).equals(f.load(found, w))
        return same

    def _alike(self, number: Value, n: Value) -> Value:
        """Whether they are equal but for what may differ."""
        f, (stored, found) = self._f, self._both(number, n)
        same = f.constant(1, "i1")
        for w in range(self._shape.words):
            same = same & _fixed(self._shape, w, f.load(stored, w) ^ f.load(found, w)).equals(0)
        return same


def _fixed(shape: Shape, w: int, word: Value) -> Value:
    """A word without the bits in which a state may differ from one that covers it."""
    apart = shape.apart[w] if shape.apart else 0
    return word & signed(~apart) if apart else word


def hashed(f: Function, shape: Shape, states: Value, number: Value) -> Value:
    """A multiplicative hash of all words; the table uses its highest bits."""
    mixed = f.constant(0)
    for w in range(shape.words):
        mixed = (mixed ^ _fixed(shape, w, f.load(states, number * shape.words + w))) * signed(0x9E3779B97F4A7C15)
        mixed = mixed ^ (mixed >> 32)
    return mixed * signed(0xD6E8FEB86659FD93)
