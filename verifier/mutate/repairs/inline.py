"""A call that takes a lock its caller holds, replaced by what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Func
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import called, every, sections
from verifier.mutate.trouble import Trouble


def inlined(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """In a critical section, every call of a getter that locks as well: what it returns in its place."""
    for f in subject.functions:
        for section in sections(f, subject.info):
            done = []
            for stmt in section.inside:
                for x in every(stmt):
                    text = _returned(subject, x) if isinstance(x, ast.Call) else ""
                    if text:
                        done.append((x, text))
            if done:
                changes = tuple(subject.files.replace(x.span, text) for x, text in done if isinstance(x, ast.Call))
                first = done[0][0]
                assert isinstance(first, ast.Call)
                name = subject.files.slice(first.fun.span)
                what = f"read directly instead of calling {name}, which locks again, on {first.span.words}"
                yield Edit("inline", what, subject.words(first.span), first.span, changes)


def _returned(subject: Subject, call: ast.Call) -> str:
    """The expression that a getter returns, its parameters replaced; empty when it is not one."""
    fun = call.fun
    if isinstance(fun, ast.Selector):
        selection = subject.info.selections.get(fun)
        func = selection.method if selection is not None and not selection.path else None
        receiver: ast.Expr | None = fun.x
    else:
        used = subject.info.uses.get(fun) if isinstance(fun, ast.Ident) else None
        func, receiver = used if isinstance(used, Func) else None, None
    if func is None or func.decl.body is None or call.spread or not subject.files.holds(func.decl.span):
        return ""
    locks = [called(s, subject.info) for s in func.decl.body.stmts[:-1]]
    last = func.decl.body.stmts[-1] if func.decl.body.stmts else None
    if not locks or None in locks or not isinstance(last, ast.Return) or len(last.results) != 1:
        return ""
    args = dict(zip(func.params, call.args, strict=False))
    if func.recv is not None and receiver is not None:
        args[func.recv] = receiver
    value = last.results[0]
    base = subject.files.replace(value.span, "")
    text = subject.files.slice(value.span)
    for x in sorted((x for x in every(value) if isinstance(x, ast.Ident)), key=lambda x: -x.span.column):
        used = subject.info.uses.get(x)
        arg = next((a for p, a in args.items() if p is used), None)
        if arg is not None:
            at = subject.files.replace(x.span, "")
            start, end = at.start - base.start, at.end - base.start
            text = text[:start] + subject.files.slice(arg.span) + text[end:]
    return f"({text})" if isinstance(value, ast.Binary) else text
