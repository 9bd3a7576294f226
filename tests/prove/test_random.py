"""Random programs: what is proved for any number of goroutines, exploration of a few finds nothing wrong with."""

from __future__ import annotations

from collections import Counter

import pytest

from verifier.prove.together import seen_by_exploration
from verifier.prove.views import fixpoint

from .build import front, machine
from .judge import judge
from .randoms import CLASSES, case

PROGRAMS = 40
"""Per class; `python -m tests.prove.campaign` does thousands."""


@pytest.mark.parametrize("kind", CLASSES)
def test_proved_means_that_a_few_goroutines_show_nothing(kind: str) -> None:
    tally: Counter[str] = Counter()
    for seed in range(PROGRAMS):
        found = judge(case(kind, seed), states=3_000, largest=1)
        assert not found.wrong, f"{kind} {seed}: {found.wrong}"
        tally[found.answer] += 1
    assert tally["proved"] >= PROGRAMS // 4, tally
    assert tally["bad view"] >= PROGRAMS // 4, tally


@pytest.mark.parametrize("kind", CLASSES)
def test_what_exploration_sees_lies_in_the_fixpoint(kind: str) -> None:
    compared = 0
    for seed in range(PROGRAMS):
        made = machine(front(case(kind, seed)))
        found = fixpoint(made, 1, limit=400)
        if not found.proved:
            continue
        for n in (2, 3):
            seen, bad, _ = seen_by_exploration(made, n, 1, limit=150)
            assert bad is None
            assert seen <= found.views, f"{kind} {seed}, {n} goroutines"
        compared += 1
    assert compared >= 5
