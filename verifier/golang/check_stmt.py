"""Statements, one small function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_assign import assignment, returned, step
from verifier.golang.check_convert import assign, settle_default
from verifier.golang.check_decl import local_declarations
from verifier.golang.check_loop import for_loop, range_loop
from verifier.golang.check_operand import is_boolean
from verifier.golang.check_show import describe, show
from verifier.golang.check_state import Checker
from verifier.golang.check_switch import switch, type_switch
from verifier.source import fail

_NO_STATEMENT = ("append", "cap", "len", "make", "new", "min", "max")


def expression(c: Checker, s: ast.ExprStmt) -> None:
    """A call or a receive standing alone."""
    x = c.raw(s.x)
    called = isinstance(s.x, ast.Call) or (isinstance(s.x, ast.Unary) and s.x.op == "<-")
    if not called or _yields_only(c, s.x):
        raise fail(f"{describe(x)} is not used", s.x.span)


def _yields_only(c: Checker, e: ast.Expr) -> bool:
    """A conversion, or a built-in whose value is its only point."""
    if not isinstance(e, ast.Call):
        return False
    known = c.info.types.get(e.fun)
    if known is not None and known.mode is t.Mode.TYPE:
        return True
    what = c.info.uses.get(e.fun) if isinstance(e.fun, ast.Ident) else None
    return isinstance(what, t.Builtin) and what.name in _NO_STATEMENT


def send(c: Checker, s: ast.Send) -> None:
    """`channel <- value`."""
    x, value = c.expr(s.channel), c.expr(s.value)
    u = t.underlying(x.type)
    if not isinstance(u, t.Chan):
        raise fail(f"invalid operation: cannot send to non-channel {describe(x)}", s.span)
    if u.direction == "receive":
        raise fail(f"invalid operation: cannot send to receive-only channel {describe(x)}", s.span)
    assign(c, value, u.elem, "send")


def select(c: Checker, s: ast.Select) -> None:
    """`select { … }`: what a case declares is known in its statements only."""
    for case in s.cases:
        with c.block():
            if case.comm is not None:
                c.stmt(case.comm)
            c.stmts(case.body)


def launched(c: Checker, s: ast.Go | ast.Defer) -> None:
    """`go f(x)` and `defer f(x)`."""
    word = "go" if isinstance(s, ast.Go) else "defer"
    if not isinstance(s.call, ast.Call):
        raise fail(f"expression in {word} must be function call", s.span)
    c.raw(s.call)
    known = c.info.types.get(s.call.fun)
    if known is not None and known.mode is t.Mode.TYPE:
        raise fail(f"{word} requires function call, not conversion", s.span)
    if _yields_only(c, s.call):
        raise fail(f"{word} discards result of {show(s.call)}", s.span)


def block(c: Checker, s: ast.Block) -> None:
    """`{ … }`."""
    with c.block():
        c.stmts(s.stmts)


def condition(c: Checker, s: ast.If) -> None:
    """`if`."""
    with c.block():
        if s.init is not None:
            c.stmt(s.init)
        with c.surviving(s.cond):
            x = c.expr(s.cond)
            if not is_boolean(x.type):
                raise fail("non-boolean condition in if statement", s.cond.span, f"it is {describe(x)}")
            settle_default(c, x)
        c.stmt(s.then)
        if s.other is not None:
            c.stmt(s.other)


def labeled(c: Checker, s: ast.Labeled) -> None:
    """`label: stmt`; a label may stay unused, it also names a position."""
    c.stmt(s.stmt)


def nothing(_c: Checker, _s: ast.Empty | ast.Branch) -> None:
    """The empty statement, and jumps, which the flow check judges."""


STATEMENTS: dict[type, Callable[[Checker, Any], None]] = {
    ast.ExprStmt: expression,
    ast.Send: send,
    ast.Select: select,
    ast.IncDec: step,
    ast.Assign: assignment,
    ast.Go: launched,
    ast.Defer: launched,
    ast.Return: returned,
    ast.Branch: nothing,
    ast.Block: block,
    ast.If: condition,
    ast.Switch: switch,
    ast.TypeSwitch: type_switch,
    ast.For: for_loop,
    ast.Range: range_loop,
    ast.Labeled: labeled,
    ast.DeclStmt: local_declarations,
    ast.Empty: nothing,
}
