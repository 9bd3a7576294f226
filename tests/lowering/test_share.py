"""Cells that share a place: as many states as without, and fewer cells; two values needed at once stay apart."""

from __future__ import annotations

import pytest

from verifier.explore.outcome import Limits
from verifier.explore.search import explore
from verifier.golang.lower import lower as driver
from verifier.pipeline import Options, read_front
from verifier.pipeline.load import program
from verifier.program.program import Program

from .models import Go, document, judge
from .test_cases import CASES

TWO_CALLS = """
var n atomic.Int32
func add(a, b int) int { c := a + b; n.Add(1); return c - b }
"""


def lowered(model: Go) -> Program:
    return program(read_front(document(model), Options()))


@pytest.mark.parametrize("case", CASES[::3], ids=lambda c: c.name)
def test_states_correspond_one_to_one(case: object, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Go = case.model  # type: ignore[attr-defined]
    shared = explore(lowered(model), Limits(max_states=3_000))
    monkeypatch.setattr(driver, "share_cells", lambda m: None)
    apart = explore(lowered(model), Limits(max_states=3_000))
    assert (shared.states, shared.transitions) == (apart.states, apart.transitions)
    assert [(v.kind, v.name) for v in shared.violations] == [(v.kind, v.name) for v in apart.violations]


def test_calls_one_after_the_other_share_their_locals(monkeypatch: pytest.MonkeyPatch) -> None:
    once = Go({"w": "_ = add(1, 2)"}, TWO_CALLS)
    often = Go({"w": "_ = add(1, 2)\n_ = add(3, 4)\n_ = add(5, 6)"}, TWO_CALLS)
    small, large = (len(lowered(model).templates[1].cells) for model in (once, often))
    assert small == large
    monkeypatch.setattr(driver, "share_cells", lambda m: None)
    assert len(lowered(often).templates[1].cells) > large


def test_values_needed_at_once_stay_apart() -> None:
    body = "x := add(1, 2)\ny := add(3, 4)\nz := add(x, add(y, 1))\nif x != 1 || y != 3 || z != 1 { panic(0) }"
    found = judge(Go({"w": (2, body)}, TWO_CALLS))
    assert [p.verdict.value for p in found.properties] == ["SAFE"] * 4


def test_a_cell_keeps_the_name_that_reports_use() -> None:
    body = "r := rand.Intn(2)\n_ = add(r, 1)\n_ = add(r, 2)"
    cells = [c.name for c in lowered(Go({"w": body}, TWO_CALLS)).templates[1].cells]
    assert "r" in cells and cells.count("c") == cells.count("result") == 1
