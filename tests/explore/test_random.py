from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings

from verifier.audit.replay import Claim, confirm, replay, walk
from verifier.explore.search import Exploration, Limits, choices_of, explore
from verifier.program.passes.compose import compose
from verifier.program.program import Program

from .machines import naive
from .random_programs import small_programs

SMALL = Limits(max_states=4_000)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def verdicts(found: Exploration) -> set[tuple[str, str]]:
    """Everything found that must not depend on composition. Which goroutine is stuck first may."""
    return {(v.kind, v.name) for v in (*found.violations, *found.witnesses)}


@QUICK
@given(small_programs())
def test_the_generated_search_agrees_with_a_naive_one(program: Program) -> None:
    found = explore(program, SMALL)
    assume(found.complete)
    plain = naive(program)
    assert (found.states, found.transitions) == (plain.states, plain.transitions)
    failures = {(v.kind, v.name) for v in found.violations if v.kind in ("panic", "bound")}
    assert failures == plain.failures
    if plain.stuck:
        assert found.first("deadlock") is not None


@QUICK
@given(small_programs())
def test_composition_keeps_every_verdict(program: Program) -> None:
    raw = explore(program, SMALL)
    assume(raw.complete)
    composed = explore(compose(program), SMALL)
    assert composed.complete and composed.states <= raw.states
    assert verdicts(composed) == verdicts(raw)
    assert composed.finished == raw.finished
    # A started goroutine takes its first local steps together with its first visible one, which may block for ever.
    missing = {t for t, _ in raw.coverage ^ composed.coverage}
    assert composed.coverage <= raw.coverage and missing <= {3}
    assert composed.deadlock_decided and raw.deadlock_decided


@QUICK
@given(small_programs())
def test_every_violation_survives_the_audit(program: Program) -> None:
    small = compose(program)
    found = explore(small, SMALL)
    assume(found.complete)
    for v in (*found.violations, *found.witnesses):
        claim = Claim(v.kind, v.name, v.goroutines)
        choices = choices_of(found, v)
        assert confirm(walk(small, choices), claim)
        trace = replay(small, choices, claim)
        assert len([s for s in trace.steps if not s.waits or s.number <= len(choices)]) == len(choices)
