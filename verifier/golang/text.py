"""The Go words of a span, short enough for one line of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verifier.source import Span

Files = Mapping[str, Sequence[str]]
"""The lines of every file of a model, by the path that spans name."""


def snippet(span: Span, files: Files, limit: int = 60) -> str:
    """The text of `span` on one line of at most `limit` characters.

    Of a construct over several lines the first is shown, a block it opens as `{ … }`. White space is collapsed.
    """
    lines = files.get(span.file, ())
    if not 1 <= span.line <= len(lines):
        return ""
    first = lines[span.line - 1]
    whole = span.end_line <= span.line
    text = " ".join(first[span.column - 1 : span.end_column - 1 if whole else None].split())
    if not whole:
        text = text.split("//")[0].rstrip() if '"' not in text else text
        text = f"{text} … }}" if text.endswith("{") else f"{text} …)" if text.endswith("(") else f"{text} …"
    if len(text) <= limit:
        return text
    head, brace, _ = text.partition("{")
    if brace and len(head) + 5 <= limit:
        return f"{head}{{ … }}" + (")" if head.count("(") > head.count(")") and len(head) + 6 <= limit else "")
    return text[: max(limit - 1, 0)].rstrip() + "…"
