"""Package-level declarations: collected first, then checked when something refers to them, so their order is free."""

from __future__ import annotations

from functools import partial

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_assign import initial
from verifier.golang.check_convert import incomparable
from verifier.golang.check_decl import define_constant
from verifier.golang.check_generic import attach, declare_stand_ins
from verifier.golang.check_operand import PoisonedError
from verifier.golang.check_order import Unit
from verifier.golang.check_show import show
from verifier.golang.check_state import Checker
from verifier.golang.check_types import check_key, check_parts, check_valid, function_info
from verifier.golang.scope import NOWHERE
from verifier.records import dataclass, field
from verifier.source import ModelError, Note, fail


@dataclass(slots=True)
class Declared:
    """The package-level objects, in source order."""

    types: list[tuple[t.Named, ast.TypeSpec]] = field(default_factory=list)
    functions: list[t.Func] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    lazy: list[t.Object] = field(default_factory=list)
    methods: list[ast.FuncDecl] = field(default_factory=list)


def declare_package(c: Checker, decls: tuple[ast.Decl, ...]) -> Declared:
    """Declare everything in the package scope and check it, except function bodies."""
    found = Declared()
    for decl in decls:
        with c.surviving():
            _collect(c, decl, found)
    for method in found.methods:
        with c.surviving():
            if not attach(c, method):
                _declare_function(c, method, found)
    _complete_types(c, found.types)
    for func in tuple(found.functions):
        if func.decl.recv is not None:
            with c.surviving():
                _attach(c, func)
    declare_stand_ins(c)
    for what in (*found.functions, *found.lazy):
        with c.surviving():
            c.resolve(what, NOWHERE)
    _fields_against_methods(c, found)
    return found


def _collect(c: Checker, decl: ast.Decl, found: Declared) -> None:
    names = decl.names if isinstance(decl, ast.VarSpec | ast.ConstSpec) else (decl.name,)
    for name in names:
        if name.name == "init" and not isinstance(decl, ast.FuncDecl):
            raise fail("cannot declare init - must be func", name.span)
    match decl:
        case ast.VarSpec():
            _collect_variables(c, decl, found)
        case ast.ConstSpec():
            for i, name in enumerate(decl.names):
                constant = t.ConstObj(name.name, t.INVALID, 0, name.span)
                c.declare(name, constant)
                c.pending[constant] = partial(_constant, c, decl, i, constant)
                found.lazy.append(constant)
        case ast.TypeSpec(alias=True):
            alias = t.TypeName(decl.name.name, t.INVALID)
            c.declare(decl.name, alias)
            c.pending[alias] = partial(_alias, c, decl, alias)
            found.lazy.append(alias)
        case ast.TypeSpec(params=params) | ast.FuncDecl(params=params) if params:
            generic = t.Generic(decl.name.name, decl)
            c.declare(decl.name, generic)
            c.generics.append(generic)
            if isinstance(decl, ast.FuncDecl) and decl.body is None:
                raise fail("missing function body", decl.name.span, "a generic function needs one")
        case ast.TypeSpec():
            named = t.Named(decl.name.name, decl.name.span)
            c.declare(decl.name, t.TypeName(decl.name.name, named))
            found.types.append((named, decl))
        case ast.FuncDecl():
            _collect_function(c, decl, found)


def _collect_variables(c: Checker, spec: ast.VarSpec, found: Declared) -> None:
    made = tuple(t.Var(name.name, t.INVALID, name.span, package=True) for name in spec.names)
    for name, var in zip(spec.names, made, strict=True):
        c.declare(name, var)
    each = len(spec.values) == len(spec.names)
    for unit in [Unit((var,), spec, i) for i, var in enumerate(made)] if each else [Unit(made, spec, None)]:
        found.units.append(unit)
        for var in unit.variables:
            c.pending[var] = partial(_unit, c, unit)
            found.lazy.append(var)


def _collect_function(c: Checker, decl: ast.FuncDecl, found: Declared) -> None:
    name = decl.name.name
    if decl.recv is None and name == "init":
        note = "initialise variables where they are declared, or by a function with a result: `var _ = setup()`"
        raise fail("func init is not supported", decl.name.span, note)
    if decl.recv is not None:
        found.methods.append(decl)
        return
    _declare_function(c, decl, found)


def _declare_function(c: Checker, decl: ast.FuncDecl, found: Declared) -> None:
    func = t.Func(decl.name.name, t.Signature((), ()), decl, None, (), ())
    if decl.recv is None:
        c.declare(decl.name, func)
    c.info.defs[decl.name] = func
    c.pending[func] = partial(_function, c, func)
    found.functions.append(func)


def _unit(c: Checker, unit: Unit) -> None:
    for var in unit.variables:
        c.pending.pop(var, None)
    with c.owned_by(unit.variables[0]), c.surviving():
        for var, of in zip(unit.variables, initial(c, unit.as_spec()), strict=True):
            var.type = of


def _constant(c: Checker, spec: ast.ConstSpec, i: int, constant: t.ConstObj) -> None:
    with c.owned_by(None), c.surviving():
        define_constant(c, spec, i, constant)


def _alias(c: Checker, spec: ast.TypeSpec, alias: t.TypeName) -> None:
    with c.owned_by(None), c.surviving():
        alias.type = c.type_of(spec.type)


def _function(c: Checker, func: t.Func) -> None:
    with c.owned_by(None), c.surviving():
        info = function_info(c, func.decl.type)
        func.signature, func.params, func.results = info.signature, info.params, info.results


def _complete_types(c: Checker, types: list[tuple[t.Named, ast.TypeSpec]]) -> None:
    specs = dict(types)
    running: list[t.Named] = []

    def complete(named: t.Named) -> None:
        if named in running:
            raise fail(f"invalid recursive type {named.name}", named.span)
        running.append(named)
        try:
            _complete(c, named, specs, ())
        finally:
            running.remove(named)

    c.complete = complete
    for named in specs:
        with c.surviving():
            complete(named)
    for named, spec in types:
        if named not in c.broken:
            try:
                check_valid(named)
                check_parts(named.underlying, spec.type)
                c.named.append(named)
            except ModelError as error:
                # Types that contain each other make one error, at the first of them.
                if not any(other in c.broken for other in specs):
                    c.errors.extend(error.diagnostics)
                c.broken.add(named)
    waiting, c.unfinished = c.unfinished or [], None
    for check in waiting:
        with c.surviving():
            check()
    for e, key in c.keys:
        with c.surviving():
            if key not in c.broken and incomparable(key) is None:
                check_key(e, key)


def _complete(c: Checker, named: t.Named, specs: dict[t.Named, ast.TypeSpec], path: tuple[t.Named, ...]) -> None:
    if named.underlying != t.INVALID or named in c.broken:
        return
    try:
        if named in path:
            notes = [Note(f"{n.name} is declared here", n.span) for n in path[1:]]
            raise fail(f"invalid recursive type {named.name}", named.span, *notes)
        of = c.type_of(specs[named].type, constraint=True)
        if isinstance(of, t.Named) and of in specs:
            _complete(c, of, specs, (*path, named))
        if of in c.broken:
            raise PoisonedError
        named.underlying = t.underlying(of)
    except (ModelError, PoisonedError):
        c.broken.add(named)
        raise


def _attach(c: Checker, func: t.Func) -> None:
    """Make a method known to its receiver's type."""
    recv = func.decl.recv
    assert recv is not None
    of = c.type_of(recv.type)
    base = of.elem if isinstance(of, t.Pointer) else of
    if not isinstance(base, t.Named) or c.package.names.get(base.name) is None:
        raise fail(f"cannot define new methods on type {show(recv.type)}", recv.type.span)
    if isinstance(base.underlying, t.Pointer | t.Interface):
        raise fail(f"invalid receiver type {of} (pointer or interface type)", recv.type.span)
    ident = recv.names[0] if recv.names else None
    func.recv = t.Var(ident.name if ident else "", of, ident.span if ident else recv.span)
    if ident is not None:
        c.info.defs[ident] = func.recv
    before = base.methods.get(func.name)
    if before is not None:
        note = Note("other declaration of method " + func.name, before.decl.name.span)
        raise fail(f"method {base.name}.{func.name} already declared", func.decl.name.span, note)
    if func.name != "_":
        base.methods[func.name] = func


def _fields_against_methods(c: Checker, found: Declared) -> None:
    for named, spec in found.types:
        fields = {f.name for f in named.underlying.fields} if isinstance(named.underlying, t.Struct) else set()
        for name, func in named.methods.items():
            if name in fields:
                note = Note(f"{named.name} is declared here", spec.name.span)
                c.report(f"field and method with the same name {name}", func.decl.name.span, note)
