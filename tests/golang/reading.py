"""Go texts as they stand in a model file, and trees in a line."""

from __future__ import annotations

from dataclasses import fields

from verifier.golang import syntax as ast
from verifier.model.document import Text
from verifier.source import Span

INDENT = "      "
FIRST_LINE = 10


def go(value: str) -> Text:
    """`value` as it stands in a block scalar from line 10 on, indented by six blanks."""
    return Text(value, "m.yaml", FIRST_LINE, tuple(len(INDENT) + 1 for _ in value.split("\n")))


def cut(span: Span, value: str) -> str:
    """What `span` covers in the file that `go(value)` is part of."""
    lines = ["#"] * (FIRST_LINE - 1) + [INDENT + row for row in value.split("\n")]
    part = lines[span.line - 1 : span.end_line]
    part[-1] = part[-1][: span.end_column - 1]
    part[0] = part[0][span.column - 1 :]
    return "\n".join(p.removeprefix(INDENT) for p in part)


def shape(node: object) -> str:
    """A node in a line: names and values plain, everything else as Class(fields)."""
    if isinstance(node, tuple):
        return "[" + ", ".join(map(shape, node)) + "]"
    if isinstance(node, ast.Ident):
        return node.name
    if isinstance(node, ast.BasicLit):
        return repr(node.value)
    if hasattr(node, "span"):
        held = [(f.name, f.default, getattr(node, f.name)) for f in fields(node)]  # type: ignore[arg-type]
        inner = (shape(value) for name, default, value in held if name != "span" and value is not default)
        return f"{type(node).__name__}({', '.join(inner)})"
    return "-" if node is None else str(node)
