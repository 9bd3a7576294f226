"""Assignments, `:=`, `x op= y`, `x++`, and what variables are initialised with."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_convert import assign
from verifier.golang.check_operand import Operand, PoisonedError, is_integer
from verifier.golang.check_operator import arithmetic
from verifier.golang.check_show import show
from verifier.golang.check_state import Checker
from verifier.source import ModelError, fail


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def right_sides(c: Checker, rhs: Sequence[ast.Expr], targets: int) -> list[Operand]:
    """One operand for each of `targets` left sides: calls with several results and comma-ok forms are split."""
    if len(rhs) == targets:
        return [c.expr(e) for e in rhs]
    if len(rhs) != 1:
        given = _plural(len(rhs), "value")
        raise fail(f"assignment mismatch: {_plural(targets, 'variable')} but {given}", rhs[0].span)
    x = c.values(rhs[0])
    if isinstance(x.type, t.Tuple):
        if len(x.type.types) == targets:
            return [Operand(x.expr, t.Mode.VALUE, of) for of in x.type.types]
    elif targets == 2 and x.mode in (t.Mode.MAPINDEX, t.Mode.COMMAOK):
        c.record(x.typed(t.Tuple((x.type, t.BOOL))))
        return [Operand(x.expr, x.mode, x.type), Operand(x.expr, t.Mode.VALUE, t.UNTYPED_BOOL)]
    count = len(x.type.types) if isinstance(x.type, t.Tuple) else 1
    what = (
        f"{show(x.expr.fun)} returns {_plural(count, 'value')}" if isinstance(x.expr, ast.Call) else _plural(1, "value")
    )
    raise fail(f"assignment mismatch: {_plural(targets, 'variable')} but {what}", rhs[0].span)


def _second_type(c: Checker, rhs: Sequence[ast.Expr], second: t.Type) -> None:
    """Record the type that the ok of a comma-ok form took (a declared bool, perhaps)."""
    e = rhs[0]
    known = c.info.types.get(e)
    split = (
        isinstance(e, ast.Index | ast.TypeAssert | ast.Unary) and known is not None and isinstance(known.type, t.Tuple)
    )
    if split and known is not None and isinstance(known.type, t.Tuple):
        c.info.types[e] = t.TypeAndValue(t.Tuple((known.type.types[0], second)), known.mode)


def assignment(c: Checker, s: ast.Assign) -> None:
    """`lhs op rhs`."""
    if s.op == ":=":
        _define(c, s)
    elif s.op == "=":
        _plain(c, s)
    else:
        operation(c, s.lhs[0], s.rhs[0], s.op[:-1], s)


def operation(c: Checker, left: ast.Expr, right: ast.Expr, op: str, s: ast.Assign) -> None:
    """`left op= right`."""
    if len(s.lhs) != 1 or len(s.rhs) != 1:
        raise fail(f"assignment operation {s.op} requires single-valued expressions", s.span)
    x, y = c.expr(left), c.expr(right)
    # The result takes the place of a Binary node; its operands are recorded as usual.
    made = arithmetic(c, ast.Binary(s.span, op, left, right), x, y, op)
    place(c, left, x)
    assign(c, made, x.type, "assignment operation")


def step(c: Checker, s: ast.IncDec) -> None:
    """`x++` and `x--`."""
    x = c.expr(s.x)
    if not is_integer(x.type):
        raise fail(f"invalid operation: {show(s.x)}{s.op * 2} (non-numeric type {x.type})", s.span)
    place(c, s.x, x)


def _plain(c: Checker, s: ast.Assign) -> None:
    left = [None if _is_blank(e) else target(c, e) for e in s.lhs]
    found = right_sides(c, s.rhs, len(s.lhs))
    for x, of in zip(found, left, strict=True):
        settled = assign(c, x, of, "assignment")
        if x is not found[0]:
            _second_type(c, s.rhs, settled.type)


def _is_blank(e: ast.Expr) -> bool:
    return isinstance(e, ast.Ident) and e.name == "_"


def target(c: Checker, e: ast.Expr) -> t.Type:
    """The type of a left side. Assigning to a local variable does not count as using it. Raises ModelError."""
    var = c.scope.lookup(e.name) if isinstance(e, ast.Ident) else None
    was_used = not isinstance(var, t.Var) or var in c.used
    try:
        x = c.expr(e)
    finally:
        if isinstance(var, t.Var) and not was_used and var.type != t.INVALID:
            c.used.discard(var)
    return place(c, e, x)


def place(c: Checker, e: ast.Expr, x: Operand) -> t.Type:
    """The type of the checked left side `x`, which must be addressable or a map element. Raises ModelError."""
    if x.mode in (t.Mode.VARIABLE, t.Mode.MAPINDEX):
        return x.type
    if isinstance(e, ast.Selector) and _within_map(c, e.x):
        raise fail(
            f"cannot assign to struct field {show(e)} in map",
            e.span,
            "copy the value to a variable, change it and store it back, or store pointers in the map",
        )
    raise fail(f"cannot assign to {show(e)} (neither addressable nor a map index expression)", e.span)


def _within_map(c: Checker, e: ast.Expr) -> bool:
    known = c.info.types.get(e)
    if known is not None and known.mode is t.Mode.MAPINDEX:
        return True
    return isinstance(e, ast.Selector | ast.Index) and _within_map(c, e.x)


def _define(c: Checker, s: ast.Assign) -> None:
    names = [e for e in s.lhs if isinstance(e, ast.Ident)]
    if len(names) < len(s.lhs):
        odd = next(e for e in s.lhs if not isinstance(e, ast.Ident))
        raise fail(f"non-name {show(odd)} on left side of :=", odd.span)
    repeated = next((n for i, n in enumerate(names) if n.name != "_" and n.name in [m.name for m in names[:i]]), None)
    if repeated is not None:
        raise fail(f"{repeated.name} repeated on left side of :=", repeated.span)
    fresh = [n.name != "_" and n.name not in c.scope.names for n in names]
    left = [None if new or n.name == "_" else target(c, n) for n, new in zip(names, fresh, strict=True)]
    declared: list[t.Type] = []
    try:
        found = right_sides(c, s.rhs, len(names))
        for i, (x, of) in enumerate(zip(found, left, strict=True)):
            settled = assign(c, x, of, "assignment")
            declared.append(settled.type)
            if i == 1:
                _second_type(c, s.rhs, settled.type)
        if not any(fresh):
            raise fail("no new variables on left side of :=", s.span, "use = to assign")
    except (ModelError, PoisonedError):
        declared = [t.INVALID] * len(names)
        raise
    finally:
        for name, new, of in zip(names, fresh, declared, strict=False):
            if new or name.name == "_":
                c.local(name, of)


def initial(c: Checker, spec: ast.VarSpec) -> list[t.Type]:
    """The types of the variables of a `var` specification; their values are checked. Raises ModelError."""
    of = c.type_of(spec.type) if spec.type is not None else None
    if not spec.values:
        if of is None:
            raise fail("missing type or initial value", spec.span)
        return [of] * len(spec.names)
    found = right_sides(c, spec.values, len(spec.names))
    settled = [assign(c, x, of, "variable declaration") for x in found]
    if len(settled) == 2:
        _second_type(c, spec.values, settled[1].type)
    return [x.type if of is None else of for x in settled]


def returned(c: Checker, s: ast.Return) -> None:
    """`return …`."""
    function = c.function
    want = function.signature.results if function is not None else ()
    if not s.results:
        named = function is not None and all(r.name for r in function.results)
        if want and not named:
            shown = ", ".join(map(str, want))
            raise fail("not enough return values", s.span, "have ()", f"want ({shown})")
        _shadowed(c, s)
        return
    found = _returned_values(c, s, len(want))
    if len(found) != len(want):
        how = "not enough" if len(found) < len(want) else "too many"
        have = ", ".join("number" if x.type == t.UNTYPED_INT else str(x.type) for x in found)
        wanted = ", ".join(map(str, want))
        raise fail(f"{how} return values", s.results[0].span, f"have ({have})", f"want ({wanted})")
    for x, of in zip(found, want, strict=True):
        assign(c, x, of, "return statement")


def _returned_values(c: Checker, s: ast.Return, count: int) -> list[Operand]:
    if len(s.results) != 1 or count == 1:
        return [c.expr(e) for e in s.results]
    x = c.values(s.results[0])
    if isinstance(x.type, t.Tuple):
        return [Operand(x.expr, t.Mode.VALUE, of) for of in x.type.types]
    return [x]


def _shadowed(c: Checker, s: ast.Return) -> None:
    for result in c.function.results if c.function is not None else ():
        if result.name not in ("", "_") and c.scope.lookup(result.name) is not result:
            raise fail(f"result parameter {result.name} not in scope at return", s.span)
