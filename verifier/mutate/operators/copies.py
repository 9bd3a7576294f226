"""Copies: what was copied is shared instead."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import every, function, statements


def shared(subject: Subject) -> Iterator[Edit]:
    """`for k, v := range old { next[k] = v }` as `next = old`, `maps.Clone(m)` as `m`."""
    for f in subject.functions:
        for stmt in statements(f.body):
            to = _copies(stmt)
            if to is None or not isinstance(stmt, ast.Range):
                continue
            target, source = subject.files.slice(to.span), subject.files.slice(stmt.x.span)
            change = subject.files.replace(stmt.span, f"{target} = {source}")
            step = f"for … range {subject.words(stmt.x.span)}"
            yield Edit("copy removed", f"`{target} = {source}`", step, stmt.span, (change,))
        for x in every(f.body):
            found = function(x, subject.info)
            if found in (("maps", "Clone"), ("slices", "Clone")) and isinstance(x, ast.Call):
                change = subject.files.replace(x.span, subject.files.slice(x.args[0].span))
                yield Edit("copy removed", "the original", subject.words(x.span), x.span, (change,))


def _copies(stmt: ast.Stmt) -> ast.Expr | None:
    """What a loop copies into, element by element."""
    match stmt:
        case ast.Range(
            key=ast.Ident(name=k),
            value=ast.Ident(name=v),
            body=ast.Block(
                stmts=(
                    ast.Assign(
                        lhs=(ast.Index(x=target, index=ast.Ident(name=key)),), op="=", rhs=(ast.Ident(name=value),)
                    ),
                )
            ),
        ) if (k, v) == (key, value):
            return target
    return None
