"""Two conflicting accesses are about to happen in a reachable state ⇔ happens-before leaves such a pair unordered.

That is what lets the product judge `race` by interleavings alone. Not compared:

* searches that hit a limit: no verdict;
* programs that can unlock what is not locked, or bring a WaitGroup below zero: there an unlock or a Done gets its
  outcome from an event that is not ordered before it, and the program is refuted anyway;
* TryLock without spurious failures: a failing TryLock observes without synchronising, so both let it fail at will.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from . import programs as go
from .clocks import explore_clocks
from .generate import EVERY, FAMILIES, TRY_FAMILIES, from_seed, programs
from .interpreter import explore
from .text import to_go

PROGRAMS = 60


def compare(program: go.Program) -> str:
    """How the two judges compare: "racy", "race-free", "undecided", "excluded" or "differ"."""
    spurious = program.uses(go.TryLocked)
    states = explore(program, spurious)
    clocks = explore_clocks(program, spurious)
    if not states.decided or not clocks.decided:
        return "undecided"
    if bool(states.race) == bool(clocks.race):
        return "racy" if states.race else "race-free"
    whole = explore(program, spurious, stop_at_race=False)
    broken = whole.fatal or whole.odd or (whole.panic and program.uses(go.Group))
    return "excluded" if broken else "differ"


def show(program: go.Program) -> str:
    return "\n\n".join(f"{role}:\n{body}" for role, body in to_go(program)[1].items())


@pytest.mark.parametrize("family", EVERY)
def test_co_enabled_is_unordered(family: str) -> None:
    tally: Counter[str] = Counter()
    for seed in range(PROGRAMS):
        program = from_seed(seed, EVERY[family])
        verdict = compare(program)
        assert verdict != "differ", f"seed {seed}\n{show(program)}"
        tally[verdict] += 1
    assert tally["racy"] + tally["race-free"] >= 0.8 * PROGRAMS, tally
    assert tally["race-free"] >= 0.3 * PROGRAMS, tally
    assert tally["racy"] >= 1, tally


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs(FAMILIES["all"]))
def test_co_enabled_is_unordered_with_everything_mixed(program: go.Program) -> None:
    assert compare(program) != "differ", show(program)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs(TRY_FAMILIES["try all"]))
def test_co_enabled_is_unordered_with_failing_trylocks(program: go.Program) -> None:
    assert compare(program) != "differ", show(program)
