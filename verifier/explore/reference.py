"""The reference back end: breadth-first search by generated Python over packed integers.

No start-up cost beyond compiling a page of Python, so it is the fastest choice for small models, and the oracle
that every other back end is compared with.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from verifier.explore.canonical import settling
from verifier.explore.covering import Covering
from verifier.explore.cycles import locations_acyclic
from verifier.explore.findings import Findings
from verifier.explore.heap import Heap
from verifier.explore.machine import Machine
from verifier.explore.memory import default_limit
from verifier.explore.orders import Orders, TooManyOrders
from verifier.explore.outcome import Clock, Exploration, Limits, Progress, Store, Violation, out_of_memory
from verifier.explore.pyexpr import Writer
from verifier.explore.pyloop import LoopWriter, Watch, watch_always
from verifier.explore.races import Races
from verifier.program.concrete import Concrete
from verifier.program.monitor import LINEARIZABLE
from verifier.program.program import Program
from verifier.program.semantics import ProgramFault
from verifier.records import dataclass, field

CHUNK = 4096
"""States expanded between two looks at the clock."""

_FAULTS = (KeyError, IndexError, TypeError, ZeroDivisionError, ValueError, OverflowError)

Successors = Callable[[int], list[tuple[int, int]]]
"""State → (step number, next state or -1 for a failure) of every enabled step."""


@dataclass
class Search:
    """A running search. `run` once, then read `exploration`."""

    machine: Machine
    limits: Limits
    stop_when: frozenset[str] = frozenset()
    clock: Clock | None = None
    progress: Progress | None = None
    note: str = ""
    order: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    layer: set[int] = field(default_factory=set)
    links: array[int] = field(default_factory=lambda: array("Q", [0]))
    transitions: int = 0
    cyclic: bool = False
    """Whether some step led back to a state found no later: without one the state graph has no cycle."""
    _full: str = ""

    def __post_init__(self) -> None:
        self.width = max(len(self.machine.steps), 1)
        self.layered = not locations_acyclic(self.machine.program)
        self.findings = Findings(self.machine, self.order, self.width)
        self._budget = default_limit() if self.limits.max_memory is None else self.limits.max_memory
        writer = Writer(self.machine)
        self.races = Races(self.machine, writer)
        watched = watches(self.machine)
        self._armed: tuple[int, ...] = (1,) * len(watched)
        self.ran = [0] * len(self.machine.steps)
        loops = LoopWriter(self.machine, writer, watched, self.layered)
        heap = Heap(self.machine)
        clients = self.machine.program.clients
        self.orders = None if clients is None else Orders(clients)
        settle = settling(self.machine, heap, self.orders)
        start = settle(self.machine.initial)
        self.order.append(start)
        self.seen.add(start)
        names: dict[str, Any] = dict(writer.names) | {
            "seen": self.seen,
            "layer": self.layer,
            "add": self.layer.add if self.layered else self.seen.add,
            "push": self.order.append,
            "link": self.links.append,
            "canonical": settle,
            "pick": heap.pick,
            "race_get": self.races.get,
            "race": lambda base, s: self.races.check(base // self.width, s),
            "hit": self.findings.hit,
            "stuck": self.findings.stuck,
            "symptom": self.findings.symptom,
            "failed": self.findings.failed,
        }
        if self.orders is not None:
            names["judge"] = self.orders.returned
            names["covered"] = Covering(self.machine, self.orders, start).covered
        source = loops.search(self.races.mask if self.races.possible else None)
        # Writing the source may have added tables.
        names |= writer.names
        exec(compile(source, "<generated search>", "exec"), names)
        self._run = names["run"]

    def run(self) -> str:
        """Search until done or stopped; the reason for stopping, "" when every state was expanded."""
        states = iter(self.order)
        began = self.clock() if self.clock else 0.0
        base = enabled = back = 0
        expanded = 0
        while expanded < len(self.order):
            end = len(self.order)
            while expanded < end:
                reason = self._over(began)
                if reason:
                    return reason
                size = min(CHUNK, end - expanded, max(1, self.limits.max_states - len(self.order)))
                base, enabled, back, interrupted = self._chunk(islice(states, size), base, enabled, back)
                expanded = base // self.width
                self.transitions = enabled - self.findings.failures
                self.cyclic = bool(back)
                if interrupted:
                    return "interrupted"
                if self._full:
                    return self._full
                if self.progress:
                    self.progress(len(self.order), self.transitions, len(self.order) - expanded)
            if self.layered:
                self.seen |= self.layer
                self.layer.clear()
        return ""

    def _chunk(self, chunk: Iterator[int], base: int, enabled: int, back: int) -> tuple[int, int, int, bool]:
        try:
            base, enabled, back, self._armed, ran, interrupted = self._run(chunk, base, enabled, back, self._armed)
        except TooManyOrders as e:
            self._full = str(e)
            return base, enabled, back, False
        except _FAULTS as e:
            raise ProgramFault(f"{self.machine.program.name}: {type(e).__name__}: {e}") from e
        for k, taken in enumerate(ran):
            if taken:
                self.ran[k] = 1
        return base, enabled, back, interrupted

    def _over(self, began: float) -> str:
        if self.stop_when and self.stop_when <= {v.kind for v in (*self.findings.violations, *self.races.found)}:
            return "stopped: everything asked is violated"
        limits = self.limits
        if len(self.order) >= limits.max_states:
            return f"{len(self.order):,} states reached (--max-states)"
        if self.clock and limits.timeout is not None and self.clock() - began > limits.timeout:
            return f"{limits.asked or limits.timeout:g} s passed (--timeout)"
        if self.memory() > self._budget:
            return out_of_memory(self._budget)
        return ""

    def memory(self) -> int:
        """Bytes of the states and tables, about."""
        number = sys.getsizeof(self.order[-1]) + 8
        tables = sys.getsizeof(self.seen) + sys.getsizeof(self.layer) + sys.getsizeof(self.order)
        return tables + len(self.order) * number + self.links.itemsize * len(self.links)

    def outcome(self, limit: str) -> Exploration:
        """The exploration so far, without any judgement of cycles."""
        machine = self.machine
        violations = sorted((*self.races.found, *self.findings.violations), key=lambda v: v.state)
        return Exploration(
            machine=machine,
            store=Store(self.order, self.links, self.width),
            states=len(self.order),
            transitions=self.transitions,
            complete=not limit,
            limit=limit,
            violations=tuple(violations),
            witnesses=tuple(self.findings.witnesses),
            coverage=coverage(machine, self.ran, self.findings.failing),
            finished=self.findings.finished,
            deadlock_decided=not limit and not self.cyclic,
            deadlock_limit=limit,
            note=self.note,
        )


def watches(machine: Machine) -> tuple[Watch, ...]:
    """The clauses that are judged in every state."""
    out: list[Watch] = []
    for n, clause in enumerate(machine.program.clauses):
        if clause.when in ("always", LINEARIZABLE):
            out.append(Watch(n, clause.expr) if clause.symptom else watch_always(n, clause.expr))
        elif clause.when == "sometimes":
            out.append(Watch(n, clause.expr))
    return tuple(out)


def coverage(machine: Machine, ran: list[int], failing: set[int]) -> frozenset[tuple[int, int]]:
    """(template, raw step) of everything that was executed, the steps taken before the start included.

    `ran[k]`: step k came to a state; `failing`: steps that were tried and failed.
    """
    out: set[tuple[int, int]] = set()
    program = machine.program
    for k, c in enumerate(machine.steps):
        template = program.instances[c.instance].template
        if ran[k]:
            out.update((template, n) for n in c.step.origin or (c.index,))
            if c.partner is not None:
                other = program.instances[c.partner.instance].template
                out.update((other, n) for n in c.partner.step.origin or (c.partner.index,))
        elif k in failing:
            out.update((template, n) for n in _tried(program, template, c))
    for instance, steps in zip(program.instances, program.prelude, strict=False):
        out.update((instance.template, n) for n in steps)
    return frozenset(out)


def _tried(program: Program, template: int, c: Concrete) -> tuple[int, ...]:
    """The raw steps of a failing step: a `go` or `new` that finds nothing free never gets to the local steps after."""
    if program.raw is None or (c.step.spawn is None and c.step.alloc is None):
        return c.step.origin or (c.index,)
    raw = program.raw.templates[template].steps
    blocking = [n for n, at in enumerate(c.step.origin) if raw[at].spawn is not None or raw[at].alloc is not None]
    return c.step.origin[: blocking[0] + 1]


def successors(machine: Machine) -> Successors:
    """The successor function of a machine, generated as a whole: for every state of a graph."""
    source = _Generated(machine)
    source.run(source.loops.successors())
    made: Successors = source.names["successors"]
    return made


def stepping(machine: Machine) -> Successors:
    """The same, generated for each place where a goroutine stands when it is first asked about: for a few schedules."""
    source, layout = _Generated(machine), machine.layout
    known: dict[tuple[int, int], Callable[[int, list[tuple[int, int]]], None]] = {}
    goroutines = [i.number for i in machine.program.goroutines]

    def after(state: int) -> list[tuple[int, int]]:
        out: list[tuple[int, int]] = []
        for i in goroutines:
            at = i, layout.location(state, i)
            found = known.get(at)
            if found is None:
                source.run(source.loops.standing(*at))
                found = known[at] = source.names["standing"]
            found(state, out)
        return out

    return after


class _Generated:
    """What generated code of one machine's steps refers to."""

    def __init__(self, machine: Machine) -> None:
        self._writer = Writer(machine)
        self.loops = LoopWriter(machine, self._writer, (), False)
        heap = Heap(machine)
        self.names: dict[str, Any] = {"canonical": settling(machine, heap), "pick": heap.pick}
        # Whoever asks knows what the search knew, or looks at everything but the judge's state.
        self.names["judge"] = lambda state, *call: state

    def run(self, source: str) -> None:
        """Run source that defines a function. Writing it may have added tables."""
        self.names |= self._writer.names
        exec(compile(source, "<generated successors>", "exec"), self.names)


def failure(machine: Machine) -> Exploration | None:
    """The exploration of a program whose package initialiser fails: one state, one violation, no goroutine runs."""
    fail = machine.program.init_fail
    if fail is None:
        return None
    return Exploration(
        machine=machine,
        store=Store([machine.initial], array("Q", [0]), max(len(machine.steps), 1)),
        states=1,
        transitions=0,
        complete=True,
        limit="",
        violations=(Violation(fail.kind, fail.message, 0),),
        witnesses=(),
        coverage=frozenset(),
        finished=False,
        deadlock_decided=True,
        deadlock_limit="",
    )
