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


def stuck_for_ever(found: Exploration) -> Violation | None:
    """The earliest state from which some goroutine never moves again while the others run for ever.

    In a component that nothing leaves, a goroutine that has not returned and takes none of the component's steps is
    stuck: a partial deadlock, which Go itself never reports. That the others may panic instead of running on changes
    nothing in the runs where they do not; a bound that may be hit leaves the component.
    """
    import networkx

    graph = state_graph(found)
    steps = found.machine.steps

    lost = doomed(graph, found)

    def leaves(n: int, component: set[int]) -> bool:
        ends = ((to, data["step"]) for _, to, data in graph.out_edges(n, data=True))
        return any(not _dies(steps[k]) if to == FAILED else to not in component and to not in lost for to, k in ends)

    best: Violation | None = None
    for component in networkx.strongly_connected_components(graph):
        if FAILED in component or component <= lost or any(leaves(n, component) for n in component):
            continue
        first = min(component)
        if best is not None and best.state < first:
            continue
        moving = {data["goroutine"] for _, _, data in graph.subgraph(component).edges(data=True)}
        locations, _ = found.machine.layout.unpack(found.store.order[first])
        waiting = tuple(
            i.number
            for i in found.machine.program.goroutines
            if not at_rest(locations[i.number]) and i.number not in moving
        )
        if waiting:
            best = Violation("deadlock", "", first, (), waiting)
    return best


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
