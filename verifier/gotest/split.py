"""Statements that can be written as two: what is read first, what is written (or read) then, with a slot in between."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.types import Info, Tuple
from verifier.gotest.edits import Edits
from verifier.gotest.sites import Place, below, fresh, names

_CHANGE = {"Swap", "Add", "CompareAndSwap", "LoadOrStore", "LoadAndDelete", "Intn"}
"""Functions that read and write at once: a statement with one of these among its operands stays as it is."""


def can_split(place: Place, info: Info) -> bool:
    """Whether the statement at a place has a reading and a writing half that Go can do one after the other."""
    if place.kind != "before":
        return False
    match place.node:
        case ast.IncDec(x=x):
            return _plain(x)
        case ast.Assign(lhs=(left,), rhs=(right,), op=op) if op != ":=":
            blank = isinstance(left, ast.Ident) and left.name == "_"
            return not blank and _plain(left) and (op != "=" or _typed(right, info)) and not _changes(right)
        case ast.Return(results=(ast.Star(x=ast.Call() as call),)):
            return _plain(call.fun) and not _changes(call)
        case ast.ExprStmt(x=ast.Call(fun=fun, args=args)):
            return _plain(fun) and any(_typed(a, info) for a in args) and not any(_changes(a) for a in args)
    return False


def _plain(x: ast.Expr) -> bool:
    """Evaluating it twice is as good as once."""
    return not any(isinstance(node, ast.Call | ast.FuncLit) for node in below(x))


def _typed(x: ast.Expr, info: Info) -> bool:
    """It has one value that is no constant, whose type a new variable would take."""
    known = info.types.get(x)
    if known is None or known.value is not None or isinstance(known.type, Tuple):
        return False
    return not (isinstance(x, ast.Ident) and x.name in ("nil", "true", "false"))


def _changes(x: ast.Expr) -> bool:
    return any(
        isinstance(node, ast.FuncLit) or (isinstance(node, ast.Selector) and node.name.name in _CHANGE)
        for node in below(x)
    )


def split(edits: Edits, place: Place, call: str, info: Info) -> None:
    """Write the statement at a place as its two halves, with `call` between them."""
    node = place.node
    was = fresh("was", set(names(node)))
    match node:
        case ast.IncDec():
            x = edits.slice(node.x.span)
            first, second = f"{was} := {x}", f"{x} = {was} {node.op} 1"
        case ast.Assign(op="="):
            first, second = f"{was} := {edits.slice(node.rhs[0].span)}", f"{edits.slice(node.lhs[0].span)} = {was}"
        case ast.Assign():
            x, y = edits.slice(node.lhs[0].span), edits.slice(node.rhs[0].span)
            y = f"({y})" if isinstance(node.rhs[0], ast.Binary) else y
            first, second = f"{was} := {x}", f"{x} = {was} {node.op.removesuffix('=')} {y}"
        case ast.Return(results=(ast.Star(x=pointer),)):
            first, second = f"{was} := {edits.slice(pointer.span)}", f"return *{was}"
        case ast.ExprStmt(x=ast.Call(fun=fun, args=args)):
            typed: list[ast.Expr] = [a for a in args if _typed(a, info)]
            picked = [a for a in typed if not isinstance(a, ast.Ident)] or typed
            held: dict[ast.Expr, str] = {a: was + (str(n) if n else "") for n, a in enumerate(picked)}
            first = "\n".join(f"{name} := {edits.slice(a.span)}" for a, name in held.items())
            second = f"{edits.slice(fun.span)}({', '.join(held.get(a) or edits.slice(a.span) for a in args)})"
        case _:
            raise AssertionError(node)
    edits.replace(edits.start(node.span), edits.end(node.span), f"{{\n{first}\n{call}{second}\n}}")
