"""A history of calls, drawn: every call as the interval of its steps, and why no order of the calls fits."""

from __future__ import annotations

from verifier.evidence.history import Called, History, Misfit
from verifier.evidence.trace import Trace
from verifier.records import replace

_STEP = 4
"""Characters of a column."""
_WIDE = 25
"""Columns from which on one takes half as much."""


def judged(trace: Trace) -> Trace:
    """The part of a trace that its history is about: what brought the map into its first state is left out."""
    found = trace.history
    if found is None or not found.setup:
        return trace
    before = trace.steps[found.setup - 1]
    rows = tuple(replace(s, number=s.number - found.setup) for s in trace.steps[found.setup :])
    return replace(trace, steps=rows, start=before.objects)


def intervals(trace: Trace) -> list[str]:
    """A line per goroutine that calls: `[` where a call begins, `*` its atomic steps, `]` where it returns.

    A line above has the numbers that these steps have in the timeline.
    """
    found = trace.history
    assert found is not None
    columns = _columns(trace, found)
    step = _STEP if len(columns) < _WIDE else _STEP // 2
    names = [g for g in trace.goroutines if any(c.goroutine == g for c in found.calls)]
    wide = max((len(n) for n in (*names, "step")), default=0)
    numbers = "".join(f" {n - found.setup:<{step - 1}}" for n in columns).rstrip()
    out = [f"{'step':<{wide}}  {numbers}"] if step == _STEP else []
    for name in names:
        mine = [c for c in found.calls if c.goroutine == name]
        row = [" "] * (step * len(columns))
        for c in mine:
            # What comes before the first column of a call and after its last is the goroutine's own.
            begin = step * next((n for n, at in enumerate(columns) if at >= c.begins), len(columns))
            last = c.returns or len(trace.steps)
            end = step * max((n for n, at in enumerate(columns) if at <= last), default=0) + 2
            if begin < end:
                row[begin : end + 1] = "-" * (end + 1 - begin)
                row[begin], row[end] = "[", "]" if c.returns else ">"
        for n, at in enumerate(columns):
            if at in found.atomic and trace.steps[at - 1].goroutine == name:
                row[step * n + 1] = "*"
        out.append(f"{name:<{wide}}  {''.join(row)} {'; '.join(map(called, mine))}".rstrip())
    return out


def _columns(trace: Trace, found: History) -> list[int]:
    """The rows that are drawn: atomic steps, and where others come in between, where a call begins and returns."""
    kept = set(found.atomic)
    for c in found.calls:
        last = c.returns or len(trace.steps)
        own = [n for n in range(c.begins, last + 1) if trace.steps[n - 1].goroutine == c.goroutine]
        atomic = [n for n in own if n in kept]
        if not atomic:
            kept.add(own[-1])
            continue
        kept.update(a for a, b in ((c.begins, atomic[0]), (last, atomic[-1])) if _between(trace, c.goroutine, a, b))
    return sorted(kept)


def _between(trace: Trace, goroutine: str, a: int, b: int) -> bool:
    """Whether some other goroutine moves between two rows."""
    return any(s.goroutine != goroutine for s in trace.steps[min(a, b) - 1 : max(a, b)])


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
        f"The map holds {held}. Then, a column for each atomic step:",
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
