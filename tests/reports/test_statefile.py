"""State graphs as files: nothing lost, and no drawing nobody could look at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import networkx
import pytest

from verifier.report.statefile import TooLarge, dot, render


def graph() -> networkx.MultiDiGraph[int]:
    made: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    made.add_node(0, view='m["a"]', stuck=False)
    made.add_node(1, view="{}", where=("a", 1))
    made.add_edge(0, 1, goroutine="a", text='m["a"] = 1')
    made.add_edge(0, 1, goroutine="b", text="n++")
    made.add_edge(1, 0, goroutine="a", text="n--", choice=2)
    return made


def test_dot_shows_every_state_and_both_parallel_steps() -> None:
    text = render(graph(), "dot")
    assert 's0 -> s1 [label="a: m[\\"a\\"] = 1"];' in text
    assert 's0 -> s1 [label="b: n++"];' in text
    assert len(re.findall(r"^  s\d+ \[", text, re.M)) == 2


def test_a_graph_nobody_could_look_at_is_refused_with_a_way_out() -> None:
    assert dot(graph(), limit=2)
    with pytest.raises(TooLarge, match=r"2 states are too many .*graphml or json"):
        dot(graph(), limit=1)
    assert render(graph(), "json", limit=1) and render(graph(), "graphml", limit=1)


def test_graphml_is_read_back_with_every_attribute(tmp_path: Path) -> None:
    file = tmp_path / "states.graphml"
    file.write_text(render(graph(), "graphml"), encoding="utf-8")
    back = networkx.read_graphml(file, node_type=int, force_multigraph=True)
    assert (back.number_of_nodes(), back.number_of_edges()) == (2, 3)
    assert back.nodes[0] == {"view": 'm["a"]', "stuck": False}
    assert {d["text"] for _, _, d in back.edges(data=True)} == {'m["a"] = 1', "n++", "n--"}


def test_json_holds_the_whole_graph() -> None:
    held = json.loads(render(graph(), "json"))
    assert [s["id"] for s in held["states"]] == [0, 1]
    assert held["steps"][2] == {"from": 1, "to": 0, "goroutine": "a", "text": "n--", "choice": 2}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="dot, graphml, json"):
        render(graph(), "svg")
