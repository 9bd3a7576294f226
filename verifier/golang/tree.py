"""The reader over a tree-sitter tree: spans in the user's file, children by field, nesting limit."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from verifier.golang import syntax as ast
from verifier.model.document import Text
from verifier.records import dataclass
from verifier.source import ModelError, Note, Span, fail

MAX_DEPTH = 200
"""Nested constructs; deeper text is refused, so that no later phase runs out of stack."""


@dataclass
class Reader:
    """What conversion functions share. `block` converts a function body; it is a field because literals nest.

    Row 0 of the parsed source is a wrapper row, row n + 1 is row n of `text`. Columns of nodes count bytes.
    """

    text: Text
    rows: tuple[str, ...]
    block: Callable[[Reader, Node], ast.Block]
    depth: int = 0

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Row and character column in `text` of a row and byte column of the parsed source, kept inside the text."""
        row -= 1
        if row < 0:
            return 0, 0
        if row >= len(self.rows):
            return len(self.rows) - 1, len(self.rows[-1])
        line = self.rows[row]
        if not line.isascii():
            column = len(line.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))
        return row, min(column, len(line))

    def is_added(self, node: Node) -> bool:
        """Whether `node` is an empty statement that only the semicolons of the scan brought in."""
        if node.type != "empty_statement":
            return False
        row, column = self.place(*node.start_point)
        return self.rows[row][column : column + 1] != ";"

    def span(self, node: Node) -> Span:
        """The file span of `node`."""
        return self.between(node, node)

    def between(self, first: Node, last: Node) -> Span:
        """The file span from the start of `first` to the end of `last`."""
        start, end = first.start_point, last.end_point
        return self.text.span(*self.place(start.row, start.column), *self.place(end.row, end.column))

    def fail(self, message: str, node: Node, *notes: Note | str) -> ModelError:
        """A located error at `node`."""
        return fail(message, self.span(node), *notes)

    def enter(self, node: Node) -> None:
        """Go one level deeper. Raises ModelError beyond `MAX_DEPTH` levels."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(
                f"this is nested more than {MAX_DEPTH} levels deep", node, "split it: name the inner parts first"
            )

    def leave(self) -> None:
        """Come back up from one level."""
        self.depth -= 1


def source(node: Node) -> str:
    """The Go text of `node`."""
    return (node.text or b"").decode("utf-8", "replace")


def kids(node: Node) -> list[Node]:
    """The named children, without comments."""
    return [c for c in node.named_children if c.type != "comment"]


def fields(node: Node, name: str) -> list[Node]:
    """The children in field `name`, without commas and comments."""
    return [c for c in node.children_by_field_name(name) if c.is_named and c.type != "comment"]


def field(node: Node, name: str) -> Node:
    """The child in field `name`; the grammar guarantees that it is there."""
    child = node.child_by_field_name(name)
    assert child is not None, f"{node.type} without {name}"
    return child


def list_of(node: Node | None) -> list[Node]:
    """The expressions of an `expression_list`, or the node itself where the grammar leaves the list out."""
    if node is None:
        return []
    return kids(node) if node.type == "expression_list" else [node]


def bare(node: Node) -> Node:
    """`node` without parentheses around it."""
    while node.type in ("parenthesized_expression", "parenthesized_type"):
        node = kids(node)[0]
    return node


def token(node: Node, word: str) -> Node | None:
    """The first anonymous child that reads `word`."""
    return next((c for c in node.children if c.type == word), None)
