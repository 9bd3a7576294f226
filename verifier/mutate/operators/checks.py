"""Checks: one under a lock left out, a loop around `Wait` made an `if`."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import bare, called, sections, statements
from verifier.source import Span


def removed(subject: Subject) -> Iterator[Edit]:
    """A critical section that decides without looking: the body of its `if` always runs, a way out is never taken."""
    for f in subject.functions:
        done: set[object] = set()
        for section in sections(f, subject.info):
            for stmt in section.inside:
                for check in (s for s in (bare(stmt), *_below(stmt)) if isinstance(s, ast.If)):
                    if check.span in done or check.other is not None:
                        continue
                    done.add(check.span)
                    yield _without(subject, check)


def _below(stmt: ast.Stmt) -> Iterator[ast.Stmt]:
    inner = bare(stmt)
    if not isinstance(inner, ast.Defer):
        yield from statements(inner)


def _without(subject: Subject, check: ast.If) -> Edit:
    step = f"if {subject.words(check.cond.span)}"
    leaves = bool(check.then.stmts) and isinstance(bare(check.then.stmts[-1]), ast.Return | ast.Branch)
    if leaves:
        return Edit("check removed", "never true", step, check.span, (subject.files.remove(check.span),))
    if check.init is not None:
        change = subject.files.replace(check.cond.span, "true")
        return Edit("check removed", "always true", step, check.span, (change,))
    change = subject.files.replace(_head(check), "")
    return Edit("check removed", "always true", step, check.span, (change,))


def _head(check: ast.If) -> Span:
    then = check.then.span
    return Span(check.span.file, check.span.line, check.span.column, then.line, then.column)


def once(subject: Subject) -> Iterator[Edit]:
    """`if` in place of the loop around a `Wait` of a Cond."""
    for f in subject.functions:
        for stmt in statements(f.body):
            if not isinstance(stmt, ast.For) or stmt.cond is None or stmt.init is not None or stmt.post is not None:
                continue
            waits = [c for s in statements(stmt.body) if (c := called(s, subject.info)) is not None]
            if not any(c.type == "sync.Cond" and c.method == "Wait" for c in waits):
                continue
            word = Span(stmt.span.file, stmt.span.line, stmt.span.column, stmt.span.line, stmt.span.column + 3)
            step = f"for {subject.words(stmt.cond.span)}"
            yield Edit("looks once", "if in place of for", step, stmt.span, (subject.files.replace(word, "if"),))
