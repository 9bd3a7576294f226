"""Markdown as GitHub renders it: tables, code that may hold any character, blocks that nothing inside can close."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_BAR = re.compile(r"(?<!\\)\|")
_SYNTAX = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")


def plain(text: str) -> str:
    """Text without any markup of its own.

    >>> plain("a_b | <c>")
    'a\\\\_b \\\\| \\\\<c\\\\>'
    """
    return _SYNTAX.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """A code span, whatever is in it.

    >>> code("a[k] | b"), code("`x`"), code("")
    ('`a[k] | b`', '`` `x` ``', '')
    """
    if not text.strip():
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest and (text[0] == "`" or text[-1] == "`") else ""
    inner = " ".join(text.split())
    return f"{fence}{pad}{inner}{pad}{fence}"


def marked(text: str) -> str:
    """Text in which what stands in backticks is code.

    >>> marked("before `a*b`")
    'before `a*b`'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    # `plain` takes single blanks only, and no blank may be lost beside code.
    return "".join(code(part) if n % 2 else _spaced(part) for n, part in enumerate(parts))


def _spaced(text: str) -> str:
    return f"{' ' if text[:1] == ' ' else ''}{plain(text)}{' ' if text[-1:] == ' ' and text.strip() else ''}"


def link(label: str, target: str) -> str:
    """A link to a file beside the page."""
    return f"[{plain(label)}](<{target}>)" if re.search(r"[ ()<>]", target) else f"[{plain(label)}]({target})"


def block(lines: Iterable[str], language: str = "text") -> list[str]:
    """A fenced block; its fence is longer than any inside."""
    held = list(lines)
    longest = max((len(run) for line in held for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *held, fence]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    # Even inside code a `|` ends a cell, unless it is escaped; outside of tables code shows its backslashes.
    return "| " + " | ".join(_BAR.sub(r"\\|", cell) or " " for cell in cells) + " |"


def bullets(items: Iterable[str]) -> list[str]:
    """A list, one line an item."""
    return [f"* {item}" for item in items]
