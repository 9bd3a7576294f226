"""Instantiation: the steps of one goroutine with absolute references. Engines and audit read the same steps."""

from __future__ import annotations

from verifier.program.expr import (
    FALSE,
    At,
    Cell,
    Const,
    Expr,
    Judge,
    Me,
    Own,
    Pc,
    PerInstance,
    Read,
    Received,
    Ref,
    all_of,
    any_of,
    at_cell,
    equal,
    negate,
    rewrite,
)
from verifier.program.program import END, IDLE, Access, Alloc, Fail, Instance, Offer, Program, Step, Sync
from verifier.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Concrete:
    """A step of one instance with absolute references.

    `index` is the step's position in its template's `steps`; a `go` statement with several possible children
    becomes one concrete step per child, told apart by `child` (the instance started) and its guard, and one
    `bound` failure for "no child is free". `candidates` are the place numbers an alloc may pick, in order.

    A paired step belongs to the goroutine that sends: one concrete step per half that may receive, which `partner` is.
    Its guard holds where both halves can be taken, its updates are those of both.
    """

    instance: int
    index: int
    step: Step
    child: int | None = None
    candidates: tuple[int, ...] = ()
    partner: Concrete | None = None

    @property
    def movers(self) -> tuple[int, ...]:
        """The goroutines that move: one, or the two of a paired step."""
        return (self.instance,) if self.partner is None else (self.instance, self.partner.instance)


def concrete(program: Program, number: int, location: int | None = None) -> tuple[Concrete, ...]:
    """Every step of instance `number`, or those at one location, in template order.

    References are `Cell`, `At` or `Pc` (in guards only). A half that receives is part of the steps of those that send.
    """
    instance = program.instances[number]
    template = program.templates[instance.template]
    out: list[Concrete] = []
    for index, step in enumerate(template.steps):
        if location is not None and step.src != location:
            continue
        if step.offer is not None:
            out.extend(_paired(program, instance, index, step, step.offer))
        elif step.spawn is None:
            out.append(_one(program, instance, index, step))
        else:
            out.extend(_spawn(program, instance, index, step))
    return tuple(out)


def _one(program: Program, instance: Instance, index: int, step: Step) -> Concrete:
    candidates = () if step.alloc is None else _candidates(instance, step.alloc)
    return Concrete(instance.number, index, bind(step, instance, instance), None, candidates)


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
        bound = bind(step, instance, child)
        out.append(
            Concrete(instance.number, index, replace(bound, guard=all_of(bound.guard, *busy, free)), child.number)
        )
        busy.append(negate(free))
    none = bind(replace(step, updates=(), accesses=()), instance, instance)
    failure = Fail("bound", f"more than {len(children)} goroutines of one go statement at a time (bounds: goroutines)")
    out.append(Concrete(instance.number, index, replace(none, guard=all_of(none.guard, *busy), fail=failure)))
    return out


def _paired(program: Program, instance: Instance, index: int, step: Step, offer: Offer) -> list[Concrete]:
    """A send with every receive of another goroutine that it can meet."""
    out: list[Concrete] = []
    sent = bind(step, instance, instance)
    for other in program.goroutines if offer.sends else ():
        for n, half in enumerate(program.templates[other.template].steps):
            asks = half.offer
            meets = asks is not None and not asks.sends and asks.kind == offer.kind
            if asks is None or not meets or other is instance or (asks.polls and offer.polls):
                continue
            received = bind(half, other, other)
            same = _same_channel(sent, received)
            if same != FALSE:
                joint = _joined(sent, _handed(received, sent), other, same)
                out.append(Concrete(instance.number, index, joint, partner=Concrete(other.number, n, received)))
    return out


def _handed(half: Step, sent: Step) -> Step:
    """A receiving half with the values of the send in it."""
    assert sent.offer is not None
    values = sent.offer.values

    def leaf(e: Expr) -> Expr | None:
        return values[e.index] if isinstance(e, Received) else None

    def ref(r: Ref) -> Ref:
        return at_cell(r.family, rewrite(r.index, leaf)) if isinstance(r, At) else r

    updates = tuple((ref(r), rewrite(v, leaf)) for r, v in half.updates)
    return replace(half, guard=rewrite(half.guard, leaf), updates=updates)


def _same_channel(sent: Step, received: Step) -> Expr:
    """Whether both halves are about one channel, not nil."""
    assert sent.offer is not None and received.offer is not None
    channel = sent.offer.channel
    return all_of(negate(equal(channel, Const(0))), equal(channel, received.offer.channel))


def _joined(sent: Step, received: Step, other: Instance, same: Expr) -> Step:
    """Both halves as one step: both goroutines stand there, and it is the same channel."""
    there = equal(Read(Pc(other.number)), Const(received.src))
    return replace(
        sent,
        guard=all_of(there, sent.guard, same, received.guard),
        updates=(*sent.updates, *received.updates),
        accesses=(*sent.accesses, *received.accesses),
        sync=(*sent.sync, *received.sync),
    )


def bind(step: Step, instance: Instance, child: Instance) -> Step:
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
            case Judge():
                return replace(e, client=instance.ordinal)
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
        offer=None
        if step.offer is None
        else replace(step.offer, channel=expr(step.offer.channel), values=tuple(map(expr, step.offer.values))),
    )
