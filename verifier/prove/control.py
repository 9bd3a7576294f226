"""Where a goroutine can be: its locations, told apart by the values of its own cells that decide branches and locks.

A dataflow analysis of each template. Nothing about other goroutines is assumed: only own cells that nobody else can
reach are followed, all else is "any value".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod

from verifier.program.expr import Const, Expr, Op, Own, Read
from verifier.program.program import END, PACKAGE, Bool, Program, Step, Template, base, high, low
from verifier.prove.followed import decisive, pointing, private
from verifier.prove.residual import Environment, own_reads, refuted, resolve
from verifier.records import dataclass

MOST_STATES = 120
"""Local states of one template that are told apart; beyond, one for each location."""

MOST_CASES = 4
"""Combinations of package values one step is split into."""

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
    followed = decisive(template) & private(program, template)
    return _Walk(program, template, followed).run(_start(program, template, followed))


def _start(program: Program, template: Template, followed: frozenset[int]) -> State:
    if template.parent is not None:
        return template.entry, ()
    mine = [i for i in program.goroutines if i.template == template.number]
    values = [{o: program.initial[base(i, template.number) + o] for o in followed} for i in mine]
    common = {o: v for o, v in values[0].items() if all(other[o] == v for other in values)}
    return program.starts[mine[0].number], tuple(sorted(common.items()))


class _Walk:
    def __init__(self, program: Program, template: Template, followed: frozenset[int]) -> None:
        self._template = template
        self._followed = followed
        self._pointing = pointing(template) & followed
        self._sorts = program.sorts
        self._package = program.templates[PACKAGE].cells
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
            for case in self._cases(step):
                env = dict(state[1]) | case
                if refuted(resolve(step.guard, self._template.number, env)):
                    continue
                self._assume(step.guard, env)
                before = tuple(sorted(env.items()))
                gone = step.fail is not None or step.dst == END
                yield Edge(state, None if gone else (step.dst, self._after(step, env)), step, before)

    def _cases(self, step: Step) -> Iterator[dict[int, int]]:
        """Every combination of values of the package cells that decide which object a pointer is set to."""
        read = sorted(
            {
                n
                for ref, value in step.updates
                if isinstance(ref, Own) and ref.template == self._template.number and ref.offset in self._pointing
                for n in own_reads(value, PACKAGE)
            }
        )
        ranges = [range(low(d), high(d, self._sorts) + 1) for n in read for d in (self._package[n].domain,)]
        if prod(map(len, ranges)) > MOST_CASES:
            yield {}
            return
        for values in product(*ranges):
            yield {-1 - n: v for n, v in zip(read, values, strict=True)}

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
        return ref.template == self._template.number and ref.offset in self._followed

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
        return tuple(sorted((o, v) for o, v in after.items() if o >= 0))


def _common(a: Known, b: Known) -> Known:
    return tuple(sorted(set(a) & set(b)))
