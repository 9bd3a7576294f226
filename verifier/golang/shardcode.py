"""Statements of a sharded model, path by path. A path ends at the end of its statements, at a return or a branch."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.shardexpr import operate, place, receivers, value
from verifier.golang.shards import MOST, OTHER, At, NotUnderstood, Other, State, Val, Walk, assigned, separate
from verifier.golang.text import Files
from verifier.golang.types import Array, Func, Map, Package, Primitive, Var, underlying
from verifier.program.shards import Count, Number, Operation, Term, Touch
from verifier.records import replace

Ends = Iterator[tuple[State, "str | Val | None"]]
"""Where a path is, and how it left: None went on, "break", "continue", else the value returned."""


def touches(package: Package, files: Files) -> tuple[Touch, ...]:
    """Every access of every role to sharded data. Raises NotUnderstood."""
    walk = Walk(package, files, function=function)
    if not walk.lengths:
        return ()
    separate(walk)
    for body in package.bodies:
        walk.role = body.role
        for state, _ in statements(walk, body.block.stmts, State({})):
            walk.paths += 1
            if walk.paths > MOST:
                raise NotUnderstood(f"more than {MOST} paths")
            if leave(walk, body.block, state).held:
                raise walk.refuse(f"{body.role} may return with a lock held", body.span)
    return tuple(walk.touches)


def function(w: Walk, f: Func, s: State) -> Iterator[tuple[State, Val]]:
    """The paths through the body of a function, deferred unlocks done."""
    assert f.decl.body is not None
    for s1, left in statements(w, f.decl.body.stmts, s):
        result: Val = OTHER if left is None or isinstance(left, str) else left
        yield leave(w, f.decl.body, s1), result


def leave(w: Walk, body: ast.Block, s: State) -> State:
    """Run what was deferred."""
    for kind, lock in reversed(s.deferred):
        s = operate(w, body.span, Primitive("sync.RWMutex"), kind, lock, (), s)
    return replace(s, deferred=())


def statements(w: Walk, todo: tuple[ast.Stmt, ...], s: State) -> Ends:
    """The paths through a list of statements."""
    if not todo:
        yield s, None
        return
    for s1, left in statement(w, todo[0], s):
        if left is None:
            yield from statements(w, todo[1:], s1)
        else:
            yield s1, left


def statement(w: Walk, x: ast.Stmt, s: State) -> Ends:
    """The paths through a statement."""
    match x:
        case ast.ExprStmt(x=e):
            yield from ((s1, None) for s1, _ in value(w, e, s))
        case ast.Assign():
            yield from ((s1, None) for s1 in _assign(w, x, s))
        case ast.IncDec(x=e):
            yield from ((s2, None) for s1, _ in value(w, e, s) for s2 in _store(w, e, w.unknown(), s1, x))
        case ast.Block(stmts=inner):
            yield from statements(w, inner, s)
        case ast.Labeled(stmt=inner):
            yield from statement(w, inner, s)
        case ast.DeclStmt(decls=decls):
            yield from ((s1, None) for s1 in _declare(w, decls, s))
        case ast.Return(results=results):
            yield from _return(w, x, results, s)
        case ast.If():
            yield from _if(w, x, s)
        case ast.For() | ast.Range():
            yield from _loop(w, x, s)
        case ast.Defer(call=deferred):
            yield from ((s1, None) for s1 in _defer(w, deferred, s))
        case ast.Branch(word=("break" | "continue") as word, label=None):
            yield s, word
        case ast.Empty():
            yield s, None
        case _:
            raise w.refuse(f"a {type(x).__name__.lower()} statement", x.span)


def _assign(w: Walk, x: ast.Assign, s: State) -> Iterator[State]:
    if len(x.lhs) != len(x.rhs):
        for s1, v in value(w, x.rhs[0], s):
            if isinstance(v, At):
                raise w.refuse("several values at once, one of them shared data", x.span)
            yield from _store_all(w, x.lhs, tuple(w.unknown() for _ in x.lhs), s1, x)
        return
    for s1, values in _values(w, x.rhs, s):
        if x.op not in ("=", ":="):
            for s2, _ in value(w, x.lhs[0], s1):
                yield from _store(w, x.lhs[0], w.unknown(), s2, x)
        else:
            yield from _store_all(w, x.lhs, values, s1, x)


def _values(w: Walk, xs: tuple[ast.Expr, ...], s: State) -> Iterator[tuple[State, tuple[Val, ...]]]:
    if not xs:
        yield s, ()
        return
    for s1, v in value(w, xs[0], s):
        for s2, rest in _values(w, xs[1:], s1):
            yield s2, (v, *rest)


def _store_all(w: Walk, xs: tuple[ast.Expr, ...], values: tuple[Val, ...], s: State, at: ast.Stmt) -> Iterator[State]:
    if not xs:
        yield s
        return
    for s1 in _store(w, xs[0], values[0], s, at):
        yield from _store_all(w, xs[1:], values[1:], s1, at)


def _store(w: Walk, x: ast.Expr, v: Val, s: State, at: ast.Stmt) -> Iterator[State]:
    if isinstance(x, ast.Ident):
        if x.name == "_":
            yield s
            return
        var = w.info.defs.get(x) or w.info.uses.get(x)
        if isinstance(var, Var) and var not in w.variables:
            yield s.bind(var, v)
            return
    if isinstance(v, At):
        raise w.refuse("a pointer to shared data or a shared map is stored in data", at.span)
    for s1, found in place(w, x, s):
        if found is not None:
            whole = isinstance(w.type(x), Map | Array) or hasattr(w.type(x), "fields")
            inside = isinstance(x, ast.Index) and isinstance(w.type(x.x), Map)
            if whole and not inside and found.indices:
                raise w.refuse("a shard or its map is replaced", at.span)
            w.touch(s1, found, True, at.span)
        yield s1


def _declare(w: Walk, decls: tuple[ast.Decl, ...], s: State) -> Iterator[State]:
    if not decls:
        yield s
        return
    spec, *rest = decls
    if not isinstance(spec, ast.VarSpec):
        yield from _declare(w, tuple(rest), s)
        return
    if spec.values and len(spec.values) != len(spec.names):
        raise w.refuse("several values at once", spec.span)
    for s1, values in _values(w, spec.values, s):
        s2 = s1
        for i, name in enumerate(spec.names):
            var = w.info.defs.get(name)
            if isinstance(var, Var):
                s2 = s2.bind(var, values[i] if values else _zero(var))
        yield from _declare(w, tuple(rest), s2)


def _zero(var: Var) -> Val:
    return Number(0) if str(underlying(var.type)) not in ("string",) else OTHER


def _return(w: Walk, x: ast.Return, results: tuple[ast.Expr, ...], s: State) -> Ends:
    for s1, values in _values(w, results, s):
        if len(values) > 1 and any(isinstance(v, At) for v in values):
            raise w.refuse("several results, one of them shared data", x.span)
        yield s1, values[0] if len(values) == 1 else OTHER


def _if(w: Walk, x: ast.If, s: State) -> Ends:
    for s0, left in statement(w, x.init, s) if x.init is not None else iter([(s, None)]):
        assert left is None
        for s1, c in value(w, x.cond, s0):
            yield from statements(w, x.then.stmts, _given(s1, c, True))
            other = _given(s1, c, False)
            if x.other is None:
                yield other, None
            else:
                yield from statement(w, x.other, other)


def _given(s: State, c: Val, holds: bool) -> State:
    if isinstance(c, At | Other):
        return replace(s, exact=False)
    return replace(s, given=(*s.given, c if holds else Operation("!", (c,))))


def _loop(w: Walk, x: ast.For | ast.Range, s: State) -> Ends:
    """The body once, with what the loop changes unknown; it must leave the locks as it found them.

    What happens in a loop and after it is no longer exact: how often it runs is not known.
    """
    init = x.init if isinstance(x, ast.For) else None
    for s0, _ in statement(w, init, s) if init is not None else iter([(s, None)]):
        loose = replace(_loosened(w, x, s0), exact=False)
        for inside, outside in _heads(w, x, loose):
            for s1, left in statements(w, x.body.stmts, inside):
                if left is not None and not isinstance(left, str):
                    yield s1, left
                    continue
                for s2, _ in _post(w, x, s1):
                    if s2.held != loose.held:
                        raise w.refuse("a round of the loop that ends with other locks than it began with", x.span)
            yield outside, None


def _loosened(w: Walk, x: ast.For | ast.Range, s: State) -> State:
    changed = assigned(w, x)
    if any(v in changed and isinstance(known, At) for v, known in s.env.items()):
        raise w.refuse("a loop that changes which shard a variable leads to", x.span)
    return replace(s, env={v: w.unknown() if v in changed else known for v, known in s.env.items()})


def _post(w: Walk, x: ast.For | ast.Range, s: State) -> Ends:
    if isinstance(x, ast.For) and x.post is not None:
        yield from statement(w, x.post, s)
    else:
        yield s, None


def _heads(w: Walk, x: ast.For | ast.Range, s: State) -> Iterator[tuple[State, State]]:
    """The state in which a round begins, and the one in which the loop is over."""
    if isinstance(x, ast.Range):
        yield from _range(w, x, s)
    elif x.cond is None:
        yield s, s
    else:
        for s1, c in value(w, x.cond, s):
            yield _given(s1, c, True), _given(s1, c, False)


def _range(w: Walk, x: ast.Range, s: State) -> Iterator[tuple[State, State]]:
    of = w.type(x.x)
    if isinstance(of, Array):
        if x.value is not None:
            raise w.refuse("range over the elements of an array copies them", x.span)
        yield _key(w, x, s, Count(of.length)), s
        return
    for s1, v in value(w, x.x, s):
        if isinstance(v, At):
            w.touch(s1, v.place, False, x.span)
        yield _key(w, x, s1, None if isinstance(v, At | Other) else v), s1


def _key(w: Walk, x: ast.Range, s: State, limit: Term | None) -> State:
    """The variables of a round: the first one is below `limit`, if there is one."""
    for name in (x.key, x.value):
        var = (w.info.defs.get(name) or w.info.uses.get(name)) if isinstance(name, ast.Ident) else None
        if not isinstance(var, Var):
            continue
        i = w.unknown()
        s = s.bind(var, i)
        if name is x.key and limit is not None:
            within = (Operation("<=", (Number(0), i)), Operation("<", (i, limit)))
            s = replace(s, given=(*s.given, *within))
    return s


def _defer(w: Walk, x: ast.Call, s: State) -> Iterator[State]:
    selection = w.info.selections.get(x.fun) if isinstance(x.fun, ast.Selector) else None
    unlocks = isinstance(x.fun, ast.Selector) and x.fun.name.name in ("Unlock", "RUnlock")
    if selection is None or selection.primitive is None or not unlocks or not isinstance(x.fun, ast.Selector):
        raise w.refuse("a deferred call other than of Unlock", x.span)
    for s1, lock in receivers(w, x.fun, s):
        if lock is None:
            raise w.refuse("a lock that is no package variable nor part of one", x.span)
        yield replace(s1, deferred=(*s1.deferred, (x.fun.name.name, lock)))
