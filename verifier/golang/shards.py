"""Which shard is touched under which lock: the roles of a model, evaluated with keys as unknowns.

Understood are package arrays of structs, maps and locks; indices computed from keys by package functions, with or
without a body; Lock, Unlock, RLock, RUnlock, deferred too; branches and loops that keep the locks as they found them.
Everything else raises NotUnderstood with the place: nothing is skipped that could touch a shard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.text import Files, snippet
from verifier.golang.types import Array, Func, Info, Map, Package, Pointer, Primitive, Type, Var, underlying
from verifier.program.shards import Element, Held, Term, Touch, Unknown
from verifier.records import dataclass, replace
from verifier.source import Span

MOST = 4096
"""Paths through all roles together."""
DEEPEST = 8
"""Calls inside calls."""


class NotUnderstood(Exception):
    """The model has something whose effect on shards is not known here; the message names it."""


@dataclass(frozen=True, slots=True)
class At:
    """A pointer to a place, or (`map`) the map found in a place."""

    place: Element
    map: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """A value that leads to no shard."""


OTHER = Other()

Val = Term | At | Other


@dataclass(frozen=True)
class State:
    """One path so far, inside one function: variables, locks held, what is known, locks to give back at return."""

    env: dict[Var, Val]
    held: tuple[Held, ...] = ()
    given: tuple[Term, ...] = ()
    exact: bool = True
    deferred: tuple[tuple[str, Element], ...] = ()

    def bind(self, var: Var, value: Val) -> State:
        """With a variable set."""
        return replace(self, env={**self.env, var: value})


@dataclass
class Walk:
    """What all paths share."""

    package: Package
    files: Files
    role: str = ""
    depth: int = 0
    fresh: int = 0
    function: Callable[[Walk, Func, State], Iterator[tuple[State, Val]]] | None = None
    """How the body of a function is walked: expressions reach statements through this only."""
    paths: int = 0

    def __post_init__(self) -> None:
        self.touches: dict[Touch, None] = {}
        self.strings: dict[str, int] = {}
        self.variables = {v for variables, _ in self.package.variables for v in variables}
        self.lengths = {n for v in self.variables for n in _lengths(_object(v.type))}
        self.elements = [e for v in self.variables for e in _elements(_object(v.type))]
        written = {v for node in self._code() for v in assigned(self, node)}
        self.pointers = {v.name for v in self.variables - written if isinstance(underlying(v.type), Pointer)}
        """Package variables that keep pointing to what their initialiser made."""

    def _code(self) -> Iterator[object]:
        yield from (b.block for b in self.package.bodies)
        yield from (f.decl for f in self.package.functions)
        yield from (m.decl for named in self.package.types for m in named.methods.values())

    def sensitive(self, t: Type) -> bool:
        """Whether an object of this type may be a shard or have shards in it."""
        return t in self.elements or any(True for _ in _lengths(t))

    @property
    def info(self) -> Info:
        """What the checker found out."""
        return self.package.info

    def type(self, x: ast.Expr) -> Type:
        """The underlying type of an expression."""
        return underlying(self.info.types[x].type)

    def unknown(self) -> Unknown:
        """A value nothing is known about."""
        self.fresh += 1
        return Unknown(self.fresh)

    def refuse(self, what: str, span: Span) -> NotUnderstood:
        """The reason for giving up, with its place."""
        return NotUnderstood(f"{span.file}:{span.line}: {what}")

    def touch(self, s: State, place: Element, write: bool, span: Span) -> None:
        """Note an access to a place; only places inside arrays are shards."""
        if place.indices:
            made = Touch(self.role, place, write, s.held, s.given, s.exact, snippet(span, self.files), span)
            self.touches.setdefault(made)


def _object(t: Type) -> Type:
    """What a variable of this type holds or, if it is a pointer, points to."""
    u = underlying(t)
    return u.elem if isinstance(u, Pointer) else t


def _elements(t: Type) -> Iterator[Type]:
    """The types of array elements in a type."""
    u = underlying(t)
    if isinstance(u, Array):
        yield u.elem
        yield from _elements(u.elem)
    for f in getattr(u, "fields", ()):
        yield from _elements(f.type)


def _lengths(t: Type) -> Iterator[int]:
    u = underlying(t)
    if isinstance(u, Array):
        yield u.length
        yield from _lengths(u.elem)
    for f in getattr(u, "fields", ()):
        yield from _lengths(f.type)


def separate(walk: Walk) -> None:
    """Every element of a package array has maps of its own: initialisers make them where they stand."""
    for variables, spec in walk.package.variables:
        if not any(list(_lengths(_object(v.type))) for v in variables):
            continue
        for v in variables:
            if _shares(_object(v.type)):
                raise walk.refuse(f"{v.name} has pointers or slices in an array: which object each leads to", v.span)
        for value in spec.values:
            _literal(walk, value)


def _literal(walk: Walk, x: ast.Expr) -> None:
    match x:
        case ast.CompositeLit(elements=elements):
            for e in elements:
                _literal(walk, e.value)
        case ast.Unary(op="&", x=inner):
            _literal(walk, inner)
        case ast.Call(fun=ast.Ident(name=("make" | "new"))) | ast.BasicLit():
            return
        case _ if walk.info.types[x].value is not None:
            return
        case _:
            raise walk.refuse("an array that is not initialised by a literal", x.span)


def _shares(t: Type) -> bool:
    """Whether elements of arrays in the type can lead to a common object other than through a map."""
    u = underlying(t)
    if isinstance(u, Array):
        return _leads(u.elem)
    return any(_shares(f.type) for f in getattr(u, "fields", ()))


def _leads(t: Type) -> bool:
    u = underlying(t)
    if isinstance(u, Array):
        return _leads(u.elem)
    if isinstance(u, Map | Primitive):
        return False
    if hasattr(u, "fields"):
        return any(_leads(f.type) for f in u.fields)
    return isinstance(u, Pointer) or type(u).__name__ == "Slice"


def assigned(walk: Walk, node: object) -> set[Var]:
    """The variables a piece of syntax assigns or declares."""
    found: set[Var] = set()
    targets: tuple[object, ...] = ()
    if isinstance(node, ast.Assign):
        targets = node.lhs
    elif isinstance(node, ast.IncDec):
        targets = (node.x,)
    elif isinstance(node, ast.Range):
        targets = tuple(x for x in (node.key, node.value) if x is not None)
    for x in targets:
        if isinstance(x, ast.Ident):
            var = walk.info.defs.get(x) or walk.info.uses.get(x)
            if isinstance(var, Var):
                found.add(var)
    for part in parts(node):
        found |= assigned(walk, part)
    return found


def callee(walk: Walk, x: ast.Call) -> Func | None:
    """The declared function or method that is called."""
    if isinstance(x.fun, ast.Ident):
        used = walk.info.uses.get(x.fun)
        return used if isinstance(used, Func) else None
    if isinstance(x.fun, ast.Selector) and x.fun in walk.info.selections:
        return walk.info.selections[x.fun].method
    return None
