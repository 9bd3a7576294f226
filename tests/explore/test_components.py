"""Strongly connected components: what networkx finds."""

from __future__ import annotations

import networkx
from hypothesis import given, settings, strategies as st

from verifier.explore.components import components

GRAPHS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40).map(lambda e: (n, e))
)


@given(GRAPHS)
@settings(max_examples=300, deadline=None)
def test_the_components_are_those_of_networkx(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    n, edges = drawn
    after: dict[int, list[int]] = {node: [] for node in range(n)}
    for a, b in edges:
        after[a].append(b)
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    found = list(components(after))
    assert set(found) == {frozenset(c) for c in networkx.strongly_connected_components(graph)}
    place = {node: i for i, part in enumerate(found) for node in part}
    assert all(place[b] <= place[a] for a, b in edges)


def test_a_long_chain_needs_no_deep_stack() -> None:
    size = 50_000
    ring = {n: [(n + 1) % size] for n in range(size)}
    assert list(components(ring)) == [frozenset(range(size))]
