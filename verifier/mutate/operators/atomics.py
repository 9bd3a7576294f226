"""Atomic operations: one that reads and writes taken apart, one that compares made one that does not, all plain."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Var
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.files import Change
from verifier.mutate.scan import every, function, method, statements

_PLAIN = {"Int32": "int32", "Int64": "int64", "Uint32": "uint32", "Uint64": "uint64", "Bool": "bool"}
_FORMS = (("Load", "{0}"), ("Store", "{0} = {1}"), ("Add", "{0} += {1}"))
_CAS = "func() bool {{ if {0} == {1} {{ {0} = {2}; return true }}; return false }}()"


def apart(subject: Subject) -> Iterator[Edit]:
    """`x.Add(d)` as a Load and a Store."""
    for f in subject.functions:
        for stmt in statements(f.body):
            found = method(stmt.x, subject.info) if isinstance(stmt, ast.ExprStmt) else None
            if found is None or not found[0].startswith("atomic.") or found[1] != "Add":
                continue
            assert isinstance(stmt, ast.ExprStmt) and isinstance(stmt.x, ast.Call)
            on, by = subject.files.slice(found[2].span), subject.files.slice(stmt.x.args[0].span)
            change = subject.files.replace(stmt.span, f"{on}.Store({on}.Load() + {by})")
            yield Edit("two operations", "a Load, then a Store", subject.words(stmt.span), stmt.span, (change,))


def unconditional(subject: Subject) -> Iterator[Edit]:
    """`CompareAndSwap` as a Store that always succeeds."""
    for f in subject.functions:
        for x in every(f.body):
            found = method(x, subject.info)
            if found is None or found[1] != "CompareAndSwap" or not isinstance(x, ast.Call):
                continue
            args = [subject.files.slice(a.span) for a in x.args]
            stored = ", ".join([*args[:-2], args[-1]])
            on = subject.files.slice(found[2].span)
            change = subject.files.replace(x.span, f"func() bool {{ {on}.Store({stored}); return true }}()")
            yield Edit("unconditional", "a Store that compares nothing", subject.words(x.span), x.span, (change,))


def plain(subject: Subject) -> Iterator[Edit]:
    """A variable of an atomic type as one of a plain type, wherever it is used."""
    for variables, spec in subject.front.package.variables:
        match spec.type:
            case ast.Selector(x=ast.Ident(name="atomic"), name=ast.Ident(name=name)) if name in _PLAIN:
                to = _PLAIN[name]
            case ast.Index(x=ast.Selector(x=ast.Ident(name="atomic"), name=ast.Ident(name="Pointer")), index=elem):
                to = f"*{subject.files.slice(elem.span)}"
            case _:
                continue
        if spec.values:
            continue
        changes: list[Change] = [subject.files.replace(spec.type.span, to)]
        for var in variables:
            changes += _plain_uses(subject, var)
        step = f"{', '.join(v.name for v in variables)} {subject.words(spec.type.span)}"
        yield Edit("plain", f"plain {to}", step, spec.span, tuple(changes), (), True)


def _plain_uses(subject: Subject, var: Var) -> Iterator[Change]:
    package = subject.front.package
    roots: list[object] = [f.body for f in subject.functions if not f.name.endswith(".func")]
    roots += [c.expr for c in package.clauses]
    seen: set[object] = set()
    for root in roots:
        for x in every(root):
            found = method(x, subject.info)
            if found is None or not isinstance(found[2], ast.Ident) or not isinstance(x, ast.Call) or x.span in seen:
                continue
            if subject.info.uses.get(found[2]) is not var:
                continue
            seen.add(x.span)
            args = [subject.files.slice(a.span) for a in x.args]
            form = dict(_FORMS).get(found[1], _CAS)
            yield subject.files.replace(x.span, form.format(var.name, *args, *("",) * 2))


def plain_calls(subject: Subject) -> Iterator[Edit]:
    """`atomic.LoadInt64(&n)` as `n`, one call at a time."""
    for f in subject.functions:
        for x in every(f.body):
            found = function(x, subject.info)
            if found is None or found[0] != "atomic" or not isinstance(x, ast.Call) or not x.args:
                continue
            target = x.args[0]
            if not isinstance(target, ast.Unary) or target.op != "&":
                continue
            on = subject.files.slice(target.x.span)
            args = [subject.files.slice(a.span) for a in x.args[1:]]
            form = next((form for word, form in _FORMS if found[1].startswith(word)), None)
            if form is None:
                continue
            change = subject.files.replace(x.span, form.format(on, *args))
            yield Edit("plain", f"`{form.format(on, *args)}`", subject.words(x.span), x.span, (change,))
