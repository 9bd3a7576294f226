"""Which cells of a goroutine are worth following, and which nobody else can change behind its back."""

from __future__ import annotations

from verifier.program.expr import At, Cell, Expr, Family, Own, Read, Ref, children
from verifier.program.program import Program, Template, base
from verifier.prove.residual import Environment, own_reads, resolve


def decisive(template: Template) -> frozenset[int]:
    """Own cells that guards and computed references depend on, directly or through other own cells."""
    guards = (o for s in template.steps for o in own_reads(s.guard, template.number))
    return _feeding(template, {*guards, *pointing(template)})


def pointing(template: Template) -> frozenset[int]:
    """Own cells that decide which lock a step is about."""
    marks = (k.ref for s in template.steps for k in s.sync)
    return _feeding(template, {o for r in marks for o in own_reads(Read(r), template.number)})


def _feeding(template: Template, found: set[int]) -> frozenset[int]:
    """`found` and the own cells their values come from."""
    feeds = [
        (ref.offset, own_reads(value, template.number))
        for s in template.steps
        for ref, value in s.updates
        if isinstance(ref, Own) and ref.template == template.number
    ]
    size = -1
    while size != len(found):
        size = len(found)
        for offset, read in feeds:
            if offset in found:
                found |= read
    return frozenset(found)


def private(program: Program, template: Template) -> frozenset[int]:
    """Own cells that only the goroutine's own steps write, by name."""
    reachable = _addressable(program)
    bases = [base(i, template.number) for i in program.goroutines if i.template == template.number]
    foreign = {
        ref.offset
        for t in program.templates
        if t.number != template.number
        for s in t.steps
        for ref, _ in s.updates
        if isinstance(ref, Own) and ref.template == template.number
    }
    return frozenset(
        o for o in range(len(template.cells)) if o not in foreign and not any(b + o in reachable for b in bases)
    )


def _addressable(program: Program) -> frozenset[int]:
    """Cells that some step reaches through a computed reference or by number, and recycled ones."""
    families: set[Family] = set()
    found: set[int] = {c for sort, place in program.recycled for c in program.sorts[sort].places[place - 1].cells}
    for t in program.templates:
        for s in t.steps:
            for ref, value in s.updates:
                _visit(Read(ref), families, found)
                _visit(value, families, found)
            _visit(s.guard, families, found)
    return frozenset(found.union(*(f.cells for f in families)))


def _visit(e: Expr, families: set[Family], found: set[int]) -> None:
    match e:
        case Read(ref=At(family=family)):
            families.add(family)
        case Read(ref=Cell(number=n)):
            found.add(n)
    for c in children(e):
        _visit(c, families, found)


def updated(ref: Ref, template: int, known: Environment) -> Cell | At | None:
    """The cell a step writes, as far as it is known; None for a cell of a goroutine."""
    match ref:
        case Own(template=t, offset=o):
            return Cell(o) if t == 0 else None
        case At():
            found = resolve(Read(ref), template, known)
            return found.ref if isinstance(found, Read) and isinstance(found.ref, (Cell, At)) else ref
        case Cell():
            return ref
    return None
