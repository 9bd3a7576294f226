"""Where a YAML scalar's Go text stands in the file, so that every later message points into the user's lines."""

from __future__ import annotations

import re

from verifier.model.document import Text
from verifier.model.yamltree import Scalar

_NOTHING = re.compile(r"(?:\s|;|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")


def does_nothing(go: str) -> bool:
    """Whether Go statements are only blanks and comments.

    >>> does_nothing("// later\\n"), does_nothing("x = 1 // now")
    (True, False)
    """
    return _NOTHING.fullmatch(go) is not None


def why_not_code(node: Scalar) -> str:
    """Why the scalar's style cannot hold Go text; empty when it can. Folded lines have no places left to point at."""
    if node.style == ">":
        return "`>` joins the lines of Go text into one"
    if node.style != "|" and not node.span.end_line:
        return "this text runs over several lines, which YAML joins into one"
    return ""


def located(node: Scalar, lines: list[str]) -> Text:
    """The scalar's text with its place. `lines`: the file's lines; the style must hold code."""
    if node.style != "|":
        # An escape inside quotes shifts the columns behind it; the line stays right.
        first = node.span.column + (1 if node.style else 0)
        return Text(node.value, node.span.file, node.span.line, (first,))
    rows = node.value.split("\n")
    first_line = node.span.line + 1
    indent = 0
    for offset, row in enumerate(rows):
        if row.strip():
            indent = len(lines[first_line - 1 + offset]) - len(row)
            break
    return Text(node.value, node.span.file, first_line, (indent + 1,) * len(rows))
