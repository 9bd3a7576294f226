"""A schedule in the shape of the violation witnesses of SV-COMP (YAML, format 2.2 for concurrent programs).

The shape only: that format is about C and Java and knows the language of no model, so no validator of it takes these
files, and they say so themselves. What a step is about, and what they end in, stands where such a witness has it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

from verifier import __version__
from verifier.evidence.result import Property, Result
from verifier.evidence.trace import Trace
from verifier.program.program import Call
from verifier.report.outcome import subject
from verifier.report.smallprint import replay
from verifier.report.timeline import words
from verifier.source import Span

Node = str | int | list["Node"] | dict[str, "Node"]
"""What a YAML document is made of here."""

HEAD = """\
# After the violation witnesses of SV-COMP (format 2.2): its shape, not the standard. The language is that of verify,
# which `{replay}` walks.
"""
NAMESPACE = uuid.UUID("7e0f6d0c-6f0b-5d0a-9c55-3f2b8c1d4e77")
"""Of the ids of witnesses, which follow from their content."""


def render(found: Result, prop: Property, created: str = "") -> str:
    """The witness of a property. `created` is when, as RFC 3339: without it equal runs give equal texts.

    Raises ValueError where there is no schedule.
    """
    if prop.trace is None:
        raise ValueError(f"{prop.name} has no schedule")
    content: list[Node] = [{"segment": segment} for segment in _segments(prop.trace)]
    identity = json.dumps([found.sha256, prop.kind, prop.name, content], sort_keys=True)
    metadata: dict[str, Node] = {
        "format_version": "2.2",
        "uuid": str(uuid.uuid5(NAMESPACE, identity)),
        **({"creation_time": created} if created else {}),
        "producer": {"name": "verify", "version": __version__, "command_line": replay(found, prop.trace)},
        "task": {
            "input_files": [found.path],
            "input_file_hashes": {found.path: found.sha256},
            "specification": subject(prop) + (f": {prop.formula}" if prop.formula else ""),
            "language": "verifier-model",
        },
    }
    # Anything but UNSAFE is no violation: a state that was to be reached, or one that could not be excluded.
    kind = {"UNSAFE": "violation_sequence"}.get(prop.verdict.value, "witness_sequence")
    entry: dict[str, Node] = {"entry_type": kind, "metadata": metadata, "content": content}
    return HEAD.format(replay=replay(found, prop.trace)) + "\n".join(_lines([entry], 0)) + "\n"


def _segments(trace: Trace) -> Iterator[list[Node]]:
    """A segment for each step; the last one has the targets, two of them for a race."""
    ends = _targets(trace)
    steps = trace.steps if ends else trace.steps[:-1]
    repeats = len(trace.steps) - trace.loop if trace.loop else len(trace.steps)
    for step in steps:
        if step.waits:
            # That it begins to wait is no step of a program: those who wait for ever are the targets.
            continue
        constraint: dict[str, Node] = {"value": "true", "format": "model_expression"}
        action = "cycle" if step.number > repeats else "follow"
        yield [_waypoint("assumption", action, step.goroutine, step.span, step.stack, words(step), constraint)]
    if not ends and trace.steps:
        last = trace.steps[-1]
        ends = [_waypoint("target", "follow", last.goroutine, last.span, last.stack, words(last), None)]
    if ends:
        yield ends


def _targets(trace: Trace) -> list[Node]:
    """Where a schedule ends that does not end with a step: at the accesses of a race, or where goroutines wait."""
    if trace.race:
        return [_waypoint("target", "follow", a.goroutine, a.span, a.stack, a.text, None) for a in trace.race]
    return [_waypoint("target", "follow", w.goroutine, w.span, w.stack, w.operation, None) for w in trace.waiting]


def _waypoint(
    type: str,
    action: str,
    goroutine: str,
    span: Span | None,
    stack: tuple[Call, ...],
    statement: str,
    constraint: dict[str, Node] | None,
) -> Node:
    place: dict[str, Node] = {} if span is None else {"file_name": span.file, "line": span.line, "column": span.column}
    function: dict[str, Node] = {"function": stack[-1].function} if stack else {}
    return {
        "waypoint": {
            "type": type,
            "action": action,
            "thread_id": goroutine,
            "location": {**place, **function},
            "statement": statement,
            **({} if constraint is None else {"constraint": constraint}),
        }
    }


def _lines(node: Node, depth: int) -> Iterator[str]:
    """Block style; every text is quoted as JSON has it, so that nothing in it is taken for YAML."""
    pad = "  " * depth
    if isinstance(node, list):
        for item in node:
            first, *rest = _lines(item, depth + 1)
            yield f"{pad}- {first.lstrip()}"
            yield from rest
    elif isinstance(node, dict):
        for key, value in node.items():
            name = key if key.isidentifier() else json.dumps(key, ensure_ascii=False)
            if isinstance(value, list | dict) and value:
                yield f"{pad}{name}:"
                yield from _lines(value, depth + 1)
            else:
                yield f"{pad}{name}: {json.dumps(value, ensure_ascii=False)}"
    else:
        yield f"{pad}{json.dumps(node, ensure_ascii=False)}"
