"""Go text of the model file to syntax trees: declarations, goroutine bodies, expressions of clauses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

import tree_sitter
import tree_sitter_go
from tree_sitter import Node

from verifier.golang import syntax as ast
from verifier.golang.file_header import Clause, header, is_header, misplaced, one_package
from verifier.golang.scan import scan
from verifier.golang.syntax_error import misread, unbalanced
from verifier.golang.tree import Reader, kids
from verifier.golang.tree_decl import decls, is_decl
from verifier.golang.tree_expr import expr
from verifier.golang.tree_refuse import refusal, statement_outside
from verifier.golang.tree_stmt import block, stmts
from verifier.model.document import Text
from verifier.source import ModelError, fail


def parse_package(files: Sequence[Text], declare: Text | None) -> tuple[ast.Decl, ...]:
    """The declarations of a model: those of its Go files, in order, then of `declare:`. Raises ModelError."""
    made: list[ast.Decl] = []
    clauses: list[Clause] = []
    for text in files:
        reader = _reader(text)
        nodes = kids(_tree(reader, "package p;\n{}\n"))[1:]
        ahead = list(takewhile(is_header, nodes))
        clause = header(reader, ahead)
        clauses += [clause] if clause is not None else []
        made.extend(_declarations(reader, nodes[len(ahead) :], misplaced))
    one_package(clauses)
    return (*made, *(parse_declarations(declare) if declare is not None else ()))


def parse_declarations(text: Text) -> tuple[ast.Decl, ...]:
    """The package-level declarations of a `declare:` block. Raises ModelError."""
    reader = _reader(text)
    return tuple(_declarations(reader, kids(_tree(reader, "package p;\n{}\n"))[1:], refusal))


def _declarations(
    reader: Reader, nodes: Sequence[Node], refuse: Callable[[Reader, Node], ModelError]
) -> Iterator[ast.Decl]:
    for node in nodes:
        if is_decl(node):
            yield from decls(reader, node)
        elif is_header(node):
            raise refuse(reader, node)
        elif node.type != "empty_statement":
            raise statement_outside(reader, node)


def parse_body(text: Text) -> ast.Block:
    """The statements of a goroutine body; the span of the block is the whole text. Raises ModelError."""
    reader = _reader(text)
    root = _tree(reader, "package p;func _body(){{\n{}\n}}\n")
    body = kids(root)[1].child_by_field_name("body")
    assert body is not None  # the scan found the brackets balanced, so nothing can close the wrapper early
    last = len(reader.rows) - 1
    return ast.Block(text.span(0, 0, last, len(reader.rows[last])), stmts(reader, kids(body)))


def parse_expression(text: Text) -> ast.Expr:
    """The one expression of a clause; it may run over several lines. Raises ModelError."""
    reader = _reader(text)
    if not text.value.strip():
        raise fail("an expression is missing here", text.span(0, 0, 0, 1), "write a bool expression, such as `n == 2`")
    try:
        root = _tree(reader, "package p;var _ = (\n{}\n);\n", semicolons=False)
    except ModelError as error:
        raise _with_advice(error, text) from None
    value = _only_value(root)
    if value is None:
        raise reader.fail("syntax error: this is not one expression", root, "join the parts with '&&' or '||'")
    return expr(reader, value)


def _with_advice(error: ModelError, text: Text) -> ModelError:
    """`error` about a clause, with a word on what a clause is when there is no better advice."""
    (found, *_) = error.diagnostics
    if found.notes:
        return error
    assigns = re.search(r"(?<![=!<>])=(?!=)", text.value) is not None
    advice = "'=' assigns: compare with '=='" if assigns else "a clause is one bool expression, such as `n == 2`"
    return fail(found.message, found.span, advice)


def _only_value(root: Node) -> Node | None:
    """The parenthesised expression of the wrapper around a clause."""
    declared = kids(root)[1:]
    if len(declared) != 1 or declared[0].type != "var_declaration":
        return None
    values = kids(declared[0])[0].child_by_field_name("value")
    if values is None or len(kids(values)) != 1 or kids(values)[0].type != "parenthesized_expression":
        return None
    return kids(values)[0]


def _reader(text: Text) -> Reader:
    """A reader for `text`; empty rows at the end do not count."""
    rows = text.value.split("\n")
    while len(rows) > 1 and not rows[-1].strip():
        rows.pop()
    return Reader(text, tuple(rows), block)


def _tree(reader: Reader, wrapper: str, *, semicolons: bool = True) -> Node:
    """Parse the text inside `wrapper`, with gc's semicolons if wanted. Raises ModelError for the first syntax error."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_go.language()))

    def parse(source: str) -> Node:
        return parser.parse(wrapper.format(source).encode("utf-8", "replace")).root_node

    def parse_rows(n: int) -> Node | None:
        found = scan("\n".join(reader.rows[:n]))
        if found.problem is not None and not found.closers:
            return None
        return parse(found.text + found.closers + (";" if found.closers and semicolons else ""))

    text = reader.text.value
    found = scan(text)
    if found.problem is not None:
        raise unbalanced(reader, found.problem, text)
    root = parse(found.text if semicolons else text)
    if root.has_error:
        raise misread(reader, root, parse_rows)
    return root
