"""The state graph of a complete exploration as plain lists, in an order in which every step leads on, and shares of
its schedules."""

from __future__ import annotations

from verifier.evidence.odds import MILLION
from verifier.explore.outcome import Exploration
from verifier.explore.reference import successors

Edges = list[list[tuple[int, int]]]
"""For each state (step, next state) of what can happen; the next state is FAILED where the process ends."""
FAILED = -1

LEAST = 5e-324
"""The smallest number above 0."""


def state_edges(found: Exploration) -> Edges:
    """The steps out of every state of a complete exploration."""
    number = {state: n for n, state in enumerate(found.store.order)}
    after = successors(found.machine)
    return [[(k, number[to] if to >= 0 else FAILED) for k, to in after(state)] for state in found.store.order]


def topological(edges: Edges) -> list[int] | None:
    """The states with every step leading forwards; None where that cannot be."""
    entering = [0] * len(edges)
    for out in edges:
        for _, to in out:
            if to != FAILED:
                entering[to] += 1
    ready = [n for n, count in enumerate(entering) if not count]
    order: list[int] = []
    while ready:
        n = ready.pop()
        order.append(n)
        for _, to in edges[n]:
            if to != FAILED:
                entering[to] -= 1
                if not entering[to]:
                    ready.append(to)
    return order if len(order) == len(edges) else None


def part(whole: float, by: float) -> float:
    """`whole * by` for numbers above 0, never 0: what is as unlikely as that can still happen."""
    return whole * by or LEAST


def millionths(some: float, none: float) -> int:
    """A share in millionths; 0 and a million only where nothing, or everything, is meant."""
    if not some:
        return 0
    if not none:
        return MILLION
    return min(max(round(some / (some + none) * MILLION), 1), MILLION - 1)
