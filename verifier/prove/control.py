"""Where a goroutine can be: its locations, told apart by the values of its own cells that decide branches and locks.

A dataflow analysis of each template. Nothing about other goroutines is assumed: only own cells that nobody else can
reach are followed, all else is "any value".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from verifier.program.expr import At, Cell, Const, Expr, Family, Op, Own, Read, Ref, children
from verifier.program.program import END, Bool, Program, Step, Template, base
from verifier.prove.residual import Environment, own_reads, refuted, resolve

MOST_STATES = 120
"""Local states of one template that are told apart; beyond, one for each location."""

Known = tuple[tuple[int, int], ...]
"""An environment as data: (offset, value), ascending."""

State = tuple[int, Known]
"""A location with what is known there."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A step taken from `src`, whose own cells are known as in `before`; `dst` is None when the goroutine is gone."""

    src: State
    dst: State | None
    step: Step
    before: Known


@dataclass(frozen=True, slots=True)
class Control:
    """The local states of a template and the steps between them. `start` is where its goroutines begin."""

    template: Template
    start: State
    edges: tuple[Edge, ...]


def control(program: Program, template: Template) -> Control:
    """Analyse one template of a composed program."""
    decisive = _decisive(template) & _private(program, template)
    location, first = _start(program, template, decisive)
    return _Walk(template, decisive).run((location, first))


def _start(program: Program, template: Template, decisive: frozenset[int]) -> tuple[int, Known]:
    if template.parent is not None:
        return template.entry, ()
    mine = [i for i in program.goroutines if i.template == template.number]
    values = [{o: program.initial[base(i, template.number) + o] for o in decisive} for i in mine]
    common = {o: v for o, v in values[0].items() if all(other[o] == v for other in values)}
    return program.starts[mine[0].number], tuple(sorted(common.items()))


class _Walk:
    def __init__(self, template: Template, decisive: frozenset[int]) -> None:
        self._template = template
        self._decisive = decisive
        self._leaving: dict[int, list[Step]] = {}
        for s in template.steps:
            self._leaving.setdefault(s.src, []).append(s)

    def run(self, start: State) -> Control:
        found = self._reach(start, lambda state: state, MOST_STATES)
        if found is not None:
            return Control(self._template, start, self._edges(found, lambda state: state))
        joined = self._reach(start, lambda state: (state[0], ())) or {}

        def name(state: State) -> State:
            return state[0], joined[state[0], ()]

        return Control(self._template, name(start), self._edges(joined, name))

    def _reach(self, start: State, key: Callable[[State], State], most: int | None = None) -> dict[State, Known] | None:
        """What is known at every key; None when more than `most` of them are told apart."""
        known = {key(start): start[1]}
        todo = [start]
        while todo:
            location, _ = state = todo.pop()
            here = known[key(state)]
            for edge in self._from((location, here)):
                if edge.dst is None:
                    continue
                k = key(edge.dst)
                joined = edge.dst[1] if k not in known else _common(known[k], edge.dst[1])
                if known.get(k) != joined:
                    known[k] = joined
                    todo.append((edge.dst[0], joined))
            if most is not None and len(known) > most:
                return None
        return known

    def _edges(self, known: dict[State, Known], name: Callable[[State], State]) -> tuple[Edge, ...]:
        states = sorted((location, here) for (location, _), here in known.items())
        return tuple(
            Edge(edge.src, None if edge.dst is None else name(edge.dst), edge.step, edge.before)
            for state in states
            for edge in self._from(state)
        )

    def _from(self, state: State) -> Iterator[Edge]:
        for step in self._leaving.get(state[0], ()):
            env = dict(state[1])
            if refuted(resolve(step.guard, self._template.number, env)):
                continue
            self._assume(step.guard, env)
            before = tuple(sorted(env.items()))
            gone = step.fail is not None or step.dst == END
            yield Edge(state, None if gone else (step.dst, self._after(step, env)), step, before)

    def _assume(self, guard: Expr, env: dict[int, int]) -> None:
        """Learn own cells from a condition that holds."""
        match guard:
            case Op(name="and", args=args):
                for a in args:
                    self._assume(a, env)
            case Op(name="==", args=(Read(ref=Own() as r), Const(value=v))) if self._mine(r):
                env[r.offset] = v
            case Read(ref=Own() as r) if self._truth(r):
                env[r.offset] = 1
            case Op(name="not", args=(Read(ref=Own() as r),)) if self._truth(r):
                env[r.offset] = 0

    def _mine(self, ref: Own) -> bool:
        return ref.template == self._template.number and ref.offset in self._decisive

    def _truth(self, ref: Own) -> bool:
        return self._mine(ref) and isinstance(self._template.cells[ref.offset].domain, Bool)

    def _after(self, step: Step, env: Environment) -> Known:
        after = dict(env)
        for ref, value in step.updates:
            if isinstance(ref, Own) and self._mine(ref):
                new = resolve(value, self._template.number, env)
                after.pop(ref.offset, None)
                if isinstance(new, Const):
                    after[ref.offset] = new.value
        return tuple(sorted(after.items()))


def _common(a: Known, b: Known) -> Known:
    return tuple(sorted(set(a) & set(b)))


def _decisive(template: Template) -> frozenset[int]:
    """Own cells that guards and computed references depend on, directly or through other own cells."""
    number = template.number
    found: set[int] = set()
    feeds: list[tuple[int, Expr]] = []
    for s in template.steps:
        found |= own_reads(s.guard, number)
        for ref, value in s.updates:
            if isinstance(ref, At):
                found |= own_reads(ref.index, number)
            if isinstance(ref, Own) and ref.template == number:
                feeds.append((ref.offset, value))
    size = -1
    while size != len(found):
        size = len(found)
        for offset, value in feeds:
            if offset in found:
                found |= own_reads(value, number)
    return frozenset(found)


def _private(program: Program, template: Template) -> frozenset[int]:
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
