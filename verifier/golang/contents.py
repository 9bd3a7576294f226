"""Types whose pointers can be kept by content: nobody changes what they point to, or compares them but with nil.

What an `atomic.Pointer` publishes is often such a value: an entry, a configuration, a snapshot. Go gives every one an
address of its own, which a model would have to tell apart by who allocated it. Where the address can never be observed
the pointer *is* nil or the fields behind it, and two of equal content are one. Found here by looking at the text for
what would observe it; what the text does not show (a conversion to an interface) lowering meets, and takes back.
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.facts import Facts, Node, collect, parts
from verifier.golang.types import (
    Array,
    Basic,
    Chan,
    Info,
    Map,
    Named,
    Package,
    Pointer,
    Primitive,
    Slice,
    Struct,
    Tuple,
    Type,
    underlying,
)
from verifier.records import replace

MOST_FIELDS = 8
"""Cells of a content at most: from there on an address is smaller."""


def facts_of(package: Package) -> Facts:
    """All facts of a checked model: those of `facts.collect`, and the types whose pointers may be kept by content."""
    return replace(collect(package), contents=contents(package))


def contents(package: Package) -> frozenset[Named]:
    """The struct types whose pointers may be kept by content."""
    published = _published(package)
    if not published:
        return frozenset()
    walk = _Observers(package.info)
    for node in _roots(package):
        walk.visit(node)
    good = {t for t in published if t not in walk.observed and not t.name.startswith("sync.")}
    while True:
        small = {t for t in good if 0 < _cells(Pointer(t), good, ()) - 1 <= MOST_FIELDS}
        if small == good:
            return frozenset(good)
        good = small


def pointee(t: Type) -> Named | None:
    """The declared type that a pointer type points to."""
    u = underlying(t)
    return u.elem if isinstance(u, Pointer) and isinstance(u.elem, Named) else None


def _published(package: Package) -> set[Named]:
    """Declared struct types that some `atomic.Pointer` points to."""
    found: set[Named] = set()
    seen: set[Type] = set()
    todo: list[Type] = [*package.types, *(v.type for variables, _ in package.variables for v in variables)]
    while todo:
        t = todo.pop()
        if t in seen:
            continue
        seen.add(t)
        if isinstance(t, Primitive) and isinstance(t.arg, Named) and isinstance(underlying(t.arg), Struct):
            found.add(t.arg)
        todo.extend(_inside(t))
    return found


def _inside(t: Type) -> tuple[Type, ...]:
    match t:
        case Named():
            return (t.underlying,)
        case Struct():
            return tuple(f.type for f in t.fields)
        case Pointer() | Array() | Slice() | Chan():
            return (t.elem,)
        case Map():
            return (t.key, t.elem)
        case Primitive() if t.arg is not None:
            return (t.arg,)
        case _:
            return ()


def _cells(t: Type, good: set[Named], path: tuple[Named, ...]) -> int:
    """The cells of a value of type `t` when pointers to `good` types are kept by content; large for one in itself."""
    far = MOST_FIELDS + 2
    u = underlying(t)
    match u:
        case Pointer() if isinstance(u.elem, Named) and u.elem in good:
            if u.elem in path:
                return far
            fields = underlying(u.elem)
            assert isinstance(fields, Struct)
            return 1 + sum(_cells(f.type, good, (*path, u.elem)) for f in fields.fields)
        case Basic() | Pointer() | Map() | Chan():
            return 1
        case _:
            return far


def _roots(package: Package) -> Iterator[Node]:
    yield from (spec for _, spec in package.variables)
    yield from (f.decl for f in package.functions)
    yield from (method.decl for named in package.types for method in named.methods.values())
    yield from (body.block for body in package.bodies)
    yield from (clause.expr for clause in package.clauses)


class _Observers:
    """Collects the types of which some pointer is written through, made of a variable, or compared."""

    def __init__(self, info: Info) -> None:
        self.info = info
        self.observed: set[Named] = set()

    def visit(self, node: Node) -> None:
        self.look(node)
        for p in parts(node):
            self.visit(p)

    def look(self, node: Node) -> None:
        match node:
            case ast.Assign() if node.op != ":=":
                for x in node.lhs:
                    self.written(x)
            case ast.IncDec():
                self.written(node.x)
            case ast.Range() if not node.define:
                for target in (node.key, node.value):
                    if target is not None:
                        self.written(target)
            case ast.Unary(op="&"):
                if not isinstance(node.x, ast.CompositeLit):
                    self.addressed(node.x)
            case ast.Selector():
                self.selector(node)
            case ast.Binary(op="==" | "!="):
                self.compared(node.x, node.y)
            case ast.Switch() if node.tag is not None:
                self.observe_all(self.info.types[node.tag].type)
            case _:
                pass

    def observe(self, t: Type | None) -> None:
        if isinstance(t, Named):
            self.observed.add(t)

    def observe_all(self, t: Type) -> None:
        """Every pointer that a comparison of two values of type `t` looks at."""
        u = underlying(t)
        match u:
            case Pointer():
                self.observe(pointee(u))
            case Struct():
                for f in u.fields:
                    self.observe_all(f.type)
            case Array():
                self.observe_all(u.elem)
            case Tuple():
                for p in u.types:
                    self.observe_all(p)
            case _:
                pass

    def compared(self, x: ast.Expr, y: ast.Expr) -> None:
        if self.is_nil(x) or self.is_nil(y):
            return
        for side in (x, y):
            self.observe_all(self.info.types[side].type)

    def is_nil(self, x: ast.Expr) -> bool:
        return isinstance(x, ast.Ident) and x.name == "nil"

    def addressed(self, x: ast.Expr) -> None:
        """`&x`, written or implied: a pointer to a variable, whose content changes when the variable does."""
        self.observe(self.info.types[x].type if x in self.info.types else None)
        self.written(x)

    def written(self, x: ast.Expr) -> None:
        """Something changes the place `x` or may: what it lies behind is no content."""
        match x:
            case ast.Star():
                self.observe(pointee(self.info.types[x.x].type))
            case ast.Selector() if x in self.info.selections:
                hops = self.info.selections[x].path
                before = hops if self.info.selections[x].kind != "field" else hops[:-1]
                for f in before:
                    self.observe(pointee(f.type))
                of = pointee(self.info.types[x.x].type)
                if of is not None:
                    self.observe(of)
                else:
                    self.written(x.x)
            case ast.Index():
                self.written(x.x)
            case _:
                pass

    def selector(self, node: ast.Selector) -> None:
        """A method called on something: by pointer on what has an address, or a primitive that changes."""
        selection = self.info.selections.get(node)
        if selection is None or selection.kind != "method":
            return
        if selection.primitive is not None:
            self.written(node.x)
            for f in selection.path:
                self.observe(pointee(f.type))
            if node.name.name == "CompareAndSwap" and selection.primitive.name == "atomic.Pointer":
                self.observe(selection.primitive.arg)
            return
        method = selection.method
        if method is None or method.recv is None or not isinstance(underlying(method.recv.type), Pointer):
            return
        own = self.info.types[node.x].type
        if not selection.path and not isinstance(underlying(own), Pointer):
            self.addressed(node.x)
        elif selection.path:
            # Promoted through embedded fields: which of them are pointers is not worth telling apart.
            self.observe(pointee(own))
            self.observe(pointee(method.recv.type))
            for f in selection.path:
                self.observe(pointee(f.type))
            self.written(node.x)
