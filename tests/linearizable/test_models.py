"""Schemes judged against a sequential map: what holds, what does not, and that engines and reductions agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verifier.audit.replay import AuditError, Claim, replay
from verifier.evidence.result import Property, Result
from verifier.explore.search import Limits, explore
from verifier.model.read import read_model, read_text
from verifier.pipeline import Options, verify
from verifier.pipeline.explore import load
from verifier.program.passes.reduce import reduced
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program
from verifier.report.intervals import block
from verifier.source import ModelError
from verifier.verdict import Verdict

MODELS = Path(__file__).parents[2] / "models" / "linearizable"
QUICK = {
    "register": 0,
    "register-store": 4,
    "range": 0,
    "range-twice": 4,
    "mutex": 0,
    "rwmutex": 0,
    "rwmutex-unchecked": 10,
    "copyonwrite": 0,
    "copyonwrite-store": 4,
    "syncmap127-inplace": 12,
}
"""Models that take seconds, and the atomic steps of the shortest history that fits no order."""
HEAD = """model: m
linearizable: {{type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [{operations}]}}
declare: |
  type Key int
  type Value int
  type Map struct {{ v atomic.Int64 }}
"""
REGISTER = """  func (m *Map) Load(k Key) (Value, bool) {
    v := m.v.Load()
    return Value(v), v != 0
  }
  func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) {
    old := m.v.Load()
    if old != 0 {
      return Value(old), true
    }
    STORE
    return v, false
  }
"""
ATOMIC = """if !m.v.CompareAndSwap(0, int64(v)) {
      return Value(m.v.Load()), true
    }"""
TWICE = "m.v.Store(int64(v))"


def model(store: str, operations: str = "Load, LoadOrStore") -> str:
    return HEAD.format(operations=operations) + REGISTER.replace("STORE", store)


def judged(text: str, **options: object) -> Result:
    return verify(read_text("m.yaml", text), Options(any_number=False, **options))  # type: ignore[arg-type]


def linearizable(result: Result) -> Property:
    (found,) = [p for p in result.properties if p.kind == "linearizable"]
    return found


@pytest.mark.parametrize("name", QUICK)
def test_the_catalogue_means_what_it_says(name: str) -> None:
    result = verify(read_model(str(MODELS / f"{name}.yaml")), Options(any_number=False))
    assert result.exit_code == 0, [(p.name, p.verdict, p.reason) for p in result.properties]
    found = linearizable(result)
    if found.verdict is Verdict.UNSAFE:
        assert found.trace is not None and found.trace.history is not None and found.trace.history.misfits
        assert found.trace.history.fewest and len(found.trace.history.atomic) == QUICK[name]
        if name == "syncmap127-inplace":
            shown = (MODELS.parents[1] / "docs" / "linearizable.md").read_text(encoding="utf-8")
            assert "\n".join(block(found.trace)) in shown
    else:
        assert not QUICK[name]
        assert "from every quiescent state" in found.sentence


@pytest.mark.parametrize("engine", ["reference", "kernel"])
@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize(("store", "verdict"), [(ATOMIC, Verdict.SAFE), (TWICE, Verdict.UNSAFE)])
def test_engines_and_reductions_agree(store: str, verdict: Verdict, engine: str, reduce: bool) -> None:
    assert linearizable(judged(model(store), engine=engine, reduce=reduce)).verdict is verdict


def programs(program: Program) -> list[Program]:
    small = reduced(program)
    return [program, symmetric(program), reduced(program, fusing=False), small, symmetric(small)]


@pytest.mark.parametrize("name", ["rwmutex-unchecked"])
def test_both_back_ends_find_the_same_states(name: str) -> None:
    document = read_model(str(MODELS / f"{name}.yaml"))
    for program in programs(load(document, Options()))[-1:]:
        one, two = (explore(program, Limits(), engine=engine) for engine in ("reference", "kernel"))
        assert two.engine == "kernel" and one.complete and two.complete
        assert (one.states, one.transitions) == (two.states, two.transitions)
        assert [(v.kind, v.name, v.state) for v in one.violations] == [
            (v.kind, v.name, v.state) for v in two.violations
        ]


@pytest.mark.parametrize("store", [ATOMIC, TWICE])
def test_reductions_keep_the_judgement_in_both_back_ends(store: str) -> None:
    program = load(read_text("m.yaml", model(store)), Options())
    sizes = []
    for small in programs(program):
        one, two = (explore(small, Limits(), engine=engine) for engine in ("reference", "kernel"))
        assert (one.states, one.transitions) == (two.states, two.transitions)
        assert (one.first("linearizable") is None) == (store == ATOMIC) == (two.first("linearizable") is None)
        sizes.append(one.states)
    assert sizes[0] > sizes[1] and min(sizes) == sizes[-1]


def test_the_shortest_history_and_why_no_order_fits() -> None:
    found = linearizable(judged(model(TWICE)))
    assert found.trace is not None and found.trace.history is not None
    history = found.trace.history
    assert [c.gave for c in history.calls] == ["stored", "stored"] and history.contents == ()
    (misfit,) = history.misfits
    assert (misfit.must, misfit.gave) == ("1 loaded", "stored")
    assert found.steps == 4


def test_the_auditor_refuses_a_history_that_is_one() -> None:
    program = load(read_text("m.yaml", model(ATOMIC)), Options())
    with pytest.raises(AuditError, match="an order of the calls fits"):
        replay(program, (0, 0), Claim("linearizable", "linearizable"))


def test_a_racy_type_is_never_called_linearizable() -> None:
    racy = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [Load, Store]}
declare: |
  type Key int
  type Value int
  type Map struct { v Value }
  func (m *Map) Load(k Key) (Value, bool) {
    v := m.v
    return v, v != 0
  }
  func (m *Map) Store(k Key, v Value) { m.v = v }
"""
    result = judged(racy)
    assert [p.verdict for p in result.properties if p.kind == "race"] == [Verdict.UNSAFE]
    found = linearizable(result)
    assert found.verdict is Verdict.UNKNOWN and "data race" in found.reason


def test_a_hit_bound_is_unknown() -> None:
    text = (
        (MODELS / "copyonwrite.yaml").read_text().replace("heap: 4", "heap: 1").replace("../schemes", "models/schemes")
    )
    program = load(read_text("m.yaml", text), Options())
    found = explore(replace(program, classes=()), Limits(max_states=3000))
    assert found.first("bound") is not None


WRONG = [
    ("Load, Range", "Map has no method Range"),
    ("Load, Load", "lists 'Load' twice"),
    ("Load, Swap", "Map has no method Swap"),
    ("Load, Sotre", "did you mean 'Store'"),
    ("", "no operations"),
]


@pytest.mark.parametrize(("operations", "message"), WRONG)
def test_what_is_wrong_is_said_where_it_stands(operations: str, message: str) -> None:
    with pytest.raises(ModelError) as error:
        judged(model(ATOMIC, operations))
    said = " ".join(d.message + " ".join(n.text for n in d.notes) for d in error.value.diagnostics)
    assert message in said and error.value.diagnostics[0].span.line == 2


def test_another_signature_is_refused() -> None:
    text = model(ATOMIC).replace(
        "Load(k Key) (Value, bool) {\n    v := m.v.Load()\n    return Value(v), v != 0",
        "Load(k Key) Value {\n    v := m.v.Load()\n    return Value(v)",
    )
    with pytest.raises(ModelError, match="Load has the signature"):
        judged(text)


def test_what_was_not_asked_for_is_not_said() -> None:
    """`--check race` leaves the judge out of the program: then nothing may be said of it."""
    kinds = [p.kind for p in judged(model(TWICE), checks=("race",)).properties]
    assert kinds == ["race"]
    assert linearizable(judged(model(TWICE), checks=("linearizable",))).verdict is Verdict.UNSAFE


def test_nothing_is_proved_for_any_number_of_clients() -> None:
    assert verify(read_text("m.yaml", model(ATOMIC)), Options()).any_number is None


@pytest.mark.parametrize("more", ["check: [race, starvation]\n", "check: [lost-update]\n"])
def test_what_is_not_judged_beside_it_is_refused(more: str) -> None:
    with pytest.raises(ModelError, match="is not judged beside `linearizable:` yet"):
        judged(model(ATOMIC) + more)


def test_a_deadlock_is_never_called_absent() -> None:
    result = judged(model(ATOMIC) + "check: [deadlock]\n")
    assert [p.verdict for p in result.properties if p.kind == "deadlock"] == [Verdict.UNKNOWN]


def test_a_race_between_reading_and_publishing_is_found_in_joined_steps() -> None:
    """Fields written after the object was published: what the analysis of owners must not take for their own."""
    body = """  type box struct { v Value }
  func NewMap() *Map {
    m := &Map{}
    m.p.Store(&box{})
    return m
  }
  func (m *Map) Load(k Key) (Value, bool) {
    v := m.p.Load().v
    return v, v != 0
  }
  func (m *Map) Store(k Key, v Value) {
    b := &box{}
    m.p.Store(b)
    b.v = v
  }
"""
    head = HEAD.format(operations="Load, Store").replace("v atomic.Int64", "p atomic.Pointer[box]")
    racy = head + body
    for reduce in (True, False):
        result = judged(racy, reduce=reduce)
        assert [p.verdict for p in result.properties if p.kind == "race"] == [Verdict.UNSAFE]


@pytest.mark.parametrize("reduce", [True, False])
def test_an_outcome_read_as_a_call_returns_is_not_read_earlier(reduce: bool) -> None:
    """The second look goes into no cell, only into what the judge is told: a Store may come before it all the same."""
    body = """  func (m *Map) Load(k Key) (Value, bool) {
    if m.v.Load() == 0 {
      return 0, false
    }
    return Value(m.v.Load()), true
  }
  func (m *Map) Store(k Key, v Value) { m.v.Store(int64(v)) }
  func (m *Map) Delete(k Key) { m.v.Store(0) }
"""
    found = linearizable(judged(HEAD.format(operations="Load, Store, Delete") + body, reduce=reduce))
    assert found.verdict is Verdict.UNSAFE


def test_a_constant_that_leads_into_a_pool_is_followed() -> None:
    """A sentinel like `expunged` of sync.Map until Go 1.23: nobody writes the variable, and its object is pooled."""
    text = HEAD.format(operations="Load, Store").replace("v atomic.Int64", "p atomic.Pointer[box]")
    body = """  type box struct {
    n atomic.Int64
  }
  var none = &box{}
  func NewMap() *Map {
    m := &Map{}
    m.p.Store(none)
    return m
  }
  func (m *Map) Load(k Key) (Value, bool) {
    b := m.p.Load()
    if b == none {
      return 0, false
    }
    return Value(b.n.Load()), true
  }
  func (m *Map) Store(k Key, v Value) {
    b := &box{}
    b.n.Store(int64(v))
    m.p.Store(b)
  }
"""
    for reduce in (True, False):
        assert linearizable(judged(text + body, reduce=reduce)).verdict is Verdict.SAFE


@pytest.mark.parametrize("reduce", [True, False])
def test_values_in_interfaces_are_not_taken_for_those_of_another_type(reduce: bool) -> None:
    """A client's value has few values wherever it is: in a cell, and among all that an interface can hold."""
    body = """  func (m *Map) Load(k Key) (Value, bool) {
    m.mu.Lock()
    defer m.mu.Unlock()
    x, ok := m.held.(Value)
    return x, ok
  }
  func (m *Map) Store(k Key, v Value) {
    m.mu.Lock()
    defer m.mu.Unlock()
    m.held = 7
    STORE
  }
"""
    head = HEAD.format(operations="Load, Store").replace("v atomic.Int64", "mu sync.Mutex; held any") + body
    assert linearizable(judged(head.replace("STORE", "m.held = v"), reduce=reduce)).verdict is Verdict.SAFE
    computed = linearizable(judged(head.replace("STORE", "m.held = v + 1"), reduce=reduce))
    assert computed.verdict is Verdict.UNKNOWN and "its type has no other values" in computed.reason
