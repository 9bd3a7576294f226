"""Races that interleavings hide because something looked at a channel: `len`, and `default` beside a buffer.

Both show what another goroutine did without ordering anything, so that an access behind them need not be adjacent to
the one it races with in any interleaving. In the lowering `unordered` they say anything. Then only happens-before
orders anything, and a program without a race there has none. A race there need not be one: the observation may be
impossible, or imply an order. So it is UNKNOWN.
"""

from __future__ import annotations

from verifier.evidence.result import Property
from verifier.evidence.trace import RacyAccess
from verifier.pipeline.explore import Budget, run
from verifier.pipeline.judge import audit, undecided
from verifier.pipeline.load import Front
from verifier.records import replace
from verifier.verdict import Verdict

LOWERING = "unordered"


def judged(race: Property, front: Front, budget: Budget) -> Property:
    """`race`, SAFE so far; UNKNOWN where an observation may hide one, or the exploration came to no end."""
    found = run(front, LOWERING, budget, frozenset({"race"}))
    finding = found.searches.first("race")
    if finding is None:
        open_end = undecided(found, "race")
        why = f"races that `len` of a channel or `default` beside a buffer hides: {open_end}"
        return replace(race, verdict=Verdict.UNKNOWN, sentence="", method="", reason=why) if open_end else race
    audited = audit(found, finding)
    if audited.trace is None:
        return replace(race, verdict=Verdict.ERROR, sentence="", method="replay", reason=audited.refused)
    earlier, later = audited.trace.race
    reason = f"`len` and `default` order nothing: {_who(earlier)} and {_who(later)} may race on {later.location}"
    return replace(race, verdict=Verdict.UNKNOWN, sentence="", method="", reason=reason, trace=audited.trace)


def _who(access: RacyAccess) -> str:
    return f"{access.goroutine}{f' ({access.span.words})' if access.span else ''}"
