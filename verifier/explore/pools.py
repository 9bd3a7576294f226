"""Objects of one pool are alike and belong to nobody: they are renumbered in the order in which they are reached.

Which free block an allocation took then makes no difference between states, nor does who made an object. Roots are read
in the order of their numbers, first those of the package, then objects in the order in which they were found. What is
not reached is zeroed. Before goroutines are sorted, only what the package reaches has numbers: everything else is
written as one and the same number, so that their order does not depend on where blocks happen to lie.
"""

from __future__ import annotations

from verifier.explore.heap import targets
from verifier.explore.machine import Machine
from verifier.program.layout import Region, Slot
from verifier.program.program import Domain, Place, Program
from verifier.program.semantics import recycled_blocks, zero
from verifier.records import dataclass

NOWHERE = -1


@dataclass(frozen=True)
class Pointer:
    """Bits that may name a block: `shift` and `mask` where they lie (in a state, or in a block).

    `block[v]` is the block that the stored number v names, -1 for none; `renamed[v][n]` is stored for the same place in
    the n-th block of its pool.
    """

    shift: int
    mask: int
    width: int
    block: tuple[int, ...]
    renamed: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Pool:
    """Blocks that are alike: their numbers and positions, what a free one looks like, and the pointers inside."""

    blocks: tuple[int, ...]
    shifts: tuple[int, ...]
    width: int
    mask: int
    free: int
    inner: tuple[Pointer, ...]


class Pools:
    """The pools of one machine. Blocks are numbered through all pools; `pool_of` and `position` say which one it is."""

    def __init__(self, machine: Machine) -> None:
        program, layout = machine.program, machine.layout
        blocks = recycled_blocks(program)
        where = [layout.blocks[n] for pool in program.pools for n in pool]
        self.pool_of = tuple(p for p, pool in enumerate(program.pools) for _ in pool)
        self.position = tuple(k for pool in program.pools for k in range(len(pool)))
        inside = {cell: b for b, n in enumerate(x for pool in program.pools for x in pool) for cell in blocks[n]}
        self._names = _Names(program, inside)
        shared = len(program.templates[0].cells)
        roots: list[tuple[int, Pointer]] = []
        for number, decl in enumerate(program.cells):
            slot = layout.cells[number]
            if number not in inside and slot.width:
                pointer = self._names.pointer(decl.domain, slot, 0)
                if pointer is not None:
                    roots.append((number, pointer))
        self.shared = tuple(p for n, p in roots if n < shared)
        self.private = tuple(p for n, p in roots if n >= shared)
        self.pools = tuple(self._pool(machine, blocks, pool, where) for pool in program.pools)
        covered = sum(mask << shift for p in self.pools for mask, shift in ((p.mask, s) for s in p.shifts))
        named = sum(p.mask << p.shift for p in (*self.shared, *self.private))
        self.rest = ((1 << layout.bits) - 1) & ~covered & ~named
        """Bits of a state that neither lie in a block nor name one."""

    def _pool(
        self, machine: Machine, blocks: tuple[tuple[int, ...], ...], pool: tuple[int, ...], where: list[Region]
    ) -> Pool:
        program, layout = machine.program, machine.layout
        first = layout.blocks[pool[0]]
        inner: list[Pointer] = []
        free = 0
        for n in blocks[pool[0]]:
            slot = layout.cells[n]
            if slot.width:
                free |= (zero(program.cells[n].domain, program.sorts) - slot.low) << slot.shift - first.shift
                pointer = self._names.pointer(program.cells[n].domain, slot, first.shift)
                if pointer is not None:
                    inner.append(pointer)
        numbers = tuple(b for b in range(len(self.pool_of)) if program.pools[self.pool_of[b]] == pool)
        shifts = tuple(where[b].shift for b in numbers)
        return Pool(numbers, shifts, first.width, (1 << first.width) - 1, free, tuple(inner))

    def settled(self, state: int) -> int:
        """The state with all blocks renumbered in the order in which they are reached, the others zeroed."""
        return self._renumbered(state, (*self.shared, *self.private))

    def begun(self, state: int) -> int:
        """The state for comparing goroutines: what only they reach has one number, the last of its kind."""
        number, _ = self._reach(state, self.shared)
        out = state
        for p in self.private:
            v = state >> p.shift & p.mask
            b = p.block[v]
            if b != NOWHERE:
                new = p.mask if b not in number else p.renamed[v][number[b]]
                out ^= (v ^ new) << p.shift
        return out

    def _reach(self, state: int, roots: tuple[Pointer, ...]) -> tuple[dict[int, int], list[int]]:
        """The new position of every block reached, and the blocks in the order in which they are."""
        number: dict[int, int] = {}
        found: list[int] = []
        taken = [0] * len(self.pools)

        def look(bits: int, p: Pointer) -> None:
            b = p.block[bits >> p.shift & p.mask]
            if b != NOWHERE and b not in number:
                pool = self.pool_of[b]
                number[b] = taken[pool]
                taken[pool] += 1
                found.append(b)

        for p in roots:
            look(state, p)
        for b in found:  # grows
            pool = self.pools[self.pool_of[b]]
            if pool.inner:
                inside = state >> pool.shifts[self.position[b]]
                for p in pool.inner:
                    look(inside, p)
        return number, found

    def _renumbered(self, state: int, roots: tuple[Pointer, ...]) -> int:
        number, _ = self._reach(state, roots)
        out = state & self.rest
        for p in roots:
            v = state >> p.shift & p.mask
            b = p.block[v]
            out |= (v if b == NOWHERE else p.renamed[v][number[b]]) << p.shift
        for pool in self.pools:
            used = 0
            for b in pool.blocks:
                if b not in number:
                    continue
                used += 1
                inside = state >> pool.shifts[self.position[b]] & pool.mask
                for p in pool.inner:
                    v = inside >> p.shift & p.mask
                    c = p.block[v]
                    if c != NOWHERE:
                        inside ^= (v ^ p.renamed[v][number[c]]) << p.shift
                out |= inside << pool.shifts[number[b]]
            if pool.free:
                for shift in pool.shifts[used:]:
                    out |= pool.free << shift
        return out


class _Names:
    """What the numbers stored in cells of a domain name."""

    def __init__(self, program: Program, inside: dict[int, int]) -> None:
        self._program = program
        self._inside = inside
        self._alike: dict[tuple[int, str, int], int] = {}
        """(sort, site, block) → place."""
        for s, sort in enumerate(program.sorts):
            for number, place in enumerate(sort.places, 1):
                self._alike[s, place.site, place.block] = number

    def pointer(self, domain: Domain, slot: Slot, base: int) -> Pointer | None:
        """The pointer in a slot; None if it can name no block. `base`: where the bits that hold it begin."""
        offsets: dict[int, tuple[int, int]] = {}
        for value, s, number in targets(domain, self._program):
            offsets[value - slot.low] = s, number
        if not offsets:
            # Asked first: the judge's cell alone has a million values.
            return None
        size = slot.mask + 1
        block = [NOWHERE] * size
        renamed: list[tuple[int, ...]] = [()] * size
        stored = {key: v for v, key in offsets.items()}
        for v, (s, number) in offsets.items():
            place = self._program.sorts[s].places[number - 1]
            owner = self._owner(place)
            if owner == NOWHERE:
                continue
            block[v] = owner
            renamed[v] = tuple(stored[s, self._alike[s, place.site, n]] for n in range(self._blocks(s, place)))
        if all(b == NOWHERE for b in block):
            return None
        return Pointer(slot.shift - base, slot.mask, slot.width, tuple(block), tuple(renamed))

    def _owner(self, place: Place) -> int:
        return next((self._inside[c] for c in place.cells if c in self._inside), NOWHERE)

    def _blocks(self, sort: int, place: Place) -> int:
        n = 0
        while (sort, place.site, n) in self._alike:
            n += 1
        return n
