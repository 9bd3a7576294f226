"""Instantiation: the steps of one goroutine with absolute references. Engines and audit read the same steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verifier.program.expr import (
    At,
    Cell,
    Const,
    Expr,
    Me,
    Own,
    Pc,
    PerInstance,
    Read,
    Ref,
    all_of,
    any_of,
    at_cell,
    equal,
    negate,
    rewrite,
)
from verifier.program.program import END, IDLE, Access, Alloc, Fail, Instance, Program, Step, Sync


@dataclass(frozen=True, slots=True)
class Concrete:
    """A step of one instance with absolute references.

    `index` is the step's position in its template's `steps`; a `go` statement with several possible children
    becomes one concrete step per child, told apart by `child` (the instance started) and its guard, and one
    `bound` failure for "no child is free". `candidates` are the place numbers an alloc may pick, in order.
    """

    instance: int
    index: int
    step: Step
    child: int | None = None
    candidates: tuple[int, ...] = ()


def concrete(program: Program, number: int) -> tuple[Concrete, ...]:
    """Every step of instance `number`, in template order. References are `Cell`, `At` or (spawn guards) `Pc`."""
    instance = program.instances[number]
    template = program.templates[instance.template]
    out: list[Concrete] = []
    for index, step in enumerate(template.steps):
        if step.spawn is None:
            out.append(_one(program, instance, index, step))
        else:
            out.extend(_spawn(program, instance, index, step))
    return tuple(out)


def _one(program: Program, instance: Instance, index: int, step: Step) -> Concrete:
    candidates = () if step.alloc is None else _candidates(instance, step.alloc)
    return Concrete(instance.number, index, _bind(step, instance, instance), None, candidates)


def _candidates(instance: Instance, alloc: Alloc) -> tuple[int, ...]:
    for template, _, ordinal in instance.lineage:
        if template == alloc.template:
            return alloc.candidates[ordinal]
    raise KeyError(alloc.template)


def _spawn(program: Program, instance: Instance, index: int, step: Step) -> list[Concrete]:
    children = [i for i in program.instances if i.template == step.spawn and i.parent == instance.number]
    out: list[Concrete] = []
    busy: list[Expr] = []
    for child in children:
        # The lowest child that is not running: a fresh one, or one that has returned and left nothing behind.
        pc = Read(Pc(child.number))
        free = any_of(equal(pc, Const(IDLE)), equal(pc, Const(END)))
        bound = _bind(step, instance, child)
        out.append(
            Concrete(instance.number, index, replace(bound, guard=all_of(bound.guard, *busy, free)), child.number)
        )
        busy.append(negate(free))
    none = _bind(replace(step, updates=(), accesses=()), instance, instance)
    failure = Fail("bound", f"more than {len(children)} goroutines of one go statement at a time (bounds: goroutines)")
    out.append(Concrete(instance.number, index, replace(none, guard=all_of(none.guard, *busy), fail=failure)))
    return out


def _bind(step: Step, instance: Instance, child: Instance) -> Step:
    """Absolute references for `step` of `instance`; a spawned child's cells resolve through `child`'s lineage."""
    bases = {t: (first, ordinal) for t, first, ordinal in (*child.lineage, *instance.lineage)}

    def leaf(e: Expr) -> Expr | None:
        match e:
            case Read(ref=Own(template=t, offset=o)):
                return Read(Cell(bases[t][0] + o))
            case PerInstance(template=t, values=values):
                return Const(values[bases[t][1]])
            case Me():
                return Const(instance.number + 1)
            case _:
                return None

    def expr(e: Expr) -> Expr:
        return rewrite(e, leaf)

    def ref(r: Ref) -> Ref:
        match r:
            case Own(template=t, offset=o):
                return Cell(bases[t][0] + o)
            case At(family=f, index=i):
                return at_cell(f, expr(i))
            case _:
                return r

    return replace(
        step,
        guard=expr(step.guard),
        updates=tuple((ref(r), expr(v)) for r, v in step.updates),
        accesses=tuple(Access(ref(a.ref), a.write, a.atomic, expr(a.when)) for a in step.accesses),
        sync=tuple(Sync(s.op, ref(s.ref)) for s in step.sync),
    )
