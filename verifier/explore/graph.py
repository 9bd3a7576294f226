"""The state graph of an exploration as a networkx graph, and what it decides about goroutines that hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.explore.outcome import Exploration, Violation
from verifier.explore.reference import successors
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

    In a component that nothing leaves (a failing step counts as leaving), a goroutine that has not returned and
    takes none of the component's steps is stuck: a partial deadlock, which Go itself never reports.
    """
    import networkx

    graph = state_graph(found)
    best: Violation | None = None
    for component in networkx.strongly_connected_components(graph):
        if FAILED in component or any(to not in component for n in component for to in graph.successors(n)):
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
