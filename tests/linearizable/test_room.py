"""A judge that has no room for an answer: then nothing is known, and the reason names what there was no room for."""

from __future__ import annotations

import pytest

from verifier.explore import orders
from verifier.explore.kernel import ordercode
from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

MODEL = """model: m
linearizable: {type: Map, keys: 1, values: 2, goroutines: 3, calls: 1, operations: [Load, Store, Swap]}
declare: |
  type Key int
  type Value int
  type Map struct { v atomic.Int64 }
  func (m *Map) Load(k Key) (Value, bool) {
    v := m.v.Load()
    return Value(v), v != 0
  }
  func (m *Map) Store(k Key, v Value) { m.v.Store(int64(v)) }
  func (m *Map) Swap(k Key, v Value) (Value, bool) {
    old := m.v.Load()
    m.v.Store(int64(v))
    return Value(old), old != 0
  }
"""
"""Swap is wrong: with enough room that is found."""


def reason(engine: str) -> tuple[Verdict, str]:
    result = verify(read_text("m.yaml", MODEL), Options(any_number=False, engine=engine, checks=("linearizable",)))
    (found,) = [p for p in result.properties if p.kind == "linearizable"]
    return found.verdict, found.reason


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("_STATES", "more than 5 states of the judge"),
        ("_MOST", "more than 5 possibilities in one state"),
        ("_CONFIGURATIONS", "more than 5 possibilities in all states"),
    ],
)
def test_no_answer_is_no_verdict_and_says_which_limit_it_was(
    limit: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All states are expanded between two looks at the clock: the last answers count like the first."""
    assert reason("kernel")[0] is Verdict.UNSAFE
    monkeypatch.setattr(ordercode, limit, 5)
    verdict, why = reason("kernel")
    assert verdict is Verdict.UNKNOWN and said in why


def test_the_reference_has_no_verdict_either(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason("reference")[0] is Verdict.UNSAFE
    monkeypatch.setattr(orders, "REFUTED", 5)
    verdict, why = reason("reference")
    assert verdict is Verdict.UNKNOWN and "more than 5 states of the judge" in why
