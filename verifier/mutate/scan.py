"""A model's functions and lists of statements, and the calls of sync and sync/atomic in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.golang import syntax as ast
from verifier.golang.types import Info, LibraryFunc
from verifier.golang.walk import parts
from verifier.pipeline.load import Front
from verifier.records import dataclass
from verifier.source import LIBRARY, Span

_NAMES = {"sync.notifyList": "sync.Cond"}
"""Types of the library whose methods are those of a field of theirs."""


@dataclass(frozen=True, slots=True)
class Function:
    """Something with a body: a declared function, a role or a function literal."""

    name: str
    body: ast.Block


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a method of sync or sync/atomic that is a statement of its own (perhaps deferred).

    `stmt` is what stands in the list of statements, without a label before it.
    """

    type: str
    method: str
    on: str
    stmt: ast.Stmt
    call: ast.Call
    deferred: bool


def functions(front: Front) -> tuple[Function, ...]:
    """Every function whose text is the model's own, literals behind what they stand in."""
    roots = [Function(f.full_name, f.decl.body) for f in front.package.functions if f.decl.body is not None]
    # A generic function has one entry for each list of type arguments: its text counts once.
    own = {f.body.span: f for f in roots if f.body.span.file != LIBRARY}
    whole = [*own.values(), *(Function(b.role, b.block) for b in front.package.bodies if b.span.file != LIBRARY)]
    variables = {id(spec): spec for _, spec in front.package.variables}
    loose = [x for spec in variables.values() for x in spec.values]
    return (*(g for f in whole for g in _with_literals(f)), *(g for x in loose for g in _literals(x, "init")))


def _with_literals(f: Function) -> Iterator[Function]:
    yield f
    yield from _literals(f.body, f.name)


def _literals(node: object, name: str) -> Iterator[Function]:
    if isinstance(node, ast.FuncLit):
        name = f"{name}.func"
        yield Function(name, node.body)
    for child in parts(node):
        yield from _literals(child, name)


def lists(node: object) -> Iterator[tuple[ast.Stmt, ...]]:
    """Every list of statements of a function, outer ones first, those of literals inside left out."""
    if isinstance(node, ast.Block):
        yield node.stmts
    elif isinstance(node, ast.Case | ast.CommCase):
        yield node.body
    for child in parts(node):
        if not isinstance(child, ast.FuncLit):
            yield from lists(child)


def statements(node: object) -> Iterator[ast.Stmt]:
    """Every statement of a function that stands in a list, without its label."""
    for found in lists(node):
        yield from map(bare, found)


def every(node: object) -> Iterator[object]:
    """A node and everything below it."""
    yield node
    for child in parts(node):
        yield from every(child)


def bare(stmt: ast.Stmt) -> ast.Stmt:
    """A statement without labels before it."""
    while isinstance(stmt, ast.Labeled):
        stmt = stmt.stmt
    return stmt


def words(x: ast.Expr) -> str:
    """A receiver as text: names, fields, elements and dereferences; anything else is like nothing but itself."""
    match x:
        case ast.Ident():
            return x.name
        case ast.BasicLit():
            return repr(x.value)
        case ast.Selector():
            return f"{words(x.x)}.{x.name.name}"
        case ast.Index():
            return f"{words(x.x)}[{words(x.index)}]"
        case ast.Star() | ast.Unary(op="&"):
            return words(x.x)
        case ast.Binary():
            return f"({words(x.x)} {x.op} {words(x.y)})"
        case ast.Call():
            return f"{words(x.fun)}({', '.join(map(words, x.args))})"
        case _:
            return f"?{id(x)}"


def method(x: object, info: Info) -> tuple[str, str, ast.Expr] | None:
    """The type, the name and the receiver of a call of a method of sync or sync/atomic; None for anything else."""
    if not isinstance(x, ast.Call) or not isinstance(x.fun, ast.Selector):
        return None
    found = info.selections.get(x.fun)
    if found is None or found.primitive is None:
        return None
    return _NAMES.get(found.primitive.name, found.primitive.name), x.fun.name.name, x.fun.x


def function(x: object, info: Info) -> tuple[str, str] | None:
    """The package and the name of a called function of the library, such as atomic and AddInt64."""
    if not isinstance(x, ast.Call) or not isinstance(x.fun, ast.Selector):
        return None
    found = info.uses.get(x.fun.name)
    return (found.package, found.name) if isinstance(found, LibraryFunc) else None


def called(stmt: ast.Stmt, info: Info) -> Called | None:
    """The call that a statement is, if it is one of a method of sync or sync/atomic."""
    inner = bare(stmt)
    call = inner.call if isinstance(inner, ast.Defer) else inner.x if isinstance(inner, ast.ExprStmt) else None
    found = method(call, info)
    if found is None or not isinstance(call, ast.Call):
        return None
    return Called(found[0], found[1], words(found[2]), inner, call, isinstance(inner, ast.Defer))


OPENS = {"Lock": "Unlock", "RLock": "RUnlock"}
"""What a lock is taken with, and what it is let go with."""


@dataclass(frozen=True, slots=True)
class Section:
    """A critical section: the call that takes a lock, and those that let it go.

    `inside` are the statements of the list between the first and, if it stands in the same list, the last of them:
    for a deferred Unlock everything behind it.
    """

    function: Function
    lock: Called
    unlocks: tuple[Called, ...]
    inside: tuple[ast.Stmt, ...]
    end: Called | None
    """The Unlock that ends `inside`; None when it is deferred or stands elsewhere."""
    whole: bool = False
    """Whether nothing but `inside` can run under the lock: no way out of it but those through an Unlock."""

    @property
    def deferred(self) -> Called | None:
        """The deferred Unlock."""
        return next((u for u in self.unlocks if u.deferred), None)


def sections(f: Function, info: Info) -> Iterator[Section]:
    """The critical sections of a function."""
    for found in lists(f.body):
        for at, stmt in enumerate(found):
            lock = called(stmt, info)
            if lock is not None and lock.method in OPENS and not lock.deferred:
                yield _section(f, lock, found[at + 1 :], info)


def _section(f: Function, lock: Called, rest: Sequence[ast.Stmt], info: Info) -> Section:
    closes = OPENS[lock.method]
    unlocks: list[Called] = []
    for n, stmt in enumerate(rest):
        here = called(stmt, info)
        if here is not None and here.on == lock.on and here.method == closes:
            unlocks.append(here)
            if here.deferred:
                # It runs when the function returns, so what comes after the list it stands in is under the lock too.
                last = bool(f.body.stmts) and rest[-1] is f.body.stmts[-1]
                return Section(f, lock, tuple(unlocks), tuple(rest[n + 1 :]), None, last)
            inside = tuple(rest[:n])
            return Section(f, lock, tuple(unlocks), inside, here, not escapes(inside, unlocks))
        unlocks += _inner(stmt, lock.on, closes, info)
    return Section(f, lock, tuple(unlocks), tuple(rest), None)


def escapes(stmts: Sequence[ast.Stmt], unlocks: Sequence[Called]) -> bool:
    """Whether a way out of some statements may lead on without one of the Unlocks right before it."""
    released = {id(u.stmt) for u in unlocks}
    return any(_escapes(s, False, stmts[n - 1] if n else None, released) for n, s in enumerate(stmts))


def _escapes(stmt: ast.Stmt, loop: bool, before: ast.Stmt | None, released: set[int]) -> bool:
    inner = bare(stmt)
    if isinstance(inner, ast.Return | ast.Branch):
        stays = loop and isinstance(inner, ast.Branch) and inner.label is None
        return not stays and (before is None or id(bare(before)) not in released)
    loop = loop or isinstance(inner, ast.For | ast.Range)
    return any(
        _escapes(s, loop, found[n - 1] if n else None, released)
        for found in _directly_in(inner)
        for n, s in enumerate(found)
    )


def _directly_in(node: object) -> Iterator[tuple[ast.Stmt, ...]]:
    """The outermost of the lists of a statement."""
    for child in parts(node):
        if not isinstance(child, ast.FuncLit):
            first = next(lists(child), None) if isinstance(child, ast.Block | ast.Case | ast.CommCase) else None
            yield from _directly_in(child) if first is None else (first,)


def _inner(stmt: ast.Stmt, on: str, closes: str, info: Info) -> Iterator[Called]:
    for below in statements(bare(stmt)):
        found = called(below, info)
        if found is not None and found.on == on and found.method == closes:
            yield found
    if isinstance(bare(stmt), ast.Defer):
        # `defer func() { …; mu.Unlock() }()`
        for lit in (x for x in every(bare(stmt)) if isinstance(x, ast.FuncLit)):
            for below in statements(lit.body):
                found = called(below, info)
                if found is not None and found.on == on and found.method == closes:
                    yield found


def inside(inner: Span, outer: Span) -> bool:
    """Whether a span lies in another."""
    first = (outer.line, outer.column) <= (inner.line, inner.column)
    ends = (inner.end_line or inner.line, inner.end_column) <= (outer.end_line or outer.line, outer.end_column)
    return inner.file == outer.file and first and ends
