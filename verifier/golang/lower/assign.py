"""Assignment in two phases: operands and right sides first, then checks and stores from left to right."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verifier.golang import syntax as ast
from verifier.golang.lower import maps
from verifier.golang.lower.calls import spread
from verifier.golang.lower.expressions import arithmetic, comma_ok
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import has_call, operands
from verifier.golang.lower.places import place
from verifier.golang.lower.storage import convert, declare, load, pin, scalar, snapshot, store, zero
from verifier.golang.lower.values import Loc, Value, is_func
from verifier.golang.types import NIL, Map, Type, Var, underlying
from verifier.program.expr import ONE, Expr


@dataclass(frozen=True, slots=True)
class MapSlot:
    """The left side `m[k]`, with both operands evaluated."""

    holder: Value
    key: Expr
    type: Type


Target = Loc | MapSlot | Var | None


def target(m: Machine, x: ast.Expr) -> Target:
    """Phase one of a left side: its operands. `_` is None; a variable of function type stays a `Var`."""
    if isinstance(x, ast.Ident):
        if x.name == "_":
            return None
        var = m.info.uses.get(x) or m.info.defs.get(x)
        if isinstance(var, Var) and is_func(var.type):
            return var
    if isinstance(x, ast.Index) and isinstance(underlying(m.info.types[x.x].type), Map):
        holder = snapshot(m, m.value(x.x))
        t = maps.map_type(holder.type)
        return MapSlot(holder, maps.key_value(m, t, x.index), t.elem)
    found = place(m, x)
    if found is None:
        raise m.unsupported("this cannot be assigned to", x.span)
    return found


def target_type(t: Target) -> Type | None:
    """The type a right side must have for a target; None for `_`."""
    return None if t is None else t.type


def put(m: Machine, t: Target, value: Value) -> None:
    """Phase two: the checks of the left side, then the store."""
    match t:
        case None:
            return
        case Var():
            binding = m.env.find(t)
            assert binding is not None
            if binding.value is not None and binding.value.leaves and binding.value.leaves != value.leaves:
                assert m.where is not None
                raise m.unsupported(
                    "a function variable that is assigned twice is not supported yet",
                    m.where,
                    "use two variables, or an if around the calls",
                )
            binding.value = value
        case MapSlot():
            maps.assign(m, t.holder, t.key, convert(m, value, t.type))
        case Loc():
            store(m, t, convert(m, value, t.type))


def right_sides(m: Machine, xs: tuple[ast.Expr, ...], wants: tuple[Type | None, ...]) -> list[Value]:
    """The right sides; one call with several results or one comma-ok form may feed several targets."""
    if len(xs) == 1 and len(wants) == 2 and isinstance(xs[0], ast.Index | ast.TypeAssert):
        value, ok = comma_ok(m, xs[0], wants[0])
        return [value, ok]
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
        _compound(m, s.lhs[0], s.op[:-1], s.rhs[0])


def _assign(m: Machine, s: ast.Assign) -> None:
    targets: list[Target] = []
    for x in s.lhs:
        t = target(m, x)
        # Calls on the right run before the place is used: it must not move under them.
        targets.append(pin(m, t) if isinstance(t, Loc) and any(has_call(r, m) for r in s.rhs) else t)
    values = right_sides(m, s.rhs, tuple(target_type(t) for t in targets))
    if len(targets) > 1:
        values = [snapshot(m, v) if not is_func(v.type) else v for v in values]
    for t, v in zip(targets, values, strict=True):
        put(m, t, v)


def _define(m: Machine, s: ast.Assign) -> None:
    wants: list[Type | None] = []
    targets: list[Target] = []
    for x in s.lhs:
        assert isinstance(x, ast.Ident)
        known = m.info.defs.get(x)
        old = None if isinstance(known, Var) or x.name == "_" else target(m, x)
        targets.append(old)
        wants.append(known.type if isinstance(known, Var) else target_type(old))
    values = right_sides(m, s.rhs, tuple(wants))
    if len(targets) > 1:
        values = [snapshot(m, v) if not is_func(v.type) else v for v in values]
    for x, t, v in zip(s.lhs, targets, values, strict=True):
        assert isinstance(x, ast.Ident)
        known = m.info.defs.get(x)
        if isinstance(known, Var) and x.name != "_":
            declare(m, known, v)
        else:
            put(m, t, v)


def _compound(m: Machine, lhs: ast.Expr, name: str, rhs: ast.Expr) -> None:
    """`x op= e`: gc evaluates e first, then loads x; load and store are two steps."""
    left = target(m, lhs)
    if isinstance(left, Loc):
        left = pin(m, left)
    right = snapshot(m, m.value(rhs))
    update(m, left, name, scalar(right.leaves[0]))


def update(m: Machine, left: Target, name: str, right: Expr) -> None:
    """Load, compute, store."""
    if isinstance(left, MapSlot):
        old, _ = maps.lookup_at(m, left.holder, left.key)
        new = arithmetic(m, name, scalar(old.leaves[0]), right)
        put(m, left, Value(left.type, (new,)))
        return
    assert isinstance(left, Loc)
    old = load(m, left, "load")
    new = arithmetic(m, name, scalar(old.leaves[0]), right)
    store(m, replace(left, checks=()), Value(left.type, (new,)), "store")


def inc_dec(m: Machine, s: ast.Stmt) -> None:
    """`x++` and `x--`."""
    assert isinstance(s, ast.IncDec)
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
                values = [snapshot(m, v) if not is_func(v.type) else v for v in values]
        else:
            values = [zero(m, w) if w is not None else Value(NIL, ()) for w in wants]
        for var, value in zip(variables, values, strict=True):
            if isinstance(var, Var) and var.name != "_":
                declare(m, var, value)
