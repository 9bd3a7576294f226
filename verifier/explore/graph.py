"""The state graph of an exploration as a networkx graph, and what it decides about goroutines that hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.explore.outcome import Exploration, Violation
from verifier.explore.reference import successors
from verifier.program.concrete import Concrete
from verifier.program.semantics import at_rest

if TYPE_CHECKING:
    import networkx


FAILED = -1
"""The node that failing steps lead to."""


def state_graph(found: Exploration) -> networkx.MultiDiGraph[int]:
    """Nodes are state numbers, edges carry `step` (concrete step) and `goroutine` (instance).

    Costs about 300 bytes and 8 µs an edge, so ask for it only when `found.transitions` is moderate.
    """
    import networkx

    graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    number = {state: n for n, state in enumerate(found.store.order)}
    after = successors(found.machine)
    steps = found.machine.steps
    for n, state in enumerate(found.store.order):
        graph.add_node(n)
        for k, target in after(state):
            to = FAILED if target < 0 else number[target]
            graph.add_edge(n, to, step=k, goroutine=steps[k].instance)
    return graph


def _dies(c: Concrete) -> bool:
    """Whether a step is a failure of the program, which ends the process, and not a limit of the model."""
    return c.step.fail is not None and c.step.fail.kind in ("panic", "fatal")


def doomed(graph: networkx.MultiDiGraph[int], found: Exploration) -> set[int]:
    """States from which every run ends in a failure of the program: the process dies, nobody waits for ever."""
    steps = found.machine.steps
    alive = {
        n: sum(not (to == FAILED and _dies(steps[data["step"]])) for _, to, data in graph.out_edges(n, data=True))
        for n in graph.nodes
    }
    todo = [n for n in graph.nodes if n != FAILED and alive[n] == 0 and graph.out_degree(n)]
    lost = set(todo)
    while todo:
        for before, _ in graph.in_edges(todo.pop()):
            alive[before] -= 1
            if alive[before] == 0 and before not in lost:
                lost.add(before)
                todo.append(before)
    return lost


def first_stuck(found: Exploration) -> Violation | None:
    """The earliest state in which some goroutine has not returned and can never move again, whatever others do.

    A partial deadlock, which Go itself never reports. States from which every run panics do not count: the process
    ends, nobody waits for ever. Where a bound may be hit, what follows is not known, so nobody is called stuck before.
    """
    graph = state_graph(found)
    steps = found.machine.steps
    lost = doomed(graph, found)
    bounded = {n for n, to, data in graph.edges(data=True) if to == FAILED and not _dies(steps[data["step"]])}
    moves: dict[int, set[int]] = {i.number: set(bounded) for i in found.machine.program.goroutines}
    for n, _, data in graph.edges(data=True):
        moves[data["goroutine"]].add(n)
    free = {g: _before(graph, sources) for g, sources in moves.items()}
    for n, state in enumerate(found.store.order):
        if n in lost:
            continue
        locations, _ = found.machine.layout.unpack(state)
        waiting = tuple(g for g, able in free.items() if n not in able and not at_rest(locations[g]))
        if waiting:
            return Violation("deadlock", "", n, (), waiting)
    return None


def _before(graph: networkx.MultiDiGraph[int], sources: set[int]) -> set[int]:
    """The states from which one of `sources` can be reached, these included."""
    reached, todo = set(sources), list(sources)
    while todo:
        for before in graph.predecessors(todo.pop()):
            if before not in reached:
                reached.add(before)
                todo.append(before)
    return reached
