"""What makes searches of clients smaller: each reduction with and without, in both back ends, with both judges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.explore.canonical import Canonical
from verifier.explore.kernel import search as kernel
from verifier.explore.kernel.judgecode import Judge
from verifier.explore.search import Exploration, Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.engines import explored
from verifier.pipeline.explore import load
from verifier.program.expr import Cell, Read
from verifier.program.monitor import Clients
from verifier.program.passes.copies import merge_copies
from verifier.program.passes.covering import covering
from verifier.program.passes.reduce import reduced
from verifier.program.passes.renaming import renamable
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Clause, Program

from .campaign import Case

CASES = {
    "copy on write": Case("copyonwrite", ("Store", "CompareAndSwap", "LoadAndDelete"), 1, 2),
    "lost update": Case("copyonwrite store", ("LoadOrStore", "Load"), 1, 2),
    "hash trie": Case("syncmap127", ("LoadOrStore", "LoadAndDelete"), 1, 2),
    "in place": Case("syncmap127 inplace", ("Store", "CompareAndSwap", "LoadAndDelete"), 1, 2),
}


def small(case: Case) -> Program:
    return renamable(symmetric(reduced(load(read_text("m.yaml", case.text()), Options()))))


def changed(program: Program, **what: object) -> Program:
    assert program.clients is not None
    return replace(program, clients=replace(program.clients, **what))  # type: ignore[arg-type]


def counts(found: Exploration) -> tuple[object, ...]:
    return found.complete, found.states, found.transitions, [(v.kind, v.name, v.state) for v in found.violations]


@pytest.mark.parametrize("name", CASES)
def test_back_ends_and_judges_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = small(CASES[name])
    assert program.clients is not None and program.clients.covering and program.clients.renaming is not None
    one, two = (explore(program, Limits(), engine=e) for e in ("reference", "kernel"))
    assert two.engine == "kernel" and counts(one) == counts(two)
    asked: list[Judge] = []

    def python(clients: Clients) -> Judge:
        asked.append(Judge(clients, compiled=False))
        return asked[-1]

    monkeypatch.setattr(kernel, "Judge", python)
    three = explore(program, Limits(), engine="kernel")
    assert three.engine == "kernel" and asked[0].asked > 0 and counts(three) == counts(one)


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out_changes_no_verdict(name: str) -> None:
    program = small(CASES[name])
    plain = changed(program, covering=False, renaming=None)
    whole = explore(plain, Limits(), engine="kernel")
    bad = whole.first("linearizable") is not None
    assert bad == (name in ("lost update", "in place"))
    for less in (changed(plain, covering=True), changed(program, covering=False), program):
        found = explore(less, Limits(), engine="kernel")
        assert found.complete and found.states <= whole.states
        assert (found.first("linearizable") is not None) == bad
    assert found.states < whole.states


def test_one_of_two_states_is_kept_where_values_are_alike() -> None:
    program = changed(small(CASES["copy on write"]), covering=False)
    one, two = (explore(p, Limits()) for p in (program, changed(program, renaming=None)))
    form = Canonical(one.machine)
    assert form._values is not None
    apart = form._values.apart
    orbits = {apart(form.canonical(two.store.order[n])) for n in range(two.states)}
    assert orbits == {apart(one.store.order[n]) for n in range(one.states)}
    assert len(orbits) < len({apart(two.store.order[n]) for n in range(two.states)})


PICKY = """model: m
linearizable: {type: Map, keys: 1, values: 2, goroutines: 2, calls: 1, operations: [Load, Store]}
declare: |
  type Key int
  type Value int
  type Map struct { v atomic.Int64; hits atomic.Int64 }
  func (m *Map) Load(k Key) (Value, bool) {
    v := m.v.Load()
    return Value(v), v != 0
  }
  func (m *Map) Store(k Key, v Value) {
    LOOK
    m.v.Store(int64(v))
  }
"""


@pytest.mark.parametrize(
    ("look", "alike"),
    [("", True), ("if v == 1 { m.hits.Store(1) }", False), ("if v > 1 { m.hits.Store(1) }", False)],
)
def test_values_that_code_tells_apart_are_not_exchanged(look: str, alike: bool) -> None:
    program = load(read_text("m.yaml", PICKY.replace("LOOK", look)), Options())
    # Sliced, the code would not tell them apart any more: nobody reads what it writes.
    made = renamable(symmetric(merge_copies(program)))
    assert made.clients is not None and (made.clients.renaming is not None) == alike


def test_a_clause_about_the_judge_forbids_leaving_states_out() -> None:
    program = load(read_text("m.yaml", PICKY.replace("LOOK", "")), Options())
    assert program.clients is not None
    curious = Clause("curious", "sometimes", Read(Cell(program.clients.state)))
    assert covering(program).clients != program.clients
    looked = replace(program, clauses=(*program.clauses, curious))
    assert covering(looked) is looked


def test_what_is_not_linearizable_is_searched_for_again_only_up_to_where_it_shows() -> None:
    """With values exchanged no schedule can be told, without that there are more states: some of them are enough."""
    program = load(read_text("m.yaml", CASES["lost update"].text()), Options())
    found = explored(program, Options(reduce=True, engine="kernel"), Limits, frozenset())
    assert found.whole.complete and found.told is not None and not found.told.complete
    first = found.first("linearizable")
    assert first is not None and first.exploration is found.told and found.fused(first)
    assert found.schedule(first)[1].kind == "linearizable"
