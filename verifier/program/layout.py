"""Where every location and cell of a state sits in one packed integer."""

from __future__ import annotations

from functools import cached_property

from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Own, refs
from verifier.program.program import IDLE, Instance, Program, Reference, Union, high, low
from verifier.program.semantics import recycled_blocks, zero
from verifier.records import dataclass

WORD = 64
"""Bits of a word."""


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


@dataclass(frozen=True, slots=True)
class Region:
    """`width` bits from bit `shift`: the locations and cells of a role's goroutine and of all it starts.

    Regions of goroutines of one role have the same inside. One of at most 64 bits lies in one word, a wider one starts
    at a word: moving goroutines around is moving whole numbers or words.
    """

    shift: int
    width: int


@dataclass(frozen=True)
class Layout:
    """A region per goroutine that no other one starts, then the shared cells. A location is stored as its code.

    No slot crosses a multiple of 64, so that every one can be read from a single word (one wider than that: from
    whole words). `locations[i]` lists the locations instance i can be at; a location's code is its position there.
    `pcs[i]` is where the code of instance i sits (the package has no bits). `regions` maps the number of a root
    instance to its region. `bits` is the length of a state.
    """

    pcs: tuple[Slot, ...]
    cells: tuple[Slot, ...]
    locations: tuple[tuple[int, ...], ...]
    regions: dict[int, Region]
    bits: int
    blocks: dict[int, Region]
    """Where the blocks of pools lie, by their position in `Program.recycled`: all of a pool are alike inside."""

    @property
    def words(self) -> int:
        """The length of a state in words of 64 bits, at least 1."""
        return max(1, -(-self.bits // WORD))

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

    def location(self, state: int, number: int) -> int:
        """Where one instance is, without unpacking the rest."""
        slot = self.pcs[number]
        return self.locations[number][state >> slot.shift & slot.mask]

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
    written = _written(program, steps)
    pcs = [Slot(0, 0, 0) for _ in program.instances]
    cells = [Slot(0, 0, value) for value in program.initial]
    blocks = _blocks(program)
    bits = 0
    regions: dict[int, Region] = {}
    gaps: list[tuple[int, int]] = []
    for root in (i for i in program.goroutines if i.parent is None):
        members = _family(program, root)
        widths = [
            w
            for i in members
            for w in (_code_width(locations[i.number]), *(_width(program, n, written) for n in blocks[i.number]))
        ]
        relative, size = _pack(widths)
        start = bits if bits % WORD + size <= WORD else -(-bits // WORD) * WORD
        if start > bits:
            gaps.append((bits, start))
        regions[root.number] = Region(start, size)
        places = iter(relative)
        for i in members:
            pcs[i.number] = _slot(start + next(places), _code_width(locations[i.number]), 0)
            for n in blocks[i.number]:
                shift = start + next(places)
                if n in written:
                    cells[n] = _slot(shift, _width(program, n, written), low(program.cells[n].domain))
        bits = start + size
    pooled, placed, bits = _pools(program, written, cells, gaps, bits)
    for n in blocks[0]:
        if n in written and n not in pooled:
            shift, bits = _shared(_width(program, n, written), gaps, bits)
            cells[n] = _slot(shift, _width(program, n, written), low(program.cells[n].domain))
    return Layout(tuple(pcs), tuple(cells), locations, regions, bits, placed)


def _pools(
    program: Program, written: set[int], cells: list[Slot], gaps: list[tuple[int, int]], bits: int
) -> tuple[set[int], dict[int, Region], int]:
    """Place the blocks of pools; which cells these are, where the blocks lie, and the length of a state then.

    A cell that is written in one block of a pool has bits in all of them: any of them may be that block.
    """
    inside = recycled_blocks(program)
    done: set[int] = set()
    placed: dict[int, Region] = {}
    for pool in program.pools:
        used = [any(inside[b][k] in written for b in pool) for k in range(len(inside[pool[0]]))]
        first = [n for n, use in zip(inside[pool[0]], used, strict=True) if use]
        relative, size = _pack([_width(program, n, {n}) for n in first])
        for b in pool:
            if size <= WORD:
                start, bits = _shared(size, gaps, bits)
            else:
                start = -(-bits // WORD) * WORD
                bits = start + size
            placed[b] = Region(start, size)
            done.update(inside[b])
            for n, at in zip((n for n, use in zip(inside[b], used, strict=True) if use), relative, strict=True):
                cells[n] = _slot(start + at, _width(program, n, {n}), low(program.cells[n].domain))
    return done, placed, bits


def _slot(shift: int, width: int, least: int) -> Slot:
    return Slot(shift if width else 0, width, least)


def _code_width(locations: tuple[int, ...]) -> int:
    return (len(locations) - 1).bit_length()


def _width(program: Program, cell: int, written: set[int]) -> int:
    if cell not in written:
        return 0
    domain = program.cells[cell].domain
    return (high(domain, program.sorts) - low(domain)).bit_length()


def _blocks(program: Program) -> list[list[int]]:
    """The cells of every instance's own block."""
    first = [i.lineage[0][1] for i in program.instances]
    ends = [first[n + 1] if n + 1 < len(first) else len(program.cells) for n in range(len(first))]
    return [list(range(a, b)) for a, b in zip(first, ends, strict=True)]


def _family(program: Program, root: Instance) -> list[Instance]:
    """A goroutine and all that it starts, directly or not, in the order of their numbers."""
    inside = {root.number}
    out = [root]
    for i in program.goroutines:
        if i.parent in inside:
            inside.add(i.number)
            out.append(i)
    return out


def _pack(widths: list[int]) -> tuple[list[int], int]:
    """Positions relative to a start, none of them across a word when all must share one or the start is one."""
    if sum(widths) <= WORD:
        return [sum(widths[:n]) for n in range(len(widths))], sum(widths)
    at = 0
    out: list[int] = []
    for width in widths:
        if at % WORD + width > WORD:
            at = -(-at // WORD) * WORD
        out.append(at)
        at += width
    return out, at


def _shared(width: int, gaps: list[tuple[int, int]], bits: int) -> tuple[int, int]:
    """Where a shared cell goes, into a gap before a region if one is wide enough; and the length of a state then."""
    for n, (start, end) in enumerate(gaps):
        if end - start >= width:
            gaps[n] = (start + width, end)
            return start, bits
    if bits % WORD + width > WORD:
        gaps.append((bits, -(-bits // WORD) * WORD))
        bits = -(-bits // WORD) * WORD
    return bits, bits + width


def _locations(program: Program, steps: tuple[Concrete, ...]) -> tuple[tuple[int, ...], ...]:
    found: list[set[int]] = [set() for _ in program.instances]
    found[0].add(IDLE)
    for i in program.goroutines:
        found[i.number].add(program.starts[i.number])
    for c in steps:
        found[c.instance].update((c.step.src, c.step.dst))
        if c.partner is not None:
            found[c.partner.instance].update((c.partner.step.src, c.partner.step.dst))
        if c.child is not None:
            found[c.child].add(program.templates[program.instances[c.child].template].entry)
    return tuple(tuple(sorted(f)) for f in found)


def _read(program: Program, steps: tuple[Concrete, ...]) -> set[int]:
    """The cells that steps or clauses may read."""
    found: set[int] = set()
    for c in steps:
        s = c.step
        values = [s.guard, *(v for _, v in s.updates), *(a.when for a in s.accesses)]
        places = [*(r for r, _ in s.updates), *(a.ref for a in s.accesses), *(k.ref for k in s.sync)]
        values += [r.index for r in places if isinstance(r, At)]
        read = [r for e in values for r in refs(e)]
        found.update(r.number for r in read if isinstance(r, Cell))
        found.update(n for r in read if isinstance(r, At) for n in r.family.cells if n >= 0)
    found.update(r.number for c in program.clauses for r in refs(c.expr) if isinstance(r, Cell))
    return found


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
    if program.pools:
        # What a reference leads to may get another number although nobody writes the cell.
        # (What initialisers have left behind and nobody reads must keep nothing alive.)
        pointing = (n for n in _read(program, steps) if isinstance(program.cells[n].domain, Reference | Union))
        written.update(n for n in pointing if program.initial[n])
    for block in recycled_blocks(program):
        for n in block:
            if program.initial[n] != zero(program.cells[n].domain, program.sorts):
                written.add(n)
    return written
