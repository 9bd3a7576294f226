"""What the abstract machine knows about a program before it runs: owners, regions, lock cells, recyclable blocks.

The program must be lowered with two goroutines per role, so that "my own object" is told from a package object, with
at least two blocks per repeated site, and with `bounds.int` = `values.INT`; only the first goroutine of each role and
the first block of each site are used: they stand for everybody's.
"""

from __future__ import annotations

from functools import cached_property

from verifier.program.expr import At, Cell, Const, Expr, Own, Ref, children
from verifier.program.program import Bool, Domain, Program, Range, Reference, Union, low
from verifier.prove.ignored import ignored, without
from verifier.prove.values import ANY, INT, Value, owned
from verifier.records import dataclass

SMALL = 16
"""Ranges up to this size (states of locks, counts of our own) are kept exactly."""


class NotCovered(Exception):
    """The method does not apply to this program; the message names the step in the way."""


@dataclass(frozen=True, slots=True)
class Role:
    """One template that any number of goroutines run. `first` is the first cell of its first instance's block."""

    template: int
    name: str
    first: int
    size: int
    start: int
    initial: tuple[Value, ...]
    """Own cells at the start; the goroutine refers to itself as identity 1."""
    region: tuple[int, ...]
    """Region of each own cell: objects a reference can point to have numbers >= 0, a frame cell has -1 - offset."""
    blocks: tuple[tuple[int, int, int, int], ...]
    """Recyclable blocks: (sort, place, first own cell, one past the last)."""


@dataclass(frozen=True)
class Shape:
    """A program prepared for the abstract machine."""

    program: Program
    roles: tuple[Role, ...]
    size: int
    """Cells of the package."""
    lock_cells: dict[int, str]
    """Absolute cell (of the package or of a first instance) → held, pending, writer, readers or running."""
    constants: frozenset[int]
    """Integers the program mentions, and their neighbours: other values of a counter are not told apart."""
    owner: tuple[tuple[int, ...], ...]
    """Per sort and place (from 1): the template whose first instance owns it, 0 the package, -1 nobody we use."""
    named: dict[int, tuple[int, ...]]
    """Per template (0: the package), the own cells that can hold a reference or a holder's name."""
    by_template: dict[int, Role]
    ignored: frozenset[int]
    """Absolute cells whose values decide nothing: they hold any value, and `program` does not write them."""

    def role(self, template: int) -> Role:
        """The role of a template."""
        return self.by_template[template]

    def home(self, cell: int) -> tuple[int, int]:
        """(template, own cell) of an absolute cell; template 0 for the package."""
        found = self._homes.get(cell)
        if found is None:
            raise NotCovered("a step that names another goroutine's cell")
        return found

    @cached_property
    def _homes(self) -> dict[int, tuple[int, int]]:
        known = {cell: (0, cell) for cell in range(self.size)}
        return known | {r.first + o: (r.template, o) for r in self.roles for o in range(r.size)}

    def referent(self, domain: Domain, value: int) -> tuple[int, int] | None:
        """(sort, place) when a value of this domain is a reference that is not nil; `value` without owner."""
        if isinstance(domain, Reference):
            return (domain.sort, value) if value > 0 else None
        if isinstance(domain, Union):
            for _, first, inner in domain.alternatives:
                if isinstance(inner, Reference) and first < value <= first + self.places(inner.sort):
                    return inner.sort, value - first
        return None

    def places(self, sort: int) -> int:
        """How many places a sort has."""
        return len(self.program.sorts[sort].places)

    def domain(self, template: int, cell: int) -> Domain:
        """The domain of a package cell (template 0) or of an own cell."""
        first = 0 if template == 0 else self.role(template).first
        return self.program.cells[first + cell].domain

    def far(self, domain: Range) -> bool:
        """Whether integers of this range that no constant of the program is near become any value: proofs hold for
        unbounded counters."""
        return domain.high - domain.low > SMALL

    def clipped(self, domain: Domain, v: int) -> Value:
        """An interface value; an integer in it that no constant of the program is near becomes any value."""
        if isinstance(domain, Union):
            for _, first, inner in domain.alternatives:
                if isinstance(inner, Range) and first <= v <= first + inner.high - inner.low:
                    return v if v - first + inner.low in self.constants else None
        return v


def beyond(program: Program) -> str:
    """The kind of step that no lowering of a model brings within the method's reach; empty when there is none."""
    if any(t.parent is not None for t in program.templates):
        return "`go` inside a role"
    if any(s.offer is not None for t in program.templates for s in t.steps):
        return "a channel without a buffer: a send and its receive move two goroutines at once"
    return ""


def shape(program: Program, conditions: bool = True) -> Shape:
    """Prepare a composed program; `conditions` as for `ignored`.

    Raises NotCovered for what the method does not handle.
    """
    outside = beyond(program)
    if outside:
        raise NotCovered(outside)
    if program.init_fail is not None:
        raise NotCovered("an initialiser that fails")
    _check_lowering(program)
    size = len(program.templates[0].cells)
    chosen = {t.number: _first(program, t.number) for t in program.templates[1:]}
    lock_cells = _locks(program, chosen)
    unread = ignored(program, lock_cells, conditions)
    program = without(program, unread)
    owner = tuple(tuple([0] + [_owner(program, chosen, p.owner) for p in sort.places]) for sort in program.sorts)
    roles = tuple(_role(program, t, i, owner, unread) for t, i in chosen.items())
    named = {0: _named(program, lock_cells, 0, size)}
    named |= {r.template: _named(program, lock_cells, r.first, r.size) for r in roles}
    by_template = {r.template: r for r in roles}
    return Shape(program, roles, size, lock_cells, _constants(program), owner, named, by_template, unread)


def _check_lowering(program: Program) -> None:
    """What callers have to get right; found out here where it can be."""
    for t in program.templates[1:]:
        if sum(i.template == t.number for i in program.instances) < 2:
            raise NotCovered(f"{t.name} was lowered for one goroutine: own objects cannot be told from shared ones")
    whole = {INT} | {(-(1 << b), (1 << b) - 1) for b in (7, 15, 31, 63)}
    for c in program.cells:
        if isinstance(c.domain, Range) and c.domain.low < 0 and (c.domain.low, c.domain.high) not in whole:
            raise NotCovered(f"integers cut to {c.domain.low}..{c.domain.high}: lower with bounds.int = values.INT")


def _constants(program: Program) -> frozenset[int]:
    found: set[int] = {0, *program.initial}

    def visit(e: Expr) -> None:
        if isinstance(e, Const):
            found.add(e.value)
        for x in children(e):
            visit(x)

    for t in program.templates:
        for s in t.steps:
            visit(s.guard)
            for _, e in s.updates:
                visit(e)
    return frozenset(n + d for n in found for d in (-1, 0, 1))


def _first(program: Program, template: int) -> int:
    return next(i.number for i in program.instances if i.template == template and i.ordinal == 0)


def _owner(program: Program, chosen: dict[int, int], instance: int) -> int:
    if instance == 0:
        return 0
    template = program.instances[instance].template
    return template if chosen[template] == instance else -1


def _role(
    program: Program, template: int, instance: int, owner: tuple[tuple[int, ...], ...], unread: frozenset[int]
) -> Role:
    i = program.instances[instance]
    first = next(f for t, f, _ in i.lineage if t == template)
    size = len(program.templates[template].cells)
    region = [-1 - o for o in range(size)]
    mine = [p for s in program.sorts for p in s.places if p.owner == instance]
    # The largest place that holds a cell is the object the cell belongs to.
    for number, p in enumerate(sorted(mine, key=lambda p: len(p.cells))):
        for c in p.cells:
            region[c - first] = number
    blocks = []
    for s, place in program.recycled:
        p = program.sorts[s].places[place - 1]
        if p.owner == instance and p.block == 0:
            if not p.cells:
                # Without a cell there is nothing to tell the tracked object from the forgotten ones by.
                raise NotCovered("an object without fields that is allocated again and again")
            blocks.append((s, place, min(p.cells) - first, max(p.cells) - first + 1))
    cells = range(first, first + size)
    initial = tuple(ANY if c in unread else _initial(program, owner, template, c) for c in cells)
    name = program.templates[template].name
    return Role(template, name, first, size, program.starts[instance], initial, tuple(region), tuple(blocks))


def _initial(program: Program, owner: tuple[tuple[int, ...], ...], template: int, cell: int) -> Value:
    """The first value of an own cell: the steps before the first visible one may have taken own addresses."""
    value, domain = program.initial[cell], program.cells[cell].domain
    sort, place = -1, value
    if isinstance(domain, Reference):
        sort = domain.sort
    elif isinstance(domain, Union):
        for _, first, inner in domain.alternatives:
            if isinstance(inner, Reference) and first < value <= first + len(program.sorts[inner.sort].places):
                sort, place = inner.sort, value - first + low(inner)
    if sort < 0 or place == 0 or owner[sort][place] == 0:
        return value
    if owner[sort][place] != template:
        raise NotCovered("a goroutine that starts with a reference to another one's object")
    return owned(value, 1)


def _named(program: Program, lock_cells: dict[int, str], first: int, size: int) -> tuple[int, ...]:
    def can(cell: int) -> bool:
        return cell in lock_cells or isinstance(program.cells[cell].domain, Reference | Union)

    return tuple(o for o in range(size) if can(first + o))


def _locks(program: Program, chosen: dict[int, int]) -> dict[int, str]:
    """Classify lock cells by the marks on steps."""
    kinds: dict[int, str] = {}
    for t in program.templates[1:]:
        for s in t.steps:
            for mark in s.sync:
                for cell in _selected(program, chosen, t.number, mark.ref):
                    _classify(program, kinds, cell, mark.op)
    return kinds


def _classify(program: Program, kinds: dict[int, str], cell: int, op: str) -> None:
    if op in ("begin", "finish"):
        kinds[cell] = "running"
    elif isinstance(program.cells[cell].domain, Bool):
        kinds[cell] = "held"
    else:
        for offset, kind in enumerate(("readers", "pending", "writer")):
            kinds[cell + offset] = kind


def _selected(program: Program, chosen: dict[int, int], template: int, ref: Ref) -> list[int]:
    match ref:
        case Own(template=0, offset=o):
            return [o]
        case Own(offset=o):
            i = program.instances[chosen[template]]
            return [next(f for t, f, _ in i.lineage if t == ref.template) + o]
        case Cell(number=n):
            return [n]
        case At(family=f):
            return [c for c in f.cells if c >= 0]
    raise NotCovered("a lock that is no cell")
