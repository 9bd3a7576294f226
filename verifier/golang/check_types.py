"""Type expressions, signatures, and the rules on declared types."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_const import representable
from verifier.golang.check_convert import incomparable
from verifier.golang.check_operand import Operand, deref, is_integer
from verifier.golang.check_show import describe, show
from verifier.golang.check_state import Checker
from verifier.source import Note, fail


def _as_type(e: ast.Expr, of: t.Type) -> Operand:
    return Operand(e, t.Mode.TYPE, of)


def array_type(c: Checker, e: ast.ArrayType) -> Operand:
    """`[n]T` or `[]T`."""
    if e.length is None:
        return _as_type(e, t.Slice(c.type_of(e.elem)))
    if isinstance(e.length, ast.Ident) and e.length.name == "...":
        raise fail("invalid use of [...] array (outside a composite literal)", e.span)
    return _as_type(e, t.Array(array_length(c, e.length), c.type_of(e.elem)))


def array_length(c: Checker, e: ast.Expr) -> int:
    """The constant length of an array type."""
    n = c.expr(e)
    if n.value is None:
        raise fail(f"invalid array length {show(e)}: array length must be constant", e.span)
    if not is_integer(n.type) or not isinstance(n.value, int):
        raise fail(f"array length {describe(n)} must be integer", e.span)
    if n.value < 0 or not representable(n.value, t.INT):
        raise fail(f"invalid array length {describe(n)}", e.span)
    return n.value


def map_type(c: Checker, e: ast.MapType) -> Operand:
    """`map[K]V`."""
    key, elem = c.type_of(e.key), c.type_of(e.value)
    why = incomparable(key)
    if why is not None:
        raise fail(f"invalid map key type {key}", e.key.span, why)
    if t.underlying(key) == t.INVALID:
        c.keys.append((e.key, key))
    else:
        check_key(e.key, key)
    return _as_type(e, t.Map(key, elem))


def chan_type(c: Checker, e: ast.ChanType) -> Operand:
    """`chan T`, `chan<- T` or `<-chan T`."""
    return _as_type(e, t.Chan(c.type_of(e.elem), e.direction))


def check_key(e: ast.Expr, key: t.Type) -> None:
    """Raise ModelError when models have no maps with such keys, although Go has: structs, pointers, interfaces, …"""
    stand_in = isinstance(key, t.Named) and key.origin is not None and not key.args
    if not isinstance(t.underlying(key), t.Basic) and not stand_in:
        raise fail(f"map keys of type {key} are not supported yet", e.span, "use a string, integer or bool key")


def func_type(c: Checker, e: ast.FuncType) -> Operand:
    """`func(…) …`."""
    return _as_type(e, function_info(c, e).signature)


def interface_type(c: Checker, e: ast.InterfaceType) -> Operand:
    """`interface{…}`."""
    methods: dict[str, t.Signature] = {}
    for name, signature in e.methods:
        if name.name in methods:
            raise fail(f"duplicate method {name.name}", name.span)
        methods[name.name] = function_info(c, signature).signature
    made = t.Interface(())
    for embedded in e.embeds:
        part = c.embed(embedded)
        if made.terms is not None and part.terms is not None:
            raise fail("more than one union in an interface is not supported", embedded.span, "write one union")
        made = t.Interface((), made.terms or part.terms, made.comparable or part.comparable)
        for other, wanted in part.methods:
            if methods.setdefault(other, wanted) != wanted:
                raise fail(f"duplicate method {other}", embedded.span)
    return _as_type(e, t.Interface(tuple(sorted(methods.items())), made.terms, made.comparable))


def struct_type(c: Checker, e: ast.StructType) -> Operand:
    """`struct{…}`."""
    fields: list[t.StructField] = []
    seen: dict[str, ast.Field] = {}
    for f in e.fields:
        of = c.type_of(f.type)
        for name in [n.name for n in f.names] or [_embedded_name(f)]:
            if name in seen and name != "_":
                raise fail(f"{name} redeclared", f.span, Note(f"other declaration of {name}", seen[name].span))
            seen[name] = f
            fields.append(t.StructField(name, of, embedded=not f.names))
    return _as_type(e, t.Struct(tuple(fields)))


def _embedded_name(f: ast.Field) -> str:
    e = f.type.x if isinstance(f.type, ast.Star) else f.type
    e = e.x if isinstance(e, ast.Index) else e
    if isinstance(e, ast.Selector):
        return e.name.name
    if isinstance(e, ast.Ident):
        return e.name
    raise fail(f"embedded field type {show(f.type)} must be a type name or a pointer to one", f.span)


def function_info(c: Checker, e: ast.FuncType) -> t.FuncInfo:
    """The parameters and results of a signature, as variables that no scope knows yet."""
    params, results = _variables(c, e.params), _variables(c, e.results)
    signature = t.Signature(tuple(p.type for p in params), tuple(r.type for r in results))
    return t.FuncInfo(signature, params, results)


def _variables(c: Checker, fields: tuple[ast.Field, ...]) -> tuple[t.Var, ...]:
    found: list[t.Var] = []
    for f in fields:
        of: t.Type = t.INVALID
        with c.surviving():
            of = c.type_of(f.type)
        if not f.names:
            found.append(t.Var("", of, f.span))
        for name in f.names:
            var = t.Var(name.name, of, name.span)
            c.info.defs[name] = var
            found.append(var)
    return tuple(found)


def check_valid(named: t.Named) -> None:
    """Raise ModelError when a value of the declared type would contain itself."""
    path = _contains(named.underlying, named, (named,))
    if path is not None:
        names = [n.name for n in (*path, named)]
        notes = [Note(f"{a} refers to {b}", n.span) for n, a, b in zip(path, names, names[1:], strict=False)]
        itself = f": {named.name} refers to itself" if len(path) == 1 else f" {named.name}"
        raise fail(f"invalid recursive type{itself}", named.span, *notes, "break the cycle with a pointer")


def _contains(of: t.Type, target: t.Named, path: tuple[t.Named, ...]) -> tuple[t.Named, ...] | None:
    match of:
        case t.Named() if of is target:
            return path
        case t.Named():
            return None if of in path else _contains(of.underlying, target, (*path, of))
        case t.Array():
            return _contains(of.elem, target, path)
        case t.Struct():
            found = (_contains(f.type, target, path) for f in of.fields)
            return next((p for p in found if p is not None), None)
        case _:
            return None


def check_parts(of: t.Type, place: ast.Expr) -> None:
    """Rules that need finished types: map keys must be comparable, nothing of pointer kind twice may be embedded."""
    match of:
        case t.Map():
            why = incomparable(of.key)
            if why is not None:
                raise fail(f"invalid map key type {of.key}", place.span, why)
            check_parts(of.elem, place)
        case t.Pointer() | t.Array() | t.Slice() | t.Chan():
            check_parts(of.elem, place)
        case t.Struct():
            for f in of.fields:
                check_parts(f.type, place)
                behind = deref(f.type)
                if f.embedded and behind is not None and isinstance(t.underlying(behind), t.Interface):
                    raise fail("embedded field type cannot be a pointer to an interface", place.span)
        case _:
            pass


TYPES: dict[type, Callable[..., Operand]] = {
    ast.ArrayType: array_type,
    ast.MapType: map_type,
    ast.ChanType: chan_type,
    ast.FuncType: func_type,
    ast.InterfaceType: interface_type,
    ast.StructType: struct_type,
}
