"""The shortest history: fewest atomic steps, shown in an order in which goroutines go on as long as nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.audit.replay import Claim, replay
from verifier.evidence.history import History
from verifier.evidence.result import Property
from verifier.evidence.trace import Trace
from verifier.explore.search import Limits, explore
from verifier.explore.steady import steady
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.atomic import COUNTER, atomic_steps, within
from verifier.program.passes.reduce import reduced
from verifier.report.intervals import block, intervals
from verifier.report.lines import headline

from .test_models import TWICE, judged, linearizable, model

LONGER = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [Load, Store, LoadOrStore]}
declare: |
  type Key int
  type Value int
  type Map struct { v, spare atomic.Int64 }
  func (m *Map) Load(k Key) (Value, bool) {
    v := m.v.Load()
    return Value(v), v != 0
  }
  func (m *Map) Store(k Key, v Value) {
    for i := 0; i < 9; i++ {
      m.spare.Load()
    }
    m.v.Store(int64(v))
    m.spare.Store(1)
  }
  func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) {
    if m.spare.Load() != 0 {
      old := m.v.Swap(0)
      m.v.Store(old)
      return Value(old), true
    }
    old := m.v.Load()
    if old != 0 {
      return Value(old), true
    }
    m.v.Store(int64(v))
    return v, false
  }
"""
"""From the empty map it takes two calls of three steps each. After a Store, a long one, a Load may look while the map
only seems to be empty: that takes more steps, but fewer of them after all have begun."""


def told(found: Property) -> tuple[Trace, History]:
    assert found.trace is not None and found.trace.history is not None
    return found.trace, found.trace.history


@pytest.mark.parametrize("engine", ["reference", "kernel"])
@pytest.mark.parametrize("reduce", [True, False])
def test_what_comes_before_all_begin_costs_nothing(engine: str, reduce: bool) -> None:
    trace, history = told(linearizable(judged(LONGER, engine=engine, reduce=reduce)))
    assert (len(history.atomic), history.fewest, history.contents) == (3, True, (("a", "1"),))
    assert trace.rows == 3 and history.setup > 9


def test_with_fewer_atomic_steps_there_is_none() -> None:
    program = load(read_text("m.yaml", model(TWICE)), Options())
    for small in (program, reduced(program, fusing=False)):
        for most, violated in ((3, False), (4, True), (9, True)):
            found = explore(within(small, program, most), Limits())
            assert found.complete
            assert (found.first("linearizable") is not None) == violated


def test_nothing_but_the_atomic_steps_is_counted() -> None:
    """A Load reads the word, a LoadOrStore stores to it as well; calls and returns are no atomic steps."""
    program = load(read_text("m.yaml", model(TWICE)), Options())
    (template,) = [t for t in program.templates if t.name == "client"]
    counts = dict(zip((s.text for s in template.steps), atomic_steps(program, template.number), strict=True))
    assert {t for t, n in counts.items() if n} == {"v := m.v.Load()", "old := m.v.Load()", TWICE}
    assert COUNTER in [c.name for c in program.templates[0].cells]


def test_a_goroutine_goes_on_as_long_as_nobody_can_tell() -> None:
    program = load(read_text("m.yaml", LONGER), Options())
    trace, _ = told(linearizable(judged(LONGER)))
    assert steady(program, trace.choices) == trace.choices
    assert replay(program, trace.choices, Claim("linearizable", "linearizable")).history is not None


def test_what_cannot_be_put_in_that_order_stays() -> None:
    program = load(read_text("m.yaml", model(TWICE)), Options())
    assert steady(program, ()) == ()


def test_a_search_that_is_cut_off_claims_nothing() -> None:
    found = linearizable(judged(LONGER, max_states=40))
    if found.trace is not None and found.trace.history is not None:
        assert "perhaps not the fewest" in headline(found) or found.trace.history.fewest


def test_the_headline_says_what_is_claimed() -> None:
    found = linearizable(judged(LONGER))
    trace, history = told(found)
    assert headline(found).startswith("--- FAIL: linearizable  3 atomic steps (shortest)")
    unsure = replace(found, trace=replace(trace, history=replace(history, fewest=False, atomic=history.atomic[1:])))
    assert "2 atomic steps (perhaps not the fewest), 3 with plain ones" in headline(unsure)


def test_the_picture_has_a_column_for_each_atomic_step() -> None:
    trace, _ = told(linearizable(judged(model(TWICE))))
    assert intervals(trace) == [
        "step      1   2   3   4",
        "client1  [*-------*]      m.LoadOrStore(a, 1) = stored",
        "client2      [*-------*]  m.LoadOrStore(a, 1) = stored",
    ]
    assert block(trace)[0] == "NOT LINEARIZABLE"
