"""`for` in its three forms."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_assign import target
from verifier.golang.check_call import names_range
from verifier.golang.check_convert import assign, settle_default
from verifier.golang.check_locker import stays
from verifier.golang.check_operand import Operand, deref, is_boolean, is_integer, is_string, is_untyped
from verifier.golang.check_show import describe, show
from verifier.golang.check_state import Checker
from verifier.source import fail


def for_loop(c: Checker, s: ast.For) -> None:
    """`for init; cond; post { … }`."""
    with c.block():
        if s.init is not None:
            c.stmt(s.init)
        if s.cond is not None:
            with c.surviving(s.cond):
                x = c.expr(s.cond)
                if not is_boolean(x.type):
                    raise fail("non-boolean condition in for statement", s.cond.span, f"it is {describe(x)}")
                settle_default(c, x)
        if s.post is not None:
            if isinstance(s.post, ast.Assign) and s.post.op == ":=":
                c.report("cannot declare in post statement of for loop", s.post.span)
            c.stmt(s.post)
        c.stmt(s.body)


def range_loop(c: Checker, s: ast.Range) -> None:
    """`for key, value := range x { … }`."""
    with c.block():
        types: tuple[t.Type, t.Type | None] = (t.INVALID, t.INVALID)
        with c.surviving(s.x):
            types = _element_types(c, s)
        with c.surviving(s.key, s.value):
            _bind(c, s, types)
        c.stmt(s.body)


def _element_types(c: Checker, s: ast.Range) -> tuple[t.Type, t.Type | None]:
    """The types of key and value; no value type where only one variable is permitted."""
    x = c.expr(s.x)
    if is_untyped(x.type) and is_integer(x.type):
        x = _counted(c, s, x)
    behind = deref(x.type)
    u = t.underlying(behind) if behind is not None else t.underlying(x.type)
    match u:
        case t.Map() if behind is None:
            return u.key, u.elem
        case t.Slice() if behind is None:
            return t.INT, u.elem
        case t.Array():
            return t.INT, u.elem
        case t.Chan() if behind is None:
            if u.direction == "send":
                raise fail(f"cannot range over {describe(x)}: receive from send-only channel", s.x.span)
            if s.value is not None:
                raise fail(f"range over {describe(x)} permits only one iteration variable", s.value.span)
            return u.elem, None
        case t.Basic() if is_integer(x.type) and behind is None:
            if c.lang < 122:
                raise fail(f"cannot range over {describe(x)}: requires go1.22 or later", s.x.span)
            if s.value is not None:
                raise fail(f"range over {describe(x)} permits only one iteration variable", s.value.span)
            return x.type, None
        case t.Signature():
            hint = (
                "call m.Range(func(k, v any) bool { … }) instead" if names_range(c, s.x) else "call it with a callback"
            )
            raise fail(f"range over the function {show(s.x)} is not supported", s.x.span, hint)
    if is_string(x.type):
        raise fail(f"cannot range over {describe(x)}: strings are opaque constants here", s.x.span)
    raise fail(f"cannot range over {describe(x)}", s.x.span)


def _counted(c: Checker, s: ast.Range, x: Operand) -> Operand:
    """`range 10` counts in the type of an existing key variable, else in int."""
    if s.define or s.key is None or (isinstance(s.key, ast.Ident) and s.key.name == "_"):
        return settle_default(c, x)
    return assign(c, x, target(c, s.key), "range clause")


def _bind(c: Checker, s: ast.Range, types: tuple[t.Type, t.Type | None]) -> None:
    for e, of in zip((s.key, s.value), types, strict=True):
        if e is None or of is None:
            continue
        blank = isinstance(e, ast.Ident) and e.name == "_"
        if not blank:
            stays(of, e.span)
        if s.define:
            if not isinstance(e, ast.Ident):
                raise fail(f"non-name {show(e)} on left side of :=", e.span)
            c.local(e, of)
        elif not blank and of != t.INVALID:
            assign(c, Operand(e, t.Mode.VALUE, of), target(c, e), "range clause")
