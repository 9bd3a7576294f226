"""JSON, schema 1: everything a `Result` says, for programs. Canonical: sorted keys, and no float but `seconds`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from verifier.evidence.contention import Contention
from verifier.evidence.fix import Fixes
from verifier.evidence.history import History
from verifier.evidence.mutant import Mutant
from verifier.evidence.odds import Odds
from verifier.evidence.result import AnyNumber, Explored, Property, Result
from verifier.evidence.trace import Held, Later, LostUpdate, Meeting, RacyAccess, Trace, TraceStep, Waiting
from verifier.program.program import Call
from verifier.report.json_scope import scope, span_
from verifier.report.outcome import Entry, Failed, exit_code
from verifier.source import Span
from verifier.verdict import Verdict

SCHEMA = 1

# `Mapping` values are dumped, never read back here, so "something JSON can hold" is all that is known of them.
Json = object


def render(entries: Sequence[Entry]) -> str:
    """One object for one model; for several `{"schema": 1, "models": […], "exit_code": …}`. Ends with a newline."""
    objects = [entry(e) for e in entries]
    whole: Json = objects[0] if len(objects) == 1 else _several(objects, entries)
    return text(whole)


def _several(objects: list[dict[str, Json]], entries: Sequence[Entry]) -> dict[str, Json]:
    return {"schema": SCHEMA, "models": objects, "exit_code": exit_code(entries)}


def entry(given: Entry) -> dict[str, Json]:
    """The object of one model, as plain dicts and lists."""
    return _failed(given) if isinstance(given, Failed) else _result(given)


def _failed(failed: Failed) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "model": failed.model,
        "path": failed.path,
        "verdict": failed.verdict.value,
        "exit_code": failed.exit_code,
        "error": failed.message,
        "properties": [],
    }


def _result(result: Result) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "model": result.model,
        "path": result.path,
        "sha256": result.sha256,
        "title": result.title,
        "go_version": result.go,
        "verdict": result.verdict.value,
        "exit_code": result.exit_code,
        "properties": [_property(p) for p in result.properties],
        "explored": _explored(result.explored),
        "trace": _first_failure(result),
        "consequences": [
            {"name": c.name, "sentence": c.sentence, "trace": trace(c.name, c.trace)} for c in result.consequences
        ],
        "assumptions": list(result.rests_on),
        "not_shown": list(result.not_shown),
        "notes": list(result.notes),
        "audited": result.audited,
        **scope(result),
        **({"scheme": result.scheme} if result.scheme else {}),
        **({"contention": _contention(result.contention)} if result.contention else {}),
        **({} if result.mutants is None else {"mutants": [_mutant(m) for m in result.mutants]}),
        **({} if result.odds is None else {"odds": [_odds(o) for o in result.odds]}),
        **({} if result.fixes is None else {"fixes": _fixes(result.fixes)}),
    }


def _odds(found: Odds) -> Json:
    """The share in millionths: there are no floats."""
    return {
        "property": found.property,
        "kind": found.kind,
        "share_millionths": found.share,
        "shortest": found.steps,
        "reason": found.reason,
        "meaning": found.meaning,
        "race_detector": list(found.silent),
        "consequences": list(found.others),
    }


def _fixes(found: Fixes) -> Json:
    suggestions = [
        {"what": f.what, "diff": f.diff, "verdict": Verdict.SAFE.value, "scope": f.scope, "properties": f.properties}
        for f in found.found
    ]
    return {"suggestions": suggestions, "tried": found.tried, "known": found.known, "reason": found.reason}


def _mutant(m: Mutant) -> Json:
    return {
        "span": span_(m.span),
        "step": m.step,
        "edit": m.edit,
        "verdict": m.verdict.value,
        "broken": list(m.broken),
        "steps": m.steps,
        "why": m.why,
        "note": m.note,
    }


def _contention(found: Contention) -> Json:
    """Shares in millionths: there are no floats."""
    return {
        "waits_millionths": found.waits,
        "lost_turns_millionths": found.lost,
        "longest_section": found.section,
        "reason": found.reason,
    }


def text(whole: Json) -> str:
    """Canonical JSON, ending with a newline."""
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _first_failure(result: Result) -> Json:
    failing = (p for p in result.properties if p.verdict is Verdict.UNSAFE and p.trace)
    return next((trace(p.name, p.trace) for p in failing if p.trace), None)


def _property(prop: Property) -> dict[str, Json]:
    return {
        "name": prop.name,
        "kind": prop.kind,
        "verdict": prop.verdict.value,
        "expected": prop.expected.value if prop.expected else None,
        "as_expected": prop.as_expected,
        "sentence": prop.sentence,
        "formula": prop.formula,
        "method": prop.method,
        "steps": prop.steps if prop.trace else None,
        "states": prop.states,
        "reason": prop.reason,
        "span": span_(prop.span),
        "any_number": _any_number(prop.any_number),
        "witness": trace(prop.name, prop.trace) if prop.trace else None,
    }


def _any_number(found: AnyNumber | None) -> Json:
    return {"verdict": found.verdict.value, "method": found.method, "k": found.k} if found else None


def _explored(explored: Explored) -> dict[str, Json]:
    return {
        "counts": dict(explored.counts),
        "states": explored.states,
        "transitions": explored.transitions,
        "engine": explored.engine,
        "seconds": round(explored.seconds, 3) or None,
        "complete": explored.complete,
        "limit": explored.limit,
        "reductions": list(explored.reductions),
    }


def trace(name: str, trace: Trace) -> dict[str, Json]:
    """The object of a schedule."""
    # The property is named inside the trace, so that a trace cut out of the file still says what it shows.
    return {
        "property": name,
        "choices": list(trace.choices),
        "fused": trace.fused,
        "goroutines": list(trace.goroutines),
        "start": dict(zip(trace.columns, trace.start, strict=True)),
        "steps": [_step(trace, s) for s in trace.steps],
        "race": dict(zip("ab", map(_access, trace.race), strict=False)) or None,
        "waits": [_waiting(w) for w in trace.waiting],
        "held": [_held(h) for h in trace.held],
        "later": [_later(x) for x in trace.later],
        **({} if trace.lost is None else {"lost_update": _lost(trace.lost)}),
        **({} if not trace.loop else {"loop_start": len(trace.steps) - trace.loop + 1}),
        **({} if trace.history is None else {"history": _history(trace.history)}),
        "failure": {"kind": trace.failure_kind, "message": trace.failure} if trace.failure else None,
    }


def _history(found: History) -> dict[str, Json]:
    """Rows are `n` of `steps`; the first `setup` bring the map into its first state, `orders` say why no order fits.

    `atomic` are the atomic steps after these, and `fewest` says that no history has fewer of them.
    """
    return {
        "setup": found.setup,
        "atomic": list(found.atomic),
        "fewest": found.fewest,
        "contents": dict(found.contents),
        "calls": [
            {"goroutine": c.goroutine, "call": c.text, "gave": c.gave, "begins": c.begins, "returns": c.returns or None}
            for c in found.calls
        ],
        "orders": [{"order": list(m.order), "must": m.must, "gave": m.gave} for m in found.misfits],
        "more_orders": found.more,
    }


def _lost(lost: LostUpdate) -> dict[str, Json]:
    """The rows (`n` of `steps`) of the stale read and of the write that the last step overwrites."""
    return {"location": lost.location, "read": lost.read, "changed": lost.changed}


def _step(trace: Trace, step: TraceStep) -> dict[str, Json]:
    return {
        "n": step.number,
        "goroutine": step.goroutine,
        "text": step.text,
        "detail": step.detail,
        **_place(step.span),
        "stack": _stack(step.stack),
        "objects": dict(zip(trace.columns, step.objects, strict=True)),
        "waits": step.waits,
        "ends": step.ends,
        "symptom": step.symptom,
        "cite": step.cite,
        **({} if step.meets is None else {"meets": _meeting(step.meets)}),
    }


def _meeting(met: Meeting) -> dict[str, Json]:
    """The receive that an unbuffered send is taken with."""
    return {
        "goroutine": met.goroutine,
        "text": met.text,
        **_place(met.span),
        "stack": _stack(met.stack),
        "ends": met.ends,
    }


def _access(access: RacyAccess) -> dict[str, Json]:
    return {
        "goroutine": access.goroutine,
        "write": access.write,
        "atomic": access.atomic,
        "location": access.location,
        "text": access.text,
        **_place(access.span),
        "stack": _stack(access.stack),
        "holds": [{"lock": lock, "mode": mode, "since": since} for lock, mode, since in access.holds],
    }


def _waiting(stuck: Waiting) -> dict[str, Json]:
    return {
        "goroutine": stuck.goroutine,
        "operation": stuck.operation,
        "lock": stuck.lock,
        "held_by": list(stuck.held_by),
        "since": stuck.since,
        **_place(stuck.span),
        "stack": _stack(stuck.stack),
    }


def _later(later: Later) -> dict[str, Json]:
    """Where a goroutine ends that can still move when others are stuck."""
    return {
        "goroutine": later.goroutine,
        "operation": later.operation,
        "lock": later.lock,
        **_place(later.span),
    }


def _held(held: Held) -> dict[str, Json]:
    return {
        "lock": held.lock,
        "goroutine": held.goroutine,
        "mode": held.mode,
        "since": held.since,
        **_place(held.span),
    }


def _stack(stack: tuple[Call, ...]) -> list[Json]:
    return [{"function": call.function, "called_at": span_(call.called_at)} for call in stack]


def _place(span: Span | None) -> dict[str, Json]:
    return {"file": span.file, "line": span.line, "column": span.column} if span else {"file": None, "line": None}
