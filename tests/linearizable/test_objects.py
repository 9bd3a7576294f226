"""Objects that clients make: what is joined because nobody else can find them, and types in which somebody can."""

from __future__ import annotations

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.expr import At, Expr, Read, refs
from verifier.program.passes import ownership, tokens
from verifier.program.passes.reduce import reduced
from verifier.program.passes.renaming import renamable
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

HEAD = """model: m
linearizable: {{type: Map, keys: {keys}, values: 1, goroutines: 2, calls: 1, operations: [{operations}]}}
declare: |
  type Key int
  type Value int
  type table = map[Key]Value
  type holder struct {{ t *table }}
  type node struct {{ n atomic.Int64 }}
  type Map struct {{ p atomic.Pointer[table]; q atomic.Pointer[holder]; r atomic.Pointer[node] }}
  func NewMap() *Map {{
    m := &Map{{}}
    t := &table{{}}
    m.p.Store(t)
    m.q.Store(&holder{{t}})
    return m
  }}
  func copied(old *table) *table {{
    next := table{{}}
    for key, value := range *old {{ next[key] = value }}
    return &next
  }}
  func (m *Map) Load(k Key) (value Value, ok bool) {{ {load} }}
  func (m *Map) Store(k Key, v Value) {{ {store} }}
bounds: {{int: [0, 7], heap: 8, keys: {keys}}}
"""
LOAD = "value, ok = (*m.p.Load())[k]; return"
HELD = "value, ok = (*m.q.Load().t)[k]; return"
SWAP = "for { old := m.p.Load(); next := copied(old); (*next)[k] = v; if m.p.CompareAndSwap(old, next) { return } }"
SEEN = "n := m.r.Load(); if n == nil { return }; n.n.Store(1); return 1, true"
SKIPPED = """t := &table{}; (*t)[0] = 1; (*t)[1] = 1
    seen := 0
    for i := range *t {
      seen++
      if seen == 1 { delete(*t, 1-i); (*t)[1-i] = 1 }
    }
    if seen == 1 { return 1, true }
    value, ok = (*m.p.Load())[k]
    return"""
RIGHT, WRONG, RACE = set[str](), {"linearizable"}, {"race", "linearizable"}

CASES: dict[str, tuple[int, str, str, set[str]]] = {
    "copied": (2, LOAD, SWAP, RIGHT),
    "lost": (2, LOAD, "next := copied(m.p.Load()); (*next)[k] = v; m.p.Store(next)", WRONG),
    # What was one's own and is seen by others when it is written.
    "in place": (1, LOAD, "(*m.p.Load())[k] = v", {"race"}),
    "filled too late": (1, LOAD, "next := &table{}; m.p.Store(next); (*next)[k] = v", RACE),
    "filled under another name": (1, LOAD, "next := table{}; p := &next; m.p.Store(p); next[k] = v", RACE),
    "filled as a copy of the map": (1, LOAD, "next := table{}; same := next; m.p.Store(&next); same[k] = v", RACE),
    "filled within an object": (1, HELD, "h := &holder{&table{}}; m.q.Store(h); (*h.t)[k] = v", RACE),
    "found within an object": (1, LOAD, "h := &holder{&table{}}; m.p.Store(h.t); (*h.t)[k] = v", RACE),
    "held within an object": (1, HELD, "h := &holder{&table{}}; (*h.t)[k] = v; m.q.Store(h)", RIGHT),
    # Range may leave out a key that was deleted and inserted meanwhile.
    "inserted meanwhile": (2, SKIPPED, "", WRONG),
    # What others find they change.
    "changed meanwhile": (1, SEEN, "n := &node{}; m.r.Store(n); if n.n.Load() != 0 { m.r.Store(nil) }", WRONG),
    # More rounds than a run has.
    "a long loop": (1, LOAD, "next := table{}; for i := 0; i < 7; i++ { next[k] = v }; m.p.Store(&next)", RIGHT),
}


def program(name: str) -> Program:
    keys, load_, store, _ = CASES[name]
    operations = "Load, Store" if store else "Load"
    text = HEAD.format(keys=keys, operations=operations, load=load_, store=store)
    return load(read_text("m.yaml", text), Options())


def small(name: str) -> Program:
    return renamable(symmetric(reduced(program(name))))


def kinds(p: Program) -> set[str]:
    found = explore(p, Limits(max_states=60_000), engine="reference")
    assert found.complete
    return {v.kind for v in found.violations}


@pytest.mark.parametrize("name", CASES)
def test_what_is_joined_says_what_all_of_it_says(name: str) -> None:
    *_, wanted = CASES[name]
    assert kinds(program(name)) == wanted
    assert kinds(small(name)) == wanted


@pytest.mark.parametrize("name", ["copied", "inserted meanwhile"])
def test_both_back_ends_go_through_the_same_states(name: str) -> None:
    one, two = (explore(small(name), Limits(), engine=e) for e in ("reference", "kernel"))
    assert two.engine == "kernel" and (one.states, one.transitions) == (two.states, two.transitions)


def test_a_copy_is_made_and_published_in_one_step() -> None:
    made = small("copied")
    (client,) = (t for t in made.templates if t.steps)
    away = {s.src for s in client.steps if s.fail is None} - {client.entry}
    # Where it has loaded a table, and where it begins again.
    assert len(away) == 2
    assert not _looks(made, "fresh") and _looks(small("inserted meanwhile"), "fresh")


def _looks(p: Program, field: str) -> bool:
    """Whether a step reads or writes a field of some object."""
    steps = [s for t in p.templates for s in t.steps]
    values: list[Expr] = [s.guard for s in steps]
    values += [e for s in steps for r, v in s.updates for e in (v, Read(r))]
    return any(isinstance(r, At) and field in r.family.name for v in values for r in refs(v))


WEAKER = {
    "what others find is not forgotten": (tokens, "lasting", lambda inside, own, settled: inside, "changed meanwhile"),
    "all names are names of different objects": (tokens.Known, "distinct", lambda *_: True, "inserted meanwhile"),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_argument_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, wrong, case = WEAKER[name]
    monkeypatch.setattr(where, what, wrong)
    monkeypatch.setattr(ownership, "lasting", tokens.lasting)
    assert kinds(small(case)) != CASES[case][-1]
