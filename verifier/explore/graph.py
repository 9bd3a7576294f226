"""The state graph of an exploration as a networkx graph, and what it decides about goroutines that hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.explore.canonical import Canonical, apart
from verifier.explore.outcome import Exploration, Violation
from verifier.explore.reference import successors
from verifier.program.concrete import Concrete
from verifier.program.semantics import at_rest

if TYPE_CHECKING:
    import networkx


FAILED = -1
"""The node that failing steps lead to."""


def state_graph(found: Exploration) -> networkx.MultiDiGraph[int]:
    """Nodes are state numbers, edges carry `step` (concrete step) and `goroutine` (instance; the sender of a pair).

    With interchangeable goroutines `exchanged` says which instance plays whose part in the state an edge leads to.
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
            elif canonical is None:
                graph.add_edge(n, number[target], step=k, goroutine=steps[k].instance)
            else:
                kept, exchanged = canonical.exchange(target)
                graph.add_edge(n, number[kept], step=k, goroutine=steps[k].instance, exchanged=exchanged)
    return graph


def dies(c: Concrete) -> bool:
    """Whether a step is a failure of the program, which ends the process, and not a limit of the model."""
    return c.step.fail is not None and c.step.fail.kind in ("panic", "fatal")


def doomed(graph: networkx.MultiDiGraph[int], found: Exploration) -> set[int]:
    """States from which every run ends in a failure of the program: the process dies, nobody waits for ever."""
    steps = found.machine.steps
    alive = {
        n: sum(not (to == FAILED and dies(steps[data["step"]])) for _, to, data in graph.out_edges(n, data=True))
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
    bounded = {n for n, to, data in graph.edges(data=True) if to == FAILED and not dies(steps[data["step"]])}
    able = _able(graph, found, bounded)
    for n, state in enumerate(found.store.order):
        if n in lost:
            continue
        locations, _ = found.machine.layout.unpack(state)
        waiting = tuple(
            i.number
            for i in found.machine.program.goroutines
            if not able[n] >> i.number & 1 and not at_rest(locations[i.number])
        )
        if waiting:
            return Violation("deadlock", "", n, (), waiting)
    return None


def _able(graph: networkx.MultiDiGraph[int], found: Exploration, bounded: set[int]) -> dict[int, int]:
    """For every state the goroutines that can move there or later, as bits. In `bounded` states everybody may.

    Backwards along the edges; where goroutines were exchanged on the way, whoever played the part before is able.
    """
    everybody = (1 << len(found.machine.program.instances)) - 1
    able = {n: everybody if n in bounded else 0 for n in graph.nodes}
    for n, _, data in graph.edges(data=True):
        able[n] |= sum(1 << g for g in found.machine.steps[data["step"]].movers)
    todo = [n for n in graph.nodes if able[n]]
    while todo:
        n = todo.pop()
        for before, _, data in graph.in_edges(n, data=True):
            gained = _before(able[n], data.get("exchanged")) & ~able[before]
            if gained:
                able[before] |= gained
                todo.append(before)
    return able


def _before(able: int, exchanged: tuple[int, ...] | None) -> int:
    """The goroutines that become the able ones."""
    if exchanged is None:
        return able
    return sum((able >> then & 1) << now for now, then in enumerate(exchanged))
