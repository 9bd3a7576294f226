"""sync.Cond and sync.Locker: a Cond stays where it is, and the types that lock for others are known by name."""

from __future__ import annotations

from verifier.golang import library, syntax as ast, types as t
from verifier.golang.check_operand import Operand
from verifier.golang.check_state import Checker
from verifier.source import Span, fail


def no_copy(x: Operand) -> None:
    """Refuse to copy a sync.Cond out of a variable: Go panics at the next use of the copy, if the Cond was used."""
    fresh = isinstance(x.expr, ast.CompositeLit | ast.Call)
    if not fresh:
        stays(x.type, x.expr.span)


def stays(of: t.Type, span: Span) -> None:
    """Refuse a place that takes a copy of a sync.Cond."""
    if library.holds_cond(of):
        what = "a sync.Cond" if of is library.COND else f"a {of}, which contains a sync.Cond,"
        raise fail(
            f"{what} is copied here: not supported",
            span,
            'Go panics with "sync.Cond is copied" when a copy of a used one is used; use a pointer to it',
        )


def note_boxed(c: Checker, x: Operand, to: t.Type) -> None:
    """Remember which type becomes an interface value here: calls through an interface choose among these."""
    boxes = isinstance(t.underlying(to), t.Interface) and not isinstance(t.underlying(x.type), t.Interface)
    if boxes and not x.is_nil and x.type != t.NIL:
        c.info.boxed.setdefault(x.type)
    if to is not library.LOCKER or x.type is library.LOCKER or x.is_nil:
        return
    if not isinstance(x.type, t.Pointer):
        raise fail(f"a value of type {x.type} as a sync.Locker is not supported yet", x.expr.span, "use a pointer")
    c.info.lockers.setdefault(x.type)
