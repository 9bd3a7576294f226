"""Go-style stacks: a function on a two-space line, its place on a six-space line, innermost frame first."""

from __future__ import annotations

import re

from verifier.program.program import Call
from verifier.source import Span

# `reader#2` and `reader 2` are goroutines of the role `reader`; `r1` is a name somebody chose.
_ORDINAL = re.compile(r"[ #./\[(-]+\d+[\])]?$")


def frames(goroutine: str, stack: tuple[Call, ...], span: Span | None) -> list[str]:
    """The lines of a stack: `stack` runs from the goroutine body inwards, the innermost frame stands at `span`."""
    calls = stack
    if not calls or calls[0].called_at is not None:
        calls = (Call(role(goroutine), None), *calls)
    places = [*(call.called_at for call in calls[1:]), span]
    lines: list[str] = []
    for call, at in reversed(list(zip(calls, places, strict=True))):
        lines.append(f"  {call.function.removesuffix('()')}()")
        if at is not None:
            lines.append(f"      {at.file}:{at.line}")
    return lines


def role(goroutine: str) -> str:
    """The role a goroutine belongs to, by its name.

    >>> role("reader#2"), role("r1")
    ('reader', 'r1')
    """
    return _ORDINAL.sub("", goroutine)


def where(span: Span | None) -> str:
    """` (line 14)`, or nothing when the place is not known."""
    return f" ({span.words})" if span else ""
