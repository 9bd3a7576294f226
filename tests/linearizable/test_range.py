"""Range, judged key by key: what is yielded for a key was there during the call, and no key is yielded twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from linearizable.programs import Both
from verifier.gotest.make import stress_test
from verifier.model.read import read_model, read_text
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.source import ModelError
from verifier.verdict import Verdict

from .test_models import judged, linearizable

MODEL = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [Store, Delete, Range]}
declare: |
  type Key int
  type Value int
  type Map struct { v atomic.Int64 }
  func (m *Map) Store(k Key, v Value) { m.v.Store(int64(v)) }
  func (m *Map) Delete(k Key) { m.v.Store(0) }
  func (m *Map) Range(yield func(Key, Value) bool) {
    BODY
  }
"""
ONCE = "if v := m.v.Load(); v != 0 { yield(0, Value(v)) }"
BODIES = {
    ONCE: Verdict.SAFE,
    "if m.v.Load() != 0 && m.v.Load() != 0 { yield(0, 1) }": Verdict.SAFE,
    # A key twice, also if nobody else moves.
    "for i := 0; i < 2; i++ { if v := m.v.Load(); v != 0 { yield(0, Value(v)) } }": Verdict.UNSAFE,
    # A value that was not there.
    "if m.v.Load() != 0 { yield(0, Value(m.v.Load())) }": Verdict.UNSAFE,
    # A key that is there all the time is left out.
    "if m.v.Swap(0) == 0 { return }; m.v.Store(1); yield(0, 1)": Verdict.UNSAFE,
    "_ = yield": Verdict.UNSAFE,
}


@pytest.mark.parametrize("body", BODIES)
def test_each_key_is_judged_by_itself(body: str) -> None:
    text = MODEL.replace("BODY", body)
    found = linearizable(judged(text))
    assert found.verdict is BODIES[body]
    both = Both(text)
    wrong = [both.compare(p) for p in both.all(before=1)]
    assert any(wrong) == (found.verdict is Verdict.UNSAFE)


def test_keys_of_different_times_are_no_mistake() -> None:
    """Whoever ranges may see a key as it was before another one was stored; a snapshot it need not be."""
    path = Path(__file__).parents[2] / "models" / "linearizable" / "range.yaml"
    result = verify(read_model(str(path)), Options(any_number=False))
    assert linearizable(result).verdict is Verdict.SAFE
    assert any("Range with several keys at a time" in text for text in result.not_shown)


@pytest.mark.parametrize("signature", ["yield func(Key, Value)", "yield func(Key) bool", "y, z func(Key, Value) bool"])
def test_a_range_that_cannot_be_called_is_refused_where_it_is(signature: str) -> None:
    text = MODEL.replace("yield func(Key, Value) bool", signature).replace("BODY", "")
    with pytest.raises(ModelError, match="clients cannot call this Range") as error:
        judged(text)
    (found,) = error.value.diagnostics
    assert found.span.line == 9 and any(n.span is not None and n.span.line == 2 for n in found.notes)


def test_clients_in_go_look_at_one_key_as_well() -> None:
    document = read_text("m.yaml", MODEL.replace("BODY", ONCE))
    test = stress_test(read_front(document, Options()), verify(document, Options(any_number=False)))
    assert "return ranged(keyA)" in test.text and "linearizableRange" not in test.text
