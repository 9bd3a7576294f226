"""Expressions: every shared read is a step of its own; reads of private cells stay inside the next step."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.lower import channel_values, literals, maps, slices
from verifier.golang.lower.arithmetic import arithmetic, in_type
from verifier.golang.lower.assertions import assertion, type_assert
from verifier.golang.lower.calls import call
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.methods import method_value
from verifier.golang.lower.order import early, hoist, operands
from verifier.golang.lower.places import as_pointer, follow, operand, place
from verifier.golang.lower.storage import has_address, load, materialize, scalar, zero
from verifier.golang.lower.values import Address, FuncVal, LeafValue, Loc, Value, is_func
from verifier.golang.lower.variables import variable
from verifier.golang.types import (
    BOOL,
    INT,
    NIL,
    STRING,
    Basic,
    Func,
    Interface,
    Map,
    Mode,
    NilObj,
    Type,
    TypeAndValue,
    Var,
    underlying,
)
from verifier.program.expr import FALSE, ZERO, Const, Expr, Read, all_of, both, const, either, equal, negate, op
from verifier.program.program import Bool


def evaluate(m: Machine, x: ast.Expr, want: Type | None = None) -> Value:
    """Lower any expression; constants are folded by the checker, the rest goes through the table below."""
    value = m.hoisted.pop(x, None)
    if value is None:
        known = m.info.types[x]
        if known.mode is Mode.CONST:
            value = constant(m, known)
        else:
            if not early(m, x):
                hoist(m, x)
            value = _TABLE[type(x)](m, x)
    return value if want is None else convert(m, value, want)


def constant(m: Machine, known: TypeAndValue) -> Value:
    """The value of a constant expression. Strings are their position in the model's list of strings."""
    t, v = known.type, known.value
    if isinstance(underlying(t), Interface) or (isinstance(t, Basic) and t.name.startswith("untyped")):
        t = BOOL if isinstance(v, bool) else STRING if isinstance(v, str) else INT
    if isinstance(v, str):
        # A text that is only ever printed is not in the list: it is no value of the model.
        return Value(t, (const(m.layouts.strings.index(v) if v in m.layouts.strings else 0),))
    assert v is not None
    return Value(t, (const(int(v)),))


def condition(m: Machine, x: ast.Expr) -> Expr:
    """A boolean operand as one expression."""
    return scalar(m.value(x).leaves[0])


def _ident(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Ident)
    used = m.info.uses.get(x) or m.info.defs.get(x)
    match used:
        case Var():
            found = variable(m, used)
            return load(m, found) if isinstance(found, Loc) else found
        case Func():
            return Value(used.signature, (FuncVal(used, m.globals),))
        case NilObj():
            t = m.info.types[x].type
            return Value(NIL, (ZERO,)) if t == NIL else zero(m, t)
        case _:
            raise m.unsupported(f"{x.name} is not supported here yet", x.span)


def _selector(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Selector)
    selection = m.info.selections.get(x)
    named = m.info.uses.get(x.name)
    if selection is None and isinstance(named, Func):
        return Value(named.signature, (FuncVal(named, m.globals),))
    if selection is None and isinstance(named, Var):
        found = variable(m, named)
        return load(m, found) if isinstance(found, Loc) else found
    if selection is None:
        raise m.unsupported(f"{x.name.name} is not supported as a value yet", x.span, "call it directly")
    if selection.kind != "field":
        return method_value(m, x, selection)
    found = follow(m, operand(m, x.x), selection.path)
    return load(m, found) if isinstance(found, Loc) else found


def _index(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Index)
    if x in m.info.instances:
        func = m.info.instances[x]
        return Value(func.signature, (FuncVal(func, m.globals),))
    if isinstance(underlying(m.info.types[x.x].type), Map):
        return maps.lookup(m, x)[0]
    found = operand(m, x)
    return load(m, found) if isinstance(found, Loc) else found


def _slicing(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Slicing)
    return slices.slicing(m, x)


def _star(m: Machine, x: ast.Expr) -> Value:
    found = operand(m, x)
    return load(m, found) if isinstance(found, Loc) else found


def _unary(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Unary)
    if x.op == "&":
        if isinstance(x.x, ast.CompositeLit):
            return literals.pointer_to(m, x.x)
        found = place(m, x.x)
        if found is None:
            raise m.unsupported("the address of this value cannot be taken here", x.span)
        return as_pointer(m, found)
    if x.op == "<-":
        return channel_values.receive(m, x)[0]
    value = m.value(x.x)
    e = scalar(value.leaves[0])
    if x.op == "!":
        return Value(value.type, (negate(e),))
    result = {"-": op("neg", e), "+": e, "^": op("-", op("neg", e), Const(1))}[x.op]
    return Value(value.type, (in_type(m, result, value.type) if x.op != "+" else result,))


def _binary(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Binary)
    if x.op in ("&&", "||"):
        return Value(m.info.types[x].type, (_short_circuit(m, x),))
    left, right = operands(m, (x.x, x.y), (None, None))
    if x.op in ("==", "!="):
        same = equality(m, left, right)
        return Value(m.info.types[x].type, (same if x.op == "==" else negate(same),))
    a, b = scalar(left.leaves[0]), scalar(right.leaves[0])
    return Value(m.info.types[x].type, (arithmetic(m, x.op, a, b, left.type),))


def equality(m: Machine, left: Value, right: Value) -> Expr:
    """`==` of two values, leaf by leaf; a concrete operand is compared as the interface value it would become."""
    if is_func(left.type) or is_func(right.type):
        # Go compares functions with nil only.
        known = left.leaves[0] if is_func(left.type) else right.leaves[0]
        return const(not isinstance(known, FuncVal))
    if _is_any(left.type) and _is_any(right.type) and ZERO not in (*left.leaves, *right.leaves):
        m.any_compared = m.any_compared or m.where
    if isinstance(underlying(left.type), Interface) or right.type == NIL:
        right = convert(m, right, left.type)
    if isinstance(underlying(right.type), Interface) or left.type == NIL:
        left = convert(m, left, right.type)
    if m.layouts.by_content(left.type):
        known = left.leaves[0] if right.leaves[0] == ZERO else right.leaves[0]
        if ZERO not in (left.leaves[0], right.leaves[0]):
            has_address(m, left.type)
        return negate(scalar(known))
    specs = m.layouts.leaves(left.type)
    return all_of(*(_same(m, a, b, s.spec) for a, b, s in zip(left.leaves, right.leaves, specs, strict=True)))


def _is_any(t: Type) -> bool:
    u = underlying(t)
    return isinstance(u, Interface) and not u.methods


def _same(m: Machine, a: LeafValue, b: LeafValue, spec: object) -> Expr:
    if isinstance(a, Address) and isinstance(b, Address) and a.region.template == b.region.template:
        return const(a == b)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Address) and other == ZERO:
            return FALSE
    return equal(materialize(m, a, spec), materialize(m, b, spec))  # type: ignore[arg-type]


def _short_circuit(m: Machine, x: ast.Binary) -> Expr:
    left = condition(m, x.x)
    conjunction = x.op == "&&"
    if isinstance(left, Const):
        return condition(m, x.y) if bool(left.value) is conjunction else left
    if m.pure:
        return _pure_short_circuit(m, x, left)
    before, rest, steps = m.here(), m.new(), len(m.tm.steps)
    m.cur = rest
    right = condition(m, x.y)
    if len(m.tm.steps) == steps and m.cur == rest:
        m.cur = before
        return both(left, right) if conjunction else either(left, right)
    out = m.temp("cond", Bool())
    m.step(updates=((out, right),))
    done, skip = m.new(), m.new()
    m.goto(done)
    m.cur = before
    m.branch(left, *((rest, skip) if conjunction else (skip, rest)))
    m.cur = skip
    m.step(updates=((out, const(not conjunction)),))
    m.label(done)
    return Read(out)


def _pure_short_circuit(m: Machine, x: ast.Binary, left: Expr) -> Expr:
    """In a clause the right side need only be defined where Go would evaluate it."""
    mark = len(m.defined)
    right = condition(m, x.y)
    skipped = negate(left) if x.op == "&&" else left
    m.defined[mark:] = [either(skipped, d) for d in m.defined[mark:]]
    return both(left, right) if x.op == "&&" else either(left, right)


def _func_lit(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.FuncLit)
    return Value(m.info.types[x].type, (FuncVal(x, m.env),))


def comma_ok(m: Machine, x: ast.Expr, target: Type | None) -> tuple[Value, Value]:
    """`v, ok` forms of a map index, a type assertion or a receive."""
    if isinstance(x, ast.Unary):
        value, ok = channel_values.receive(m, x)
        return (value if target is None else convert(m, value, target)), Value(BOOL, (ok,))
    if isinstance(x, ast.TypeAssert):
        value, ok = assertion(m, x)
        taken = Value(value.type, tuple(op("ite", ok, scalar(leaf), ZERO) for leaf in value.leaves))
        return (taken if target is None else convert(m, taken, target)), Value(BOOL, (ok,))
    assert isinstance(x, ast.Index)
    value, ok = maps.lookup(m, x)
    return (value if target is None else convert(m, value, target)), Value(BOOL, (ok,))


def _composite(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.CompositeLit)
    return literals.composite(m, x, m.info.types[x].type)


def _call(m: Machine, x: ast.Expr) -> Value:
    assert isinstance(x, ast.Call)
    return call(m, x)


_TABLE: dict[type, Callable[[Machine, ast.Expr], Value]] = {
    ast.Ident: _ident,
    ast.Selector: _selector,
    ast.Index: _index,
    ast.Star: _star,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.FuncLit: _func_lit,
    ast.Slicing: _slicing,
    ast.TypeAssert: type_assert,
    ast.CompositeLit: _composite,
    ast.Call: _call,
}
