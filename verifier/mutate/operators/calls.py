"""Calls that do two things at once, or once for all: taken apart, or done every time."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import every, function, method, statements

_ONCE = ("OnceFunc", "OnceValue", "OnceValues")


def apart(subject: Subject) -> Iterator[Edit]:
    """`LoadOrStore` as a Load and a Store, `LoadAndDelete` as a Load and a Delete."""
    for f in subject.functions:
        for stmt in statements(f.body):
            if not isinstance(stmt, ast.Assign) or len(stmt.rhs) != 1 or len(stmt.lhs) != 2:
                continue
            call = stmt.rhs[0]
            found = method(call, subject.info)
            if found is None or found[0] != "sync.Map" or not isinstance(call, ast.Call):
                continue
            on = subject.files.slice(found[2].span)
            left = [subject.files.slice(x.span) for x in stmt.lhs]
            args = [subject.files.slice(a.span) for a in call.args]
            match found[1]:
                case "LoadOrStore":
                    text = _load_or_store(on, left, stmt.op, args)
                    what = "a Load, then a Store where nothing was found"
                case "LoadAndDelete":
                    text = f"{', '.join(left)} {stmt.op} {on}.Load({args[0]}); {on}.Delete({args[0]})"
                    what = "a Load, then a Delete"
                case _:
                    continue
            change = subject.files.replace(stmt.span, text)
            yield Edit("two operations", what, subject.words(call.span), stmt.span, (change,))


def _load_or_store(on: str, left: list[str], op: str, args: list[str]) -> str:
    value, loaded = left
    found = loaded if loaded != "_" else "wasThere"
    kept = f"{on}.Store({args[0]}, {args[1]})"
    if value != "_":
        kept = f"{value} = {args[1]}; {on}.Store({args[0]}, {value})"
    if op == ":=" or loaded != "_":
        return f"{value}, {found} {op} {on}.Load({args[0]}); if !{found} {{ {kept} }}"
    return f"{value}, {loaded} = {on}.Load({args[0]}); if {value} == nil {{ {kept} }}"


def unconditional(subject: Subject) -> Iterator[Edit]:
    """`CompareAndDelete` as a Delete of whatever is there."""
    for f in subject.functions:
        for x in every(f.body):
            found = method(x, subject.info)
            if found is None or found[1] != "CompareAndDelete" or not isinstance(x, ast.Call):
                continue
            on, key = subject.files.slice(found[2].span), subject.files.slice(x.args[0].span)
            change = subject.files.replace(x.span, f"func() bool {{ {on}.Delete({key}); return true }}()")
            yield Edit("unconditional", "a Delete that compares nothing", subject.words(x.span), x.span, (change,))


def every_time(subject: Subject) -> Iterator[Edit]:
    """What `sync.Once` does once, done by every caller."""
    for f in subject.functions:
        for stmt in statements(f.body):
            call = stmt.x if isinstance(stmt, ast.ExprStmt) else None
            found = method(call, subject.info)
            if found is None or found[:2] != ("sync.Once", "Do") or not isinstance(call, ast.Call):
                continue
            body = subject.files.slice(call.args[0].span)
            change = subject.files.replace(stmt.span, f"{body}()")
            yield Edit("every time", "called by everybody", subject.words(stmt.span), stmt.span, (change,))


def every_use(subject: Subject) -> Iterator[Edit]:
    """What `sync.OnceFunc` and its like make run once, run at every call."""
    for root in _roots(subject):
        for x in every(root):
            named = function(x, subject.info)
            if named is None or named[0] != "sync" or named[1] not in _ONCE or not isinstance(x, ast.Call):
                continue
            change = subject.files.replace(x.span, subject.files.slice(x.args[0].span))
            yield Edit("every time", "called by everybody", subject.words(x.span), x.span, (change,), (), True)


def _roots(subject: Subject) -> list[object]:
    values = [v for _, spec in subject.front.package.variables for v in spec.values]
    return [*values, *(f.body for f in subject.functions if not f.name.endswith(".func"))]
