"""Types made to break one argument of a reduction each: what is left of the search must say what all of it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.passes.reduce import reduced
from verifier.program.passes.renaming import renamable
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

HEAD = """model: m
linearizable: {{type: Map, keys: {keys}, values: {values}, goroutines: 2, calls: {calls}, operations: [{operations}]}}
declare: |
  type Key int
  type Value int
  type Map struct {{ v [2]atomic.Int64; last atomic.Int64; p atomic.Pointer[box]; mu sync.Mutex; x int }}
  type box struct {{ v Value }}
  func NewMap() *Map {{
    m := &Map{{}}
    m.last.Store(1)
    return m
  }}
"""
LOAD = "func (m *Map) Load(k Key) (Value, bool) { x := m.v[k].Load(); return Value(x), x != 0 }"
STORE = "func (m *Map) Store(k Key, v Value) { BODY }"
BOXED = """func (m *Map) Load(k Key) (Value, bool) {
    b := m.p.Load()
    if b == nil { return 0, false }
    return b.v, true
  }
  func (m *Map) Store(k Key, v Value) { m.p.Store(&box{v}) }
  func (m *Map) Swap(k Key, v Value) (Value, bool) {
    old := m.p.Load()
    first := old
    for !m.p.CompareAndSwap(old, &box{v}) { old = m.p.Load() }
    _ = first
    if old == nil { return 0, false }
    return old.v, true
  }"""
CLEAR = "func (m *Map) Clear() { m.v[0].Store(0); m.v[1].Store(0) }"
KEPT = "m.v[k].Store(int64(v))"
WRONG, RIGHT = {"linearizable"}, set[str]()

CASES: dict[str, tuple[str, tuple[int, int, int], str, set[str], bool]] = {
    # The copy that was made before the loop goes round is another value when it has.
    "a copy": ("Load, Store, Swap", (1, 2, 1), BOXED, RIGHT, True),
    "a copy that is old": (
        "Load, Store, Swap",
        (1, 2, 1),
        BOXED.replace("if old == nil", "if first == nil").replace("return old.v", "return first.v"),
        WRONG,
        True,
    ),
    # Values in arithmetic that happens to exchange them; compared with a constant, with the first state, with keys.
    "exchanged by arithmetic": ("Load, Store", (1, 2, 1), f"m.v[k].Store(int64(v) ^ 3); {KEPT}", WRONG, True),
    "one value": ("Load, Store", (1, 2, 1), "if v == 2 { m.v[k].Store(0) }; " + KEPT, WRONG, False),
    "the larger value": ("Load, Store", (1, 2, 1), "if v > 1 { m.v[k].Store(0) }; " + KEPT, WRONG, False),
    "the first state": (
        "Load, Store",
        (1, 2, 1),
        "if m.last.Load() != int64(v) { m.v[k].Store(0) }; " + KEPT,
        WRONG,
        False,
    ),
    "a value that is a key": (
        "Load, Store",
        (2, 2, 1),
        "if int(k) == int(v) { m.v[k].Store(0) }; " + KEPT,
        WRONG,
        False,
    ),
    # What is left out has the same map and another history behind it: calls on both keys tell.
    "no single step": ("Load, Store, Clear", (2, 1, 2), KEPT, WRONG, False),
    # A race and a panic behind states of which one covers another.
    "a race after two stores": (
        "Load, Store",
        (1, 2, 2),
        "if m.v[k].Load() == 2 && v == 1 { m.x = 1 }; " + KEPT,
        {"race"},
        False,
    ),
    "a panic after two stores": (
        "Load, Store",
        (1, 2, 1),
        'if m.last.Add(1) == 3 { panic("two") }; m.v[k].Store(int64(v)); m.last.Add(-1)',
        {"panic"},
        True,
    ),
}


def program(name: str) -> Program:
    operations, (keys, values, calls), body, _, _ = CASES[name]
    methods = body if body.startswith("func") else "\n  ".join([LOAD, STORE.replace("BODY", body), CLEAR])
    text = HEAD.format(keys=keys, values=values, calls=calls, operations=operations) + f"  {methods}\n"
    return load(read_text("m.yaml", text + "bounds: {int: [0, 3], heap: 8}\n"), Options())


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_says_what_all_of_it_says(name: str) -> None:
    *_, wanted, alike = CASES[name]
    whole = program(name)
    small = renamable(symmetric(reduced(whole)))
    assert small.clients is not None and small.clients.covering
    assert (small.clients.renaming is not None) == alike
    parts = [whole, symmetric(reduced(whole, folding=False)), symmetric(reduced(whole, fusing=False)), small]
    less = replace(small.clients, covering=False), replace(small.clients, renaming=None)
    parts += [replace(small, clients=clients) for clients in less]
    for p in parts:
        found = explore(p, Limits(max_states=100_000), engine="reference")
        assert found.complete and {v.kind for v in found.violations} == wanted
    if name == "no single step":
        one, two = (explore(small, Limits(), engine=e) for e in ("reference", "kernel"))
        assert (one.states, one.transitions) == (two.states, two.transitions) and two.engine == "kernel"
