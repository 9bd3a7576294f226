"""From what was found to properties: every finding replayed by the audit, nothing rounded up."""

from __future__ import annotations

from verifier.audit.replay import AuditError, Claim, replay
from verifier.evidence.result import Property
from verifier.evidence.trace import Trace
from verifier.explore.undo import UndoError
from verifier.model.document import Bounds, ClauseText, Document
from verifier.pipeline.advice import about_bound, about_limit
from verifier.pipeline.engines import Finding
from verifier.pipeline.explore import Explored
from verifier.program.program import Fail
from verifier.records import dataclass, replace
from verifier.source import Span
from verifier.verdict import Verdict

HOLDS = {
    "race": "no two goroutines touch one location unordered, one of them writing",
    "fatal": "nothing the runtime would kill the process for",
    "panic": "no panic reaches the top of a goroutine",
    "deadlock": "no reachable state where a goroutine waits for ever",
    "lost-update": "nothing is overwritten that changed since the write was decided",
    "starvation": "every goroutine gets on again, if all get their turn",
}
"""What SAFE means, in a sentence."""

FAILS = {
    "race": "two goroutines touch {name} unordered",
    "fatal": "fatal error: {name}",
    "panic": "panic: {name}",
    "deadlock": "a goroutine waits for ever",
    "lost-update": "{name} is overwritten from a stale read",
    "starvation": "{name} never gets on, although all get their turn",
}


@dataclass(frozen=True, slots=True)
class Audited:
    """A finding with its replayed trace, or with the reason the audit gave for refusing it."""

    trace: Trace | None
    refused: str = ""


def audit(explored: Explored, finding: Finding) -> Audited:
    """Undo reductions and replay a finding on the unreduced program before anybody believes it."""
    try:
        choices, shown = explored.searches.schedule(finding)
        trace = replay(explored.program, choices, Claim(shown.kind, shown.name, shown.goroutines))
    except (AuditError, UndoError) as error:
        return Audited(None, str(error))
    return Audited(replace(trace, lowering=explored.lowering, fused=explored.searches.fused(finding)))


def builtin(kind: str, document: Document, runs: tuple[Explored, ...]) -> Property:
    """Judge race, fatal, panic or deadlock over the lowerings that count for it, the deciding one first."""
    expected = dict(document.expect).get(kind)
    states = runs[0].found.states
    for run in runs:
        finding = run.searches.first(kind)
        if finding is None:
            continue
        audited = audit(run, finding)
        if audited.trace is None:
            return Property(kind, kind, Verdict.ERROR, expected, "", "replay", states, reason=audited.refused)
        sentence = FAILS[kind].format(name=_name(finding, audited.trace))
        return Property(kind, kind, Verdict.UNSAFE, expected, sentence, "counterexample", states, trace=audited.trace)
    reason = next((r for r in (undecided(run, kind) for run in runs) if r), "")
    if reason:
        return Property(kind, kind, Verdict.UNKNOWN, expected, "", "", states, reason=reason)
    return Property(kind, kind, Verdict.SAFE, expected, HOLDS[kind], "exhaustive", states)


def _name(finding: Finding, trace: Trace) -> str:
    """What is raced on, or the message: as the schedule shows it, where goroutines may have been exchanged."""
    if trace.race:
        return trace.race[0].location
    if trace.lost:
        return trace.lost.location
    return trace.failure or finding.violation.name


def undecided(run: Explored, kind: str) -> str:
    """Why a run without a violation of this kind does not show its absence; empty when it does."""
    found = run.found
    if run.program.init_fail is not None:
        return _initialiser(run.program.init_fail, run.program.init_span, run.bounds)
    if not found.complete:
        size = "" if "states" in found.limit else f" after {found.states:,} state{'' if found.states == 1 else 's'}"
        return "; ".join(x for x in (found.limit + size, about_limit(found.limit)) if x)
    if run.bound_hit:
        return f"a bound was hit{run.bound_place}: {about_bound(run.bound_hit, run.bounds)}"
    if kind == "deadlock" and not found.deadlock_decided:
        return found.deadlock_limit
    return ""


def _initialiser(failure: Fail, span: Span | None, bounds: Bounds) -> str:
    what = about_bound(failure.message, bounds) if failure.kind == "bound" else failure.message
    place = f" at {span.file}:{span.line}" if span is not None else ""
    return f"an initialiser fails{place}: {what}"


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
    finding = run.searches.first(c.when, c.name)
    if finding is not None:
        return _shown(base, audit(run, finding))
    reason = undecided(run, c.when)
    if not reason and c.when == "finally" and not run.searches.finished:
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
