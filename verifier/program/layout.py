"""Where every location and cell of a state sits in one packed integer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Own
from verifier.program.program import IDLE, Program, high, low
from verifier.program.semantics import recycled_blocks, zero


@dataclass(frozen=True, slots=True)
class Slot:
    """`width` bits from bit `shift`; the value is `low` plus what they hold. Width 0: always `low`."""

    shift: int
    width: int
    low: int

    @property
    def mask(self) -> int:
        """The slot's bits, moved down to bit 0."""
        return (1 << self.width) - 1


@dataclass(frozen=True)
class Layout:
    """Locations in the lowest bits, contiguous, then the cells. A location is stored as its code.

    `locations[i]` lists the locations instance i can be at; a location's code is its position there. `pcs[i]` is
    where the code of instance i sits (the package has no bits). `bits` is the length of a state.
    """

    pcs: tuple[Slot, ...]
    cells: tuple[Slot, ...]
    locations: tuple[tuple[int, ...], ...]
    pc_bits: int
    bits: int

    @property
    def pc_mask(self) -> int:
        """`state & pc_mask` is the vector of all locations."""
        return (1 << self.pc_bits) - 1

    @cached_property
    def codes(self) -> tuple[dict[int, int], ...]:
        """Location → code, for every instance."""
        return tuple({loc: code for code, loc in enumerate(locs)} for locs in self.locations)

    def pack(self, locations: tuple[int, ...], values: tuple[int, ...]) -> int:
        """One integer for the locations of all instances (the package's is ignored) and the values of all cells."""
        state = 0
        for number, slot in enumerate(self.pcs[1:], 1):
            state |= self.codes[number][locations[number]] << slot.shift
        for slot, value in zip(self.cells, values, strict=True):
            if slot.width:
                state |= (value - slot.low) << slot.shift
        return state

    def unpack(self, state: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The locations of all instances (the package's is `IDLE`) and the values of all cells."""
        locations = tuple(
            locs[state >> slot.shift & slot.mask] for slot, locs in zip(self.pcs, self.locations, strict=True)
        )
        return locations, tuple((state >> slot.shift & slot.mask) + slot.low for slot in self.cells)


def layout(program: Program, steps: tuple[Concrete, ...]) -> Layout:
    """The packed positions for `program`. `steps`: the concrete steps of all its instances.

    A cell that no step ever writes keeps its initial value and takes no bits.
    """
    locations = _locations(program, steps)
    shift = 0
    pcs: list[Slot] = []
    for locs in locations:
        width = (len(locs) - 1).bit_length()
        pcs.append(Slot(shift, width, 0))
        shift += width
    pc_bits = shift
    written = _written(program, steps)
    cells: list[Slot] = []
    for number, decl in enumerate(program.cells):
        if number not in written:
            cells.append(Slot(0, 0, program.initial[number]))
            continue
        least = low(decl.domain)
        width = (high(decl.domain, program.sorts) - least).bit_length()
        cells.append(Slot(shift if width else 0, width, least))
        shift += width
    return Layout(tuple(pcs), tuple(cells), locations, pc_bits, shift)


def _locations(program: Program, steps: tuple[Concrete, ...]) -> tuple[tuple[int, ...], ...]:
    found: list[set[int]] = [set() for _ in program.instances]
    found[0].add(IDLE)
    for i in program.goroutines:
        found[i.number].add(program.starts[i.number])
    for c in steps:
        found[c.instance].update((c.step.src, c.step.dst))
        if c.child is not None:
            found[c.child].add(program.templates[program.instances[c.child].template].entry)
    return tuple(tuple(sorted(f)) for f in found)


def _written(program: Program, steps: tuple[Concrete, ...]) -> set[int]:
    written: set[int] = set()
    for c in steps:
        for ref, _ in c.step.updates:
            match ref:
                case Cell(number=n):
                    written.add(n)
                case At(family=f):
                    written.update(n for n in f.cells if n >= 0)
                case Own() | _:
                    raise TypeError(f"not an absolute cell: {ref}")
    for block in recycled_blocks(program):
        for n in block:
            if program.initial[n] != zero(program.cells[n].domain, program.sorts):
                written.add(n)
    return written
