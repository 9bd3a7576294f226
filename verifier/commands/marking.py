"""A schedule in a state graph: which states and steps it is, marked in the whole graph or taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.commands.arguments import UsageError
from verifier.report.statefile import ROW

if TYPE_CHECKING:
    import networkx

    from verifier.explore.machine import Machine

    Graph = networkx.MultiDiGraph[int]

Move = tuple[int, int, int]
"""A packed state, the number of the step taken there, and the state after it; -1 after a step that fails."""


def walked(machine: Machine, choices: tuple[int, ...]) -> tuple[Move, ...]:
    """The moves of a schedule. Raises UsageError where it cannot go on."""
    from verifier.explore.reference import stepping

    after = stepping(machine)
    state, moves = machine.initial, []
    for number, choice in enumerate(choices, start=1):
        if state < 0:
            raise UsageError(f"step {number} of the schedule comes after one that fails")
        can = list(after(state))
        if choice >= len(can):
            raise UsageError(f"step {number} of the schedule takes choice {choice}, of {len(can)} that there are")
        step, target = can[choice]
        moves.append((state, step, target))
        state = target
    return tuple(moves)


def mark(graph: Graph, machine: Machine, number: dict[int, int], moves: tuple[Move, ...]) -> None:
    """Number the edges and states of a schedule under `ROW`, a state by the step that first leads to it.

    `number` are the numbers of packed states in the graph. Raises UsageError when the graph ends before the schedule.
    """
    _first(graph, number[machine.initial], 0)
    for row, (state, step, target) in enumerate(moves, start=1):
        if state not in number or target not in number:
            raise UsageError(f"step {row} of the schedule leaves the graph", "raise --max-states")
        a, b = number[state], number[target]
        key = next(k for k, data in graph[a][b].items() if data["step"] == step)
        graph[a][b][key].setdefault(ROW, row)
        _first(graph, b, row)


def _first(graph: Graph, node: int, row: int) -> None:
    graph.nodes[node].setdefault(ROW, row)


def alone(machine: Machine, moves: tuple[Move, ...], failed: int) -> tuple[Graph, list[int]]:
    """The graph of a schedule without everything else, and the packed states by their number in it."""
    import networkx

    graph: Graph = networkx.MultiDiGraph()
    order = list(dict.fromkeys([machine.initial, *(target for _, _, target in moves if target >= 0)]))
    number = {state: n for n, state in enumerate(order)} | {-1: failed}
    graph.add_nodes_from(range(len(order)))
    for state, step, target in moves:
        graph.add_edge(number[state], number[target], step=step, goroutine=machine.steps[step].instance)
    mark(graph, machine, number, moves)
    return graph, order
