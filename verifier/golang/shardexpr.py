"""Expressions of a sharded model: values as terms over keys, places as elements, every access noted on the way."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.shards import DEEPEST, OTHER, At, Other, State, Val, Walk, callee
from verifier.golang.types import (
    Array,
    Builtin,
    Func,
    LibraryFunc,
    Map,
    Mode,
    Pointer,
    Primitive,
    Struct,
    Var,
    is_integer,
    underlying,
)
from verifier.program.shards import Apply, Count, Element, Held, Key, Number, Operation, Term
from verifier.records import replace
from verifier.source import Span

Paths = Iterator[tuple[State, Val]]

_OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||")
_LOCKS = {"Lock": False, "RLock": True, "Unlock": False, "RUnlock": True}


def value(w: Walk, x: ast.Expr, s: State) -> Paths:
    """The value of an expression, on every path through the calls in it."""
    known = w.info.types.get(x)
    if known is not None and known.mode is Mode.TYPE:
        yield s, OTHER
        return
    match x:
        case ast.FuncLit():
            raise w.refuse("a function literal", x.span)
        case ast.Call():
            yield from call(w, x, s)
        case ast.Unary(op="&", x=inner):
            yield from _address(w, inner, s)
        case ast.Unary(op=op, x=inner):
            for s1, v in value(w, inner, s):
                yield s1, _some(w, x) if isinstance(v, At | Other) or op not in ("!", "-") else Operation(op, (v,))
        case ast.Binary(op=op, x=a, y=b):
            yield from _binary(w, x, op, a, b, s)
        case ast.CompositeLit(elements=elements):
            for s1, _ in _all(w, tuple(e.value for e in elements), s):
                yield s1, OTHER
        case _ if known is not None and known.value is not None:
            yield s, _constant(w, x, known.value)
        case ast.Ident() | ast.Selector() | ast.Index() | ast.Star():
            yield from _load(w, x, s)
        case _:
            raise w.refuse(f"{type(x).__name__}", x.span)


def _some(w: Walk, x: ast.Expr) -> Val:
    """A value nothing is known about; one that leads somewhere leads to no shard."""
    return w.unknown() if is_integer(w.info.types[x].type) or str(w.type(x)) in ("string", "bool") else OTHER


def _constant(w: Walk, x: ast.Expr, known: int | str | bool) -> Term:
    if isinstance(known, str):
        return Key(f'"{known}"') if w.depth == 0 else Number(w.strings.setdefault(known, len(w.strings)), known)
    if isinstance(x, ast.Call):
        return Count(int(known))
    return Number(int(known))


def _binary(w: Walk, x: ast.Expr, op: str, a: ast.Expr, b: ast.Expr, s: State) -> Paths:
    for s1, left in value(w, a, s):
        for s2, right in value(w, b, s1):
            if op == "%" and isinstance(right, Number) and right.value in w.lengths:
                right = Count(right.value)
            if isinstance(left, At | Other) or isinstance(right, At | Other):
                yield s2, _some(w, x)
            else:
                understood = op in _OPERATORS and _comparable(w, a, op)
                yield s2, Operation(op, (left, right)) if understood else _some(w, x)


def _comparable(w: Walk, x: ast.Expr, op: str) -> bool:
    """Strings are told apart, not ordered or joined."""
    return str(w.type(x)) not in ("string", "untyped string") or op in ("==", "!=")


def _all(w: Walk, xs: tuple[ast.Expr, ...], s: State) -> Iterator[tuple[State, tuple[Val, ...]]]:
    if not xs:
        yield s, ()
        return
    for s1, v in value(w, xs[0], s):
        for s2, rest in _all(w, xs[1:], s1):
            yield s2, (v, *rest)


def place(w: Walk, x: ast.Expr, s: State) -> Iterator[tuple[State, Element | None]]:
    """The place an expression denotes; None for a variable of the goroutine or a place that is in no shard."""
    match x:
        case ast.Ident():
            var = w.info.uses.get(x) or w.info.defs.get(x)
            yield s, Element(var.name) if isinstance(var, Var) and var in w.variables else None
        case ast.Star(x=inner):
            for s1, v in value(w, inner, s):
                yield s1, v.place if isinstance(v, At) else None
        case ast.Selector(x=inner) if x in w.info.selections:
            yield from _field(w, x, inner, s)
        case ast.Index(x=inner, index=index):
            yield from _element(w, inner, index, s)
        case ast.CompositeLit() | ast.Call():
            for s1, v in value(w, x, s):
                yield s1, v.place if isinstance(v, At) else None
        case _:
            raise w.refuse("a place that is not understood", x.span)


def _field(w: Walk, x: ast.Selector, inner: ast.Expr, s: State) -> Iterator[tuple[State, Element | None]]:
    selection = w.info.selections[x]
    for s1, base in _base(w, inner, s):
        for i, f in enumerate(selection.path):
            if base is None:
                break
            base = base.field(f.name)
            last = i == len(selection.path) - 1 and selection.kind == "field"
            if isinstance(underlying(f.type), Pointer) and not last:
                raise w.refuse(f"{f.name} is a pointer inside a shared struct", x.span)
        yield s1, base


def _base(w: Walk, x: ast.Expr, s: State) -> Iterator[tuple[State, Element | None]]:
    """The struct or array that `x.f` and `x[i]` start from, through a pointer if it is one."""
    if isinstance(w.type(x), Pointer):
        for s1, v in value(w, x, s):
            yield s1, v.place if isinstance(v, At) else None
    else:
        yield from place(w, x, s)


def _element(w: Walk, inner: ast.Expr, index: ast.Expr, s: State) -> Iterator[tuple[State, Element | None]]:
    of = w.type(inner)
    if isinstance(of, Pointer):
        of = underlying(of.elem)
    if not isinstance(of, Array):
        for s1, container in value(w, inner, s):
            for s2, _ in value(w, index, s1):
                yield s2, container.place if isinstance(container, At) else None
        return
    for s1, base in _base(w, inner, s):
        for s2, i in value(w, index, s1):
            number = w.unknown() if isinstance(i, At | Other) else i
            yield s2, base.at(number, of.length) if base is not None else None


def _load(w: Walk, x: ast.Expr, s: State) -> Paths:
    if isinstance(x, ast.Ident):
        var = w.info.uses.get(x)
        if isinstance(var, Var) and var not in w.variables:
            yield s, s.env.get(var, OTHER) if var in s.env else _some(w, x)
            return
        if not isinstance(var, Var):
            yield s, OTHER
            return
    t = w.type(x)
    for s1, found in place(w, x, s):
        if found is None:
            yield s1, _some(w, x)
            continue
        w.touch(s1, found, False, x.span)
        if isinstance(t, Struct | Array) and _has_map(t):
            raise w.refuse("a copy of a struct or array with maps in it", x.span)
        if isinstance(t, Pointer) and w.sensitive(t.elem):
            yield s1, _known_pointer(w, x, found)
        else:
            # A map inside a map counts as part of it.
            yield s1, At(found, True) if isinstance(t, Map) else _some(w, x)


def _known_pointer(w: Walk, x: ast.Expr, found: Element) -> Val:
    """A package variable that is set once to an object of its own stands for that object."""
    if isinstance(x, ast.Ident) and x.name in w.pointers and found.shape == x.name:
        return At(found)
    raise w.refuse("a pointer to a struct with shards, and which one is not known", x.span)


def _has_map(t: object) -> bool:
    if isinstance(t, Array):
        return _has_map(underlying(t.elem))
    if isinstance(t, Struct):
        return any(_has_map(underlying(f.type)) for f in t.fields)
    return isinstance(t, Map)


def _address(w: Walk, x: ast.Expr, s: State) -> Paths:
    if isinstance(x, ast.CompositeLit):
        for s1, _ in value(w, x, s):
            yield s1, OTHER
        return
    for s1, found in place(w, x, s):
        if found is None and isinstance(x, ast.Ident):
            raise w.refuse("the address of a local variable", x.span)
        yield s1, At(found) if found is not None else OTHER


def call(w: Walk, x: ast.Call, s: State) -> Paths:
    """A call: of a function of the model, of a lock, of the library."""
    known = w.info.types.get(x)
    if w.info.types[x.fun].mode is Mode.TYPE:
        yield from _conversion(w, x, s)
        return
    used = w.info.uses.get(x.fun) if isinstance(x.fun, ast.Ident) else None
    if isinstance(used, Builtin):
        yield from _builtin(w, x, used.name, s)
        return
    if known is not None and known.value is not None:
        yield s, _constant(w, x, known.value)
        return
    found = callee(w, x)
    if found is not None:
        yield from _declared(w, x, found, s)
        return
    if isinstance(x.fun, ast.Selector):
        selection = w.info.selections.get(x.fun)
        if selection is not None and selection.primitive is not None:
            for s1, receiver in receivers(w, x.fun, s):
                for s2, args in _all(w, x.args, s1):
                    yield operate(w, x.span, selection.primitive, x.fun.name.name, receiver, args, s2), _result(w, x)
            return
        if isinstance(w.info.uses.get(x.fun.name), LibraryFunc):
            for s1, args in _all(w, x.args, s):
                _no_escape(w, args, x)
                yield s1, _result(w, x)
            return
    raise w.refuse("a call of a function that is not known by name", x.span)


def _result(w: Walk, x: ast.Expr) -> Val:
    known = w.info.types.get(x)
    return OTHER if known is None or str(known.type) == "()" else _some(w, x)


def _no_escape(w: Walk, args: tuple[Val, ...], x: ast.Expr) -> None:
    if any(isinstance(a, At) for a in args):
        raise w.refuse("a pointer to shared data or a shared map is handed on", x.span)


def _conversion(w: Walk, x: ast.Call, s: State) -> Paths:
    """Values are small and not negative where the type is as wide as the hash; narrower types are functions of it."""
    name = str(w.info.types[x].type)
    wide = name in ("int", "uint", "int64", "uint64", "uintptr", "string")
    for s1, v in value(w, x.args[0], s):
        if isinstance(v, At | Other) or wide or isinstance(v, Number | Count | Key):
            yield s1, v
        else:
            same = name == str(w.info.types[x.args[0]].type)
            yield s1, v if same else Apply(name, (v,))


def _builtin(w: Walk, x: ast.Call, name: str, s: State) -> Paths:
    known = w.info.types.get(x)
    if name == "len" and known is not None and isinstance(known.value, int):
        yield s, Count(known.value)
        return
    for s1, args in _all(w, tuple(a for a in x.args if w.info.types[a].mode is not Mode.TYPE), s):
        if args and isinstance(args[0], At):
            if name not in ("len", "delete", "clear"):
                raise w.refuse(f"{name} of shared data", x.span)
            w.touch(s1, args[0].place, name != "len", x.span)
        yield s1, OTHER if name in ("make", "new") else _result(w, x)


def _declared(w: Walk, x: ast.Call, f: Func, s: State) -> Paths:
    receiver: ast.Expr | None = x.fun.x if isinstance(x.fun, ast.Selector) and f.recv is not None else None
    start: list[tuple[State, Val]] = [(s, OTHER)]
    if receiver is not None and f.recv is not None:
        pointer = isinstance(underlying(f.recv.type), Pointer) and not isinstance(w.type(receiver), Pointer)
        start = list(_address(w, receiver, s) if pointer else value(w, receiver, s))
    for s0, me in start:
        for s1, args in _all(w, x.args, s0):
            args = tuple(_key(w, a, v) for a, v in zip(x.args, args, strict=True))
            if f.decl.body is None:
                yield s1, Apply(f.name, tuple(w.unknown() if isinstance(a, At | Other) else a for a in args))
            else:
                yield from _inlined(w, x, f, me, args, s1)


def _key(w: Walk, x: ast.Expr, v: Val) -> Val:
    """What a role passes as a constant stands for any value."""
    if w.depth == 0 and isinstance(v, Number) and isinstance(x, ast.BasicLit):
        return Key(str(v.value))
    return v


def _inlined(w: Walk, x: ast.Call, f: Func, me: Val, args: tuple[Val, ...], s: State) -> Paths:
    if w.depth >= DEEPEST:
        raise w.refuse(f"calls {DEEPEST} deep", x.span)
    env: dict[Var, Val] = {**s.env, **dict(zip(f.params, args, strict=True))}
    if f.recv is not None:
        env[f.recv] = me
    w.depth += 1
    assert w.function is not None
    found = list(w.function(w, f, replace(s, env=env, deferred=())))
    w.depth -= 1
    for s1, v in found:
        yield replace(s1, env=s.env, deferred=s.deferred), v


def receivers(w: Walk, x: ast.Selector, s: State) -> Iterator[tuple[State, Element | None]]:
    """The lock or atomic that a method is called on."""
    yield from _field(w, x, x.x, s)


def operate(w: Walk, at: Span, p: Primitive, name: str, lock: Element | None, args: tuple[Val, ...], s: State) -> State:
    """The effect of a method of package sync or sync/atomic."""
    if any(isinstance(a, At) for a in args):
        raise w.refuse("a pointer to shared data or a shared map is handed on", at)
    if "atomic." in p.name:
        return s
    if p.name not in ("sync.Mutex", "sync.RWMutex") or name not in _LOCKS:
        raise w.refuse(f"{p.name.replace('notifyList', 'Cond')}.{name}", at)
    if lock is None:
        raise w.refuse("a lock that is no package variable nor part of one", at)
    mine = Held(lock, _LOCKS[name])
    if name in ("Lock", "RLock"):
        return replace(s, held=(*s.held, mine))
    if mine not in s.held:
        raise w.refuse("gives back a lock that it may not hold", at)
    rest = list(s.held)
    rest.remove(mine)
    return replace(s, held=tuple(rest))
