"""`switch`, `switch x := y.(type)` and type assertions."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_convert import assign
from verifier.golang.check_lookup import why_not_implements
from verifier.golang.check_operand import Operand, is_boolean
from verifier.golang.check_operator import arithmetic
from verifier.golang.check_show import constant, describe, show
from verifier.golang.check_state import Checker
from verifier.source import ModelError, Note, Span, fail


def switch(c: Checker, s: ast.Switch) -> None:
    """`switch tag { … }`."""
    with c.block():
        if s.init is not None:
            c.stmt(s.init)
        tag: Operand | None = None
        broken = False
        if s.tag is not None:
            broken = True
            with c.surviving(s.tag):
                tag = assign(c, c.expr(s.tag), None, "switch expression")
                broken = False
        _defaults(c, s.cases)
        seen: dict[tuple[t.Type, int | str | bool], Span] = {}
        for case in s.cases:
            for e in case.values or ():
                with c.surviving(e):
                    if not broken:
                        _case_value(c, e, tag, seen)
            with c.block():
                c.stmts(case.body)


def _defaults(c: Checker, cases: tuple[ast.Case, ...]) -> None:
    found = [case for case in cases if case.values is None]
    for extra in found[1:]:
        c.report("multiple defaults in switch", extra.span, Note("first default", found[0].span))


def _case_value(
    c: Checker, e: ast.Expr, tag: Operand | None, seen: dict[tuple[t.Type, int | str | bool], Span]
) -> None:
    x = c.expr(e)
    if tag is None:
        if not is_boolean(x.type):
            raise fail(f"invalid case {show(e)} in switch (mismatched types {x.type} and bool)", e.span)
        settled = assign(c, x, t.BOOL if x.type == t.UNTYPED_BOOL else None, "switch case")
    else:
        plain = Operand(tag.expr, t.Mode.VALUE, tag.type)
        try:
            arithmetic(c, ast.Binary(e.span, "==", e, tag.expr), x, plain, "==")
        except ModelError as error:
            if "mismatched types" not in str(error):
                raise
            what = f"invalid case {show(e)} in switch on {show(tag.expr)}"
            raise fail(f"{what} (mismatched types {x.type} and {tag.type})", e.span) from None
        settled = x.typed(c.info.types[e].type)
    if settled.value is not None:
        key = (settled.type, settled.value)
        if key in seen:
            note = Note("previous case", seen[key])
            raise fail(f"duplicate case {constant(settled.value)} in expression switch", e.span, note)
        seen[key] = e.span


def type_switch(c: Checker, s: ast.TypeSwitch) -> None:
    """`switch v := x.(type) { … }`: v is another variable in every clause."""
    with c.block():
        if s.init is not None:
            c.stmt(s.init)
        x: Operand | None = None
        with c.surviving(s.x):
            x = c.expr(s.x)
            if not isinstance(t.underlying(x.type), t.Interface):
                found, x = x, None
                raise fail(f"{describe(found)} is not an interface", s.x.span)
        _defaults(c, s.cases)
        bound: list[t.Var] = []
        seen: dict[t.Type, Span] = {}
        for case in s.cases:
            of = _case_types(c, case, x, seen)
            with c.block():
                if s.bind is not None and s.bind.name != "_":
                    var = t.Var(s.bind.name, of, s.bind.span)
                    c.info.implicits[case] = var
                    c.scope.declare(var.name, var, s.bind.span)
                    bound.append(var)
                c.stmts(case.body)
        if s.bind is not None and x is not None and not any(v in c.used for v in bound):
            c.report(f"declared and not used: {s.bind.name}", s.bind.span)


def _case_types(c: Checker, case: ast.Case, x: Operand | None, seen: dict[t.Type, Span]) -> t.Type:
    """The type of the bound variable in this clause: the type listed when there is exactly one."""
    types: list[t.Type] = []
    for e in case.values or ():
        with c.surviving(e):
            of = _case_type(c, e)
            if x is not None and of != t.NIL:
                _possible(x, of, e, "impossible type switch case: ")
            if of in seen:
                raise fail(f"duplicate case {show(e)} in type switch", e.span, Note("previous case", seen[of]))
            seen[of] = e.span
            types.append(of)
    if x is None:
        return t.INVALID
    return types[0] if len(types) == 1 == len(case.values or ()) and types[0] != t.NIL else x.type


def _case_type(c: Checker, e: ast.Expr) -> t.Type:
    if isinstance(e, ast.Ident) and isinstance(c.scope.lookup(e.name), t.NilObj):
        return c.raw(e).type
    return c.type_of(e)


def type_assert(c: Checker, e: ast.TypeAssert) -> Operand:
    """`x.(T)`."""
    x = c.expr(e.x)
    if not isinstance(t.underlying(x.type), t.Interface):
        raise fail(f"invalid operation: {describe(x)} is not an interface", e.x.span)
    of = c.type_of(e.type)
    _possible(x, of, e, f"impossible type assertion: {show(e)}: ")
    return Operand(e, t.Mode.COMMAOK, of)


def _possible(x: Operand, of: t.Type, e: ast.Expr, what: str) -> None:
    want = t.underlying(x.type)
    if isinstance(t.underlying(of), t.Interface) or not isinstance(want, t.Interface):
        return
    why = why_not_implements(of, want)
    if why is not None:
        raise fail(f"{what}{of} does not implement {x.type} ({why})", e.span)
