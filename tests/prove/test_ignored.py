"""Data that decides nothing is not followed; data that decides a step, or where a proof fails an access, is."""

from __future__ import annotations

from verifier.prove.anynumber import attempt
from verifier.prove.shape import shape
from verifier.prove.views import fixpoint

from .build import Case, for_proof, front, machine

GUARDED = Case(
    "var mu sync.Mutex\nvar m = map[string]int{}",
    {"writer": 'mu.Lock()\nm["a"] = 30\nmu.Unlock()', "reader": 'mu.Lock()\n_ = m["a"]\nmu.Unlock()'},
)
RACY = Case("var m = map[string]int{}", {"writer": 'm["a"] = 30', "reader": '_ = m["a"]'})
DECIDES = Case(
    "var mu sync.Mutex\nvar m = map[string]int{}",
    {
        "writer": 'mu.Lock()\nm["a"] = 30\nmu.Unlock()',
        "reader": 'mu.Lock()\nif m["a"] == 30 {\npanic("thirty")\n}\nmu.Unlock()',
    },
)


def ignored(case: Case, conditions: bool) -> set[str]:
    made = for_proof(front(case))
    found = shape(made, conditions)
    return {f"{made.cells[n].name} {type(made.cells[n].domain).__name__}" for n in found.ignored if n < found.size}


def test_a_stored_value_is_ignored_and_whether_it_is_there_only_at_first() -> None:
    assert {'m["a"] Bool', 'm["a"] Range'} <= ignored(GUARDED, conditions=False)
    assert 'm["a"] Range' in ignored(GUARDED, conditions=True)
    assert 'm["a"] Bool' not in ignored(GUARDED, conditions=True)


def test_fewer_situations_prove_the_same() -> None:
    made = for_proof(front(GUARDED))
    tried = attempt(made, lambda: False, largest=1)
    closer = fixpoint(machine(front(GUARDED)), 1)
    assert tried.proof is not None
    assert closer.proved
    assert len(tried.proof.views) < len(closer.views)


def test_what_a_step_depends_on_is_followed() -> None:
    assert not {'m["a"] Bool', 'm["a"] Range'} & ignored(DECIDES, conditions=False)
    tried = attempt(for_proof(front(DECIDES)), lambda: False, largest=1)
    assert tried.bad is not None
    assert tried.bad.kind == "panic"


def test_a_race_is_looked_at_again_with_the_conditions_of_accesses() -> None:
    tried = attempt(for_proof(front(RACY)), lambda: False, largest=1)
    assert tried.machine is not None
    assert tried.bad is not None
    assert tried.bad.kind == "race"
    assert tried.machine.shape.ignored == shape(for_proof(front(RACY))).ignored
    assert tried.machine.shape.ignored != shape(for_proof(front(RACY)), conditions=False).ignored
