"""How much goroutines wait for each other under a protection scheme, where the state graph is small enough to say."""

from __future__ import annotations

from verifier.evidence.contention import Contention
from verifier.explore.contention import contention as measured
from verifier.explore.search import Exploration, explore
from verifier.pipeline.explore import Budget, Explored
from verifier.records import replace

MOST_STEPS = 150_000
"""Transitions of the largest graph looked at: some three seconds."""


def contention(base: Explored, files: frozenset[str], budget: Budget) -> Contention:
    """The contention of the scheme whose code stands in `files`. Never raises for Ctrl-C: that is a reason."""
    try:
        return _contention(base, files, budget)
    except KeyboardInterrupt:
        return Contention(None, None, None, "interrupted")


def _contention(base: Explored, files: frozenset[str], budget: Budget) -> Contention:
    if base.program.init_fail is not None:
        return Contention(None, None, None, "an initialiser fails, so no goroutine runs")
    found = base.found if not base.searches.reductions else _unreduced(base, budget)
    if found.complete and found.transitions > MOST_STEPS:
        return Contention(None, None, None, f"the state graph has more than {MOST_STEPS:,} steps")
    if not found.complete:
        return Contention(None, None, None, found.limit)
    return measured(found, files)


def _unreduced(base: Explored, budget: Budget) -> Exploration:
    """The graph of all states: one in which states stand for many has other shares."""
    options = budget.options
    limits = replace(budget.limits(), max_states=MOST_STEPS // 2)
    found = explore(base.program, limits, clock=options.clock, progress=options.progress)
    small = "the state graph has more than"
    return replace(found, limit=f"{small} {limits.max_states:,} states") if "max-states" in found.limit else found
