"""What the script of a page needs: for every row of every schedule the state, from the auditor's replay, as JSON."""

from __future__ import annotations

from verifier.evidence.exhibit import Exhibit
from verifier.evidence.result import Result
from verifier.evidence.walkthrough import Hold, Moment, Standing, Walkthrough
from verifier.report.html.shown import Shown
from verifier.report.intervals import judged
from verifier.report.timeline import Row
from verifier.source import Span

# As in `jsonfile`: dumped, never read back here.
Json = object


def page_data(result: Result, schedules: list[Shown], exhibit: Exhibit) -> Json:
    """The data of all schedules, in the order of the page."""
    files = {f.path: n for n, f in enumerate(result.subject.files)} if result.subject else {}
    return [_schedule(s, exhibit, files) for s in schedules]


def _schedule(shown: Shown, exhibit: Exhibit, files: dict[str, int]) -> Json:
    walk = exhibit.walk(shown.trace.path)
    where = exhibit.picture(shown.trace.path)
    last = len(walk.moments) - 1 if walk else 0
    places = ((), *shown.places)
    says = ["At the start", *(_said(shown, r) for r in shown.rows)]
    rows = [
        {
            "say": said,
            "moment": min(n + shown.before, last),
            "done": n + shown.before <= last,
            "when": "at the start" if not n else _when(shown, n, n + shown.before <= last),
            "at": [_place(s, files) for s in spans if s.file in files],
        }
        for n, (said, spans) in enumerate(zip(says, places, strict=True))
    ]
    return {
        "title": shown.title,
        "error": shown.first_error,
        "bad": shown.bad,
        "rows": rows,
        **({} if walk is None else _walk(walk, files, shown.before)),
        **({} if where is None else {"picture": where[0], "path": where[1]}),
    }


def _when(shown: Shown, row: int, done: bool) -> str:
    """Which state is shown for a row: that after its step, or for a step that is not completed the one before."""
    if done:
        return f"after step {row}"
    if shown.trace.race:
        return "when both accesses are possible"
    waits = row <= len(judged(shown.trace).steps) and judged(shown.trace).steps[row - 1].waits
    return f"where step {row} waits" if waits else f"before step {row}, which fails"


def _said(shown: Shown, row: Row) -> str:
    """The row in a sentence."""
    moving = [(name, c) for name, c in zip(shown.drawn.goroutines, row.cells, strict=True) if c.moves]
    parts = [f"{name}: {c.text}{'  ' + c.mark.removeprefix('<- ') if c.mark else ''}" for name, c in moving]
    return f"Step {row.number}. " + "; ".join(parts)


def _walk(walk: Walkthrough, files: dict[str, int], before: int) -> dict[str, Json]:
    return {
        "locks": walk.locks,
        "columns": walk.columns,
        "moments": [_moment(m, files, before) for m in walk.moments],
    }


def _moment(moment: Moment, files: dict[str, int], before: int) -> Json:
    return {
        "goroutines": [_standing(s, files) for s in moment.goroutines],
        "holds": [_hold(h, before) for h in moment.holds],
        "objects": moment.objects,
        "cells": moment.cells,
    }


def _standing(s: Standing, files: dict[str, int]) -> Json:
    return {
        "name": s.goroutine,
        "status": s.status,
        "text": s.text,
        "line": s.span.brief if s.span else "",
        "at": _place(s.span, files) if s.span and s.span.file in files else None,
        "operation": s.operation,
        "because": s.because,
        "choices": s.choices,
    }


def _hold(h: Hold, before: int) -> Json:
    words = {"W": "held by", "R": "read-held by", "next": "next writer"}[h.mode]
    since = f"step {h.since}" if h.since > 0 else "before step 1"
    return {"lock": h.lock, "how": words, "who": h.goroutine, "since": since + (f" {h.span.brief}" if h.span else "")}


def _place(span: Span, files: dict[str, int]) -> list[int]:
    return [files[span.file], span.line]
