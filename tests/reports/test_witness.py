"""Witnesses: YAML that any reader takes, in the shape they borrow, with the steps and the end of the schedule."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ruamel.yaml import YAML

from verifier.evidence.result import Property
from verifier.report import witness

from .results import TABLE
from .test_itf import TRACES


def loaded(name: str, p: Property) -> Any:
    (entry,) = YAML(typ="safe").load(io.StringIO(witness.render(TABLE[name], p)))
    return entry


def points(entry: Any) -> list[list[Any]]:
    return [[w["waypoint"] for w in part["segment"]] for part in entry["content"]]


@pytest.mark.parametrize(("name", "p"), TRACES, ids=[f"{n}-{p.name}" for n, p in TRACES])
def test_the_shape_is_the_one_borrowed(name: str, p: Property) -> None:
    entry = loaded(name, p)
    assert entry["entry_type"] == ("violation_sequence" if p.verdict.value == "UNSAFE" else "witness_sequence")
    meta = entry["metadata"]
    assert {"format_version", "uuid", "producer", "task"} <= set(meta) and "creation_time" not in meta
    assert meta["task"]["language"] == "verifier-model"
    *before, last = points(entry)
    assert {w["type"] for w in last} == {"target"} and all("constraint" not in w for w in last)
    for segment in before:
        assert [w["type"] for w in segment] == ["assumption"], "one waypoint is followed in each segment"
    assert p.trace is not None
    moved = [w["thread_id"] for segment in before for w in segment]
    expected = [s.goroutine for s in p.trace.steps if not s.waits]
    assert moved == expected[: len(moved)] and len(moved) >= len(expected) - 1
    assert witness.render(TABLE[name], p) == witness.render(TABLE[name], p)


def test_a_race_ends_in_two_targets() -> None:
    *_, last = points(loaded("race", TABLE["race"].properties[0]))
    assert [(w["thread_id"], w["location"]["line"]) for w in last] == [("get", 17), ("put", 9)]


def test_who_waits_for_ever_is_a_target() -> None:
    before, *rest = points(loaded("deadlock", TABLE["deadlock"].properties[1]))
    assert [w["statement"] for w in before] == ["c.mu.RLock()"]
    assert [[w["thread_id"] for w in segment] for segment in rest] == [["sum", "put"]]


def test_a_loop_is_marked() -> None:
    found = points(loaded("starvation", TABLE["starvation"].properties[0]))
    assert [w["action"] for segment in found for w in segment] == ["cycle", "cycle", "follow"]


def test_the_id_follows_from_the_content() -> None:
    ids = [loaded(name, p)["metadata"]["uuid"] for name, p in TRACES if name in ("race", "deadlock", "panic")]
    assert len(set(ids)) == len(ids) == 3


def test_it_says_itself_that_it_is_no_standard_witness_and_when_if_asked() -> None:
    race = TABLE["race"].properties[0]
    assert "its shape, not the standard" in witness.render(TABLE["race"], race)
    assert 'creation_time: "2026-11-22T10:00:00+00:00"' in witness.render(
        TABLE["race"], race, "2026-11-22T10:00:00+00:00"
    )
