"""Schedules of reduced searches, undone: every one is replayed by the auditor on the program before reduction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings

from benchmarks.rwmap import rwmap
from verifier.audit.replay import Claim, replay
from verifier.explore.search import Exploration, Limits, explore
from verifier.explore.undo import Undo, UndoError, raw_coverage, unreduce
from verifier.program.expr import Const
from verifier.program.passes.compose import compose
from verifier.program.passes.reduce import reduced
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import END, Kind, Program, Range, Step

from .exchange import naming_programs
from .machines import Role, build, counter, hanging, read, spawner, two_locks, write
from .random_programs import small_programs

SMALL = Limits(max_states=2_000)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def replayed(composed: Program, small: Program) -> Exploration:
    """Everything found in `small` shows on `composed` as well."""
    found = explore(small, SMALL)
    undo = Undo(found, composed)
    for v in (*found.violations, *found.witnesses):
        choices, shown = undo.violation(v)
        assert shown.kind == v.kind
        replay(composed, choices, Claim(shown.kind, shown.name, shown.goroutines))
    return found


def every_reduction(program: Program) -> None:
    composed = compose(program)
    replayed(program, symmetric(program))
    # A program composed twice stands for any other reduction of it.
    replayed(program, compose(program))
    replayed(composed, symmetric(composed))
    replayed(composed, symmetric(reduced(composed)))


@QUICK
@given(naming_programs())
def test_findings_about_goroutines_that_refer_to_each_other(program: Program) -> None:
    every_reduction(program)


@QUICK
@given(small_programs())
def test_findings_about_random_programs(program: Program) -> None:
    every_reduction(program)


@pytest.mark.parametrize(
    "program", [counter(True), counter(False), two_locks(), hanging(), hanging(True), spawner(1), spawner(3)]
)
def test_findings_about_programs_made_by_hand(program: Program) -> None:
    every_reduction(program)


def test_a_started_goroutine_that_races_in_the_step_it_begins_with() -> None:
    """Composition takes its local steps together with the access: before it they have to be taken."""
    begin = Step(2, 3, text="i := 0")
    go = Step(2, END, kind=Kind.SYNC, text="go", spawn=2)
    roles = [
        Role("p", 1, (go, write(2, END, 0, Const(1)))),
        Role("q", 1, (begin, read(3, END, 0, 2, 0)), (("t", Range(0, 1), 0),), parent=1),
        Role("r", 1, (write(2, END, 0, Const(1)),)),
    ]
    program = build([("x", Range(0, 1), 0)], roles)
    found = replayed(program, compose(program))
    assert found.first("race") is not None


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 2, 1), (3, 2, 2)])
def test_the_shortest_way_to_a_fatal_error_stays_the_shortest(size: tuple[int, int, int]) -> None:
    program = rwmap(*size, locked=False)
    found = explore(symmetric(program), stop_when=frozenset({"fatal"}))
    fatal = found.first("fatal")
    assert fatal is not None
    choices, shown = unreduce(found, fatal, program)
    assert len(choices) == 3
    replay(program, choices, Claim("fatal", shown.name, shown.goroutines))


@QUICK
@given(small_programs())
def test_coverage_goes_through_both_levels(program: Program) -> None:
    composed = compose(program)
    plain = explore(composed, SMALL)
    assume(plain.complete and plain.first("bound") is None)
    # Composed twice: nothing is left to join, so exactly the same is covered.
    twice = explore(compose(composed), SMALL)
    assert raw_coverage(twice, composed) == plain.coverage
    assert raw_coverage(explore(symmetric(composed), SMALL), composed) == plain.coverage


def test_a_finding_that_is_none_of_the_program_is_an_error() -> None:
    program = counter(False)
    found = explore(symmetric(program))
    race = found.first("race")
    assert race is not None
    with pytest.raises(UndoError, match="was not made from"):
        unreduce(found, race, two_locks())
    with pytest.raises(UndoError, match="no race on y"):
        unreduce(found, replace(race, name="y"), program)
