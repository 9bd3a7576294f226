"""The symbols of a re-check: what is known of a program's cells, and how a state of three goroutines is written down.

Everything here is read off the program again; nothing comes from the engine that found the proof. The program has two
goroutines a role; the first one stands for all of them, so its cells and places are the ones that count.
"""

from __future__ import annotations

from enum import Enum

from verifier.evidence.proof import NUMBER, PLACE
from verifier.program.expr import At, Cell, Own, Ref
from verifier.program.program import Bool, Domain, Program, Range, Reference, Step, Union
from verifier.records import dataclass


class NotCovered(Exception):
    """The program has something the re-check cannot translate; the message names it."""


class Kind(Enum):
    """How a cell is written down: not at all (it holds one value only), or as a symbol of that sort."""

    FIXED = "fixed"
    READERS = "readers"
    BOOL = "Bool"
    NUMBER = "(_ BitVec 72)"
    PLACE = "(_ BitVec 16)"
    VALUE = "(_ BitVec 72) "
    """An interface value: a reference or something else. (Told apart from NUMBER by the blank.)"""


@dataclass(frozen=True, slots=True)
class CellInfo:
    """A cell of the package or of a first goroutine. `owned`: it has a `.who` symbol too (a reference or a lock)."""

    kind: Kind
    lock: bool
    domain: Domain

    @property
    def owned(self) -> bool:
        """Whether the symbol has a second one for the owner or holder."""
        return self.lock or self.refers

    @property
    def refers(self) -> bool:
        """Whether it can hold a reference."""
        return self.kind in (Kind.PLACE, Kind.VALUE)

    @property
    def sort(self) -> str:
        """The SMT sort of its symbol."""
        return self.kind.value.strip()

    @property
    def width(self) -> int:
        """Bits of its symbol."""
        return PLACE if self.kind is Kind.PLACE else NUMBER


@dataclass(frozen=True, slots=True)
class Role:
    """A template that any number of goroutines run. `first` is the first cell of its first goroutine.

    `region[o]` is the first own cell of the object that own cell o belongs to, -1 for what nothing can refer to.
    `blocks`: place number of a recyclable block → its own cells.
    """

    template: int
    name: str
    first: int
    size: int
    start: int
    steps: tuple[Step, ...]
    region: tuple[int, ...]
    blocks: dict[tuple[int, int], tuple[int, ...]]

    @property
    def regions(self) -> tuple[int, ...]:
        """The objects others may refer to."""
        return tuple(sorted({r for r in self.region if r >= 0}))


@dataclass(frozen=True)
class Vocabulary:
    """What obligations are written with."""

    program: Program
    roles: tuple[Role, ...]
    size: int
    cells: dict[int, CellInfo]
    reads: int
    holds: int
    template_bits: int
    name_bits: int

    @property
    def lost(self) -> int:
        """Template number of objects that are no longer followed; one more is "unknown"."""
        return max(r.template for r in self.roles) + 1

    @property
    def id_bits(self) -> int:
        """Bits of an identity: template, then name."""
        return self.template_bits + self.name_bits

    def role(self, template: int) -> Role:
        """The role of a template."""
        return next(r for r in self.roles if r.template == template)

    def home(self, cell: int) -> tuple[int, int] | None:
        """(template, own cell), template 0 for the package; None for cells of further goroutines."""
        if cell < self.size:
            return 0, cell
        for r in self.roles:
            if r.first <= cell < r.first + r.size:
                return r.template, cell - r.first
        return None

    def package_symbols(self) -> list[tuple[str, CellInfo]]:
        """`gN` for every package cell that is written down."""
        return [(f"g{n}", self.cells[n]) for n in range(self.size) if _written(self.cells[n])]

    def own_symbols(self, j: int, template: int) -> list[tuple[str, CellInfo]]:
        """`cJ.T.N` for the own cells of goroutine j if it runs the template."""
        role = self.role(template)
        infos = ((o, self.cells[role.first + o]) for o in range(role.size))
        return [(f"c{j}.{template}.{o}", info) for o, info in infos if _written(info)]

    def slots(self, j: int) -> list[str]:
        """The slots for locks of goroutine j."""
        return [f"r{j}.{n}" for n in range(self.reads)] + [f"h{j}.{n}" for n in range(self.holds)]

    def published(self, j: int, template: int) -> list[str]:
        """`eJ.T.N` for the objects of goroutine j."""
        return [f"e{j}.{template}.{q}" for q in self.role(template).regions]

    def places(self, domain: Domain, owner: int, cells: frozenset[int]) -> list[int]:
        """The values of a domain that refer to places of `owner`'s first goroutine in the given own cells."""
        out: list[int] = []
        for first, sort in _references(domain):
            for n, place in enumerate(self.program.sorts[sort].places, start=1):
                home = self.home(place.cells[0]) if place.cells else None
                if home is not None and home[0] == owner and home[1] in cells:
                    out.append(first + n)
        return out


def _written(info: CellInfo) -> bool:
    return info.kind not in (Kind.FIXED, Kind.READERS)


def _references(domain: Domain) -> list[tuple[int, int]]:
    if isinstance(domain, Reference):
        return [(0, domain.sort)]
    if isinstance(domain, Union):
        return [(first, d.sort) for _, first, d in domain.alternatives if isinstance(d, Reference)]
    return []


def vocabulary(program: Program, reads: int, holds: int) -> Vocabulary:
    """The vocabulary of a program with two goroutines a role. Raises NotCovered."""
    if any(t.parent is not None for t in program.templates) or program.init_fail is not None:
        raise NotCovered("`go` inside a role, or an initialiser that fails")
    if any(s.spawn is not None for t in program.templates for s in t.steps):
        raise NotCovered("`go` inside a role")
    size = len(program.templates[0].cells)
    roles = tuple(_role(program, t.number) for t in program.templates[1:])
    exclusive, readers = _locks(program, roles)
    numbers = [*range(size), *(r.first + o for r in roles for o in range(r.size))]
    cells = {n: _info(program.cells[n].domain, n in exclusive, n in readers) for n in numbers}
    owned = sum(i.owned for i in cells.values()) * 3 + 3 * (reads + holds) + 64
    templates = max(r.template for r in roles) + 3
    return Vocabulary(program, roles, size, cells, reads, holds, (templates - 1).bit_length(), (owned + 4).bit_length())


def _info(domain: Domain, lock: bool, readers: bool) -> CellInfo:
    if readers:
        return CellInfo(Kind.READERS, False, domain)
    if isinstance(domain, Range) and domain.low == domain.high:
        return CellInfo(Kind.FIXED, False, domain)
    if isinstance(domain, Bool):
        return CellInfo(Kind.BOOL, lock, domain)
    if isinstance(domain, Reference | Union):
        return CellInfo(Kind.PLACE if isinstance(domain, Reference) else Kind.VALUE, False, domain)
    return CellInfo(Kind.NUMBER, lock, domain)


def _role(program: Program, template: int) -> Role:
    instance = next(i for i in program.instances if i.template == template and i.ordinal == 0)
    first = next(f for t, f, _ in instance.lineage if t == template)
    size = len(program.templates[template].cells)
    mine = [p for s in program.sorts for p in s.places if p.owner == instance.number and p.cells]
    largest: list[tuple[int, ...]] = [() for _ in range(size)]
    for p in mine:
        for c in p.cells:
            if len(p.cells) > len(largest[c - first]):
                largest[c - first] = p.cells
    region = tuple(min(cells) - first if cells else -1 for cells in largest)
    blocks = {}
    for sort, number in program.recycled:
        place = program.sorts[sort].places[number - 1]
        if place.owner == instance.number and place.block == 0:
            blocks[sort, number] = tuple(range(min(place.cells) - first, max(place.cells) - first + 1))
    t = program.templates[template]
    return Role(template, t.name, first, size, program.starts[instance.number], t.steps, region, blocks)


def _locks(program: Program, roles: tuple[Role, ...]) -> tuple[set[int], set[int]]:
    """The exclusive lock cells, and the cells that count readers: known from the marks on steps."""
    exclusive: set[int] = set()
    readers: set[int] = set()
    for role in roles:
        for step in role.steps:
            for mark in step.sync:
                for cell in cells_of(mark.ref, role):
                    if mark.op in ("begin", "finish") or isinstance(program.cells[cell].domain, Bool):
                        exclusive.add(cell)
                    else:
                        readers.add(cell)
                        exclusive |= {cell + 1, cell + 2}
    return exclusive, readers


def cells_of(ref: Ref, role: Role) -> tuple[int, ...]:
    """Every cell that a reference of a step can stand for, as absolute numbers of first goroutines."""
    match ref:
        case Own(template=0, offset=o):
            return (o,)
        case Own(template=t, offset=o) if t == role.template:
            return (role.first + o,)
        case Cell(number=n):
            return (n,)
        case At(family=f):
            return tuple(c for c in f.cells if c >= 0)
    raise NotCovered("a step that names another goroutine's cell")
