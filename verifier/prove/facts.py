"""What can be said about a counter abstraction: linear equalities, and things that are never so at once."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A number in a state: the goroutines in a stretch (`kind` count), a cell's value (cell), or 0/1 for
    "the cell has this value" (is) and "has not" (isnot). `index` is into the stretches or the tracked cells."""

    kind: str
    index: int
    value: int = 0

    def of(self, counts: Sequence[int], cells: Sequence[int]) -> int:
        """Its number in a state."""
        if self.kind == "count":
            return counts[self.index]
        if self.kind == "cell":
            return cells[self.index]
        return int((cells[self.index] == self.value) == (self.kind == "is"))


@dataclass(frozen=True, slots=True)
class Equation:
    """`constant + sum of factor × quantity = 0`."""

    terms: tuple[tuple[int, Quantity], ...]
    constant: int

    def holds(self, counts: Sequence[int], cells: Sequence[int]) -> bool:
        """Whether it is so in a state."""
        return self.constant + sum(a * q.of(counts, cells) for a, q in self.terms) == 0


@dataclass(frozen=True, slots=True)
class Never:
    """Not all of the quantities are 1 or more at once."""

    quantities: tuple[Quantity, ...]

    def holds(self, counts: Sequence[int], cells: Sequence[int]) -> bool:
        """Whether it is so in a state."""
        return not all(q.of(counts, cells) >= 1 for q in self.quantities)


@dataclass(frozen=True, slots=True)
class AtMostOne:
    """The quantity is 1 or less."""

    quantity: Quantity

    def holds(self, counts: Sequence[int], cells: Sequence[int]) -> bool:
        """Whether it is so in a state."""
        return self.quantity.of(counts, cells) <= 1


Fact = Equation | Never | AtMostOne
