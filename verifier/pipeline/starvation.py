"""Judging `starvation`: on the whole state graph of the unreduced program, with a lasso as the counterexample."""

from __future__ import annotations

from verifier.audit.replay import AuditError, Claim, replay
from verifier.evidence.result import Property
from verifier.explore.search import explore
from verifier.explore.starvation import starving
from verifier.pipeline.advice import about_bound, about_limit
from verifier.pipeline.explore import Budget, Explored, named
from verifier.pipeline.judge import FAILS, HOLDS, undecided
from verifier.pipeline.load import Front, program
from verifier.records import replace
from verifier.verdict import Verdict

KIND = "starvation"

EDGES = 100_000
"""Transitions of the graph that is searched; each takes some 300 bytes."""


def starvation(front: Front, base: Explored, budget: Budget) -> Property:
    """Judge starvation, with the bounds that `base`, the exploration for the other properties, came to."""
    open_ = Property(KIND, KIND, Verdict.UNKNOWN, dict(front.document.expect).get(KIND), "", "", base.found.states)
    if base.program.init_fail is not None:
        return replace(open_, reason=undecided(base, KIND))
    made = program(front, KIND, base.bounds)
    options = budget.options
    # As many states at most as transitions: every state but one is reached by one.
    most = min(EDGES, options.max_states or EDGES)
    limits = replace(budget.limits(), max_states=most)
    found = explore(made, limits, clock=options.clock, progress=options.progress)
    if found.transitions > EDGES or (not found.complete and most == EDGES and "max-states" in found.limit):
        return replace(open_, reason=f"the state graph has more than {EDGES:,} transitions; lower the counts")
    if not found.complete:
        return replace(open_, reason="; ".join(x for x in (found.limit, about_limit(found.limit)) if x))
    open_ = replace(open_, states=found.states)
    lasso = starving(found)
    if lasso is None:
        hit = found.first("bound")
        if hit is not None:
            return replace(open_, reason=f"a bound was hit: {about_bound(hit.name, base.bounds)}")
        return replace(open_, verdict=Verdict.SAFE, sentence=HOLDS[KIND], method="exhaustive")
    try:
        claim = Claim(KIND, "", (lasso.goroutine,), len(lasso.loop))
        trace = replay(made, (*lasso.stem, *lasso.loop), claim)
    except AuditError as error:
        return replace(open_, verdict=Verdict.ERROR, method="replay", reason=str(error))
    sentence = FAILS[KIND].format(name=made.instances[lasso.goroutine].name)
    trace = replace(trace, lowering=named(KIND, base.bounds, front.document.bounds))
    return replace(open_, verdict=Verdict.UNSAFE, sentence=sentence, method="counterexample", trace=trace)
