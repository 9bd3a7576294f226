"""Recycled blocks on packed states: which are reachable, which one an allocation takes, and zeroing the others."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.explore.machine import Machine
from verifier.program.layout import Slot
from verifier.program.program import Domain, Program, Reference, Union, high, low
from verifier.program.semantics import recycled_blocks, zero

CACHE = 200_000
"""Contents of all reference cells remembered at most."""

Finger = tuple[Slot, dict[int, int]]
"""A cell that may hold a reference: value → the bit of the recycled block it keeps alive."""


class Heap:
    """Reachability of the recycled blocks of one program. Blocks are numbered as in `Program.recycled`.

    `roots` are the cells outside all blocks that may keep one alive, `inner[n]` those inside block n; `clears[n]` are
    the bits of block n, `zeros[n]` what they are when nobody reaches it; `block_of` maps (sort, place) to a block.
    """

    def __init__(self, machine: Machine) -> None:
        program = machine.program
        self._layout = machine.layout
        blocks = recycled_blocks(program)
        self.block_of = {place: n for n, place in enumerate(program.recycled)}
        keeps = _keeps(program, blocks)
        inside = {cell: n for n, cells in enumerate(blocks) for cell in cells}
        self.roots: list[Finger] = []
        self.inner: list[list[Finger]] = [[] for _ in blocks]
        references = 0
        for number, decl in enumerate(program.cells):
            table = {v: bit for v, sort, place in targets(decl.domain, program) if (bit := keeps.get((sort, place), 0))}
            if not table:
                continue
            slot = self._layout.cells[number]
            references |= slot.mask << slot.shift
            owner = inside.get(number)
            (self.roots if owner is None else self.inner[owner]).append((slot, table))
        self.mask = references
        """Bits of all cells that can point into a recycled block."""
        self.clears, self.zeros = self._wipes(program, blocks)
        self._known: dict[int, tuple[int, int]] = {}

    def _wipes(self, program: Program, blocks: tuple[tuple[int, ...], ...]) -> tuple[list[int], list[int]]:
        clears, zeros = [], []
        for cells in blocks:
            clear = value = 0
            for n in cells:
                slot = self._layout.cells[n]
                clear |= slot.mask << slot.shift
                if slot.width:
                    value |= (zero(program.cells[n].domain, program.sorts) - slot.low) << slot.shift
            clears.append(clear)
            zeros.append(value)
        return clears, zeros

    def live(self, state: int) -> int:
        """The reachable blocks, as bits."""
        reached = 0
        for slot, table in self.roots:
            reached |= table.get((state >> slot.shift & slot.mask) + slot.low, 0)
        todo = reached
        while todo:
            block = (todo & -todo).bit_length() - 1
            todo &= todo - 1
            for slot, table in self.inner[block]:
                fresh = table.get((state >> slot.shift & slot.mask) + slot.low, 0) & ~reached
                reached |= fresh
                todo |= fresh
        return reached

    def canonical(self, state: int) -> int:
        """The state with every unreachable block zeroed."""
        key = state & self.mask
        wipe = self._known.get(key)
        if wipe is None:
            if len(self._known) >= CACHE:
                self._known.clear()
            wipe = self._known[key] = self._wipe(self.live(state))
        return state & wipe[0] | wipe[1]

    def _wipe(self, live: int) -> tuple[int, int]:
        clear = value = 0
        for n, (bits, zeros) in enumerate(zip(self.clears, self.zeros, strict=True)):
            if not live >> n & 1:
                clear |= bits
                value |= zeros
        return ((1 << self._layout.bits) - 1) & ~clear, value

    def pick(self, state: int, sort: int, candidates: tuple[int, ...]) -> int:
        """The first candidate place whose block is free, 0 when there is none."""
        live = self.live(state)
        for place in candidates:
            if not live >> self.block_of[sort, place] & 1:
                return place
        return 0


def targets(domain: Domain, program: Program) -> Iterator[tuple[int, int, int]]:
    """(value, sort, place) for every value of a domain that is a reference to a place."""
    if isinstance(domain, Reference):
        for place in range(1, len(program.sorts[domain.sort].places) + 1):
            yield place, domain.sort, place
    elif isinstance(domain, Union):
        for _, first, inner in domain.alternatives:
            if high(inner, program.sorts) >= low(inner):
                for value, sort, place in targets(inner, program):
                    yield first + value - low(inner), sort, place


def _keeps(program: Program, blocks: tuple[tuple[int, ...], ...]) -> dict[tuple[int, int], int]:
    """(sort, place) → bits of the blocks that hold any of its cells: a reference to a field keeps the object."""
    owner: dict[int, int] = {}
    for n, cells in enumerate(blocks):
        for cell in cells:
            owner[cell] = owner.get(cell, 0) | 1 << n
    keeps: dict[tuple[int, int], int] = {}
    for s, sort in enumerate(program.sorts):
        for number, place in enumerate(sort.places, 1):
            bits = 0
            for cell in place.cells:
                bits |= owner.get(cell, 0)
            if bits:
                keeps[s, number] = bits
    for n, key in enumerate(program.recycled):
        keeps[key] = keeps.get(key, 0) | 1 << n
    return keeps
