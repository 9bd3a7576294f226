"""Types in which an object has another name, or a mutex another holder, than it seems: what is left out must not be."""

from __future__ import annotations

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.passes import ownership
from verifier.program.passes.ownership import Ownership
from verifier.program.passes.reduce import reduced
from verifier.program.passes.renaming import renamable
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

TYPE = """model: m
linearizable: {{type: Map, keys: {keys}, values: 1, goroutines: 2, calls: 1, operations: [Load, Store]}}
declare: |
  type Key int
  type Value int
  type node struct {{ v Value; next *node; mu sync.Mutex }}
  type Map struct {{
    mu, other sync.Mutex
    rw        sync.RWMutex
    p         atomic.Pointer[node]
    d         *node
    i         any
    n         int
  }}
  func (m *Map) Load(k Key) (Value, bool) {{ {load} }}
  func (m *Map) Store(k Key, v Value) {{ {store} }}
bounds: {{int: [0, 3], heap: 5, keys: {keys}}}
"""
LOAD = "p := m.p.Load(); if p == nil { return 0, false }; return p.v, true"
MADE = "m.mu.Lock(); if m.d == nil { m.d = &node{next: &node{}} }; "
SET = "m.mu.Lock(); if m.d != nil { m.d.v = v; m.d.next.v = v }; m.mu.Unlock()"
COUNTED = "m.mu.Lock(); x := m.n; m.mu.Unlock(); return Value(x), x != 0"
FOUND = "m.mu.Lock(); if m.d == nil { m.d = &node{} }; p := m.d; m.mu.Unlock(); "
RACE, RIGHT = {"race", "linearizable"}, set[str]()

CASES: dict[str, tuple[int, str, str, set[str]]] = {
    # What is written through an index may be the element that was written by its name, and so may what is read.
    "another element": (
        2,
        LOAD,
        "var a [2]*node; a[0] = &node{}; if p := m.p.Load(); p != nil { a[k] = p }; a[0].v = v; m.p.Store(a[0])",
        RACE,
    ),
    "found as an element": (
        2,
        LOAD,
        "var a [2]*node; a[0] = &node{}; a[1] = a[0]; t := a[k]; m.p.Store(t); a[0].v = v",
        RACE,
    ),
    # What is within an object that belongs to whoever holds a mutex, or leads there, is known to others as well.
    "kept in a copy": (1, MADE + "c := *m.d.next; n := m.d.next; m.mu.Unlock(); return n.v, c.v != 0", SET, RACE),
    "kept as an interface": (
        1,
        MADE + "m.i = m.d; x := m.d.v; m.mu.Unlock(); return x, x != 0",
        "m.other.Lock(); if n, ok := m.i.(*node); ok { n.v = v }; m.other.Unlock()",
        RACE,
    ),
    # A mutex that is not held, or not alone, or not the one that it seems to be.
    "reset": (1, COUNTED, "m.mu = sync.Mutex{}; m.mu.Lock(); m.n = int(v); m.mu.Unlock()", {"race", "fatal"}),
    "unlocked by another one": (
        1,
        "if m.other.TryLock() { m.mu.Unlock() }; " + COUNTED,
        "m.mu.Lock(); x := m.n; m.n = int(v); m.n = x; m.n = int(v); m.mu.Unlock()",
        {"race", "fatal"},
    ),
    "read-locked": (
        1,
        "m.rw.RLock(); d := m.d; x := Value(0); if d != nil { x = d.v }; m.rw.RUnlock(); return x, x != 0",
        "n := &node{}; m.rw.Lock(); m.d = n; m.rw.Unlock(); m.rw.RLock(); m.d.v = v; m.rw.RUnlock()",
        RACE,
    ),
    "its own": (
        1,
        FOUND + "p.mu.Lock(); x := p.v; p.mu.Unlock(); return x, x != 0",
        FOUND + "p.mu.Lock(); p.v = v; p.mu.Unlock()",
        RIGHT,
    ),
    "that of another object": (
        1,
        FOUND + "p.mu.Lock(); x := p.v; p.mu.Unlock(); return x, x != 0",
        FOUND + "q := &node{}; q.mu.Lock(); p.v = v; q.mu.Unlock()",
        {"race"},
    ),
}


def program(name: str) -> Program:
    keys, load_, store, _ = CASES[name]
    return load(read_text("m.yaml", TYPE.format(keys=keys, load=load_, store=store)), Options())


def kinds(p: Program) -> set[str]:
    found = explore(p, Limits(max_states=20_000), engine="reference")
    assert found.complete
    return {v.kind for v in found.violations} - {"deadlock"}


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_says_what_all_of_it_says(name: str) -> None:
    whole = program(name)
    for p in (whole, renamable(symmetric(reduced(whole)))):
        assert kinds(p) == CASES[name][-1]


WEAKER = {
    "elements are known by name": (ownership, "indexed", lambda *_: 0, "another element"),
    "one mutex is as good as another": (Ownership, "_holds", lambda *_: True, "that of another object"),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_argument_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, wrong, case = WEAKER[name]
    monkeypatch.setattr(where, what, wrong)
    assert kinds(renamable(symmetric(reduced(program(case))))) != CASES[case][-1]
