"""Client programs run naively: every interleaving of the unreduced program, every order of the calls tried.

A client program says which calls each client makes. Nothing of the judge is used, and no reduction: a history is what
calls and returns were seen, and it is explained if some order of its calls is a run of a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from typing import Any

from verifier.explore.canonical import settling
from verifier.explore.heap import Heap
from verifier.explore.machine import Machine, machine
from verifier.explore.orders import Orders
from verifier.explore.pyexpr import Writer
from verifier.explore.pyloop import LoopWriter
from verifier.program.atomic import atomic_steps
from verifier.program.concrete import Concrete
from verifier.program.expr import Const, Own
from verifier.program.monitor import Clients, Operation
from verifier.program.program import Program

Event = tuple[int, int, int]
"""(client, operation from 1, -1) for a call; (client, 0, outcome) for a return."""
History = tuple[Event, ...]
Judge = Callable[[int, int, int, tuple[int, ...]], int]
"""(judge's state, client, outcome, pending calls) to the judge's next state."""


@dataclass(frozen=True)
class ClientProgram:
    """Numbers of operations, from 1: those that the first client makes alone, then those of each client."""

    before: tuple[int, ...]
    calls: tuple[tuple[int, ...], ...]


class Steps:
    """The steps of a program with clients, generated once: what each of them calls, and where it leads.

    `judge` is asked where a call returns.
    """

    def __init__(self, program: Program, judge: Judge, orders: Orders | None = None) -> None:
        assert program.clients is not None and not program.classes
        self.clients: Clients = program.clients
        self.machine: Machine = machine(program)
        m = self.machine
        writer, heap = Writer(m), Heap(m)
        source = LoopWriter(m, writer, (), False).successors()
        names: dict[str, Any] = {"canonical": settling(m, heap, orders), "pick": heap.pick, "judge": judge}
        names |= writer.names
        exec(compile(source, "<generated successors>", "exec"), names)
        self._after = names["successors"]
        self._known: dict[int, list[tuple[int, int]]] = {}
        self.start = names["canonical"](m.initial)
        self.client = {i: n for n, i in enumerate(self.clients.instances)}
        template = m.program.instances[self.clients.instances[0]].template
        calls = _calls(program, template)
        made = [[n for n in _raw(program, c) if n in calls] for c in m.steps]
        assert all(len(x) <= 1 for x in made)
        self.called = [calls[x[0]] if x else (0, False) for x in made]
        """The operation (0: none) that a step calls, and whether it only looks at the map in the end."""
        atomic = atomic_steps(m.program, template)
        self.atomic = [atomic[c.index] if c.instance in self.client else 0 for c in m.steps]
        self._phase, self._judge = (m.layout.cells[n] for n in (self.clients.phase, self.clients.state))

    def after(self, state: int) -> list[tuple[int, int]]:
        """The steps out of a state that do not fail."""
        known = self._known.get(state)
        if known is None:
            known = self._known[state] = [(k, t) for k, t in self._after(state) if t >= 0]
        return known

    def phase(self, state: int) -> int:
        return int(state >> self._phase.shift & self._phase.mask)

    def judged(self, state: int) -> int:
        """What the judge's cell holds."""
        return int((state >> self._judge.shift & self._judge.mask) + self._judge.low)

    def forgotten(self, state: int) -> int:
        """The state with nothing in the judge's cell."""
        return int(state & ~(self._judge.mask << self._judge.shift))

    def allowed(self, state: int, program: ClientProgram, done: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
        """(step, next state, who has made one more call or -1) for what a client program lets happen.

        `done`: how many calls were made before all clients began, and by each of them.
        """
        before = self.phase(state) == 0
        for k, t in self.after(state):
            client = self.client.get(self.machine.steps[k].instance, -1)
            operation, looks = self.called[k]
            if client < 0 or (not operation and not (before and client)):
                if before and client == 0 and self.phase(t) and done[0] < len(program.before):
                    continue
                yield k, t, -1
            elif looks:
                yield k, t, -1
            elif operation:
                made, mine = (0, program.before) if before else (client + 1, program.calls[client])
                if (client == 0 or not before) and done[made] < len(mine) and mine[done[made]] == operation:
                    yield k, t, made


def _raw(program: Program, c: Concrete) -> tuple[int, ...]:
    """The raw steps that a step stands for."""
    found: tuple[int, ...] = (c.index,)
    template = program.instances[c.instance].template
    while program.raw is not None:
        steps = program.templates[template].steps
        found = tuple(o for n in found for o in steps[n].origin or (n,))
        program = program.raw
    return found


def _calls(raw: Program, template: int) -> dict[int, tuple[int, bool]]:
    """The raw steps that call: which operation, from 1, and whether it is a look at the end."""
    clients = raw.clients
    assert clients is not None
    while raw.raw is not None:
        raw = raw.raw
    first = raw.instances[clients.instances[0]].lineage[0][1]
    pending = Own(template, clients.pending[0] - first)
    out = {}
    for n, step in enumerate(raw.templates[template].steps):
        for ref, value in step.updates:
            if ref == pending and isinstance(value, Const) and value.value:
                out[n] = value.value, any(r == Own(0, clients.phase) for r, _ in step.updates)
    return out


@dataclass
class Naive:
    """Every history of client programs of one unreduced program."""

    program: Program
    explained: dict[History, bool] = field(default_factory=dict)
    nodes: int = 0

    @cached_property
    def steps(self) -> Steps:
        return Steps(self.program, lambda state, client, outcome, pending: 1 + outcome)

    def violates(self, program: ClientProgram) -> int | None:
        """The fewest atomic steps of a history that no order explains; None if there is none."""
        steps, clients = self.steps, self.program.clients
        assert clients is not None
        first = (steps.start, (0,) * (1 + len(program.calls)), ())
        todo: list[tuple[int, int, tuple[int, tuple[int, ...], History]]] = [(0, 0, first)]
        seen: set[tuple[int, tuple[int, ...], History]] = set()
        count = 0
        while todo:
            cost, _, node = heappop(todo)
            if node in seen:
                continue
            seen.add(node)
            self.nodes += 1
            state, done, history = node
            if history and not history[-1][1] and not self._explained(history, clients.operations):
                return cost
            before = steps.phase(state) == 0
            for k, t, made in steps.allowed(state, program, done):
                client, events = steps.client.get(steps.machine.steps[k].instance, -1), history
                if steps.called[k][0]:
                    events = (*events, (client, steps.called[k][0], -1))
                if steps.judged(t):
                    events = (*events, (client, 0, steps.judged(t) - 1))
                    t = steps.forgotten(t)
                count += 1
                more = tuple(n + (i == made) for i, n in enumerate(done))
                heappush(todo, (cost if before else cost + steps.atomic[k], count, (t, more, events)))
        return None

    def _explained(self, history: History, operations: tuple[Operation, ...]) -> bool:
        known = self.explained.get(history)
        if known is None:
            known = self.explained[history] = explained(history, operations)
        return known


def explained(history: History, operations: tuple[Operation, ...]) -> bool:
    """Whether some order of the calls that keeps those apart in their order is a run of a dictionary.

    Calls that have not returned may have had any outcome, or no effect yet.
    """
    calls: list[tuple[Operation, int, int, int]] = []
    running: dict[int, int] = {}
    for time, (client, operation, outcome) in enumerate(history):
        if operation:
            running[client] = len(calls)
            calls.append((operations[operation - 1], time, len(history), -1))
        else:
            n = running.pop(client)
            calls[n] = (*calls[n][:2], time, outcome)
    return _some_order(calls, {})


def _some_order(left: list[tuple[Operation, int, int, int]], held: dict[int, int]) -> bool:
    if all(outcome < 0 for *_, outcome in left):
        return True
    for n, (operation, called, _, outcome) in enumerate(left):
        if any(returned < called for *_, returned, _ in left):
            continue
        then = dict(held)
        gives = _call(then, operation)
        if outcome in (-1, gives) and _some_order([*left[:n], *left[n + 1 :]], then):
            return True
    return False


def _call(held: dict[int, int], o: Operation) -> int:
    """A call on a dictionary from keys to values; what it gives is coded as the lowering codes it: 0 for absent."""
    if o.method == "Clear":
        held.clear()
        return 0
    have = held.get(o.key)
    if o.method in ("Store", "Swap") or (o.method == "LoadOrStore" and have is None):
        held[o.key] = o.value
    elif o.method in ("LoadAndDelete", "Delete"):
        held.pop(o.key, None)
    elif o.method in ("CompareAndSwap", "CompareAndDelete"):
        if have != o.old:
            return 0
        held[o.key] = o.value
        if o.method == "CompareAndDelete":
            del held[o.key]
        return 1
    return 0 if o.method in ("Store", "Delete") else have or 0
