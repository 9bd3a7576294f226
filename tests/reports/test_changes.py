"""What `verify diff` says: every difference, which way it goes, and an exit status that follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.evidence.mutant import Mutant
from verifier.evidence.result import Coverage, Result
from verifier.evidence.store import settled
from verifier.report.changes import BETTER, OTHER, WORSE, changes
from verifier.report.changes_text import Compared, markdown, summary, text, worse
from verifier.verdict import Verdict

from .builders import at, prop
from .results import TABLE

SAFE = TABLE["safe"]
RACE, LOCK = SAFE.properties[0], SAFE.properties[1]


def ways(old: Result, new: Result) -> set[tuple[str, str]]:
    return {(c.way, c.about) for c in changes(old, new)}


@pytest.mark.parametrize("name", TABLE)
def test_equal_results_have_no_differences(name: str) -> None:
    assert changes(TABLE[name], TABLE[name]) == ()
    assert changes(TABLE[name], settled(TABLE[name])) == ()


@pytest.mark.parametrize("other", [n for n in TABLE if n not in ("safe", "bare")])
def test_from_safe_nothing_but_worse(other: str) -> None:
    found = changes(SAFE, TABLE[other])
    assert any(c.way == WORSE for c in found)
    assert [c.way for c in found] == sorted((c.way for c in found), key=[WORSE, BETTER, OTHER].index)


@pytest.mark.parametrize(
    ("verdict", "way"), [(Verdict.UNSAFE, WORSE), (Verdict.UNKNOWN, WORSE), (Verdict.ERROR, WORSE)], ids=str
)
def test_a_verdict_that_is_no_longer_safe_is_worse_even_if_it_is_expected(verdict: Verdict, way: str) -> None:
    new = replace(SAFE, properties=(replace(RACE, verdict=verdict, expected=verdict), *SAFE.properties[1:]))
    assert (way, "race") in ways(SAFE, new)
    assert (BETTER, "race") in ways(new, SAFE)


def test_an_unexpected_verdict_is_worse_although_it_is_safe() -> None:
    old = replace(SAFE, properties=(prop("race", Verdict.UNSAFE, Verdict.UNSAFE),))
    new = replace(SAFE, properties=(prop("race", Verdict.SAFE, Verdict.UNSAFE),))
    assert (WORSE, "race") in ways(old, new)


def test_a_property_that_is_gone_is_worse_and_a_new_one_that_holds_is_not() -> None:
    fewer = replace(SAFE, properties=SAFE.properties[1:])
    assert (WORSE, "race") in ways(SAFE, fewer)
    assert (OTHER, "race") in ways(fewer, SAFE)


def test_fewer_goroutines_are_worse_and_fewer_states_are_told() -> None:
    small = replace(SAFE.explored, counts=(("reader", 1),), states=8)
    found = ways(SAFE, replace(SAFE, explored=small))
    assert {(WORSE, "goroutines"), (OTHER, "states")} <= found
    assert "412 -> 8 (-404)" in [c.words for c in changes(SAFE, replace(SAFE, explored=small))]


def test_a_proof_for_any_number_that_is_lost_is_worse() -> None:
    assert (WORSE, "any number") in ways(SAFE, replace(SAFE, any_number=None))
    assert (BETTER, "any number") in ways(replace(SAFE, any_number=None), SAFE)


def test_statements_are_told_apart_by_text_not_by_line() -> None:
    moved = tuple((at(s.line + 5), t) for s, t in SAFE.coverage.statements) if SAFE.coverage else ()
    same = replace(SAFE, coverage=Coverage(2, 3, (moved[2],), moved))
    assert changes(SAFE, same) == ()
    less = replace(SAFE, coverage=Coverage(1, 3, moved[1:], moved))
    assert [(c.way, c.words) for c in changes(SAFE, less)] == [
        (WORSE, "never runs any more: m[k] = v  (models/m.yaml:26)")
    ]
    assert [c.way for c in changes(less, SAFE)] == [BETTER]
    old_kind = replace(SAFE, coverage=Coverage(2, 3, (moved[2],)))
    assert changes(old_kind, SAFE) == ()


def test_a_mutant_that_nobody_notices_any_more_is_worse() -> None:
    blind = replace(SAFE, mutants=(Mutant("mu.Lock() removed", at(21), Verdict.SAFE),))
    assert (WORSE, "mutants") in ways(SAFE, blind)
    assert (WORSE, "mutants") in ways(SAFE, replace(SAFE, mutants=None))


def test_what_is_told_and_counted() -> None:
    compared = [Compared("m", changes(SAFE, TABLE["race"])), Compared("gone", only="old"), Compared("new", only="new")]
    shown = text(compared)
    assert shown.startswith("m:\n  worse ") and "gone: only in the old evidence" in shown
    number = worse(compared)
    assert shown.endswith(f"{number} things got worse\n") and number > 2
    assert f"**{number} things got worse**" in markdown(compared) and "| **worse** |" in markdown(compared)
    assert summary([Compared("new", only="new")]) == "changed, and nothing got worse"
    assert summary([Compared("m")]) == "nothing changed"
