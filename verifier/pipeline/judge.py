"""From what was found to properties: every finding replayed by the audit, nothing rounded up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verifier.audit.replay import AuditError, Claim, replay
from verifier.evidence.result import Property
from verifier.evidence.trace import Trace
from verifier.explore.search import Violation, choices_of
from verifier.model.document import Bounds, ClauseText, Document
from verifier.pipeline.advice import about_bound, about_limit
from verifier.pipeline.explore import Explored
from verifier.program.program import Fail
from verifier.verdict import Verdict

HOLDS = {
    "race": "no two goroutines touch one location unordered, one of them writing",
    "fatal": "nothing the runtime would kill the process for",
    "panic": "no panic reaches the top of a goroutine",
    "deadlock": "no reachable state where a goroutine waits for ever",
}
"""What SAFE means, in a sentence."""

FAILS = {
    "race": "two goroutines touch {name} unordered",
    "fatal": "fatal error: {name}",
    "panic": "panic: {name}",
    "deadlock": "a goroutine waits for ever",
}


@dataclass(frozen=True, slots=True)
class Audited:
    """A finding with its replayed trace, or with the reason the audit gave for refusing it."""

    trace: Trace | None
    refused: str = ""


def audit(explored: Explored, violation: Violation) -> Audited:
    """Replay a finding on the unreduced program before anybody believes it."""
    claim = Claim(violation.kind, violation.name, violation.goroutines)
    try:
        trace = replay(explored.program, choices_of(explored.found, violation), claim)
    except AuditError as error:
        return Audited(None, str(error))
    return Audited(replace(trace, lowering=explored.lowering))


def builtin(kind: str, document: Document, runs: tuple[Explored, ...]) -> Property:
    """Judge race, fatal, panic or deadlock over the lowerings that count for it, the deciding one first."""
    expected = dict(document.expect).get(kind)
    states = runs[0].found.states
    for run in runs:
        violation = run.found.first(kind)
        if violation is None:
            continue
        audited = audit(run, violation)
        if audited.trace is None:
            return Property(kind, kind, Verdict.ERROR, expected, "", "replay", states, reason=audited.refused)
        sentence = FAILS[kind].format(name=violation.name)
        return Property(kind, kind, Verdict.UNSAFE, expected, sentence, "counterexample", states, trace=audited.trace)
    reason = next((r for r in (undecided(run, kind) for run in runs) if r), "")
    if reason:
        return Property(kind, kind, Verdict.UNKNOWN, expected, "", "", states, reason=reason)
    return Property(kind, kind, Verdict.SAFE, expected, HOLDS[kind], "exhaustive", states)


def undecided(run: Explored, kind: str) -> str:
    """Why a run without a violation of this kind does not show its absence; empty when it does."""
    found = run.found
    if run.program.init_fail is not None:
        return _initialiser(run.program.init_fail, run.bounds)
    if not found.complete:
        size = "" if "states" in found.limit else f" after {found.states:,} state{'' if found.states == 1 else 's'}"
        return "; ".join(x for x in (found.limit + size, about_limit(found.limit)) if x)
    if run.bound_hit:
        return f"a bound was hit: {about_bound(run.bound_hit, run.bounds)}"
    if kind == "deadlock" and not found.deadlock_decided:
        return found.deadlock_limit
    return ""


def _initialiser(failure: Fail, bounds: Bounds) -> str:
    what = about_bound(failure.message, bounds) if failure.kind == "bound" else failure.message
    return f"an initialiser fails: {what}"


def clause(c: ClauseText, document: Document, run: Explored) -> Property:
    """Judge an always, sometimes or finally clause."""
    found = run.found
    base = Property(
        c.name,
        c.when,
        Verdict.UNKNOWN,
        dict(document.expect).get(c.name),
        "",
        "",
        found.states,
        span=c.span,
        formula=c.text.value.strip(),
    )
    violation = found.first(c.when, c.name)
    if violation is not None:
        return _shown(base, audit(run, violation))
    reason = undecided(run, c.when)
    if not reason and c.when == "finally" and not found.finished:
        reason = "never judged: in no run do all goroutines return"
    if reason:
        return replace(base, reason=reason)
    if c.when == "sometimes":
        return replace(base, verdict=Verdict.UNSAFE, sentence="never reached", method="exhaustive")
    return replace(base, verdict=Verdict.SAFE, sentence=c.name, method="exhaustive")


def _shown(base: Property, audited: Audited) -> Property:
    """A clause with a schedule: the witness of a `sometimes`, the counterexample of the others."""
    if audited.trace is None:
        return replace(base, verdict=Verdict.ERROR, method="replay", reason=audited.refused)
    if base.kind == "sometimes":
        return replace(base, verdict=Verdict.SAFE, sentence=base.name, method="witness", trace=audited.trace)
    sentence = f"{base.formula} does not hold"
    return replace(base, verdict=Verdict.UNSAFE, sentence=sentence, method="counterexample", trace=audited.trace)
