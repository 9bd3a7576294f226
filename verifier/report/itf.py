"""ITF, Apalache's trace format: a schedule as a list of states, for its viewers and libraries (Apalache ADR 015).

The variables are what a timeline shows: every view of the package, who moved and what it did. `#meta` names the
property, so that a trace that has lost its file name still says what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from verifier import __version__
from verifier.evidence.result import Property, Result
from verifier.evidence.trace import RacyAccess, Trace, TraceStep
from verifier.report.blocks import summary
from verifier.report.jsonfile import text
from verifier.report.smallprint import replay
from verifier.report.timeline import words
from verifier.source import Span

Json = object

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
GOROUTINE = "verify::goroutine"
"""The variable that says who has moved; in the first state nobody has."""
ACTION = "verify::action"
"""The variable that says what it did, in Go's words."""

_INTEGER = re.compile(r"-?[0-9]+")


def render(found: Result, prop: Property) -> str:
    """The trace of a property of a result. Raises ValueError where it has none."""
    if prop.trace is None:
        raise ValueError(f"{prop.name} has no trace")
    whole = _whole(found, prop, prop.trace)
    return text(whole)


def _whole(found: Result, prop: Property, trace: Trace) -> dict[str, Json]:
    numbers = {name for i, name in enumerate(trace.columns) if _is_integer(trace, i)}
    states = [_state(trace, numbers, None), *(_state(trace, numbers, s) for s in trace.steps)]
    whole: dict[str, Json] = {
        "#meta": _meta(found, prop, trace),
        "params": [],
        "vars": [ACTION, GOROUTINE, *trace.columns],
        "states": states,
    }
    # The last state is the one before the loop over again, so what follows it is the first state of the loop.
    return {**whole, "loop": len(trace.steps) - trace.loop + 1} if trace.loop else whole


def _meta(found: Result, prop: Property, trace: Trace) -> dict[str, Json]:
    return {
        "format": "ITF",
        "format-description": FORMAT,
        "source": found.path,
        "description": f"{prop.verdict.value}: {summary(prop)}",
        "tool": f"verify {__version__}",
        "model": found.model,
        "sha256": found.sha256,
        "property": prop.name,
        "kind": prop.kind,
        "verdict": prop.verdict.value,
        "expected": prop.expected.value if prop.expected else None,
        "replay": replay(found, trace),
        **({"race": [_access(a) for a in trace.race]} if trace.race else {}),
        **({"waiting": [w.goroutine for w in trace.waiting]} if trace.waiting else {}),
        **({"failure": trace.failure} if trace.failure else {}),
        **({"setup": trace.history.setup} if trace.history is not None else {}),
    }


def _access(access: RacyAccess) -> dict[str, Json]:
    """One of the two that come next, whichever is first."""
    return {
        "goroutine": access.goroutine,
        "location": access.location,
        "access": f"{'atomic ' if access.atomic else ''}{'write' if access.write else 'read'}",
        "statement": access.text,
        **_place(access.span),
    }


def _state(trace: Trace, numbers: set[str], step: TraceStep | None) -> dict[str, Json]:
    values = trace.start if step is None else step.objects
    views = {
        name: {"#bigint": str(int(value))} if name in numbers else value
        for name, value in zip(trace.columns, values, strict=True)
    }
    if step is None:
        return {"#meta": {"index": 0}, GOROUTINE: "", ACTION: "", **views}
    meta: Mapping[str, Json] = {
        "index": step.number,
        **_place(step.span),
        **({"waits": True} if step.waits else {}),
        **({"with": step.meets.goroutine} if step.meets is not None else {}),
    }
    return {"#meta": meta, GOROUTINE: step.goroutine, ACTION: words(step), **views}


def _is_integer(trace: Trace, view: int) -> bool:
    """Whether a view is a number in every state: a variable of a trace has one type."""
    return all(_INTEGER.fullmatch(values[view]) for values in (trace.start, *(s.objects for s in trace.steps)))


def _place(span: Span | None) -> dict[str, Json]:
    return {"file": span.file, "line": span.line} if span else {}
