"""Maps that belong to whoever holds a mutex until they are published, and types that only look as if theirs did."""

from __future__ import annotations

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.concrete import concrete
from verifier.program.expr import FALSE
from verifier.program.passes.footprint import Footprint
from verifier.program.passes.ownership import Ownership
from verifier.program.passes.reduce import reduced
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

TYPE = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [Load, Store]}
declare: |
  type Key int
  type Value int
  type snapshot struct{ m map[Key]Value }
  type Map struct {
    mu, other sync.Mutex
    read      atomic.Pointer[snapshot]
    dirty     map[Key]Value
    spare     map[Key]Value
    hits      int
  }
  func NewMap() *Map {
    m := &Map{}
    m.read.Store(&snapshot{})
    return m
  }
  func (m *Map) Load(k Key) (Value, bool) {
    m.mu.Lock()
    if m.dirty != nil {
      m.read.Store(&snapshot{m.dirty})
      m.dirty = nil
    }
    s := m.read.Load()
    m.mu.Unlock()
    v, ok := s.m[k]
    return v, ok
  }
  func (m *Map) Store(k Key, v Value) {
    m.mu.Lock()
    if m.dirty == nil {
      m.dirty = map[Key]Value{}
    }
    m.dirty[k] = v
    m.mu.Unlock()
  }
bounds: {int: [0, 3], heap: 4}
"""
GIVEN = "      m.dirty = nil\n"
TAKEN = "    m.mu.Lock()\n    if m.dirty == nil {"
LAST = "    m.dirty[k] = v\n    m.mu.Unlock()\n"
READ = "    v, ok := s.m[k]\n"

CASES: dict[str, tuple[dict[str, str], set[str], set[str]]] = {
    # What is changed of the type, which of its maps are their holder's alone, and what is wrong then.
    "as it is": ({}, {"m.dirty", "m.spare"}, set()),
    "a moment between": (
        {LAST: "    m.mu.Unlock()\n    m.mu.Lock()\n" + LAST},
        {"m.dirty", "m.spare"},
        {"panic", "linearizable"},
    ),
    "not given up": ({GIVEN: ""}, {"m.spare"}, {"race"}),
    "given up too late": (
        {GIVEN: "", READ: "    m.dirty = nil\n" + READ},
        {"m.spare"},
        {"race", "panic", "linearizable"},
    ),
    "a copy is kept": (
        {LAST: "    d := m.dirty\n    m.mu.Unlock()\n    d[k] = v\n"},
        {"m.spare"},
        {"race", "linearizable"},
    ),
    "two names": (
        {LAST: "    m.dirty[k] = v\n    m.spare = m.dirty\n    m.mu.Unlock()\n", TAKEN: "SPARE" + TAKEN},
        set(),
        {"race"},
    ),
    "looked at without": ({READ: READ + "    if m.dirty != nil { m.hits = 1 }\n"}, {"m.spare"}, {"race"}),
    "another mutex": (
        {TAKEN: TAKEN.replace("mu", "other"), LAST: LAST.replace("mu", "other")},
        {"m.spare"},
        {"race", "panic", "linearizable"},
    ),
}


def program(name: str) -> Program:
    text = TYPE
    for old, new in CASES[name][0].items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    text = text.replace("SPARE    m.mu.Lock()\n", "    m.mu.Lock()\n    if m.spare != nil { m.spare[k] = v }\n")
    return load(read_text("m.yaml", text), Options())


@pytest.mark.parametrize("name", CASES)
def test_whose_a_map_is_and_what_follows_from_it(name: str) -> None:
    _, alone, wrong = CASES[name]
    whole = program(name)
    folded = reduced(whole, fusing=False)
    steps = [c for i in folded.goroutines for c in concrete(folded, i.number) if c.step.guard != FALSE]
    owners = Ownership(folded, Footprint(folded), steps)
    assert {folded.cells[n].name for n in owners.alone} == alone
    parts = [whole, reduced(whole), symmetric(reduced(whole)), symmetric(reduced(whole, folding=False))]
    found = [explore(p, Limits(max_states=100_000)) for p in parts]
    assert all(f.complete for f in found)
    assert [{v.kind for v in f.violations} for f in found] == [wrong] * len(parts)
    kernel = explore(parts[2], Limits(), engine="kernel")
    assert (kernel.states, kernel.transitions) == (found[2].states, found[2].transitions)


HALF = """model: m
linearizable: {type: Map, keys: 1, values: 1, goroutines: 2, calls: 1, operations: [Load, Store, Delete]}
declare: |
  type Key int
  type Value int
  type Map struct { mu sync.Mutex; v Value; there bool; p atomic.Pointer[int] }
  func (m *Map) Load(k Key) (Value, bool) { m.mu.Lock(); v, ok := m.v, m.there; m.mu.Unlock(); return v, ok }
  func (m *Map) Store(k Key, v Value) { m.mu.Lock(); m.v = v; m.there = true; m.p.Store(new(int)); m.mu.Unlock() }
  func (m *Map) Delete(k Key) { if m.p.Load() != nil { m.there = false } }
"""


def test_two_runs_of_steps_that_begin_with_one_lock_do_not_race() -> None:
    # Load and Store touch what Delete races on: every race is one with Delete.
    small = symmetric(reduced(load(read_text("m.yaml", HALF), Options())))
    found = explore(small, Limits())
    races = [v for v in found.violations if v.kind == "race"]
    assert races
    for v in races:
        assert "m.there = false" in {found.machine.steps[n].step.text for n in v.steps}
