"""Waiting for others: not at all, or woken one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import bare, called, lists, statements, words

_WAKES = ("Signal", "Broadcast")


def removed(subject: Subject) -> Iterator[Edit]:
    """A `Wait` of a WaitGroup, or a receive whose value nobody wants, left out."""
    for f in subject.functions:
        for stmt in statements(f.body):
            found = called(stmt, subject.info)
            waits = found is not None and (found.type, found.method) == ("sync.WaitGroup", "Wait")
            receives = isinstance(stmt, ast.ExprStmt) and isinstance(stmt.x, ast.Unary) and stmt.x.op == "<-"
            if waits or receives:
                change = subject.files.remove(stmt.span)
                yield Edit("wait removed", "removed", subject.words(stmt.span), stmt.span, (change,))


def unwoken(subject: Subject) -> Iterator[Edit]:
    """A `Signal`, `Broadcast`, `Done` or `close` left out; `Signal` for `Broadcast`."""
    for f in subject.functions:
        for stmt in statements(f.body):
            found = called(stmt, subject.info)
            if found is None:
                continue
            wakes = found.type == "sync.Cond" and found.method in _WAKES
            if wakes or (found.type, found.method) == ("sync.WaitGroup", "Done"):
                change = subject.files.remove(stmt.span)
                yield Edit("wake-up removed", "removed", subject.words(stmt.span), stmt.span, (change,))
            fun = found.call.fun
            if wakes and found.method == "Broadcast" and isinstance(fun, ast.Selector):
                change = subject.files.replace(fun.name.span, "Signal")
                yield Edit("wakes one", "Signal in its place", subject.words(stmt.span), stmt.span, (change,))


def channel_lock(subject: Subject) -> Iterator[Edit]:
    """A send and a receive of one channel around statements, as a lock has them, left out."""
    for f in subject.functions:
        for found in lists(f.body):
            for n, stmt in enumerate(found):
                first = bare(stmt)
                if not isinstance(first, ast.Send):
                    continue
                on = words(first.channel)
                last = next((bare(s) for s in found[n + 1 :] if _receives(bare(s), on)), None)
                if last is None:
                    continue
                changes = (subject.files.remove(first.span), subject.files.remove(last.span))
                what = f"removed with its `{subject.words(last.span)}`"
                yield Edit("lock removed", what, subject.words(first.span), first.span, changes)


def _receives(stmt: ast.Stmt, on: str) -> bool:
    x = stmt.x if isinstance(stmt, ast.ExprStmt) else None
    if isinstance(stmt, ast.Defer) and isinstance(stmt.call.fun, ast.FuncLit) and len(stmt.call.fun.body.stmts) == 1:
        return _receives(stmt.call.fun.body.stmts[0], on)
    return isinstance(x, ast.Unary) and x.op == "<-" and words(x.x) == on
