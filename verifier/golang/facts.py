"""What lowering must know about each *declaration* before it starts: who assigns it, where its address goes.

Facts are per `Var` object, so two variables that share a name never spoil each other.
"""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.library import COND_L, holds_cond
from verifier.golang.types import (
    Array,
    Builtin,
    Chan,
    Func,
    Info,
    LibraryFunc,
    Mode,
    Named,
    Package,
    PackageName,
    Pointer,
    Slice,
    Type,
    Var,
    underlying,
)
from verifier.golang.walk import parts as parts, received as received, root_variable as root_variable
from verifier.records import dataclass

Node = object

NEGATIVE_COUNTER = "sync: negative WaitGroup counter"
"""What sync.WaitGroup panics with (sync/waitgroup.go:118)."""


@dataclass(frozen=True)
class Facts:
    """Sets of variables with a property, and the constants of the program.

    assigned: written by a statement other than its declaration. mutated: a field or element of it is written, its
    address taken, or a pointer method called on it. addressed: a pointer to it may be stored anywhere. captured: used
    inside a function literal that may run in another goroutine than the declaration, or after another round of the
    loop it is declared in has begun. ranged: declared by a range clause. strings: every string constant that can be
    a value, "" first. channels: the element type and the length of the buffer, of every channel that is made. closes:
    whether some channel is closed. looks: whether something depends on how full a buffer is without waiting for it.
    """

    assigned: frozenset[Var]
    mutated: frozenset[Var]
    captured: frozenset[Var]
    addressed: frozenset[Var]
    ranged: frozenset[Var]
    strings: tuple[str, ...]
    longest_slice: int
    uses_trylock: bool
    writes_lockers: bool = False
    """Whether a sync.Cond is ever assigned to, in whole or its field L, or the address of that is taken."""
    channels: tuple[tuple[Type, int], ...] = ()
    closes: bool = False
    looks: bool = False
    growing: frozenset[Type] = frozenset()
    """Slice types of which some value grows, or shares its array with another."""
    most_capacity: int = 0
    """The largest constant capacity that a slice is made with."""
    recovers: bool = False
    """Whether the model calls recover: then what panics are called with are values of the model, too."""
    contents: frozenset[Named] = frozenset()
    """Types whose pointers are kept by content (see `contents`)."""

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


class _Gatherer:
    def __init__(self, info: Info) -> None:
        self.info = info
        self.assigned: set[Var] = set()
        self.mutated: set[Var] = set()
        self.captured: set[Var] = set()
        self.captured_late: set[Var] = set()
        self.starts_goroutines = False
        self.results: tuple[Var, ...] = ()
        self.loops = 0
        self.late: int | None = None
        self.outliving: ast.Expr | None = None
        self.addressed: set[Var] = set()
        self.ranged: set[Var] = set()
        self.home: dict[Var, tuple[int, ...]] = {}
        self.strings: dict[str, None] = {"": None}
        self.longest = 0
        self.trylock = False
        self.writes_lockers = False
        self.channels: dict[tuple[Type, int], None] = {}
        self.closes = self.measures = self.recovers = False
        self.growing: set[Type] = set()
        self.most_capacity = 0
        self.messages: dict[str, None] = {NEGATIVE_COUNTER: None}
        self.polled: list[Type] = []
        self.nest: tuple[int, ...] = ()
        self.counter = 0

    def facts(self) -> Facts:
        return Facts(
            frozenset(self.assigned),
            frozenset(self.mutated),
            frozenset(self.captured if self.starts_goroutines else self.captured_late),
            frozenset(self.addressed),
            frozenset(self.ranged),
            tuple(self.strings | self.messages) if self.recovers else tuple(self.strings),
            self.longest,
            self.trylock,
            self.writes_lockers,
            tuple(self.channels),
            self.closes,
            self.measures or any(elem in self.polled and size for elem, size in self.channels),
            frozenset(self.growing),
            self.most_capacity,
            self.recovers,
        )

    def declare(self, variables: tuple[Var, ...]) -> None:
        for v in variables:
            self.home[v] = self.nest

    def function(self, decl: Node) -> None:
        if isinstance(decl, ast.FuncDecl):
            found = self.info.defs.get(decl.name)
            self.results = found.results if isinstance(found, Func) else ()
        self.visit(decl)
        self.results = ()

    def literal(self, node: ast.FuncLit, in_place: bool, late: bool = False) -> None:
        """In-place literals run in the goroutine that declares them; others open a new nesting level.

        `late`: deferred in a loop, so it runs when the variables of its round have long been replaced.
        """
        before = (self.nest, self.results, self.loops, self.late)
        self.loops = 0
        if not in_place:
            self.counter += 1
            self.nest = (*self.nest, self.counter)
        if late:
            self.late = len(self.nest)
        signature = self.info.literals[node]
        self.results = signature.results
        self.declare(signature.params + signature.results)
        self.visit(node.body)
        self.nest, self.results, self.loops, self.late = before

    def visit(self, node: Node) -> None:
        known = self.info.types.get(node) if isinstance(node, ast.Expr) else None
        if known is not None and known.mode is Mode.CONST:
            if isinstance(known.value, str):
                self.strings.setdefault(known.value)
            return
        loop = isinstance(node, ast.For | ast.Range)
        self.loops += loop
        self.inspect(node)
        self.loops -= loop

    def inspect(self, node: Node) -> None:
        match node:
            case ast.Ident():
                self.name(node)
            case ast.FuncLit():
                self.literal(node, in_place=False)
                return
            case ast.Call():
                self.call(node)
                return
            case ast.Go() | ast.Defer():
                self.postponed(node)
                return
            case ast.Return():
                # Returning values assigns the result variables without naming them.
                self.assigned.update(self.results if node.results else ())
            case ast.Assign() if node.op != ":=":
                for target in node.lhs:
                    self.write(target)
            case ast.Assign():
                for target in node.lhs:
                    if isinstance(target, ast.Ident) and target in self.info.uses:
                        self.write(target)
            case ast.IncDec():
                self.write(node.x)
            case ast.Range() if node.define:
                declared = (self.info.defs.get(x) for x in (node.key, node.value) if isinstance(x, ast.Ident))
                self.ranged.update(v for v in declared if isinstance(v, Var))
            case ast.Range():
                for written in (node.key, node.value):
                    if written is not None:
                        self.write(written)
            case ast.Unary(op="&"):
                self.writes_lockers |= self.is_locker(node.x)
                self.mutate(node.x, escapes=True)
            case ast.Selector():
                self.selector(node)
            case ast.CompositeLit() if isinstance(underlying(self.info.types[node].type), Slice):
                self.longest = max(self.longest, self.length(node))
            case ast.Slicing():
                self.growing.add(underlying(self.info.types[node].type))
                if isinstance(underlying(self.info.types[node.x].type), Array):
                    self.mutate(node.x, escapes=True)
            case ast.Select():
                self.poll(node)
            case ast.ConstSpec():
                return
            case ast.Case() if node in self.info.implicits:
                self.declare((self.info.implicits[node],))
            case _:
                pass
        for p in parts(node):
            self.visit(p)

    def length(self, node: ast.CompositeLit) -> int:
        """The length of a slice literal; elements may have constant indices."""
        longest = at = 0
        for e in node.elements:
            known = self.info.types[e.key].value if e.key is not None else None
            at = (known if isinstance(known, int) else at) + 1
            longest = max(longest, at)
        return longest

    def name(self, node: ast.Ident) -> None:
        defined = self.info.defs.get(node)
        if isinstance(defined, Var):
            self.home.setdefault(defined, self.nest)
        used = self.info.uses.get(node)
        if isinstance(used, Var) and not used.package:
            home = self.home.setdefault(used, self.nest)
            if len(self.nest) > len(home):
                self.captured.add(used)
            if self.late is not None and self.late > len(home):
                self.captured_late.add(used)

    def postponed(self, node: ast.Go | ast.Defer) -> None:
        """`go` and `defer`: a literal that is deferred outside of loops runs in place, only later."""
        fun = node.call.fun
        late = isinstance(node, ast.Defer) and self.loops > 0
        self.starts_goroutines |= isinstance(node, ast.Go) or (late and not isinstance(fun, ast.FuncLit))
        if not isinstance(fun, ast.FuncLit):
            self.outliving = fun if isinstance(node, ast.Go) or late else None
            self.visit(node.call)
            self.outliving = None
            return
        self.literal(fun, in_place=isinstance(node, ast.Defer) and not late, late=late)
        for a in node.call.args:
            self.visit(a)

    def call(self, node: ast.Call) -> None:
        fun = node.fun
        if isinstance(fun, ast.FuncLit):
            self.literal(fun, in_place=True)
        else:
            self.visit(fun)
        callback = isinstance(fun, ast.Selector) and fun.name.name in ("Do", "Range") and fun in self.info.selections
        silent = self.message_only(fun)
        for a in node.args:
            if isinstance(a, ast.FuncLit) and callback and self.info.selections[fun].primitive:  # type: ignore[index]
                self.literal(a, in_place=True)
            elif not (silent and self.is_text(a)):
                self.visit(a)
            elif isinstance(fun, ast.Ident):
                self.messages.setdefault(str(self.info.types[a].value))
        if isinstance(fun, ast.Ident) and isinstance(self.info.uses.get(fun), Builtin):
            self.recovers |= fun.name == "recover"
        if isinstance(fun, ast.Ident) and isinstance(self.info.uses.get(fun), Builtin) and node.args:
            self.builtin(node, fun.name)

    def builtin(self, node: ast.Call, name: str) -> None:
        """What is made, and what is done with channels."""
        if name == "append":
            self.growing.add(underlying(self.info.types[node].type))
        if name not in ("make", "close", "len"):
            return
        of = underlying(self.info.types[node.args[0]].type)
        known = self.info.types.get(node.args[1]) if len(node.args) > 1 else None
        size = known.value if known is not None and isinstance(known.value, int) else 0
        if name == "make" and isinstance(of, Chan):
            self.channels.setdefault((of.elem, size))
        elif name == "make":
            self.make_slice(of, node.args[1:])
        elif name == "close":
            self.closes = True
        elif name == "len" and isinstance(of, Chan):
            self.measures = True

    def make_slice(self, of: Type, sizes: tuple[ast.Expr, ...]) -> None:
        if not isinstance(of, Slice):
            return
        known = [self.info.types[s].value for s in sizes]
        if len(known) != 1 or not isinstance(known[0], int):
            self.growing.add(of)
        if isinstance(known[0], int):
            self.longest = max(self.longest, known[0])
        self.most_capacity = max(self.most_capacity, *(k for k in known if isinstance(k, int)), 0)

    def poll(self, node: ast.Select) -> None:
        """The channels that a `select` with `default` looks at."""
        if all(case.comm is not None for case in node.cases):
            return
        for case in node.cases:
            x = case.comm.channel if isinstance(case.comm, ast.Send) else received(case.comm)
            of = underlying(self.info.types[x].type) if x is not None else None
            if isinstance(of, Chan):
                self.polled.append(of.elem)

    def is_text(self, x: ast.Expr) -> bool:
        known = self.info.types.get(x)
        return known is not None and isinstance(known.value, str)

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
        if selection.primitive is not None and selection.primitive.name == "sync.WaitGroup" and node.name.name == "Go":
            self.starts_goroutines = True
        method = selection.method
        by_pointer = selection.primitive is not None or (
            method is not None and method.recv is not None and isinstance(method.recv.type, Pointer)
        )
        through = isinstance(underlying(self.info.types[node.x].type), Pointer)
        if by_pointer and not through and not any(isinstance(underlying(f.type), Pointer) for f in selection.path):
            # A primitive keeps no pointer to itself, unless it is used by another goroutine or later: `go wg.Done()`,
            # WaitGroup.Go, an Unlock deferred in a loop. A declared method may store its receiver anywhere.
            outlives = node is self.outliving or node.name.name == "Go"
            self.mutate(node.x, escapes=selection.primitive is None or outlives)

    def write(self, target: ast.Expr) -> None:
        known = self.info.types.get(target)
        self.writes_lockers |= self.is_locker(target) or (known is not None and holds_cond(known.type))
        if isinstance(target, ast.Ident):
            var = self.info.uses.get(target)
            if isinstance(var, Var):
                self.assigned.add(var)
        else:
            self.mutate(target)

    def is_locker(self, x: ast.Expr) -> bool:
        selection = self.info.selections.get(x) if isinstance(x, ast.Selector) else None
        return selection is not None and selection.kind == "field" and selection.path[-1] == COND_L

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
