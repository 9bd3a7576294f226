"""Generic declarations: every list of type arguments makes an instance that is checked as if it were written out.

The declaration itself is checked with *stand-ins*: types that can do no more than the constraint promises (Go spec,
"Type parameter declarations" and "Satisfying a type constraint").
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_constraint import constraint_type, is_stand_in, stand_ins_for, unsatisfied
from verifier.golang.check_operand import PoisonedError
from verifier.golang.check_show import show
from verifier.golang.check_state import Checker, Instance
from verifier.golang.check_types import check_parts, check_valid, function_info
from verifier.golang.scope import Scope
from verifier.records import fields, is_dataclass, replace
from verifier.source import ModelError, Note, Span, fail

MOST_INSTANCES = 40
"""Instances of one declaration: code that instantiates itself with ever larger types would have no end."""

Node = TypeVar("Node")


def clone(node: Node) -> Node:
    """A copy of a syntax tree with nodes of its own: what the checker finds out is kept by node."""
    if isinstance(node, tuple):
        return tuple(clone(n) for n in node)  # type: ignore[return-value]
    if not is_dataclass(node) or isinstance(node, Span | type):
        return node
    return type(node)(*(clone(getattr(node, f.name)) for f in fields(node)))


def attach(c: Checker, decl: ast.FuncDecl) -> bool:
    """Give a method of a generic type to it. False when the receiver is none. Raises ModelError for a wrong one."""
    assert decl.recv is not None
    base = _base(decl.recv.type)
    name = base.x if isinstance(base, ast.Index) else base
    generic = c.package.names.get(name.name) if isinstance(name, ast.Ident) else None
    if not isinstance(generic, t.Generic) or isinstance(generic.decl, ast.FuncDecl):
        return False
    wanted = [n.name for f in generic.decl.params for n in f.names]
    if not isinstance(base, ast.Index):
        shown = f"{generic.name}[{', '.join(wanted)}]"
        raise fail(f"cannot use generic type {generic.name} without instantiation", base.span, f"write {shown}")
    if len(_parameters(base)) != len(wanted):
        raise fail(
            f"receiver declares {len(_parameters(base))} type parameters, {generic.name} has {len(wanted)}", base.span
        )
    generic.methods.append(decl)
    return True


def _base(e: ast.Expr) -> ast.Expr:
    return e.x if isinstance(e, ast.Star) else e


def _parameters(base: ast.Index) -> list[ast.Ident]:
    out = []
    for e in (base.index, *base.more):
        if not isinstance(e, ast.Ident):
            raise fail(f"receiver type parameter {show(e)} must be an identifier", e.span)
        out.append(e)
    return out


def named_generic(c: Checker, e: ast.Expr) -> t.Generic | None:
    """The generic declaration that `e` names, if it does."""
    found = c.scope.lookup(e.name) if isinstance(e, ast.Ident) else None
    return found if isinstance(found, t.Generic) else None


def instance_type(c: Checker, generic: t.Generic, e: ast.Index) -> t.Named:
    """`Cache[string, int]` as a type. Raises ModelError."""
    assert isinstance(generic.decl, ast.TypeSpec)
    args = tuple(c.type_of(a) for a in (e.index, *e.more))
    wanted = sum(len(f.names) for f in generic.decl.params)
    if len(args) != wanted:
        how = "not enough" if len(args) < wanted else "too many"
        raise fail(f"{how} type arguments for type {generic.name}: have {len(args)}, want {wanted}", e.span)
    made = instantiate(c, generic, args, e.span)
    assert isinstance(made, t.Named)
    return made


def instantiate(c: Checker, generic: t.Generic, args: tuple[t.Type, ...], at: Span) -> t.Named | t.Func:
    """The instance for these type arguments, made when it is first asked for. Raises ModelError."""
    if generic in c.broken_generics:
        raise PoisonedError
    if args in generic.instances:
        return generic.instances[args]
    if len(generic.instances) >= MOST_INSTANCES:
        raise fail(f"more than {MOST_INSTANCES} instances of {generic.name}", at, "it instantiates itself without end")
    scope = Scope(c.package)
    for name, of in zip(_names(generic), args, strict=True):
        scope.declare(name.name, t.TypeName(name.name, of), name.span)
    where = Instance(f"{generic.name}[{','.join(map(str, args))}]", at, scope, generic)
    if not all(is_stand_in(a) for a in args):
        _afterwards(c, partial(_satisfied, c, generic, args, where))
    with naming(c, where):
        if isinstance(generic.decl, ast.FuncDecl):
            return _function(c, generic, args, where)
        return _type(c, generic, args, where)


def _names(generic: t.Generic) -> list[ast.Ident]:
    return [n for f in generic.decl.params for n in f.names]


def _afterwards(c: Checker, check: partial[None]) -> None:
    """Checks that look into types wait until all package-level types are complete."""
    if c.unfinished is None:
        check()
    else:
        c.unfinished.append(check)


def _satisfied(c: Checker, generic: t.Generic, args: tuple[t.Type, ...], where: Instance) -> None:
    wanted = [f.type for f in generic.decl.params for _ in f.names]
    with c.owned_by(None, where.scope):
        for e, of in zip(wanted, args, strict=True):
            why = unsatisfied(of, constraint_type(c, clone(e)))
            if why is not None:
                note = Note(f"type parameters of {generic.name}", generic.decl.params[0].span)
                raise fail(f"in {where.name}: {why}", where.at, note)


def _type(c: Checker, generic: t.Generic, args: tuple[t.Type, ...], where: Instance) -> t.Named:
    assert isinstance(generic.decl, ast.TypeSpec)
    named = t.Named(where.name, generic.decl.name.span, origin=generic, args=args)
    generic.instances[args] = named
    spec = clone(generic.decl.type)
    try:
        with c.owned_by(None, where.scope):
            named.underlying = t.underlying(c.type_of(spec))
        if named.underlying == t.INVALID:
            raise fail(f"the type of {generic.name} is not complete here: not supported", generic.decl.type.span)
    except (ModelError, PoisonedError):
        c.broken.add(named)
        raise
    for decl in generic.methods:
        _method(c, named, clone(decl), args, where)
    _afterwards(c, partial(_check_type, c, named, spec, where))
    if not has_stand_in(named):
        c.named.append(named)
    return named


def _check_type(c: Checker, named: t.Named, spec: ast.Expr, where: Instance) -> None:
    with naming(c, where):
        check_valid(named)
        check_parts(named.underlying, spec)
        for method in named.methods.values():
            c.resolve(method, method.decl.name.span)


def _method(c: Checker, named: t.Named, decl: ast.FuncDecl, args: tuple[t.Type, ...], where: Instance) -> None:
    assert decl.recv is not None
    base = _base(decl.recv.type)
    assert isinstance(base, ast.Index)
    scope = Scope(c.package)
    for name, of in zip(_parameters(base), args, strict=True):
        scope.declare(name.name, t.TypeName(name.name, of), name.span)
        c.info.types[name] = t.TypeAndValue(of, t.Mode.TYPE)
    of = t.Pointer(named) if isinstance(decl.recv.type, ast.Star) else named
    for node, found in ((base.x, named), (base, named), (decl.recv.type, of)):
        c.info.types[node] = t.TypeAndValue(found, t.Mode.TYPE)
    func = t.Func(decl.name.name, t.Signature((), ()), decl, None, (), ())
    ident = decl.recv.names[0] if decl.recv.names else None
    func.recv = t.Var(ident.name if ident else "", of, ident.span if ident else decl.recv.span)
    if ident is not None:
        c.info.defs[ident] = func.recv
    before = named.methods.get(func.name)
    if before is not None:
        note = Note("other declaration of method " + func.name, before.decl.name.span)
        raise fail(f"method {where.generic.name}.{func.name} already declared", func.decl.name.span, note)
    if isinstance(named.underlying, t.Struct) and func.name in {f.name for f in named.underlying.fields}:
        raise fail(f"field and method with the same name {func.name}", func.decl.name.span)
    named.methods[func.name] = func
    _add(c, func, replace(where, scope=scope))


def _function(c: Checker, generic: t.Generic, args: tuple[t.Type, ...], where: Instance) -> t.Func:
    assert isinstance(generic.decl, ast.FuncDecl)
    copied = clone(generic.decl)
    decl = ast.FuncDecl(copied.span, copied.name, None, copied.type, copied.body)
    func = t.Func(where.name, t.Signature((), ()), decl, None, (), ())
    generic.instances[args] = func
    _add(c, func, where)
    _afterwards(c, partial(c.resolve, func, generic.decl.name.span))
    return func


def _add(c: Checker, func: t.Func, where: Instance) -> None:
    c.info.defs[func.decl.name] = func
    c.pending[func] = partial(_signature, c, func, where)
    c.instances.append((func, where))


def _signature(c: Checker, func: t.Func, where: Instance) -> None:
    with c.owned_by(None, where.scope), c.surviving(), naming(c, where):
        info = function_info(c, func.decl.type)
        func.signature, func.params, func.results = info.signature, info.params, info.results


def stands_in(where: Instance) -> bool:
    """Whether the instance is there to check the declaration itself."""
    return where.at == where.generic.decl.name.span


@contextmanager
def naming(c: Checker, where: Instance) -> Iterator[None]:
    """Errors found inside say which instance they are about; those of a stand-in are about the declaration itself."""
    before = len(c.errors)
    note = Note(f"in {where.name}, instantiated here", where.at)
    silent = stands_in(where)
    try:
        yield
    except ModelError as error:
        if silent:
            raise
        raise ModelError(*(replace(d, notes=(*d.notes, note)) for d in error.diagnostics)) from None
    finally:
        if not silent:
            c.errors[before:] = [replace(d, notes=(*d.notes, note)) for d in c.errors[before:]]


def declare_stand_ins(c: Checker) -> None:
    """Check the outside of every generic declaration: its constraints, its type, its signature."""
    for generic in c.generics:
        before = len(c.errors)
        with c.surviving():
            scope = Scope(c.package)
            for choice in stand_ins_for(c, generic, scope):
                generic.stand_ins = generic.stand_ins or choice
                made = instantiate(c, generic, choice, generic.decl.name.span)
                if isinstance(made, t.Func):
                    c.resolve(made, generic.decl.name.span)
        if len(c.errors) > before:
            c.broken_generics.add(generic)


def has_stand_in(of: t.Type) -> bool:
    """Whether a type is made of stand-ins: such instances are checked, never run."""
    match of:
        case t.Named():
            return is_stand_in(of) or any(map(has_stand_in, of.args))
        case t.Pointer() | t.Array() | t.Slice() | t.Chan():
            return has_stand_in(of.elem)
        case t.Map():
            return has_stand_in(of.key) or has_stand_in(of.elem)
        case t.Struct():
            return any(has_stand_in(f.type) for f in of.fields)
        case t.Signature():
            return any(map(has_stand_in, (*of.params, *of.results)))
        case t.Primitive():
            return of.arg is not None and has_stand_in(of.arg)
        case _:
            return False
