"""Places in a model's Go where a test can hold a goroutine: before a statement, in a loop's header, at a `defer`."""

from __future__ import annotations

from collections.abc import Container, Iterator

from verifier.golang import syntax as ast
from verifier.golang.walk import parts
from verifier.records import dataclass
from verifier.source import Span

Node = ast.Stmt | ast.Expr

_LOOPS = (ast.For, ast.Range)
_JUMPS = (ast.Branch, ast.Return)


@dataclass(frozen=True, slots=True)
class Place:
    """A place where a goroutine can be held, and the stretch of Go whose steps come right after it.

    `kind`: before (a statement of a list), elseif, cond or post (of `for`), deferred (the call of a `defer` statement,
    when the function returns). A `range` is also entered anew where a round ends: at its `spots`.
    """

    kind: str
    node: Node
    covers: Span
    spots: tuple[Node, ...] = ()


def places(root: object) -> Iterator[Place]:
    """Every place below a declaration or a body, outer ones first."""
    if isinstance(root, ast.Block | ast.Case | ast.CommCase):
        for stmt in root.stmts if isinstance(root, ast.Block) else root.body:
            yield from _before(stmt)
    for child in parts(root):
        yield from places(child)


def _before(stmt: ast.Stmt) -> Iterator[Place]:
    inner = unlabeled(stmt)
    if isinstance(inner, ast.Defer):
        yield Place("deferred", stmt, inner.span)
        return
    label = stmt.label.name if isinstance(stmt, ast.Labeled) else ""
    spots = tuple(_rounds(inner, label)) if isinstance(inner, ast.Range) else ()
    yield Place("before", stmt, stmt.span, spots)
    if isinstance(inner, ast.If):
        other = inner.other
        while isinstance(other, ast.If):
            yield Place("elseif", other, other.span)
            other = other.other
    if isinstance(inner, ast.For):
        if inner.cond is not None:
            yield Place("cond", inner.cond, inner.cond.span)
        if inner.post is not None:
            yield Place("post", inner.post, inner.post.span)


def _rounds(loop: ast.Range, label: str) -> Iterator[Node]:
    """Where a round of `loop` ends: the block (at its closing brace), and every `continue` that is its own."""
    if not (loop.body.stmts and isinstance(loop.body.stmts[-1], _JUMPS)):
        yield loop.body
    yield from _continues(loop.body, label, True)


def _continues(node: object, label: str, direct: bool) -> Iterator[ast.Branch]:
    for child in parts(node):
        if isinstance(child, ast.Branch) and child.word == "continue":
            if child.label.name == label if child.label is not None else direct:
                yield child
        elif not isinstance(child, ast.FuncLit):
            yield from _continues(child, label, direct and not isinstance(child, _LOOPS))


def below(root: object) -> Iterator[object]:
    """A node and all nodes below it, outer ones first."""
    yield root
    for child in parts(root):
        yield from below(child)


def unlabeled(node: object) -> object:
    """A statement without its labels."""
    while isinstance(node, ast.Labeled):
        node = node.stmt
    return node


def names(root: object) -> Iterator[str]:
    """Every identifier below a node."""
    return (node.name for node in below(root) if isinstance(node, ast.Ident))


def fresh(name: str, used: Container[str]) -> str:
    """A name that is not used yet."""
    while name in used:
        name += "_"
    return name


def inside(inner: Span, outer: Span) -> bool:
    """Whether a span lies in another."""
    first = (outer.line, outer.column) <= (inner.line, inner.column)
    return inner.file == outer.file and first and _end(inner) <= _end(outer)


def _end(span: Span) -> tuple[int, int]:
    return (span.end_line or span.line, span.end_column or span.column)


def innermost(span: Span, among: tuple[Place, ...]) -> Place | None:
    """The place right before the step at `span`: of those whose stretch holds it, the last to begin.

    The condition of a loop and the statement around it both hold the condition: the shorter stretch counts.
    """
    best: Place | None = None
    for place in among:
        if inside(span, place.covers) and (best is None or inside(place.covers, best.covers)):
            best = place
    return best
