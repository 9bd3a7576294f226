"""A history of calls as a picture: every call from where it begins to where it returns, and why no order fits."""

from __future__ import annotations

from verifier.evidence.history import Called, History
from verifier.evidence.trace import Trace
from verifier.report.html.markup import Markup, tag
from verifier.report.intervals import called, orders

LEFT, BAR, LANE, LETTER = 16, 10, 34, 7
WIDE, NARROW = 38, 22
"""Pixels of a step; of one among many."""
MANY = 20


def intervals(trace: Trace) -> Markup:
    """The picture, then the orders that were tried."""
    found = trace.history
    assert found is not None
    held = ", ".join(f"{k}={v}" for k, v in found.contents) or "nothing"
    said = [tag("li", line.strip()) for line in orders(found)[1:]]
    return tag(
        "figure",
        tag("figcaption", f"Calls as intervals. The map holds {held}; then, step by step:"),
        tag("div", _drawn(trace, found), class_="scroll", tabindex=0, role="region", aria_label="Calls as intervals"),
        tag("p", "No order of these calls gives every one its result:"),
        tag("ul", said, class_="orders"),
        class_="intervals",
    )


def _drawn(trace: Trace, found: History) -> Markup:
    length = len(trace.steps) - found.setup
    step = WIDE if length <= MANY else NARROW
    names = [g for g in trace.goroutines if any(c.goroutine == g for c in found.calls)]
    left = LEFT + LETTER * max((len(n) for n in names), default=0)
    parts: list[Markup] = []
    top = 24
    right = left + step * (length + 1)
    for name in names:
        mine = [c for c in found.calls if c.goroutine == name]
        lanes = _lanes(mine, step)
        parts.append(tag("text", name, x=4, y=top + 20, class_="who"))
        for c, lane in zip(mine, lanes, strict=True):
            parts.append(_call(trace, found, c, left, step, top + lane * LANE))
            right = max(right, left + step * (c.begins - found.setup) + LETTER * (len(called(c)) + 2))
        top += LANE * (max(lanes, default=0) + 1) + 10
    ticks = [tag("text", str(n), x=left + step * n, y=14, class_="tick") for n in range(1, length + 1)]
    cursor = tag("line", x1=0, x2=0, y1=18, y2=top, class_="cursor", data_left=left, data_step=step)
    words = "; ".join(f"{c.goroutine}: {called(c)}, {_when(c, found)}" for c in found.calls)
    size: dict[str, int | str] = {"width": right + 16, "height": top + 4, "viewBox": f"0 0 {right + 16} {top + 4}"}
    return tag("svg", ticks, cursor, parts, role="img", aria_label=words, **size)


def _when(c: Called, found: History) -> str:
    begins = c.begins - found.setup
    return f"steps {begins} to {c.returns - found.setup}" if c.returns else f"from step {begins} on"


def _lanes(calls: list[Called], step: int) -> list[int]:
    """In which lane each call goes, so that no label is written over another one."""
    free: list[int] = []
    out: list[int] = []
    for c in calls:
        begin = c.begins * step
        end = max(c.returns * step, begin + LETTER * (len(called(c)) + 2))
        lane = next((n for n, until in enumerate(free) if until <= begin), len(free))
        free[lane : lane + 1] = [end]
        out.append(lane)
    return out


def _call(trace: Trace, found: History, c: Called, left: int, step: int, top: int) -> Markup:
    last = c.returns or len(trace.steps)
    x = left + step * (c.begins - found.setup) - step // 3
    width = step * (last - c.begins) + 2 * (step // 3)
    dots = [
        tag("circle", cx=left + step * (s.number - found.setup), cy=top + 18 + BAR // 2, r=3, class_="dot")
        for s in trace.steps
        if s.goroutine == c.goroutine and c.begins <= s.number <= last
    ]
    bar = tag("rect", x=x, y=top + 18, width=width, height=BAR, rx=3, class_="call" if c.returns else "call open")
    return tag("g", tag("text", called(c), x=x, y=top + 12, class_="label"), bar, dots)
