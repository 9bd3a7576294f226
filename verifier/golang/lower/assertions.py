"""Type assertions: `x.(T)`, and what Go says when it fails (runtime/error.go:44)."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.check_lookup import why_not_implements
from verifier.golang.library import LOCKER
from verifier.golang.lower.dispatch import implements
from verifier.golang.lower.interfaces import from_interface, holds_type
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import scalar, snapshot
from verifier.golang.lower.values import Value
from verifier.golang.types import ANY, Interface, Type, underlying
from verifier.program.expr import TRUE, ZERO, Expr, any_of, equal, negate
from verifier.source import Span


def assertion(m: Machine, x: ast.TypeAssert) -> tuple[Value, Expr]:
    """`x.(T)`: the value and whether the dynamic type is T."""
    return _asserted(m, x, snapshot(m, m.value(x.x)))


def type_assert(m: Machine, x: ast.Expr) -> Value:
    """`x.(T)` without ok: panics in Go's words, which name what is there instead."""
    assert isinstance(x, ast.TypeAssert)
    inside = snapshot(m, m.value(x.x))
    value, ok = _asserted(m, x, inside)
    if m.pure or ok == TRUE:
        m.fail_if(negate(ok), "panic", "interface conversion")
        return value
    # One location with a step for each: a chain of checks would tell more situations apart than there are.
    src, m.cur = m.here(), m.new()
    m.edge(src, m.cur, guard=ok)
    held = scalar(inside.leaves[0])
    known = [ok]
    for of, message in _failures(m, inside.type, value.type):
        known.append(equal(held, ZERO) if of is None else holds_type(m, held, of))
        m.fail_edge(src, known[-1], "panic", message)
    # What else may be there: what code that is lowered later puts into interfaces, or the library.
    m.fail_edge(src, negate(any_of(*known)), "panic", f"interface conversion: {_name(inside.type)} is not {value.type}")
    return value


def holds_interface(m: Machine, e: Expr, t: Type, at: Span) -> Expr:
    """Whether an interface value holds something that implements the interface `t`."""
    if t is LOCKER:
        raise m.unsupported("an assertion to sync.Locker is not supported yet", at, "assert a concrete type")
    u = underlying(t)
    assert isinstance(u, Interface)
    return implements(m, e, t) if u.methods else negate(equal(e, ZERO))


def _asserted(m: Machine, x: ast.TypeAssert, value: Value) -> tuple[Value, Expr]:
    t = m.info.types[x.type].type
    e = scalar(value.leaves[0])
    if isinstance(underlying(t), Interface):
        return Value(t, (e,)), holds_interface(m, e, t, x.type.span)
    return from_interface(m, e, t), holds_type(m, e, t)


def _failures(m: Machine, source: Type, t: Type) -> Iterator[tuple[Type | None, str]]:
    """Nil (None) and every other type that is known to be put into interfaces, with the panic it makes.

    Not all of `Info.boxed`: a type that only keys of a sync.Map have would enlarge every interface cell.
    """
    want, inside = underlying(t), underlying(source)
    assert isinstance(inside, Interface)
    # Asked for an interface, Go does not name the one it looks into.
    yield None, f"interface conversion: {'interface' if isinstance(want, Interface) else _name(source)} is nil, not {t}"
    for of in tuple(m.segments.values()):
        if why_not_implements(of, inside) is not None:
            continue
        if not isinstance(want, Interface):
            if of != t:
                yield of, f"interface conversion: {_name(source)} is {of}, not {t}"
            continue
        lacks = [n for n, s in want.methods if why_not_implements(of, Interface(((n, s),))) is not None]
        if lacks:
            yield of, f"interface conversion: {of} is not {t}: missing method {lacks[0]}"


def _name(t: Type) -> str:
    return "interface {}" if t == ANY else str(t)
