"""Lost updates: which writes depend on which reads, told apart by small programs, and the catalogue without alarms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from catalogue import SHORT, document, is_safe, name

from verifier.audit.interpret import AuditError
from verifier.audit.overtaken import lost_update
from verifier.audit.walk import walk
from verifier.evidence.result import Property
from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.pipeline.load import program, read_front
from verifier.program.passes import lostupdate
from verifier.verdict import Verdict

ASKED = Options(checks=("lost-update",), any_number=False)


def judged(declare: str, options: Options = ASKED, **roles: str) -> Property:
    """The verdict on `lost-update` for roles of two goroutines each, given as Go."""
    text = "model: m\ndeclare: |\n" + indent(declare, 2) + "goroutines:\n"
    for role, body in roles.items():
        text += f"  {role}:\n    count: 2\n    body: |\n{indent(body, 6)}"
    (found,) = verify(read_text("m.yaml", text), options).properties
    return found


def indent(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.strip("\n").split("\n"))


MAP = "var mu sync.Mutex\nvar m = map[string]int{}\nvar out atomic.Int32\n"
COUNTER = "var n atomic.Int32\nvar other atomic.Int32\n"

LOST = {
    "read and write under two locks": (
        MAP,
        "mu.Lock()\nv := m[`a`]\nmu.Unlock()\nmu.Lock()\nm[`a`] = v + 1\nmu.Unlock()",
    ),
    "decided under another lock": (
        MAP,
        "mu.Lock()\n_, ok := m[`a`]\nmu.Unlock()\nif !ok {\nmu.Lock()\nm[`a`] = rand.Intn(2)\nmu.Unlock()\n}",
    ),
    "decided by an early return": (
        MAP
        + "func set() {\nmu.Lock()\n_, ok := m[`a`]\nmu.Unlock()\nif ok {\nreturn\n}\nmu.Lock()\ndefer mu.Unlock()\n"
        "m[`a`] = rand.Intn(2)\n}",
        "set()",
    ),
    "load and store": (COUNTER, "v := n.Load()\nn.Store(v + 1)"),
    "through a function": (COUNTER + "func next(v int32) int32 { return v + 1 }", "n.Store(next(n.Load()))"),
    "through a field": (COUNTER + "type T struct{ v int32 }", "var t T\nt.v = n.Load()\nu := t\nn.Store(u.v + 1)"),
    "through an array": (COUNTER, "var a [2]int32\na[1] = n.Load()\nn.Store(a[1] + 1)"),
    "through what an if assigned": (COUNTER, "w := int32(rand.Intn(2) + 1)\nif n.Load() == 1 {\nw = 3\n}\nn.Store(w)"),
    "looked at again, but not used": (COUNTER, "v := n.Load()\n_ = n.Load()\nn.Store(v + 1)"),
    "looked at again, for another question": (COUNTER, "v := n.Load()\nif n.Load() < 5 {\nn.Store(v + 1)\n}"),
    "Swap of an old value": (COUNTER, "v := n.Load()\nn.Swap(v + 1)"),
    "deleted because of an old value": (
        "var s sync.Map",
        "s.Store(`a`, rand.Intn(2))\nif v, _ := s.Load(`a`); v == 0 {\ns.Delete(`a`)\n}",
    ),
    "a copy of the map": (
        "var p atomic.Pointer[map[string]int]",
        "next := map[string]int{}\nold := p.Load()\nif old != nil {\nfor k, v := range *old {\nnext[k] = v\n}\n}\n"
        "next[`a`] = 1\np.Store(&next)",
    ),
    "a computed location": (
        "var mu sync.Mutex\nvar a [2]int\n",
        "i := rand.Intn(2)\nmu.Lock()\nv := a[i]\nmu.Unlock()\nmu.Lock()\na[i] = v + 1\nmu.Unlock()",
    ),
    "a sum over several locations": (
        "var mu sync.Mutex\nvar a [2]int\n",
        "s := 0\nfor i := range 2 {\nmu.Lock()\ns += a[i]\nmu.Unlock()\n}\nmu.Lock()\na[0] = s + 1\nmu.Unlock()",
    ),
    "decided by a panic that is recovered": (
        MAP
        + "func set() {\ndefer func() {\nif recover() != nil {\nmu.Lock()\nm[`a`] = rand.Intn(2)\nmu.Unlock()\n}\n}()\n"
        "mu.Lock()\nv := m[`a`]\nmu.Unlock()\nif v == 0 {\npanic(1)\n}\n}",
        "set()",
    ),
    "an index from memory that is allocated again": (
        "type T struct{ i int }\nvar n [2]atomic.Int32",
        "for range 2 {\np := &T{}\nv := n[p.i].Load()\nn[p.i].Store(v + 1)\np.i = 1\n}",
    ),
    "two things allocated again": (
        "type T struct{ v int32 }\nvar p atomic.Pointer[T]\nvar q atomic.Pointer[T]",
        "for range 2 {\nold := p.Load()\nt := &T{v: 1}\nu := &T{v: 2}\nif old != nil {\nt.v = old.v\n}\n"
        "p.Store(t)\nq.Store(u)\n}",
    ),
    "in a loop": (COUNTER, "for range 2 {\nv := n.Load()\nn.Store(v + 1)\n}"),
}
"""What is lost, and in which program."""

KEPT = {
    "one lock": (MAP, "mu.Lock()\nm[`a`]++\nmu.Unlock()"),
    "one lock, twice": (MAP, "mu.Lock()\nm[`a`]++\nmu.Unlock()\nmu.Lock()\nm[`a`]++\nmu.Unlock()"),
    "a function, twice": (
        MAP + "func inc() {\nmu.Lock()\ndefer mu.Unlock()\nm[`a`] = m[`a`] + 1\n}",
        "inc()\ninc()",
    ),
    "one lock in a loop": (MAP, "for range 2 {\nmu.Lock()\nv := m[`a`]\nm[`a`] = v + 1\nmu.Unlock()\n}"),
    "one of two reads": (
        MAP,
        "for range 2 {\nmu.Lock()\nvar v int\nif rand.Intn(2) == 0 {\nv = m[`a`]\n} else {\nv = m[`a`]\n}\n"
        "m[`a`] = v + 1\nmu.Unlock()\n}",
    ),
    "compare and swap": (COUNTER, "for {\nv := n.Load()\nif n.CompareAndSwap(v, v+1) {\nbreak\n}\n}"),
    "compared under the lock": (
        MAP,
        "mu.Lock()\nv := m[`a`]\nmu.Unlock()\nmu.Lock()\nif m[`a`] == v {\nm[`a`] = v + 1\n}\nmu.Unlock()",
    ),
    "looked again": (
        MAP,
        "mu.Lock()\n_, ok := m[`a`]\nmu.Unlock()\nif !ok {\nmu.Lock()\nif _, ok := m[`a`]; !ok {\nm[`a`] = 1\n}\n"
        "mu.Unlock()\n}",
    ),
    "Add": (COUNTER, "if n.Load() < 5 {\nn.Add(1)\n}"),
    "Add of an old value": (COUNTER, "v := n.Load()\nn.Add(v + 1)"),
    "LoadOrStore": ("var s sync.Map", "if _, ok := s.Load(`a`); !ok {\ns.LoadOrStore(`a`, 1)\n}"),
    "CompareAndDelete": (
        "var s sync.Map",
        "v, _ := s.LoadOrStore(`a`, 1)\ns.CompareAndDelete(`a`, v)",
    ),
    "a blind write": (COUNTER, "_ = n.Load()\nn.Store(3)"),
    "a blind write after a check of something else": (COUNTER, "if other.Load() == 0 {\nn.Store(3)\n}"),
    "a blind write behind an if": (COUNTER, "if n.Load() == 0 {\nother.Store(1)\n}\nn.Store(3)"),
    "the same constant by all": (COUNTER, "if n.Load() == 0 {\nn.Store(42)\n}"),
    "only its own": ("var p atomic.Pointer[int]", "v := 0\nfor range 2 {\nv++\n}\np.Store(&v)"),
    "other keys": (
        "var s sync.Map",
        "k := rand.Intn(2)\nif _, ok := s.Load(1 - k); !ok {\ns.Store(k, 1)\n}",
    ),
    "a check that panics": (
        "type T struct{ v int32 }\nvar p atomic.Pointer[T]\n"
        "func set() {\nt := p.Load()\nif t == nil {\npanic(`no`)\n}\n}",
        "p.Store(&T{v: 1})\nset()\np.Store(&T{v: 2})",
    ),
    "a nil check": (
        "type T struct{ v int32 }\nvar mu sync.Mutex\nvar p = &T{}\n"
        "func f() {\ndefer mu.Unlock()\n_ = p.v\np = &T{v: 2}\n}",
        "mu.Lock()\nf()",
    ),
}
"""What is not lost, and in which program. No alarm here may be false."""


@pytest.mark.parametrize("declare,body", LOST.values(), ids=LOST)
def test_a_lost_update_is_found(declare: str, body: str) -> None:
    found = judged(quoted(declare), role=quoted(body))
    assert found.verdict is Verdict.UNSAFE, found.reason
    trace = found.trace
    assert trace is not None and trace.lost is not None
    read, changed, last = (trace.steps[n - 1] for n in (trace.lost.read, trace.lost.changed, len(trace.steps)))
    assert read.goroutine == last.goroutine != changed.goroutine
    assert read.number < changed.number < last.number


@pytest.mark.parametrize("declare,body", KEPT.values(), ids=KEPT)
def test_nothing_is_lost(declare: str, body: str) -> None:
    found = judged(quoted(declare), role=quoted(body))
    assert found.verdict is Verdict.SAFE, (found.sentence, found.reason)


def quoted(text: str) -> str:
    return text.replace("`", '"')


@pytest.mark.parametrize("path", [p for p in SHORT if is_safe(p)], ids=name)
def test_no_alarm_on_a_safe_model(path: Path) -> None:
    (found,) = verify(document(path), ASKED).properties
    assert found.verdict is Verdict.SAFE, (found.sentence, found.reason)


@pytest.mark.parametrize("declare,body", [*LOST.values(), *list(KEPT.values())[:6]])
def test_both_back_ends_see_the_same_states(declare: str, body: str) -> None:
    text = "model: m\ndeclare: |\n" + indent(quoted(declare), 2)
    text += "goroutines:\n  role:\n    count: 2\n    body: |\n" + indent(quoted(body), 6)
    made = program(read_front(read_text("m.yaml", text), Options()), "lost-update")
    one, two = (explore(made, Limits(), engine=e) for e in ("reference", "kernel"))
    assert (one.states, one.transitions) == (two.states, two.transitions)
    assert {(v.kind, v.name) for v in one.violations} == {(v.kind, v.name) for v in two.violations}


@pytest.mark.parametrize("declare,body", LOST.values(), ids=LOST)
def test_reductions_keep_the_verdict(declare: str, body: str) -> None:
    found = judged(quoted(declare), replace(ASKED, reduce=True), role=quoted(body))
    assert found.verdict is Verdict.UNSAFE, found.reason


def test_the_plain_exploration_does_not_change() -> None:
    path = next(p for p in SHORT if p.stem == "sync-map-check-then-act")
    asked = verify(document(path), Options(any_number=False))
    plain = verify(document(path), Options(any_number=False, checks=("race", "finally")))
    assert asked.explored.states == plain.explored.states == 24


def test_too_many_reads_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lostupdate, "MANY", 1)
    declare, body = LOST["load and store"]
    found = judged(declare, role=body)
    assert found.verdict is Verdict.UNKNOWN and "more than 1 read" in found.reason


def test_any_number_is_not_claimed() -> None:
    text = "model: m\ndeclare: var n atomic.Int32\ngoroutines:\n  r:\n    count: any\n    body: n.Add(1)\n"
    (found,) = verify(read_text("m.yaml", text), Options(checks=("lost-update",))).properties
    assert found.verdict is Verdict.UNKNOWN and "only race, fatal and panic" in found.reason


def test_the_audit_wants_to_see_the_rows() -> None:
    path = next(p for p in SHORT if p.stem == "atomic-pointer-lost-update")
    made = program(read_front(document(path), Options()), "lost-update")
    assert lost_update(walk(made, (0, 1, 0, 0))).read == 2
    with pytest.raises(AuditError, match="overwrites nothing"):
        lost_update(walk(made, (0, 0)))
