"""Which pairs of goroutines are about to touch one cell: static pairs, then one lookup per location vector."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.machine import Machine
from verifier.explore.outcome import Violation
from verifier.explore.pyexpr import Writer
from verifier.program.concrete import Concrete
from verifier.program.expr import FALSE, TRUE, At, Cell
from verifier.program.program import Access
from verifier.records import dataclass

CACHE = 200_000
"""Location vectors remembered at most; then the memory is emptied and filled again."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps of different goroutines that may conflict, the lower goroutine first."""

    first: int
    second: int


Touch = tuple[int, bool, bool]
"""The number of a cell, whether it is written, whether atomically."""

Touches = Callable[[int], tuple[Touch, ...]]
"""State → what a step touches where it is enabled, nothing where it is not."""


class Races:
    """Finds the states where two enabled steps conflict, and which distinct pairs of statements do."""

    def __init__(self, machine: Machine, writer: Writer) -> None:
        self._machine = machine
        self._writer = writer
        self._pairs = _static_pairs(machine)
        self._touches: dict[int, Touches] = {}
        self._cache: dict[int, tuple[Pair, ...]] = {}
        self._seen: set[tuple[int, str, str]] = set()
        self._left: dict[Pair, set[int]] = {}
        self.found: list[Violation] = []
        self.told: list[tuple[int, str, str]] = []
        """For each of `found`: the cell, and the texts of the two steps."""
        slots = machine.layout.pcs
        codes: dict[int, set[int]] = {}
        for i, at, j, there in self._pairs:
            codes.setdefault(i, set()).add(at)
            codes.setdefault(j, set()).add(there)
        self._accessing = tuple((i, slots[i].shift, slots[i].mask, frozenset(codes[i])) for i in sorted(codes))
        self.mask = sum(slots[i].mask << slots[i].shift for i in codes)
        """Bits of the locations that matter."""
        self.possible = bool(self._pairs)
        self.spots = frozenset((i, at) for i, at_i in codes.items() for at in at_i)
        """(instance, location code) where a goroutine stands before an access that may race."""
        self.get = self._cache.get

    def check(self, index: int, state: int) -> None:
        """Record the races of a state. Called when its location vector is unknown or may race."""
        key = state & self.mask
        pairs = self._cache.get(key)
        if pairs is None:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            pairs = self._cache[key] = self._candidates(state)
        for pair in pairs:
            if self._left.get(pair, True):
                self._judge(index, state, pair)

    def _candidates(self, state: int) -> tuple[Pair, ...]:
        # Nearly every new vector has at most one goroutine at an access that matters: look only at those.
        here = [(i, code) for i, shift, mask, codes in self._accessing if (code := state >> shift & mask) in codes]
        out: list[Pair] = []
        for n, (i, at) in enumerate(here):
            for j, there in here[n + 1 :]:
                out.extend(self._pairs.get((i, at, j, there), ()))
        return tuple(out)

    def _judge(self, index: int, state: int, pair: Pair) -> None:
        a, b = (self._machine.steps[n] for n in (pair.first, pair.second))
        if pair not in self._left:
            self._left[pair] = shared_cells(a, b)
        for cell in self._met(pair, state):
            # Later states only repeat it; a pair with nothing left to show is never judged again.
            self._left[pair].discard(cell)
            key = (cell, a.step.text, b.step.text)
            if key not in self._seen:
                self._seen.add(key)
                self.told.append(key)
                name = self._machine.program.cells[cell].name
                self.found.append(Violation("race", name, index, (pair.first, pair.second), (a.instance, b.instance)))

    def _met(self, pair: Pair, state: int) -> list[int]:
        """The cells that two steps race on in a state."""
        mine, theirs = self._touched(pair.first, state), self._touched(pair.second, state)
        return [
            cell
            for cell, writes, atomic in mine
            for other, also, too in theirs
            if cell == other and cell >= 0 and (writes or also) and not (atomic and too)
        ]

    def _touched(self, number: int, state: int) -> tuple[Touch, ...]:
        made = self._touches.get(number)
        if made is None:
            # One function for a step, not for a pair: most pairs are judged once, and there are many more of them.
            made = self._touches[number] = self._compile(self._machine.steps[number])
        return made(state)

    def _compile(self, c: Concrete) -> Touches:
        lines = ["def touches(s):", f" if not {self._writer.test(c.step.guard)}: return ()", " found = []"]
        for x in c.step.accesses:
            if x.when != FALSE:
                given = "" if x.when == TRUE else f" if {self._writer.test(x.when)}: "
                lines.append(f"{given or ' if True:'} found.append(({self._place(x)}, {x.write}, {x.atomic}))")
        lines.append(" return tuple(found)")
        names = dict(self._writer.names)
        exec(compile("\n".join(lines), "<race check>", "exec"), names)
        made: Touches = names["touches"]  # type: ignore[assignment]
        return made

    def _place(self, x: Access) -> str:
        match x.ref:
            case Cell(number=n):
                return str(n)
            case At(family=f, index=i):
                return self._writer.address(f, i)
        raise TypeError(f"not an absolute cell: {x.ref}")


def conflicting(x: Access, y: Access) -> bool:
    """Whether two accesses of different goroutines may be a race: one cell, a write, not both atomic."""
    if FALSE in (x.when, y.when) or not (x.write or y.write) or (x.atomic and y.atomic):
        return False
    return not cells_of(x).isdisjoint(cells_of(y))


def shared_cells(a: Concrete, b: Concrete) -> set[int]:
    """The cells on which two steps may conflict."""
    return {n for x in a.step.accesses for y in b.step.accesses if conflicting(x, y) for n in cells_of(x) & cells_of(y)}


def cells_of(x: Access) -> frozenset[int]:
    """The absolute cells an access may touch."""
    match x.ref:
        case Cell(number=n):
            return frozenset((n,))
        case At(family=f):
            return frozenset(n for n in f.cells if n >= 0)
    raise TypeError(f"not an absolute cell: {x.ref}")


Where = tuple[int, int, int, int]


def _static_pairs(machine: Machine) -> dict[Where, tuple[Pair, ...]]:
    """(instance, location code, instance, location code) → the pairs of steps that may conflict there."""
    codes = machine.layout.codes
    groups: dict[tuple[Access, ...], list[int]] = {}
    for n, c in enumerate(machine.steps):
        if c.step.accesses:
            groups.setdefault(c.step.accesses, []).append(n)
    pairs: list[Pair] = []
    # Few distinct accesses, many steps: whether they conflict is asked once.
    for mine, steps in groups.items():
        for theirs, others in groups.items():
            if any(conflicting(x, y) for x in mine for y in theirs):
                pairs += [
                    Pair(n, m) for n in steps for m in others if machine.steps[n].instance < machine.steps[m].instance
                ]
    out: dict[Where, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda p: (p.first, p.second)):
        a, b = machine.steps[pair.first], machine.steps[pair.second]
        where = (a.instance, codes[a.instance][a.step.src], b.instance, codes[b.instance][b.step.src])
        out.setdefault(where, []).append(pair)
    return {where: tuple(found) for where, found in out.items()}
