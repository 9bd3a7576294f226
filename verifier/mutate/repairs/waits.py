"""Waiting and waking, channels with room, cancelling on every way out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import bare, called, every, function, lists, statements, words
from verifier.mutate.trouble import Trouble
from verifier.source import Span


def loops(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """`for` in place of the `if` around a Wait."""
    for f in subject.functions:
        for stmt in statements(f.body):
            if not isinstance(stmt, ast.If) or stmt.init is not None or stmt.other is not None:
                continue
            waits = [c for s in statements(stmt.then) if (c := called(s, subject.info)) is not None]
            if any((c.type, c.method) == ("sync.Cond", "Wait") for c in waits):
                word = Span(stmt.span.file, stmt.span.line, stmt.span.column, stmt.span.line, stmt.span.column + 2)
                change = subject.files.replace(word, "for")
                what = f"look again after Wait: `for` for `if` on {stmt.span.words}"
                yield Edit("loop", what, subject.words(stmt.cond.span), stmt.span, (change,))


def wakes_all(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """`Broadcast` for every `Signal` of a Cond."""
    found: dict[str, list[Span]] = {}
    for f in subject.functions:
        for stmt in statements(f.body):
            c = called(stmt, subject.info)
            if c is not None and (c.type, c.method) == ("sync.Cond", "Signal") and isinstance(c.call.fun, ast.Selector):
                found.setdefault(c.on, []).append(c.call.fun.name.span)
    for on, spans in found.items():
        changes = tuple(subject.files.replace(s, "Broadcast") for s in spans)
        yield Edit("broadcast", f"{on}.Broadcast for {on}.Signal", on, spans[0], changes)


def under_lock(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """What a Wait looks at, changed under the lock of its Cond."""
    for f in subject.functions:
        for found in lists(f.body):
            for before, stmt in itertools.pairwise(found):
                c = called(stmt, subject.info)
                if c is None or c.type != "sync.Cond" or c.method not in ("Signal", "Broadcast"):
                    continue
                for mutex in _conds(subject, c.on):
                    changes = (
                        subject.files.before(before.span, f"{mutex}.Lock()"),
                        subject.files.after(before.span, f"{mutex}.Unlock()"),
                    )
                    what = f"change what Wait looks at under {mutex}, on {before.span.words}"
                    yield Edit("under lock", what, subject.words(bare(before).span), before.span, changes)


def _conds(subject: Subject, on: str) -> Iterator[str]:
    """The lock that a Cond was made with."""
    for variables, spec in subject.front.package.variables:
        for v, value in zip(variables, spec.values, strict=False):
            if v.name == on and function(value, subject.info) == ("sync", "NewCond") and isinstance(value, ast.Call):
                yield words(value.args[0])


def added_before(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """`wg.Add` before the `go` statement whose goroutine begins with it."""
    for f in subject.functions:
        for stmt in statements(f.body):
            if not isinstance(stmt, ast.Go) or not isinstance(stmt.call.fun, ast.FuncLit):
                continue
            for inner in stmt.call.fun.body.stmts[:1]:
                c = called(inner, subject.info)
                if c is not None and (c.type, c.method) == ("sync.WaitGroup", "Add"):
                    text = subject.files.slice(c.stmt.span)
                    changes = (subject.files.before(stmt.span, text), subject.files.remove(c.stmt.span))
                    yield Edit("add", f"{text} before `go` on {stmt.span.words}", text, c.stmt.span, changes)


def room(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A channel with room for one value: who sends it need not wait."""
    roots: list[object] = [f.body for f in subject.functions if not f.name.endswith(".func")]
    roots += [v for _, spec in subject.front.package.variables for v in spec.values]
    for root in roots:
        for x in every(root):
            match x:
                case ast.Call(fun=ast.Ident(name="make"), args=(of,)) if isinstance(of, ast.ChanType):
                    text = subject.files.slice(x.span)
                    change = subject.files.replace(x.span, f"{text[:-1]}, 1)")
                    yield Edit("room", f"room for one value in the channel of {x.span.words}", text, x.span, (change,))


def cancelled(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """`defer cancel()` where the context is made, in place of a call that some ways out miss."""
    for f in subject.functions:
        for stmt in statements(f.body):
            match stmt:
                case ast.Assign(lhs=(_, ast.Ident(name=name)), op=":=", rhs=(ast.Call() as made,)):
                    if name == "_" or not words(made).startswith("context."):
                        continue
                case _:
                    continue
            gone = [
                subject.files.remove(s.span)
                for s in statements(f.body)
                if isinstance(s, ast.ExprStmt)
                and isinstance(s.x, ast.Call)
                and isinstance(s.x.fun, ast.Ident)
                and s.x.fun.name == name
            ]
            changes = (subject.files.after(stmt.span, f"defer {name}()"), *gone)
            what = f"defer {name}() right behind {stmt.span.words}"
            yield Edit("cancel", what, subject.words(stmt.span), stmt.span, changes)
