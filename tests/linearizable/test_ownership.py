"""Types in which an object has another name, or a mutex another holder, than it seems: what is left out must not be."""

from __future__ import annotations

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.passes.reduce import reduced
from verifier.program.passes.renaming import renamable
from verifier.program.passes.symmetry import symmetric

TYPE = """model: m
linearizable: {{type: Map, keys: {keys}, values: 1, goroutines: 2, calls: 1, operations: [Load, Store]}}
declare: |
  type Key int
  type Value int
  type node struct {{ v Value; next *node }}
  type Map struct {{
    mu, other sync.Mutex
    p         atomic.Pointer[node]
    d         *node
  }}
  func (m *Map) Load(k Key) (Value, bool) {{ {load} }}
  func (m *Map) Store(k Key, v Value) {{ {store} }}
bounds: {{int: [0, 3], heap: 5, keys: {keys}}}
"""
LOAD = "p := m.p.Load(); if p == nil { return 0, false }; return p.v, true"
RACE, WRONG = {"race", "linearizable"}, {"linearizable"}

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
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_says_what_all_of_it_says(name: str) -> None:
    keys, load_, store, wanted = CASES[name]
    text = TYPE.format(keys=keys, load=load_, store=store)
    whole = load(read_text("m.yaml", text), Options())
    for p in (whole, renamable(symmetric(reduced(whole))), symmetric(reduced(whole, folding=False))):
        found = explore(p, Limits(max_states=20_000), engine="reference")
        assert found.complete and {v.kind for v in found.violations} == wanted
