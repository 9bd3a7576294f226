"""Calls: prepared (callee and operands evaluated), then run; `go` and `defer` run them elsewhere or later."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.lower import builtins, primitives
from verifier.golang.lower.arithmetic import in_type
from verifier.golang.lower.dispatch import interface_call
from verifier.golang.lower.inline import inline
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.library import library_call
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.methods import method_receiver, primitive_receiver
from verifier.golang.lower.order import hoist, operands
from verifier.golang.lower.places import follow, operand
from verifier.golang.lower.storage import load, scalar, zero
from verifier.golang.lower.values import FuncVal, Loc, Made, Value
from verifier.golang.types import (
    Builtin,
    LibraryFunc,
    Mode,
    Selection,
    Signature,
    Tuple,
    Type,
    is_integer,
    underlying,
)
from verifier.program.expr import TRUE, ZERO
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call whose operands stand in `held`; `run` emits its steps, given those operands wherever they are then."""

    held: tuple[Value, ...]
    run: Callable[[tuple[Value, ...]], Value]
    literal: FuncVal | None = None
    """The function literal that is called, if it is one: `defer` in a loop has to keep its variables."""
    inner: FuncVal | None = None
    """The function that a made one calls, if that is a literal."""


def call(m: Machine, x: ast.Call) -> Value:
    """A call as an expression."""
    if m.info.types[x.fun].mode is Mode.TYPE:
        return conversion(m, x)
    used = m.info.uses.get(x.fun) if isinstance(x.fun, ast.Ident) else None
    if isinstance(used, Builtin):
        return builtins.call(m, x, used.name)
    if m.pure:
        return primitives.pure_call(m, x)
    prepared = prepare(m, x)
    return prepared.run(prepared.held)


def conversion(m: Machine, x: ast.Call) -> Value:
    """`T(x)`: the same number under another type, or a value moved into an interface."""
    t = m.info.types[x].type
    value = m.value(x.args[0])
    if is_integer(t) and is_integer(value.type):
        return Value(t, (in_type(m, scalar(value.leaves[0]), t),))
    return convert(m, value, t)


def prepare(m: Machine, x: ast.Call) -> Prepared:
    """Evaluate the callee and the operands of a call: calls among them first, then the callee, then the operands."""
    fun = x.fun
    if len(x.args) != 1 or not isinstance(fun, ast.Ident):
        hoist(m, fun, *x.args)
    used = m.info.uses.get(fun) if isinstance(fun, ast.Ident) else None
    if isinstance(used, Builtin):
        return Prepared(*builtins.prepare(m, x, used.name))
    if isinstance(fun, ast.Selector):
        named = m.info.uses.get(fun.name)
        if isinstance(named, LibraryFunc):
            return Prepared(*library_call(m, x, named))
        selection = m.info.selections.get(fun)
        if selection is not None and selection.kind == "method":
            if selection.primitive is not None:
                receiver = primitive_receiver(m, fun, selection)
                return Prepared(*primitives.prepare(m, x, selection.primitive, fun.name.name, receiver))
            if selection.method is not None:
                bound = FuncVal(selection.method, m.globals, method_receiver(m, fun, selection, selection.method))
                return _user_call(m, x, bound)
            return _through_interface(m, x, fun, selection)
    return _user_call(m, x, function_value(m, fun))


def _through_interface(m: Machine, x: ast.Call, fun: ast.Selector, selection: Selection) -> Prepared:
    base = follow(m, operand(m, fun.x), selection.path)
    holder = load(m, base) if isinstance(base, Loc) else base
    signature = underlying(m.info.types[fun].type)
    assert isinstance(signature, Signature)
    args = arguments(m, x, signature.params)
    if holder.leaves == (ZERO,):
        return Prepared(tuple(args), lambda values: _call_of_nil(m, signature))

    def run(values: tuple[Value, ...]) -> Value:
        deferred_by, m.deferring = m.deferring, None
        return interface_call(m, values[0], fun.name.name, values[1:], x.span, deferred_by)

    return Prepared((holder, *args), run)


def function_value(m: Machine, fun: ast.Expr) -> FuncVal | None:
    """The function a callee expression stands for; it must be known now. None for nil."""
    leaves = m.value(fun).leaves
    if leaves == (ZERO,):
        return None
    if not leaves or not isinstance(leaves[0], FuncVal):
        raise m.unsupported(
            "this function value is not known before the program runs",
            fun.span,
            "assign functions once, to a variable, or call them by name",
        )
    return leaves[0]


def _user_call(m: Machine, x: ast.Call, target: FuncVal | None) -> Prepared:
    signature = m.info.types[x.fun].type
    u = underlying(signature)
    assert isinstance(u, Signature)
    args = arguments(m, x, u.params)
    if target is None:
        return Prepared(tuple(args), lambda values: _call_of_nil(m, u))
    held = (() if target.recv is None else (target.recv,)) + tuple(args)

    def run(values: tuple[Value, ...]) -> Value:
        recv = None if target.recv is None else values[0]
        rest = values if target.recv is None else values[1:]
        deferred_by, m.deferring = m.deferring, None
        return inline(m, FuncVal(target.target, target.env, recv), rest, x.span, deferred_by=deferred_by)

    inner = _literal(target.target.inner) if isinstance(target.target, Made) else None
    return Prepared(held, run, target if isinstance(target.target, ast.FuncLit) else None, inner)


def _literal(f: FuncVal) -> FuncVal | None:
    while isinstance(f.target, Made):
        f = f.target.inner
    return f if isinstance(f.target, ast.FuncLit) else None


def _call_of_nil(m: Machine, u: Signature) -> Value:
    m.fail_if(TRUE, "panic", "runtime error: invalid memory address or nil pointer dereference")
    values = [zero(m, t) for t in u.results]
    return values[0] if len(values) == 1 else Value(Tuple(u.results), tuple(x for v in values for x in v.leaves))


def arguments(m: Machine, x: ast.Call, params: tuple[Type, ...]) -> list[Value]:
    """The arguments, converted to the parameter types; `f(g())` spreads the results of g."""
    if len(x.args) == 1 and len(params) > 1:
        return [convert(m, v, t) for v, t in zip(spread(m, m.value(x.args[0])), params, strict=True)]
    return operands(m, x.args, params)


def spread(m: Machine, value: Value) -> list[Value]:
    """The single values of a call with several results."""
    assert isinstance(value.type, Tuple)
    out, at = [], 0
    for t in value.type.types:
        n = 1 if isinstance(underlying(t), Signature) else len(m.layouts.leaves(t))
        out.append(Value(t, value.leaves[at : at + n]))
        at += n
    return out
