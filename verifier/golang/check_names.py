"""Names: identifiers, selectors (fields, methods, names of packages), and `x[i]`."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.golang import contexts, library, syntax as ast, types as t
from verifier.golang.check_convert import assign, settle
from verifier.golang.check_generic import instance_type, named_generic
from verifier.golang.check_infer import instance
from verifier.golang.check_lookup import Found, lookup, members
from verifier.golang.check_operand import Operand, PoisonedError, deref, is_integer, is_string, is_untyped
from verifier.golang.check_show import describe, nearest, show
from verifier.golang.check_state import Checker
from verifier.source import fail

NO_LOOK = (
    "a clause cannot look into a sync.Map: keep the fact in a variable of its own, such as `var stored atomic.Bool`, "
    "and write `stored.Load()`"
)
"""What to do where a clause wants the content of a sync.Map."""
_SYNC_MAP = t.Primitive("sync.Map")

_UNSUPPORTED = {
    **dict.fromkeys(("float32", "float64"), "use an integer type"),
    **dict.fromkeys(("complex64", "complex128", "complex", "real", "imag"), "use an integer type"),
}


def ident(c: Checker, e: ast.Ident) -> Operand:
    """A name standing for a value, a type, a package or a built-in."""
    if e.name == "_":
        raise fail("cannot use _ as value", e.span)
    what = c.scope.lookup(e.name)
    if what is None:
        raise _undefined(c, e, c.scope.visible())
    c.info.uses[e] = what
    c.resolve(what, e.span)
    match what:
        case t.Var():
            c.used.add(what)
            if what.package:
                c.refer(what, e.span)
            return Operand(e, t.Mode.VARIABLE, what.type)
        case t.ConstObj():
            return _constant(c, e, what)
        case t.TypeName():
            return Operand(e, t.Mode.TYPE, what.type)
        case t.Func():
            c.refer(what, e.span)
            return Operand(e, t.Mode.VALUE, what.signature)
        case t.NilObj():
            return Operand(e, t.Mode.VALUE, t.NIL)
        case t.Generic():
            return _generic(c, e, what)
        case t.PackageName():
            return Operand(e, t.Mode.PACKAGE, t.INVALID)
        case _:
            return Operand(e, t.Mode.BUILTIN, t.INVALID)


def _generic(c: Checker, e: ast.Ident, what: t.Generic) -> Operand:
    if isinstance(what.decl, ast.FuncDecl):
        return Operand(e, t.Mode.VALUE, instance(c, what, (), e, None).signature)
    shown = f"{what.name}[{', '.join(n.name for f in what.decl.params for n in f.names)}]"
    raise fail(f"cannot use generic type {shown} without instantiation", e.span, f"write {what.name}[…] with types")


def _undefined(c: Checker, e: ast.Ident, candidates: Iterable[str]) -> Exception:
    if e.name in _UNSUPPORTED:
        return fail(f"{e.name} is not supported", e.span, _UNSUPPORTED[e.name])
    hints = nearest(e.name, candidates)
    if not hints and c.in_clause:
        hints = ("a clause sees package-level names only",)
    return fail(f"undefined: {e.name}", e.span, *hints)


def _constant(c: Checker, e: ast.Ident, what: t.ConstObj) -> Operand:
    if e.name == "iota" and c.universe.names.get("iota") is what:
        if c.iota is None:
            raise fail("cannot use iota outside constant declaration", e.span)
        return Operand(e, t.Mode.CONST, t.UNTYPED_INT, c.iota)
    return Operand(e, t.Mode.CONST, what.type, what.value)


def selector(c: Checker, e: ast.Selector) -> Operand:
    """`x.name`."""
    if isinstance(e.x, ast.Ident):
        package = c.scope.lookup(e.x.name)
        if e.x.name in library.ELSEWHERE and (package is None or isinstance(package, t.PackageName)):
            raise _no_package(e.x)
        if isinstance(package, t.PackageName):
            return _member(c, e, e.x, package)
        if package is None:
            raise _undefined(c, e.x, [name for name, what in c.scope.named() if isinstance(what, _SELECTED)])
    x = c.raw(e.x)
    if x.mode is t.Mode.TYPE:
        raise fail(
            f"method expression {show(e)} is not supported",
            e.span,
            f"call the method on a value: x.{e.name.name}(…), or use a function literal",
        )
    x = c.expr(e.x) if x.mode in (t.Mode.BUILTIN, t.Mode.NOVALUE) or isinstance(x.type, t.Tuple) else x
    if is_untyped(x.type):
        raise fail(f"{show(e)} undefined (type {x.type} has no field or method {e.name.name})", e.name.span)
    found = lookup(x.type, e.name.name)
    if not isinstance(found, Found):
        if deref(x.type) in c.broken:
            raise PoisonedError
        raise _no_such(e, x, found)
    return _field(c, e, x, found) if found.field is not None else _method(c, e, x, found)


_SELECTED = t.Var | t.ConstObj | t.PackageName | t.Func


def _no_package(e: ast.Ident) -> Exception:
    has = f"models have {library.offered()}"
    return fail(f"package {e.name} is not part of models", e.span, library.ELSEWHERE[e.name], has)


def _member(c: Checker, e: ast.Selector, name: ast.Ident, package: t.PackageName) -> Operand:
    c.info.uses[name] = package
    c.record(Operand(name, t.Mode.PACKAGE, t.INVALID))
    if package.name == "context":
        return _of_context(c, e)
    offered = library.members(package.name)
    what = offered.get(e.name.name)
    if what is None:
        instead = library.not_yet(package.name, e.name.name)
        if instead is not None:
            raise fail(f"{show(e)} is not supported yet", e.span, instead)
        raise fail(f"undefined: {show(e)}", e.name.span, *nearest(e.name.name, offered))
    c.info.uses[e.name] = what
    first = library.function_since(package.name, e.name.name) if isinstance(what, t.LibraryFunc) else 0
    if first > c.lang:
        raise fail(f"{show(e)} requires go1.{first % 100} or later", e.name.span)
    match what:
        case t.TypeName():
            return Operand(e, t.Mode.TYPE, what.type)
        case t.ConstObj():
            return Operand(e, t.Mode.CONST, what.type, what.value)
        case t.LibraryFunc(signature=t.Signature() as signature):
            return Operand(e, t.Mode.VALUE, signature)
        case _:
            return Operand(e, t.Mode.BUILTIN, t.INVALID)


def _of_context(c: Checker, e: ast.Selector) -> Operand:
    """A name of the package context, which is written in Go itself."""
    if "context.Context" not in c.package.names:
        raise contexts.Needed
    if e.name.name not in library.CONTEXT:
        instead = library.not_yet("context", e.name.name)
        if instead is not None:
            raise fail(f"{show(e)} is not supported yet", e.span, instead)
        raise fail(f"undefined: {show(e)}", e.name.span, *nearest(e.name.name, library.CONTEXT))
    what = c.package.names[f"context.{e.name.name}"]
    c.info.uses[e.name] = what
    c.resolve(what, e.span)
    match what:
        case t.TypeName():
            return Operand(e, t.Mode.TYPE, what.type)
        case t.Func():
            c.refer(what, e.span)
            return Operand(e, t.Mode.VALUE, what.signature)
        case _:
            assert isinstance(what, t.Var)
            c.refer(what, e.span)
            return Operand(e, t.Mode.VALUE, what.type)


def _no_such(e: ast.Selector, x: Operand, found: str | None) -> Exception:
    name = e.name.name
    if found == "ambiguous":
        return fail(f"ambiguous selector {show(e)}", e.name.span)
    behind = deref(x.type)
    if isinstance(x.type, t.Primitive) and (x.type.name, name) == ("sync.RWMutex", "RLocker"):
        return fail(f"{show(e)} is not supported yet", e.span, library.RLOCKER)
    if str(x.type) == "context.Context" and name in ("Value", "Deadline"):
        return fail(f"{show(e)} is not supported yet", e.span, "pass what is needed as a parameter")
    if behind is not None and isinstance(t.underlying(behind), t.Interface):
        why = f"type {x.type} is pointer to interface, not interface"
    else:
        why = f"type {x.type} has no field or method {name}"
    # Not the `Lock` that is spelled most like it: who asks for a read lock wants one.
    other = str(x.type) == "sync.Mutex" and name in ("RLock", "RUnlock", "TryRLock")
    notes = (f"a sync.RWMutex has {name}",) if other else nearest(name, members(x.type))
    return fail(f"{show(e)} undefined ({why})", e.name.span, *notes)


def _field(c: Checker, e: ast.Selector, x: Operand, found: Found) -> Operand:
    assert found.field is not None
    c.info.selections[e] = t.Selection("field", found.path, found.field.type)
    addressable = x.mode is t.Mode.VARIABLE or found.indirect
    return Operand(e, t.Mode.VARIABLE if addressable else t.Mode.VALUE, found.field.type)


def _method(c: Checker, e: ast.Selector, x: Operand, found: Found) -> Operand:
    name = e.name.name
    if found.primitive is not None:
        first = library.since(found.primitive, name)
        if first > c.lang:
            raise fail(f"{found.primitive}.{name} requires go1.{first % 100} or later", e.name.span)
    if found.func is not None:
        c.resolve(found.func, e.span)
        c.info.uses[e.name] = found.func
        c.refer(found.func, e.span)
    if found.needs_pointer and not found.indirect and x.mode is not t.Mode.VARIABLE:
        notes = ("map elements are not addressable: copy it to a variable, or store pointers in the map",)
        in_map = x.mode is t.Mode.MAPINDEX
        raise fail(f"cannot call pointer method {name} on {x.type}", e.span, *(notes if in_map else ()))
    signature = found.signature(name)
    c.info.selections[e] = t.Selection("method", found.path, signature, found.func, found.primitive)
    return Operand(e, t.Mode.VALUE, signature)


def index(c: Checker, e: ast.Index) -> Operand:
    """`x[i]`, an instance of a generic declaration, or `atomic.Pointer[T]`."""
    generic = named_generic(c, e.x)
    if generic is not None:
        return _instance(c, e, generic)
    x = c.raw(e.x)
    if e.more:
        raise fail(f"{show(e.x)} is not a generic type", e.x.span)
    if x.mode is t.Mode.TYPE:
        if x.type != t.Primitive("atomic.Pointer"):
            raise fail(f"{show(e.x)} is not a generic type", e.x.span)
        return Operand(e, t.Mode.TYPE, t.Primitive("atomic.Pointer", c.type_of(e.index)))
    if x.mode in (t.Mode.BUILTIN, t.Mode.NOVALUE, t.Mode.PACKAGE) or isinstance(x.type, t.Tuple):
        x = c.expr(e.x)
    u = t.underlying(x.type)
    if isinstance(u, t.Map):
        assign(c, c.expr(e.index), u.key, "map index")
        return Operand(e, t.Mode.MAPINDEX, u.elem)
    if is_string(x.type):
        raise fail(f"cannot index {describe(x)}: strings are opaque constants here", e.span, "compare whole strings")
    behind = deref(x.type)
    array = t.underlying(behind) if behind is not None else u
    if u == _SYNC_MAP:
        advice = NO_LOOK if c.in_clause else f"use {show(e.x)}.Load({show(e.index)})"
        raise fail(f"invalid operation: cannot index {describe(x)}", e.x.span, advice)
    if not isinstance(array, t.Array) and (behind is not None or not isinstance(array, t.Slice)):
        raise fail(f"invalid operation: cannot index {describe(x)}", e.x.span)
    _subscript(c, e.index, array.length if isinstance(array, t.Array) else None)
    addressable = x.mode is t.Mode.VARIABLE or behind is not None or isinstance(array, t.Slice)
    return Operand(e, t.Mode.VARIABLE if addressable else t.Mode.VALUE, array.elem)


def _instance(c: Checker, e: ast.Index, generic: t.Generic) -> Operand:
    if isinstance(generic.decl, ast.FuncDecl):
        return Operand(e, t.Mode.VALUE, instance(c, generic, (e.index, *e.more), e, None).signature)
    named = instance_type(c, generic, e)
    c.record(Operand(e.x, t.Mode.TYPE, named))
    return Operand(e, t.Mode.TYPE, named)


def _subscript(c: Checker, e: ast.Expr, length: int | None) -> None:
    i = c.expr(e)
    if not is_integer(i.type):
        raise fail(f"invalid argument: index {describe(i)} must be integer", e.span)
    i = settle(c, i, t.INT)
    if isinstance(i.value, int) and i.value < 0:
        raise fail(f"invalid argument: index {describe(i)} must not be negative", e.span)
    if isinstance(i.value, int) and length is not None and i.value >= length:
        raise fail(f"invalid argument: index {i.value} out of bounds [0:{length}]", e.span)
