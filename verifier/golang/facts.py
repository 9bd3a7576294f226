"""What lowering must know about each *declaration* before it starts: who assigns it, where its address goes.

Facts are per `Var` object, so two variables that share a name never spoil each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from verifier.golang import syntax as ast
from verifier.golang.types import (
    Array,
    Builtin,
    Info,
    LibraryFunc,
    Mode,
    Package,
    PackageName,
    Pointer,
    Slice,
    Var,
    underlying,
)

Node = object


@dataclass(frozen=True)
class Facts:
    """Sets of variables with a property, and the constants of the program.

    assigned: written by a statement other than its declaration. mutated: a field or element of it is written, its
    address taken, or a pointer method called on it. addressed: a pointer to it may be stored anywhere. captured: used
    inside a function literal that may run in another goroutine than the declaration. strings: every string constant
    that can be a value, "" first.
    """

    assigned: frozenset[Var]
    mutated: frozenset[Var]
    captured: frozenset[Var]
    addressed: frozenset[Var]
    strings: tuple[str, ...]
    longest_slice: int
    uses_trylock: bool

    def shared(self, var: Var) -> bool:
        """Whether a local variable must live in a cell that several goroutines reach.

        A captured variable that nobody changes after its declaration is copied instead, as gc does.
        """
        return var in self.addressed or (var in self.captured and (var in self.assigned or var in self.mutated))

    def constant(self, var: Var) -> bool:
        """A package variable that always keeps its initial value: reading it is no step and no race."""
        return var.package and var not in self.assigned and var not in self.mutated


def collect(package: Package) -> Facts:
    """Gather the facts of a checked model."""
    gatherer = _Gatherer(package.info)
    for variables, spec in package.variables:
        gatherer.declare(variables)
        gatherer.visit(spec)
    for function in package.functions:
        gatherer.function(function.decl)
    for named in package.types:
        for method in named.methods.values():
            gatherer.function(method.decl)
    for body in package.bodies:
        gatherer.function(body.block)
    for clause in package.clauses:
        gatherer.visit(clause.expr)
    return gatherer.facts()


def parts(node: Node) -> Iterator[Node]:
    """The syntax nodes directly under `node`."""
    if not is_dataclass(node):
        return
    for f in fields(node):
        value = getattr(node, f.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, tuple):
                yield from (x for x in item if is_dataclass(x))
            elif is_dataclass(item):
                yield item


def root_variable(x: ast.Expr, info: Info) -> Var | None:
    """The variable whose own storage `x` denotes a part of; None behind a pointer, map or slice."""
    match x:
        case ast.Ident():
            found = info.uses.get(x) or info.defs.get(x)
            return found if isinstance(found, Var) else None
        case ast.Selector() if x in info.selections:
            through = isinstance(underlying(info.types[x.x].type), Pointer)
            path = info.selections[x].path
            # An embedded pointer on the way leads out of the variable as well.
            hops = path if info.selections[x].kind != "field" else path[:-1]
            inner = any(isinstance(underlying(f.type), Pointer) for f in hops)
            return None if through or inner else root_variable(x.x, info)
        case ast.Index() if isinstance(underlying(info.types[x.x].type), Array):
            return root_variable(x.x, info)
        case _:
            return None


class _Gatherer:
    def __init__(self, info: Info) -> None:
        self.info = info
        self.assigned: set[Var] = set()
        self.mutated: set[Var] = set()
        self.captured: set[Var] = set()
        self.addressed: set[Var] = set()
        self.home: dict[Var, tuple[int, ...]] = {}
        self.strings: dict[str, None] = {"": None}
        self.longest = 0
        self.trylock = False
        self.nest: tuple[int, ...] = ()
        self.counter = 0

    def facts(self) -> Facts:
        return Facts(
            frozenset(self.assigned),
            frozenset(self.mutated),
            frozenset(self.captured),
            frozenset(self.addressed),
            tuple(self.strings),
            self.longest,
            self.trylock,
        )

    def declare(self, variables: tuple[Var, ...]) -> None:
        for v in variables:
            self.home[v] = self.nest

    def function(self, decl: Node) -> None:
        self.visit(decl)

    def literal(self, node: ast.FuncLit, in_place: bool) -> None:
        """In-place literals run in the goroutine that declares them; others open a new nesting level."""
        before = self.nest
        if not in_place:
            self.counter += 1
            self.nest = (*before, self.counter)
        self.declare(self.info.literals[node].params + self.info.literals[node].results)
        self.visit(node.body)
        self.nest = before

    def visit(self, node: Node) -> None:
        match node:
            case ast.Ident():
                self.name(node)
            case ast.FuncLit():
                self.literal(node, in_place=False)
                return
            case ast.Call():
                self.call(node)
                return
            case ast.Go():
                if isinstance(node.call.fun, ast.FuncLit):
                    self.literal(node.call.fun, in_place=False)
                    for a in node.call.args:
                        self.visit(a)
                    return
            case ast.Assign() if node.op != ":=":
                for target in node.lhs:
                    self.write(target)
            case ast.Assign():
                for target in node.lhs:
                    if isinstance(target, ast.Ident) and target in self.info.uses:
                        self.write(target)
            case ast.IncDec():
                self.write(node.x)
            case ast.Range() if not node.define:
                for written in (node.key, node.value):
                    if written is not None:
                        self.write(written)
            case ast.Unary(op="&"):
                self.mutate(node.x, escapes=True)
            case ast.Selector():
                self.selector(node)
            case ast.BasicLit() if isinstance(node.value, str):
                self.strings.setdefault(node.value)
            case ast.CompositeLit() if isinstance(underlying(self.info.types[node].type), Slice):
                self.longest = max(self.longest, len(node.elements))
            case ast.Case() if node in self.info.implicits:
                self.declare((self.info.implicits[node],))
            case _:
                pass
        for p in parts(node):
            self.visit(p)

    def name(self, node: ast.Ident) -> None:
        defined = self.info.defs.get(node)
        if isinstance(defined, Var):
            self.home.setdefault(defined, self.nest)
        used = self.info.uses.get(node)
        if isinstance(used, Var) and not used.package:
            home = self.home.setdefault(used, self.nest)
            if len(self.nest) > len(home):
                self.captured.add(used)

    def call(self, node: ast.Call) -> None:
        fun = node.fun
        if isinstance(fun, ast.FuncLit):
            self.literal(fun, in_place=True)
        else:
            self.visit(fun)
        self.constants(node)
        callback = isinstance(fun, ast.Selector) and fun.name.name in ("Do", "Range") and fun in self.info.selections
        silent = self.message_only(fun)
        for a in node.args:
            if isinstance(a, ast.FuncLit) and callback and self.info.selections[fun].primitive:  # type: ignore[index]
                self.literal(a, in_place=True)
            elif not (silent and isinstance(a, ast.BasicLit)):
                self.visit(a)
        if isinstance(fun, ast.Ident) and isinstance(self.info.uses.get(fun), Builtin) and fun.name == "make":
            size = self.info.types.get(node.args[1]) if len(node.args) > 1 else None
            if size is not None and isinstance(size.value, int):
                self.longest = max(self.longest, size.value)

    def constants(self, node: ast.Call) -> None:
        for a in node.args:
            known = self.info.types.get(a)
            if known and known.mode is Mode.CONST and isinstance(known.value, str) and not self.message_only(node.fun):
                self.strings.setdefault(known.value)

    def message_only(self, fun: ast.Expr) -> bool:
        """Arguments of panic, fmt and errors are messages: they never become values of the model."""
        if isinstance(fun, ast.Ident):
            used = self.info.uses.get(fun)
            return isinstance(used, Builtin) and used.name in ("panic", "print", "println")
        if isinstance(fun, ast.Selector) and isinstance(fun.x, ast.Ident):
            return isinstance(self.info.uses.get(fun.x), PackageName) and fun.x.name in ("fmt", "errors")
        return False

    def selector(self, node: ast.Selector) -> None:
        selection = self.info.selections.get(node)
        if selection is None or selection.kind != "method":
            return
        if node.name.name in ("TryLock", "TryRLock"):
            self.trylock = True
        method = selection.method
        by_pointer = selection.primitive is not None or (
            method is not None and method.recv is not None and isinstance(method.recv.type, Pointer)
        )
        through = isinstance(underlying(self.info.types[node.x].type), Pointer)
        if by_pointer and not through and not any(isinstance(underlying(f.type), Pointer) for f in selection.path):
            # A primitive keeps no pointer to itself; a declared method may store its receiver anywhere.
            self.mutate(node.x, escapes=selection.primitive is None)

    def write(self, target: ast.Expr) -> None:
        if isinstance(target, ast.Ident):
            var = self.info.uses.get(target)
            if isinstance(var, Var):
                self.assigned.add(var)
        else:
            self.mutate(target)

    def mutate(self, x: ast.Expr, escapes: bool = False) -> None:
        var = root_variable(x, self.info)
        if var is not None:
            self.mutated.add(var)
            if escapes:
                self.addressed.add(var)


def library(info: Info, fun: ast.Expr) -> LibraryFunc | None:
    """The library function `fun` names, if it does."""
    if isinstance(fun, ast.Selector):
        used = info.uses.get(fun.name)
        return used if isinstance(used, LibraryFunc) else None
    return None
