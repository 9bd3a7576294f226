"""An explored state graph as a file: DOT to draw, GraphML for graph tools, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from verifier.report.diagram import quoted

if TYPE_CHECKING:
    import networkx

    Graph = networkx.MultiDiGraph[int]

FORMATS = ("dot", "graphml", "json")

ROW = "schedule row"
"""The attribute that numbers the steps of a schedule that is marked, and its states by the step leading there."""

DRAWABLE = 500
"""States up to which a drawing can be looked at; beyond, layout programs take minutes and give a black square."""


class TooLarge(ValueError):
    """The graph has too many states to be drawn; the message says what works instead."""


def render(graph: Graph, format: str, limit: int = DRAWABLE) -> str:
    """The graph in one of `FORMATS`. Only `dot` has a limit, in states.

    Raises `TooLarge` beyond it, `ValueError` for a format that is none of `FORMATS`.
    """
    match format:
        case "dot":
            return dot(graph, limit)
        case "graphml":
            return graphml(graph)
        case "json":
            return json_text(graph)
        case _:
            raise ValueError(f"no such format: {format} (one of {', '.join(FORMATS)})")


def dot(graph: Graph, limit: int = DRAWABLE) -> str:
    """A drawing: a box per state with its attributes, an arrow per step. Raises `TooLarge` beyond `limit` states."""
    if graph.number_of_nodes() > limit:
        raise TooLarge(
            f"{graph.number_of_nodes():,} states are too many to draw (limit {limit:,}): "
            "lower the goroutine counts, or write graphml or json, which have no limit"
        )
    lines = ["digraph states {", "  node [shape=box, fontname=monospace];", "  edge [fontname=monospace];"]
    lines += [f"  s{n} [label={quoted(_state(n, data))}{_marked(data)}];" for n, data in graph.nodes(data=True)]
    lines += [f"  s{a} -> s{b} [label={quoted(_edge(data))}{_marked(data)}];" for a, b, data in graph.edges(data=True)]
    return "\n".join([*lines, "}"]) + "\n"


def _marked(data: Mapping[str, Any]) -> str:
    """States and steps of the schedule that is shown stand out, in print as well."""
    return ", color=red, penwidth=3" if ROW in data else ""


def _state(node: int, data: Mapping[str, Any]) -> str:
    return "\n".join([str(node), *(f"{key}: {value}" for key, value in sorted(data.items()) if key != ROW)])


def _edge(data: Mapping[str, Any]) -> str:
    row = f"{data[ROW]}. " if ROW in data else ""
    return row + f"{data.get('goroutine', '')}: {data.get('text', '')}".strip(": ")


def graphml(graph: Graph) -> str:
    """GraphML, as networkx writes it; attributes that are no plain values become text."""
    import networkx

    plain: Graph = networkx.MultiDiGraph()
    plain.add_nodes_from((node, _plain(data)) for node, data in graph.nodes(data=True))
    plain.add_edges_from((a, b, _plain(data)) for a, b, data in graph.edges(data=True))
    return "\n".join(networkx.generate_graphml(plain)) + "\n"


def json_text(graph: Graph) -> str:
    """`{"schema": 1, "states": [{"id", …}], "steps": [{"from", "to", "goroutine", "text", …}]}`, keys sorted."""
    states = [{**_plain(data), "id": node} for node, data in graph.nodes(data=True)]
    steps = [{**_plain(data), "from": a, "to": b} for a, b, data in graph.edges(data=True)]
    return json.dumps({"schema": 1, "states": states, "steps": steps}, indent=1, sort_keys=True) + "\n"


def _plain(data: Mapping[str, Any]) -> dict[str, bool | int | str]:
    return {key: value if isinstance(value, bool | int | str) else str(value) for key, value in data.items()}
