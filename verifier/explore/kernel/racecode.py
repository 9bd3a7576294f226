"""Races in compiled code: a quick look at who stands before an access, and the exact question where it matters."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.events import code
from verifier.explore.kernel.expressions import Expressions
from verifier.explore.kernel.words import Unsupported, Words, signed
from verifier.explore.machine import Machine
from verifier.explore.races import Races, conflicting
from verifier.program.expr import TRUE, Cell
from verifier.program.intervals import Ranges
from verifier.program.program import Access
from verifier.records import dataclass

_CLASSES = 64
_CELL, _TEXT = 20, 20
"""Bits of an entry's first two fields; then come: is it plain, does it write, and the goroutine."""
_MIX = 0x9E3779B97F4A7C15

Spot = tuple[int, int]
"""An instance and the code of a location of it."""


@dataclass(frozen=True)
class Classes:
    """Spots before accesses that may race, by what they access; spots of one class conflict with the same classes.

    With more than 64 kinds of accesses some share a class: then the exact question is merely asked more often.
    """

    of: dict[Spot, int]
    conflicts: tuple[int, ...]


def classes(machine: Machine, races: Races) -> Classes:
    """The classes of the spots that the static pairs of `races` are about."""
    codes = machine.layout.codes
    accesses: dict[Spot, set[Access]] = {}
    for c in machine.steps:
        spot = (c.instance, codes[c.instance][c.step.src])
        if spot in races.spots:
            accesses.setdefault(spot, set()).update(c.step.accesses)
    kinds = {a: n for n, a in enumerate(dict.fromkeys(frozenset(a) for a in accesses.values()))}
    of = {spot: kinds[frozenset(a)] % _CLASSES for spot, a in accesses.items()}
    conflicts = [0] * min(len(kinds), _CLASSES)
    known: dict[tuple[Access, Access], bool] = {}

    def meet(a: Access, b: Access) -> bool:
        if (a, b) not in known:
            known[a, b] = known[b, a] = conflicting(a, b)
        return known[a, b]

    for one, n in kinds.items():
        for other, m in kinds.items():
            if any(meet(a, b) for a in one for b in other):
                conflicts[n % _CLASSES] |= 1 << m % _CLASSES
    return Classes(of, tuple(conflicts))


class Look:
    """The quick look, emitted while a function goes through the goroutines of a state one by one."""

    def __init__(self, f: Function, classes: Classes) -> None:
        self._f = f
        self._classes = classes
        self._seen = f.variable(0)
        self._hits = f.variable(0)

    def at(self, spot: Spot) -> None:
        """The goroutine of `spot` stands there."""
        kind = self._classes.of.get(spot)
        if kind is None:
            return
        seen = self._seen.get()
        conflicts = self._classes.conflicts[kind]
        self._hits.set(self._hits.get() | (seen & signed(conflicts)))
        self._seen.set(seen | signed(1 << kind))

    def suspicious(self) -> Value:
        """Whether two goroutines stand before accesses that may be to one cell."""
        return self._hits.get().differs(0)


class RaceCode:
    """Emits `races(s, known, mask)`: the code of the race event if the state has a race that is not yet known.

    `known` is an open-addressing table of keys, `mask` its length minus 1: see `key`.
    """

    def __init__(self, machine: Machine, races: Races, constants: Constants, event: int) -> None:
        self._machine = machine
        self._spots = races.spots
        self._constants = constants
        self._event = event
        self._texts = {t: n for n, t in enumerate(dict.fromkeys(c.step.text for c in machine.steps))}
        if len(machine.program.cells) >= 1 << _CELL or len(self._texts) >= 1 << _TEXT:
            raise Unsupported("a program of a million variables")

    def key(self, cell: int, first: str, second: str) -> int:
        """What stands in the table for a race: never 0."""
        return key(cell, self._texts[first], self._texts[second])

    def source(self) -> str:
        """The text of the function."""
        f = Function("races", [("s", "ptr"), ("known", "ptr"), ("mask", "i64")])
        state, known, mask = f.parameters
        words = Words(f, state, self._machine.layout.words)
        expressions = Expressions(words, self._machine.layout, Ranges(self._machine.program), self._constants)
        entries = f.array(max(self._most(), 1))
        count = f.variable(0)
        self._collect(f, words, expressions, entries, count.set, count.get)
        i, j = f.variable(0), f.variable(0)
        with f.loop(lambda: i.get().below(count.get())):
            one = f.load(entries, i.get())
            j.set(i.get() + 1)
            with f.loop(lambda: j.get().below(count.get())):
                other = f.load(entries, j.get())
                with f.when(_meet(one, other)):
                    self._unless_known(f, one, other, known, mask)
                j.set(j.get() + 1)
            i.set(i.get() + 1)
        f.give(0)
        return f.source()

    def _most(self) -> int:
        """Accesses that all goroutines can be about to make at most."""
        steps = self._machine.steps
        return sum(
            max((sum(len(steps[k].step.accesses) for k in numbers) for numbers in out.values()), default=0)
            for out in self._machine.leaving
        )

    def _collect(
        self,
        f: Function,
        words: Words,
        expressions: Expressions,
        entries: Value,
        set_count: Callable[[Value], None],
        get_count: Callable[[], Value],
    ) -> None:
        """Fill `entries` with the accesses that the goroutines are about to make, in their order."""
        layout = self._machine.layout
        for i in self._machine.program.goroutines:
            cases: dict[int, Callable[[], None]] = {}
            for location, steps in self._machine.leaving[i.number].items():
                at = layout.codes[i.number][location]
                if (i.number, at) not in self._spots:
                    continue

                def body(steps: tuple[int, ...] = steps) -> None:
                    for k in steps:
                        step = self._machine.steps[k].step
                        if not step.accesses:
                            continue
                        with f.when(expressions.test(step.guard)):
                            for access in step.accesses:
                                self._enter(f, expressions, k, access, entries, set_count, get_count)

                cases[at] = body
            if cases:
                slot = layout.pcs[i.number]
                f.switch(words.field(slot) if slot.width else f.constant(0), cases)

    def _enter(
        self,
        f: Function,
        expressions: Expressions,
        step: int,
        access: Access,
        entries: Value,
        set_count: Callable[[Value], None],
        get_count: Callable[[], Value],
    ) -> None:
        c = self._machine.steps[step]
        flags = _flags(c.instance, access.write, access.atomic) + (self._texts[c.step.text] << _CELL)

        def add(cell: Value) -> None:
            count = get_count()
            f.store(entries, count, cell + flags)
            set_count(count + 1)

        def place() -> None:
            if isinstance(access.ref, Cell):
                add(f.constant(access.ref.number))
            else:
                expressions.with_cell(access.ref, add)

        if access.when == TRUE:
            place()
        else:
            with f.when(expressions.test(access.when)):
                place()

    def _unless_known(self, f: Function, one: Value, other: Value, known: Value, mask: Value) -> None:
        wanted = (one & (1 << _CELL) - 1) | (_text(one) << _CELL) | (_text(other) << _CELL + _TEXT)
        wanted = wanted + 1
        at = f.variable(((wanted * signed(_MIX)) >> 32) & mask)
        going = f.variable(1)
        with f.loop(lambda: going.get().differs(0)):
            there = f.load(known, at.get())
            with f.when(there.equals(0)):
                f.give(code(self._event))
            with f.when(there.equals(wanted)):
                going.set(0)
            at.set((at.get() + 1) & mask)


def _flags(goroutine: int, write: bool, atomic: bool) -> int:
    return (goroutine << 1 | int(write)) << 1 + _CELL + _TEXT | int(not atomic) << _CELL + _TEXT


def _text(entry: Value) -> Value:
    return (entry >> _CELL) & (1 << _TEXT) - 1


def _meet(one: Value, other: Value) -> Value:
    """Whether two entries are a race: one cell, two goroutines, a write, not both atomic."""
    same = ((one ^ other) & (1 << _CELL) - 1).equals(0)
    either = one | other
    bits = _CELL + _TEXT
    some = (either & (3 << bits)).equals(3 << bits)
    return same & some & (one >> bits + 2).differs(other >> bits + 2)


def key(cell: int, first: int, second: int) -> int:
    """The key of a race: its cell and the texts of the two steps, plus 1."""
    return (cell | first << _CELL | second << _CELL + _TEXT) + 1


def home(number: int) -> int:
    """Where the search for a key starts, before the mask."""
    return (number * _MIX & (1 << 64) - 1) >> 32
