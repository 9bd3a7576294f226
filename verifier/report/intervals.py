"""A history of calls, drawn: every call as the interval of its steps, and why no order of the calls fits."""

from __future__ import annotations

from dataclasses import replace

from verifier.evidence.history import Called, History, Misfit
from verifier.evidence.trace import Trace

_STEP = 4
"""Text columns of a step."""
_WIDE = 25
"""Steps from which on one takes half as much."""


def judged(trace: Trace) -> Trace:
    """The part of a trace that its history is about: what brought the map into its first state is left out."""
    found = trace.history
    if found is None or not found.setup:
        return trace
    before = trace.steps[found.setup - 1]
    rows = tuple(replace(s, number=s.number - found.setup) for s in trace.steps[found.setup :])
    return replace(trace, steps=rows, start=before.objects)


def intervals(trace: Trace) -> list[str]:
    """A line per goroutine that calls: `[` where a call begins, `*` its steps, `]` where it returns."""
    found = trace.history
    assert found is not None
    length = len(trace.steps) - found.setup
    step = _STEP if length < _WIDE else _STEP // 2
    names = [g for g in trace.goroutines if any(c.goroutine == g for c in found.calls)]
    wide = max((len(n) for n in names), default=0)
    out = []
    for name in names:
        mine = [c for c in found.calls if c.goroutine == name]
        row = [" "] * (step * length)
        for c in mine:
            begin = step * (c.begins - found.setup - 1)
            end = step * ((c.returns or len(trace.steps)) - found.setup - 1) + 2
            row[begin : end + 1] = "-" * (end + 1 - begin)
            row[begin], row[end] = "[", "]" if c.returns else ">"
        for s in trace.steps[found.setup :]:
            if s.goroutine == name:
                row[step * (s.number - found.setup - 1) + 1] = "*"
        out.append(f"{name:<{wide}}  {''.join(row)} {'; '.join(map(called, mine))}".rstrip())
    return out


def called(c: Called) -> str:
    """`m.Load(a) = 1`, `m.Clear()`, `m.Store(a, 1) not returned`."""
    gave = f" = {c.gave}" if c.gave else "" if c.returns else " not returned"
    return f"{c.text}{gave}{' (at the end)' if c.looks else ''}"


def block(trace: Trace) -> list[str]:
    """What was called and why it is no history of a sequential map."""
    found = trace.history
    assert found is not None
    held = ", ".join(f"{k}={v}" for k, v in found.contents) or "nothing"
    return [
        "NOT LINEARIZABLE",
        f"The map holds {held}. Then, step by step:",
        *(f"  {line}" for line in intervals(trace)),
        "",
        *orders(found),
    ]


def orders(found: History) -> list[str]:
    """Why no order of the calls fits, in words."""
    lines = ["No order of these calls gives every one its result:"]
    lines += [f"  {_misfit(m)}" for m in found.misfits]
    return [*lines, *([f"  and {found.more:,} more"] if found.more else [])]


def _misfit(m: Misfit) -> str:
    return f"{' < '.join(m.order)}: must give {m.must or 'no result'}, gave {m.gave or 'no result'}"
