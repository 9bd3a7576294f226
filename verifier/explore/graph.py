"""The state graph of an exploration: what it decides about goroutines that hang, and itself as a networkx graph.

The decision reads the edges backwards only, from plain lists: networkx takes as long to import as a small model to
judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.explore.canonical import Canonical, apart
from verifier.explore.outcome import Exploration, Violation
from verifier.explore.reference import successors
from verifier.program.concrete import Concrete
from verifier.program.semantics import at_rest
from verifier.records import dataclass

if TYPE_CHECKING:
    import networkx


FAILED = -1
"""The node that failing steps lead to."""


def state_graph(found: Exploration) -> networkx.MultiDiGraph[int]:
    """Nodes are state numbers, edges carry `step` (concrete step) and `goroutine` (instance; the sender of a pair).

    With interchangeable goroutines `exchanged` says which instance plays whose part in the state an edge leads to.
    A node of an exploration that is not complete has in `steps left out` how many of its steps lead out of it.
    Costs about 300 bytes and 8 µs an edge, so ask for it only when `found.transitions` is moderate.
    """
    import networkx

    graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    number = {state: n for n, state in enumerate(found.store.order)}
    after = successors(apart(found.machine))
    canonical = Canonical(found.machine) if found.machine.program.classes else None
    steps = found.machine.steps
    for n, state in enumerate(found.store.order):
        graph.add_node(n)
        for k, target in after(state):
            if target < 0:
                graph.add_edge(n, FAILED, step=k, goroutine=steps[k].instance)
                continue
            kept, exchanged = (target, None) if canonical is None else canonical.exchange(target)
            if kept not in number:
                graph.nodes[n]["steps left out"] = graph.nodes[n].get("steps left out", 0) + 1
            elif exchanged is None:
                graph.add_edge(n, number[kept], step=k, goroutine=steps[k].instance)
            else:
                graph.add_edge(n, number[kept], step=k, goroutine=steps[k].instance, exchanged=exchanged)
    return graph


@dataclass(frozen=True, slots=True)
class Backward:
    """The edges of the state graph, to be followed backwards; positions are state numbers.

    `before`: the states whose steps lead to a state, once for each step, and who plays whose part there where
    goroutines were exchanged. `open`: how many steps leave it that do not end the process. `ends`: states with a step
    that does. `able`: the goroutines that move in it, as bits; where a bound may be hit everybody.
    """

    before: list[list[tuple[int, tuple[int, ...] | None]]]
    open: list[int]
    ends: list[int]
    able: list[int]


def backward(found: Exploration) -> Backward:
    """The edges of `state_graph`, without a graph."""
    order = found.store.order
    number = {state: n for n, state in enumerate(order)}
    after = successors(apart(found.machine))
    canonical = Canonical(found.machine) if found.machine.program.classes else None
    dying = [dies(c) for c in found.machine.steps]
    movers = [sum(1 << g for g in c.movers) for c in found.machine.steps]
    everybody = (1 << len(found.machine.program.instances)) - 1
    made = Backward([[] for _ in order], [], [], [])
    for n, state in enumerate(order):
        able = left = 0
        ends = False
        for k, target in after(state):
            able |= movers[k]
            if target >= 0:
                left += 1
                kept, exchanged = (target, None) if canonical is None else canonical.exchange(target)
                made.before[number[kept]].append((n, exchanged))
            elif dying[k]:
                ends = True
            else:
                left += 1
                able |= everybody
        made.able.append(able)
        made.open.append(left)
        if ends:
            made.ends.append(n)
    return made


def dies(c: Concrete) -> bool:
    """Whether a step is a failure of the program, which ends the process, and not a limit of the model."""
    return c.step.fail is not None and c.step.fail.kind in ("panic", "fatal")


def doomed(graph: Backward) -> set[int]:
    """States from which every run ends in a failure of the program: the process dies, nobody waits for ever."""
    left = list(graph.open)
    todo = [n for n in graph.ends if left[n] == 0]
    lost = set(todo)
    while todo:
        for before, _ in graph.before[todo.pop()]:
            left[before] -= 1
            if left[before] == 0:
                lost.add(before)
                todo.append(before)
    return lost


def first_stuck(found: Exploration) -> Violation | None:
    """The earliest state in which some goroutine has not returned and can never move again, whatever others do.

    A partial deadlock, which Go itself never reports. States from which every run panics do not count: the process
    ends, nobody waits for ever. Where a bound may be hit, what follows is not known, so nobody is called stuck before.
    """
    graph = backward(found)
    lost = doomed(graph)
    able = mobile(graph)
    for n, state in enumerate(found.store.order):
        if n in lost:
            continue
        waiting = tuple(
            i.number
            for i in found.machine.program.goroutines
            if not able[n] >> i.number & 1 and not at_rest(found.machine.layout.location(state, i.number))
        )
        if waiting:
            return Violation("deadlock", "", n, (), waiting)
    return None


def mobile(graph: Backward) -> list[int]:
    """For every state the goroutines that can move there or later, as bits. Where a bound may be hit everybody may.

    Backwards along the edges; where goroutines were exchanged on the way, whoever played the part before is able.
    """
    able = list(graph.able)
    todo = [n for n, bits in enumerate(able) if bits]
    while todo:
        n = todo.pop()
        for before, exchanged in graph.before[n]:
            gained = _before(able[n], exchanged) & ~able[before]
            if gained:
                able[before] |= gained
                todo.append(before)
    return able


def _before(able: int, exchanged: tuple[int, ...] | None) -> int:
    """The goroutines that become the able ones."""
    if exchanged is None:
        return able
    return sum((able >> then & 1) << now for now, then in enumerate(exchanged))
