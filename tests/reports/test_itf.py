"""ITF: what Apalache's own library reads in it, and that a trace by itself says which property it is about."""

from __future__ import annotations

import json
from typing import Any

import itf_py
import pytest

from verifier.evidence.result import Property, Result
from verifier.report import itf

from .builders import clause_trace, prop
from .results import TABLE, UNSAFE, whole

TRACES = [(name, p) for name, found in TABLE.items() for p in found.properties if p.trace is not None]


def loaded(found: Result, p: Property) -> Any:
    return json.loads(itf.render(found, p))


@pytest.mark.parametrize(("name", "p"), TRACES, ids=[f"{n}-{p.name}" for n, p in TRACES])
def test_the_library_reads_every_state(name: str, p: Property) -> None:
    found = TABLE[name]
    raw = loaded(found, p)
    read = itf_py.trace_from_json(raw)
    assert p.trace is not None
    assert len(read.states) == len(p.trace.steps) + 1
    assert all(set(state.values) == set(read.vars) for state in read.states)
    meta = read.meta
    assert (meta["property"], meta["verdict"], meta["model"]) == (p.name, p.verdict.value, found.model)
    moved = [state.values[itf.GOROUTINE] for state in read.states]
    assert moved == ["", *(s.goroutine for s in p.trace.steps)]
    assert itf.render(found, p) == itf.render(found, p)


def test_numbers_are_numbers_and_the_rest_is_text() -> None:
    read = itf_py.trace_from_json(loaded(whole(), prop("n", UNSAFE, kind="always", trace=clause_trace())))
    assert [state.values["n"] for state in read.states] == [0, 1, 2]
    raw = loaded(whole(), prop("n", UNSAFE, kind="always", trace=clause_trace()))
    assert raw["states"][2]["n"] == {"#bigint": "2"}


def test_a_lasso_says_where_it_goes_on() -> None:
    (p, _) = TABLE["starvation"].properties
    raw = loaded(TABLE["starvation"], p)
    # Rows 2 and 3 repeat. State 3 is state 1 over again, so what follows it is what followed that one: state 2.
    assert (len(raw["states"]), raw["loop"]) == (4, 2)
    assert all("loop" not in loaded(TABLE[n], q) for n, q in TRACES if q.kind != "starvation")


def test_the_two_accesses_of_a_race_are_named() -> None:
    (p, _) = TABLE["race"].properties
    accesses = loaded(TABLE["race"], p)["#meta"]["race"]
    assert [(a["goroutine"], a["access"], a["line"]) for a in accesses] == [("get", "read", 17), ("put", "write", 9)]


def test_without_a_trace_there_is_nothing_to_write() -> None:
    with pytest.raises(ValueError, match="has no trace"):
        itf.render(TABLE["unknown"], TABLE["unknown"].properties[1])
