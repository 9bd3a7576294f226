"""Method receivers: implicit address and dereference, promoted methods, bound method values."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.library import TIMERS, WAITERS
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.places import as_pointer, follow, operand, through
from verifier.golang.lower.storage import load, snapshot
from verifier.golang.lower.values import FuncVal, Loc, Value
from verifier.golang.types import Func, Pointer, Selection, underlying


def method_receiver(m: Machine, x: ast.Selector, selection: Selection, method: Func) -> Value:
    """The receiver as the method declares it: a pointer, or a copy made now."""
    base = follow(m, operand(m, x.x), selection.path)
    assert method.recv is not None
    if isinstance(underlying(method.recv.type), Pointer):
        if isinstance(underlying(base.type), Pointer):
            return load(m, base) if isinstance(base, Loc) else base
        if not isinstance(base, Loc):
            raise m.unsupported("a pointer method needs a variable here", x.span, "store the value in a variable first")
        return as_pointer(m, base)
    held = through(m, base)
    # A value receiver copies every cell, locks included: a copied mutex is another mutex.
    return snapshot(m, load(m, held)) if isinstance(held, Loc) else held


def primitive_receiver(m: Machine, x: ast.Selector, selection: Selection) -> Value:
    """A pointer to the primitive a method of sync or sync/atomic is called on; of a Cond, to the whole."""
    hidden = selection.primitive == WAITERS.type or selection.primitive in TIMERS
    path = selection.path[:-1] if hidden else selection.path
    base = follow(m, operand(m, x.x), path)
    if isinstance(underlying(base.type), Pointer):
        return load(m, base) if isinstance(base, Loc) else base
    if not isinstance(base, Loc):
        raise m.unsupported("this method needs a variable here", x.span, "store the value in a variable first")
    return as_pointer(m, base)


def method_value(m: Machine, x: ast.Selector, selection: Selection) -> Value:
    """`x.Method` without a call: the receiver is evaluated, and copied or addressed, now."""
    if selection.method is None:
        raise m.unsupported(
            f"{x.name.name} as a value is not supported yet", x.span, f"write func() {{ … .{x.name.name}() }} instead"
        )
    bound = method_receiver(m, x, selection, selection.method)
    return Value(m.info.types[x].type, (FuncVal(selection.method, m.globals, snapshot(m, bound)),))
