"""JSON schema 1: the fields the design promises, canonical, nothing dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from verifier.evidence.result import AnyNumber
from verifier.report.jsonfile import render
from verifier.report.outcome import Failed
from verifier.verdict import Verdict

from .builders import prop, result, results
from .results import TABLE

CASES = {**{f"whole {name}": found for name, found in TABLE.items()}, **results()}


def loaded(name: str) -> Any:
    return json.loads(render([CASES[name]]))


@pytest.mark.parametrize("name", CASES)
def test_verdict_exit_code_and_every_property_are_there(name: str) -> None:
    case, held = CASES[name], loaded(name)
    assert (held["schema"], held["model"]) == (1, case.model)
    assert (held["verdict"], held["exit_code"]) == (case.verdict.value, case.exit_code)
    found = [(p["name"], p["kind"], p["verdict"], p["as_expected"]) for p in held["properties"]]
    assert found == [(p.name, p.kind, p.verdict.value, p.as_expected) for p in case.properties]


@pytest.mark.parametrize("name", CASES)
def test_the_encoding_is_canonical(name: str) -> None:
    text = render([CASES[name]])
    assert text == render([CASES[name]])
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    held = json.loads(text)
    del held["explored"]["seconds"]
    assert not floats(held)


def floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(floats, value.values()))
    return any(map(floats, value)) if isinstance(value, list) else isinstance(value, float)


def test_what_was_explored_is_as_the_design_names_it() -> None:
    explored = loaded("safe")["explored"]
    promised = {"counts", "states", "transitions", "engine", "seconds"}
    assert {key: explored[key] for key in promised} == {
        "counts": {"reader": 1, "writer": 1},
        "states": 412,
        "transitions": 903,
        "engine": "reference",
        "seconds": 0.21,
    }


def test_the_first_failure_is_the_trace_and_names_its_property() -> None:
    held = loaded("race")
    trace = held["trace"]
    assert (trace["property"], trace["choices"]) == ("race", [1, 0])
    first = {key: trace["steps"][0][key] for key in ("n", "goroutine", "text", "file", "line")}
    assert first == {"n": 1, "goroutine": "get", "text": "mu.Lock()", "file": "models/m.yaml", "line": 15}
    assert trace["steps"][0]["objects"] == {"mu": "W:get", "m": "{}", "other": "0"}
    assert (trace["race"]["a"]["goroutine"], trace["race"]["b"]["goroutine"]) == ("get", "put")
    assert held["properties"][0]["witness"] == trace
    assert held["properties"][0]["steps"] == 4


def test_a_witness_of_a_reached_state_is_not_the_trace_of_a_failure() -> None:
    held = loaded("safe")
    assert held["trace"] is None
    assert held["properties"][1]["witness"]["property"] == "two inside"
    assert held["properties"][0]["steps"] is None


def test_waits_locks_and_failures_are_kept() -> None:
    trace = loaded("deadlock")["trace"]
    assert [(w["goroutine"], w["held_by"], w["since"]) for w in trace["waits"]] == [
        ("sum", ["put"], 3),
        ("put", ["sum"], 2),
    ]
    assert [h["mode"] for h in trace["held"]] == ["R", "next"]
    assert trace["race"] is None and trace["failure"] is None
    assert loaded("panic")["trace"]["failure"] == {"kind": "panic", "message": "assignment to entry in nil map"}


def test_consequences_coverage_and_scope_are_kept() -> None:
    assert [c["name"] for c in loaded("race")["consequences"]] == ["lost insert"]
    assert loaded("vacuous")["coverage"]["missed"][0]["span"]["line"] == 14
    assert loaded("safe")["not_shown"] == ["starvation"]
    assert loaded("unknown")["properties"][1]["reason"] == "200,000 states reached (--max-states)"


def test_a_proof_for_any_number_is_as_the_design_names_it() -> None:
    proved = result(prop("race", Verdict.SAFE, any_number=AnyNumber(Verdict.SAFE, "views", 1)))
    held = json.loads(render([proved]))["properties"][0]["any_number"]
    assert held == {"verdict": "SAFE", "method": "views", "k": 1}


def test_several_models_share_one_exit_code() -> None:
    unread = Failed("gone", "gone.yaml", "gone.yaml:1:1: error: no such file")
    held = json.loads(render([CASES["safe"], CASES["race"], unread]))
    assert (held["schema"], held["exit_code"], len(held["models"])) == (1, 2, 3)
    assert held["models"][0] == loaded("safe")
    assert held["models"][2]["verdict"] == "ERROR"
    assert held["models"][2]["error"] == unread.message
    assert json.loads(render([])) == {"schema": 1, "models": [], "exit_code": 3}
