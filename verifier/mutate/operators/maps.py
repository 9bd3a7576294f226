"""A sync.Map as a plain map."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import STRING, Type, Var, is_integer, underlying
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.files import Change
from verifier.mutate.scan import every, method

_FORMS = {"Load": "{0}[{1}]", "Store": "{0}[{1}] = {2}", "Delete": "delete({0}, {1})", "Clear": "clear({0})"}


def plain(subject: Subject) -> Iterator[Edit]:
    """A variable of type `sync.Map` as a built-in map, where only what both can do is done with it."""
    for variables, spec in subject.front.package.variables:
        match spec.type:
            case ast.Selector(x=ast.Ident(name="sync"), name=ast.Ident(name="Map")) if len(variables) == 1:
                key, changes = _uses(subject, variables[0])
            case _:
                continue
        if not key:
            continue
        declared = subject.files.replace(spec.type.span, f"= map[{key}]any{{}}")
        step = f"{variables[0].name} {subject.words(spec.type.span)}"
        yield Edit("plain", f"plain map[{key}]any", step, spec.span, (declared, *changes), (), True)


def _uses(subject: Subject, var: Var) -> tuple[str, list[Change]]:
    """The type of its keys and the calls as a plain map has them; no type where that is not possible."""
    package = subject.front.package
    roots: list[object] = [f.body for f in subject.functions if not f.name.endswith(".func")]
    keys: set[str] = set()
    changes: list[Change] = []
    for x in (x for root in [*roots, *(c.expr for c in package.clauses)] for x in every(root)):
        found = method(x, subject.info)
        if found is None or not isinstance(x, ast.Call) or not isinstance(found[2], ast.Ident):
            continue
        if subject.info.uses.get(found[2]) is not var:
            continue
        if found[1] not in _FORMS:
            return "", []
        if x.args:
            keys.add(_key(_type(subject, x.args[0])))
        args = [subject.files.slice(a.span) for a in x.args]
        changes.append(subject.files.replace(x.span, _FORMS[found[1]].format(var.name, *args)))
    return (keys.pop() if len(keys) == 1 else ""), changes


def _type(subject: Subject, x: ast.Expr) -> Type | None:
    known = subject.info.types.get(x)
    return None if known is None else known.type


def _key(of: Type | None) -> str:
    if of is None:
        return ""
    if underlying(of) == STRING:
        return "string"
    return "int" if is_integer(of) else ""
