"""A schedule as SARIF tells it: one thread flow for each goroutine, and in every step its number among all steps."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.evidence.trace import Trace, TraceStep
from verifier.records import dataclass
from verifier.report.timeline import words
from verifier.report.uris import Repository
from verifier.source import Span

Json = object

MOST_STEPS = 10_000
"""Thread flow locations that GitHub takes for one result."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """What one goroutine does in one row of the timeline."""

    goroutine: str
    number: int
    text: str
    span: Span | None
    depth: int
    essential: bool
    state: tuple[tuple[str, str], ...]


def message(text: str) -> dict[str, Json]:
    """A message object. Its braces are single here (`sarif.doubled`)."""
    return {"text": text}


def location(span: Span | None, repository: Repository, path: str = "", text: str = "") -> dict[str, Json]:
    """A location; without a span it is the first line of `path`, since viewers take no result without a line."""
    where: dict[str, Json] = {
        "artifactLocation": repository.artifact(span.file if span else path),
        "region": _region(span) if span else {"startLine": 1},
    }
    found: dict[str, Json] = {"physicalLocation": where}
    return {**found, "message": message(text)} if text else found


def _region(span: Span) -> dict[str, Json]:
    region: dict[str, Json] = {"startLine": span.line, "startColumn": span.column}
    ends = (span.end_line, span.end_column)
    return {**region, "endLine": ends[0], "endColumn": ends[1]} if ends > (span.line, span.column) else region


def code_flows(trace: Trace, repository: Repository, path: str) -> list[Json]:
    """The `codeFlows` of a result: one, with a thread flow for every goroutine that takes a step; none without any."""
    every = list(_stops(trace))
    # Of a schedule beyond the limit the last steps: they are the ones that fail.
    stops = every[-MOST_STEPS:]
    flows = [_thread(g, [s for s in stops if s.goroutine == g], repository, path) for g in trace.goroutines]
    kept = [f for f in flows if f is not None]
    if not kept:
        return []
    left = len(every) - len(stops)
    said = f"the first {left:,} steps are left out; " if left else ""
    return [{"message": message(f"{said}executionOrder numbers the steps of all goroutines"), "threadFlows": kept}]


def _thread(name: str, stops: list[_Stop], repository: Repository, path: str) -> Json | None:
    if not stops:
        return None
    return {
        "id": name,
        "message": message(f"goroutine {name}"),
        "locations": [
            {
                "executionOrder": s.number,
                "importance": "essential" if s.essential else "important",
                "location": location(s.span, repository, path, s.text),
                "nestingLevel": s.depth,
                "state": {view: message(value) for view, value in s.state},
            }
            for s in stops
        ],
    }


def _stops(trace: Trace) -> Iterator[_Stop]:
    """Every move of every goroutine."""
    essential = _essential(trace)
    state = tuple(zip(trace.columns, trace.start, strict=True))
    for step in trace.steps:
        state = tuple(zip(trace.columns, step.objects, strict=True))
        yield from _moves(trace, step, step.number in essential, state)
    for number, access in enumerate(trace.race, len(trace.steps) + 1):
        verb = "write" if access.write else "read"
        text = f"{access.text or verb}  <- race: {'atomic ' if access.atomic else ''}{verb} of {access.location}"
        yield _Stop(access.goroutine, number, text, access.span, _depth(len(access.stack)), True, state)


def _moves(trace: Trace, step: TraceStep, essential: bool, state: tuple[tuple[str, str], ...]) -> Iterator[_Stop]:
    said = words(step) + ("  waits" if step.waits else "") + (f"  <- {step.symptom}" if step.symptom else "")
    if trace.loop and step.number == len(trace.steps) - trace.loop + 1:
        said += "  (repeats for ever from here)"
    depth = _depth(len(step.stack))
    yield _Stop(step.goroutine, step.number, said, step.span, depth, essential, state)
    met = step.meets
    if met is not None:
        yield _Stop(met.goroutine, step.number, met.text, met.span, _depth(len(met.stack)), essential, state)


def _depth(frames: int) -> int:
    return max(0, frames - 1)


def _essential(trace: Trace) -> set[int]:
    """The rows that make the failure: who waits, what is overtaken, and the last one where nothing else is."""
    found = {w.since for w in trace.waiting} | {s.number for s in trace.steps if s.waits}
    if trace.lost is not None:
        found |= {trace.lost.read, trace.lost.changed}
    return found if trace.waiting or trace.race else found | {len(trace.steps)}
