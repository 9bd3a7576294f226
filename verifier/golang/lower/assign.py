"""Assignment in two phases: operands and right sides first, then checks and stores from left to right."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower import maps
from verifier.golang.lower.arithmetic import arithmetic
from verifier.golang.lower.calls import spread
from verifier.golang.lower.expressions import comma_ok
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import has_call, hoist, operands
from verifier.golang.lower.places import place
from verifier.golang.lower.storage import load, pin, scalar, snapshot, store, zero
from verifier.golang.lower.values import Loc, Value, is_func
from verifier.golang.lower.variables import declare
from verifier.golang.types import NIL, Map, Type, Var, underlying
from verifier.program.expr import ONE, ZERO, Expr
from verifier.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class MapSlot:
    """The left side `m[k]`, with both operands evaluated."""

    holder: Value
    key: Expr
    type: Type


Target = Loc | MapSlot | Var | None


def target(m: Machine, x: ast.Expr, pinned: bool = False) -> Target:
    """Phase one of a left side: its operands. `_` is None; a variable of function type stays a `Var`.

    `pinned`: another store comes before this one, so the operands are kept as they are now.
    """
    if isinstance(x, ast.Ident):
        if x.name == "_":
            return None
        var = m.info.uses.get(x) or m.info.defs.get(x)
        if isinstance(var, Var) and is_func(var.type):
            return var
    if isinstance(x, ast.Index) and isinstance(underlying(m.info.types[x.x].type), Map):
        holder = m.value(x.x)
        t = maps.map_type(holder.type)
        key = Value(t.key, (maps.key_value(m, t, x.index),))
        if pinned:
            holder, key = snapshot(m, holder), snapshot(m, key)
        return MapSlot(holder, scalar(key.leaves[0]), t.elem)
    found = place(m, x)
    if found is None:
        raise m.unsupported("this cannot be assigned to", x.span)
    return pin(m, found) if pinned else found


def wanted(m: Machine, x: ast.Expr) -> Type | None:
    """The type a right side must have for a left side; None for `_`."""
    if isinstance(x, ast.Ident):
        var = m.info.defs.get(x) or m.info.uses.get(x)
        return var.type if isinstance(var, Var) and x.name != "_" else None
    return m.info.types[x].type


def put(m: Machine, t: Target, value: Value) -> None:
    """Phase two: the checks of the left side, then the store."""
    match t:
        case None:
            return
        case Var():
            _set_function(m, t, value)
        case MapSlot():
            maps.assign(m, t.holder, t.key, convert(m, value, t.type))
        case Loc():
            store(m, t, convert(m, value, t.type))


def _set_function(m: Machine, var: Var, value: Value) -> None:
    """A function variable gets its one function, in the block that declares it: so every later call knows it."""
    binding = m.env.names.get(var)
    fresh = binding is not None and binding.value is not None and binding.value.leaves == (ZERO,)
    if binding is None or not fresh or var.package:
        assert m.where is not None
        raise m.unsupported(
            "a function variable that is assigned twice, or only on some paths, is not supported yet",
            m.where,
            "assign it once, in the block that declares it, or put an if around the calls",
        )
    binding.value = value


def right_sides(m: Machine, xs: tuple[ast.Expr, ...], wants: tuple[Type | None, ...]) -> list[Value]:
    """The right sides; one call with several results or one comma-ok form may feed several targets."""
    if len(xs) == 1 and len(wants) == 2 and isinstance(xs[0], ast.Index | ast.TypeAssert | ast.Unary):
        hoist(m, *(x for x in (xs[0].x, getattr(xs[0], "index", None)) if x is not None))
        value, ok = comma_ok(m, xs[0], wants[0])
        return [value, ok if wants[1] is None else convert(m, ok, wants[1])]
    if len(xs) == 1 and len(wants) > 1:
        return [v if w is None else convert(m, v, w) for v, w in zip(spread(m, m.value(xs[0])), wants, strict=True)]
    return operands(m, xs, wants)


def assign_statement(m: Machine, s: ast.Stmt) -> None:
    """`=`, `:=` and the compound assignments."""
    assert isinstance(s, ast.Assign)
    if s.op == ":=":
        _define(m, s)
    elif s.op == "=":
        _assign(m, s)
    else:
        hoist(m, s.lhs[0], s.rhs[0])
        # gc evaluates the right side first, then loads x; load and store are two steps.
        right = m.value(s.rhs[0])
        update(m, target(m, s.lhs[0]), s.op[:-1], scalar(right.leaves[0]))


def _assign(m: Machine, s: ast.Assign) -> None:
    wants = tuple(wanted(m, x) for x in s.lhs)
    if len(s.lhs) == 1:
        _assign_one(m, s.lhs[0], s.rhs[0], wants[0])
        return
    hoist(m, *s.lhs)
    if len(s.rhs) == len(s.lhs):
        hoist(m, *s.rhs)
        targets = [target(m, x, pinned=True) for x in s.lhs]
        values = [snapshot(m, v) for v in right_sides(m, s.rhs, wants)]
    else:
        # The results of one call, or the two of a comma-ok form, are there before the left sides are looked at.
        values = [snapshot(m, v) for v in right_sides(m, s.rhs, wants)]
        targets = [target(m, x, pinned=True) for x in s.lhs]
    for t, v in zip(targets, values, strict=True):
        put(m, t, v)


def _assign_one(m: Machine, x: ast.Expr, right: ast.Expr, want: Type | None) -> None:
    if has_call(x, m):
        hoist(m, x, right)
    if has_call(right, m):
        value = m.value(right, want)
        put(m, target(m, x), value)
        return
    t = target(m, x)
    put(m, t, m.value(right, want))


def _define(m: Machine, s: ast.Assign) -> None:
    values = right_sides(m, s.rhs, tuple(wanted(m, x) for x in s.lhs))
    if len(s.lhs) > 1:
        values = [snapshot(m, v) for v in values]
    for x, v in zip(s.lhs, values, strict=True):
        assert isinstance(x, ast.Ident)
        known = m.info.defs.get(x)
        if isinstance(known, Var) and x.name != "_":
            declare(m, known, v)
        else:
            put(m, target(m, x), v)


def update(m: Machine, left: Target, name: str, right: Expr) -> None:
    """Load, compute, store."""
    if isinstance(left, MapSlot):
        old, _ = maps.lookup_at(m, left.holder, left.key)
        new = arithmetic(m, name, scalar(old.leaves[0]), right, left.type)
        put(m, left, Value(left.type, (new,)))
        return
    assert isinstance(left, Loc)
    old = load(m, left, "load")
    new = arithmetic(m, name, scalar(old.leaves[0]), right, left.type)
    store(m, replace(left, checks=()), Value(left.type, (new,)), "store")


def inc_dec(m: Machine, s: ast.Stmt) -> None:
    """`x++` and `x--`."""
    assert isinstance(s, ast.IncDec)
    hoist(m, s.x)
    update(m, target(m, s.x), s.op, ONE)


def declaration(m: Machine, s: ast.Stmt) -> None:
    """`var` inside a function; constants and types need no steps."""
    assert isinstance(s, ast.DeclStmt)
    for d in s.decls:
        if not isinstance(d, ast.VarSpec):
            continue
        variables = [m.info.defs.get(n) for n in d.names]
        wants = tuple(v.type if isinstance(v, Var) else None for v in variables)
        if d.values:
            values = right_sides(m, d.values, wants)
            if len(values) > 1:
                values = [snapshot(m, v) for v in values]
        else:
            values = [zero(m, w) if w is not None else Value(NIL, ()) for w in wants]
        for var, value in zip(variables, values, strict=True):
            if isinstance(var, Var) and var.name != "_":
                declare(m, var, value)
