"""Declarations of constants and types, and `var`, `const` and `type` inside functions."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_assign import initial
from verifier.golang.check_convert import assign
from verifier.golang.check_operand import PoisonedError
from verifier.golang.check_show import describe
from verifier.golang.check_state import Checker
from verifier.golang.check_types import check_parts, check_valid
from verifier.source import ModelError, fail


def local_declarations(c: Checker, s: ast.DeclStmt) -> None:
    """`var`, `const`, `type` as a statement."""
    for decl in s.decls:
        with c.surviving(decl):
            match decl:
                case ast.VarSpec():
                    _variables(c, decl)
                case ast.ConstSpec():
                    _constants(c, decl)
                case ast.TypeSpec():
                    _type(c, decl)
                case ast.FuncDecl():
                    raise fail("a function cannot be declared inside a function", decl.span, "use a function literal")


def _variables(c: Checker, spec: ast.VarSpec) -> None:
    types: list[t.Type] = [t.INVALID] * len(spec.names)
    try:
        types = initial(c, spec)
    finally:
        for name, of in zip(spec.names, types, strict=True):
            c.local(name, of)


def _constants(c: Checker, spec: ast.ConstSpec) -> None:
    made = [t.ConstObj(name.name, t.INVALID, 0, name.span) for name in spec.names]
    try:
        for i, constant in enumerate(made):
            define_constant(c, spec, i, constant)
    finally:
        for name, constant in zip(spec.names, made, strict=True):
            c.declare(name, constant)


def define_constant(c: Checker, spec: ast.ConstSpec, i: int, constant: t.ConstObj) -> None:
    """Evaluate the i-th constant of a specification into `constant`. Raises ModelError."""
    if i >= len(spec.values):
        raise fail("missing init expr for const declaration", spec.names[i].span)
    if i == len(spec.names) - 1 and len(spec.values) > len(spec.names):
        raise fail("extra init expr", spec.values[len(spec.names)].span)
    outer, c.iota = c.iota, spec.iota
    try:
        of = c.type_of(spec.type) if spec.type is not None else None
        if of is not None and not isinstance(t.underlying(of), t.Basic) and spec.type is not None:
            raise fail(f"invalid constant type {of}", spec.type.span)
        x = c.expr(spec.values[i])
        if x.value is None:
            raise fail(f"{describe(x)} is not constant", x.expr.span)
        if of is not None:
            x = assign(c, x, of, "constant declaration")
        assert x.value is not None
        constant.type, constant.value = x.type, x.value
    finally:
        c.iota = outer


def _type(c: Checker, spec: ast.TypeSpec) -> None:
    if spec.alias:
        of: t.Type = t.INVALID
        try:
            of = c.type_of(spec.type)
        finally:
            c.declare(spec.name, t.TypeName(spec.name.name, of))
        return
    if spec.params:
        c.declare(spec.name, t.TypeName(spec.name.name, t.INVALID))
        raise fail("generic type cannot be declared inside a function", spec.span, "move it to `declare:`")
    named = t.Named(spec.name.name, spec.name.span)
    c.declare(spec.name, t.TypeName(spec.name.name, named))
    try:
        named.underlying = t.underlying(c.type_of(spec.type, constraint=True))
        if named.underlying == t.INVALID:
            raise fail(f"invalid recursive type {named.name}", spec.name.span)
        check_valid(named)
        check_parts(named.underlying, spec.type)
    except (ModelError, PoisonedError):
        c.broken.add(named)
        raise
    c.named.append(named)
