"""Goroutines beside the clients: one that serves them through a channel, judged with and without reductions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.pipeline.explore import load
from verifier.pipeline.load import read_front
from verifier.program.expr import Const, Pc, Read, all_of, equal, negate
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import END
from verifier.program.semantics import paired
from verifier.source import ModelError
from verifier.verdict import Verdict

from .test_models import judged, linearizable

OWNED = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: GOROUTINES, calls: 1, operations: [Load, LoadOrStore]}
declare: |
  type Key int
  type Value int
  type request struct {
    store bool
    old bool
    reply chan bool
  }
  type Map struct {
    asked chan request
  }
  var m = NewMap()
  func NewMap() *Map { return &Map{make(chan request)} }
  func (m *Map) ask(store, old bool) bool {
    reply := make(chan bool, 1)
    m.asked <- request{store, old, reply}
    return <-reply
  }
  func (m *Map) Load(k Key) (Value, bool) {
    if m.ask(false, false) {
      return 1, true
    }
    return 0, false
  }
  func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) {
    BODY
  }
goroutines:
  owner: |
    there := false
    for r := range m.asked {
      r.reply <- there
      there = there || r.store
    }
"""
ONE = "loaded := m.ask(true, false); return 1, loaded"
TWO = "if m.ask(false, false) { return 1, true }; m.ask(true, false); return 1, false"


def owned(body: str, goroutines: int = 2) -> str:
    return OWNED.replace("BODY", body).replace("GOROUTINES", str(goroutines))


@pytest.mark.parametrize("engine", ["reference", "kernel"])
@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize(("body", "verdict"), [(ONE, Verdict.SAFE), (TWO, Verdict.UNSAFE)])
def test_an_owner_serves_the_clients(body: str, verdict: Verdict, engine: str, reduce: bool) -> None:
    found = linearizable(judged(owned(body), engine=engine, reduce=reduce))
    assert found.verdict is verdict
    if verdict is Verdict.UNSAFE:
        # Replayed by the auditor, each request and its answer being steps of two goroutines.
        assert found.trace is not None and found.trace.history is not None
        assert [c.gave for c in found.trace.history.calls] == ["stored", "stored"]


@pytest.mark.parametrize("body", [ONE, TWO])
@pytest.mark.parametrize("goroutines", [2, 3])
def test_clients_that_meet_an_owner_are_interchangeable(body: str, goroutines: int) -> None:
    program = load(read_text("m.yaml", owned(body, goroutines)), Options())
    assert paired(program)
    small = symmetric(program)
    assert [len(c) for c in small.classes] == [goroutines]
    sizes = []
    for p in (program, small):
        one, two = (explore(p, Limits(), engine=e) for e in ("reference", "kernel"))
        assert one.complete and two.engine == "kernel"
        assert (one.states, one.transitions) == (two.states, two.transitions)
        assert (one.first("linearizable") is None) == (two.first("linearizable") is None) == (body == ONE)
        sizes.append(one.states)
    # Nearly as many as there are ways to number the clients.
    assert sizes[1] * (1.7 if goroutines == 2 else 4) < sizes[0]


def test_an_owner_that_prefers_a_client_makes_them_differ() -> None:
    """It takes a request only as long as the first client has not ended: the exchange maps no meeting onto another."""
    program = load(read_text("m.yaml", owned(ONE)), Options())
    assert program.clients is not None and symmetric(program).classes
    runs = negate(equal(Read(Pc(program.clients.instances[0])), Const(END)))
    (owner,) = (t for t in program.templates if t.name == "owner")
    steps = tuple(
        s if s.offer is None or s.offer.sends else replace(s, guard=all_of(s.guard, runs)) for s in owner.steps
    )
    assert steps != owner.steps
    templates = tuple(replace(t, steps=steps) if t is owner else t for t in program.templates)
    assert not symmetric(replace(program, templates=templates)).classes


def test_without_clients_meetings_are_not_followed() -> None:
    """Who waits for ever is another question then, which is asked of every goroutine by itself."""
    program = load(read_text("m.yaml", owned(ONE)), Options())
    assert not symmetric(replace(program, clients=None)).classes


def test_what_nobody_answers_is_not_linearizable() -> None:
    """All calls wait for ever, so that no history contradicts anything."""
    alone = owned(ONE).split("goroutines:\n")[0]
    found = linearizable(judged(alone))
    assert found.verdict is Verdict.UNKNOWN and "never returns" in found.reason


def test_a_method_that_never_returns_is_not_linearizable() -> None:
    body = "if m.ask(false, false) { for {} }; m.ask(true, false); for {}"
    found = linearizable(judged(owned(body)))
    assert found.verdict is Verdict.UNKNOWN and "never returns" in found.reason


WRONG = [
    ("  owner: |", "  client: |", "'client' is what the goroutines of `linearizable:` are called"),
    ("  owner: |", "  other: {count: any, body: 'x := 1; _ = x'}\n  owner: |", "a number of goroutines that is known"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_what_is_wrong_beside_clients_is_said_where_it_stands(old: str, new: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        judged(owned(ONE).replace(old, new))


def test_a_go_test_has_no_goroutine_beside_clients() -> None:
    from verifier.gotest.make import stress_test

    document = read_text("m.yaml", owned(ONE))
    options = Options(any_number=False)
    with pytest.raises(ModelError, match="not run in a Go test yet"):
        stress_test(read_front(document, options), verify(document, options))
