"""The checker at work: where it stands, what it has found out, and how one construct asks about another.

One small function per Go construct lives in the tables `expressions` and `statements`; they call each other only
through this class, so that the modules that hold them do not need each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_operand import Operand, PoisonedError, default_type, is_untyped
from verifier.golang.check_show import describe, show
from verifier.golang.scope import NOWHERE, Scope
from verifier.records import dataclass, field, fields, is_dataclass
from verifier.source import Diagnostic, ModelError, Note, Span, fail

MOST_ERRORS = 10


@dataclass(eq=False, slots=True)
class Function:
    """The function whose body is being checked."""

    signature: t.Signature
    results: tuple[t.Var, ...] = ()
    locals: list[t.Var] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a generic declaration: what it is called, where it is asked for, and what its parameters mean."""

    name: str
    at: Span
    scope: Scope
    generic: t.Generic


@dataclass(eq=False, slots=True)
class Checker:
    """State of one run over a model."""

    lang: int
    expressions: dict[type, Callable[[Checker, Any], Operand]]
    statements: dict[type, Callable[[Checker, Any], None]]
    universe: Scope
    package: Scope
    scope: Scope
    check_function: Callable[[Checker, t.FuncInfo, t.Var | None, ast.Block], None]
    info: t.Info = field(default_factory=t.Info)
    errors: list[Diagnostic] = field(default_factory=list)
    used: set[t.Var] = field(default_factory=set)
    function: Function | None = None
    iota: int | None = None
    in_clause: bool = False
    broken: set[t.Type] = field(default_factory=lambda: {t.INVALID})
    """Types whose declaration was wrong: what has such a type is not talked about again."""
    labels: dict[str, dict[str, Span]] = field(default_factory=dict)
    """Role → the labels of its body, for `at`."""
    named: list[t.Named] = field(default_factory=list)
    keys: list[tuple[ast.Expr, t.Type]] = field(default_factory=list)
    """Key types of maps that were met before their declaration was."""
    pending: dict[t.Object, Callable[[], None]] = field(default_factory=dict)
    """Package-level objects whose declaration has not been checked yet."""
    resolving: list[t.Object] = field(default_factory=list)
    owner: t.Object | None = None
    """The package-level variable or function whose declaration is being checked."""
    depends: dict[t.Object, dict[t.Object, Span]] = field(default_factory=dict)
    """Owner → the package-level variables and functions it refers to, each with the first place."""
    generics: list[t.Generic] = field(default_factory=list)
    broken_generics: set[t.Generic] = field(default_factory=set)
    instances: list[tuple[t.Func, Instance]] = field(default_factory=list)
    """Functions and methods of instances whose bodies have not been checked yet."""
    unfinished: list[Callable[[], None]] | None = field(default_factory=list)
    """Checks that wait until all package-level types are complete; None once they are."""
    embed: Callable[[ast.Expr], t.Interface] = lambda e: t.ANY
    """What an element embedded in an interface stands for."""
    complete: Callable[[t.Named], None] | None = None
    """Completes a package-level type that is needed now."""

    # --- reporting -------------------------------------------------------------------------------------------

    def report(self, message: str, span: Span, *notes: Note | str) -> None:
        """Note an error and go on."""
        self.errors.extend(fail(message, span, *notes).diagnostics)

    @contextmanager
    def surviving(self, *parts: object) -> Iterator[None]:
        """Note an error raised inside and go on after the block; the names in `parts` then count as used."""
        try:
            yield
        except ModelError as error:
            self.errors.extend(error.diagnostics)
            self.use_all(parts)
        except PoisonedError:
            self.use_all(parts)

    def use_all(self, node: object) -> None:
        """Mark every variable named anywhere below `node` as used, without checking anything."""
        if isinstance(node, ast.Ident):
            found = self.scope.lookup(node.name)
            if isinstance(found, t.Var):
                self.used.add(found)
        elif isinstance(node, tuple | list):
            for part in node:
                self.use_all(part)
        elif is_dataclass(node) and not isinstance(node, Span | type):
            for f in fields(node):
                self.use_all(getattr(node, f.name))

    # --- expressions, types, statements ----------------------------------------------------------------------

    def raw(self, e: ast.Expr) -> Operand:
        """Check `e`, whatever it is: a value, a type, a package, a built-in or a call without a value."""
        x = self.expressions[type(e)](self, e)
        self.record(x)
        if x.type in self.broken and x.mode not in (t.Mode.PACKAGE, t.Mode.BUILTIN):
            raise PoisonedError
        return x

    def record(self, x: Operand) -> None:
        """Put what `x` is into the result."""
        self.info.types[x.expr] = t.TypeAndValue(x.type, x.mode, x.value)

    def values(self, e: ast.Expr) -> Operand:
        """Check `e`, which must have a value or be a call with several."""
        x = self.raw(e)
        match x.mode:
            case t.Mode.TYPE:
                raise fail(f"{show(e)} (type) is not an expression", e.span)
            case t.Mode.BUILTIN:
                raise fail(f"{show(e)} (built-in) must be called", e.span)
            case t.Mode.PACKAGE:
                raise fail(f"use of package {show(e)} without selector", e.span)
            case t.Mode.NOVALUE:
                raise fail(f"{show(e)} (no value) used as value", e.span)
        return x

    def expr(self, e: ast.Expr) -> Operand:
        """Check `e`, which must have exactly one value."""
        x = self.values(e)
        if isinstance(x.type, t.Tuple):
            rest = ", _" * (len(x.type.types) - 1)
            note = f"give the others a name or `_`, as in `v{rest} := …`"
            raise fail(f"multiple-value {describe(x)} in single-value context", e.span, note)
        return x

    def type_of(self, e: ast.Expr, *, constraint: bool = False) -> t.Type:
        """Check `e`, which must be a type; interfaces that only constrain type parameters are none elsewhere."""
        x = self.raw(e)
        if x.mode is not t.Mode.TYPE:
            raise fail(f"{show(e)} is not a type", e.span)
        u = t.underlying(x.type)
        if isinstance(u, t.Interface) and (u.comparable or u.terms is not None) and not constraint:
            why = "interface is (or embeds) comparable" if u.comparable else "interface contains type constraints"
            raise fail(f"cannot use type {show(e)} outside a type constraint: {why}", e.span)
        if isinstance(x.type, t.Primitive) and x.type.name == "atomic.Pointer" and x.type.arg is None:
            raise fail("cannot use generic type atomic.Pointer[T any] without instantiation", e.span)
        return x.type

    def stmt(self, s: ast.Stmt) -> None:
        """Check one statement; an error in it does not stop the ones after it."""
        with self.surviving(s):
            self.statements[type(s)](self, s)

    def stmts(self, body: Iterable[ast.Stmt]) -> None:
        """Check a statement list in the current scope."""
        for s in body:
            self.stmt(s)

    @contextmanager
    def block(self) -> Iterator[None]:
        """A new innermost scope."""
        outer = self.scope
        self.scope = Scope(outer)
        try:
            yield
        finally:
            self.scope = outer

    # --- names ------------------------------------------------------------------------------------------------

    def declare(self, ident: ast.Ident, what: t.Object) -> None:
        """Declare `ident` in the current block; a second declaration is reported."""
        self.info.defs[ident] = what
        before = self.scope.declare(ident.name, what, ident.span)
        if before is not None:
            if isinstance(what, t.Var):
                self.used.add(what)
            notes = (Note(f"other declaration of {ident.name}", before),) if before != NOWHERE else ()
            self.report(f"{ident.name} redeclared in this block", ident.span, *notes)

    def local(self, ident: ast.Ident, of: t.Type, *, checked: bool = True) -> t.Var:
        """Declare a local variable; `checked` ones must be used. A type of INVALID silences errors about it."""
        var = t.Var(ident.name, of, ident.span)
        self.declare(ident, var)
        if of == t.INVALID:
            self.used.add(var)
        elif checked and self.function is not None and ident.name != "_":
            self.function.locals.append(var)
        return var

    def resolve(self, what: t.Object, at: Span) -> None:
        """Check the declaration of a package-level object now, if that has not been done. Raises ModelError."""
        if what in self.resolving and not isinstance(what, t.Func):
            name = getattr(what, "name", "")
            kind = "invalid recursive type" if isinstance(what, t.TypeName) else "initialization cycle"
            raise fail(f"{kind}: {name} refers to itself", at)
        if what in self.pending:
            self.resolving.append(what)
            try:
                self.pending.pop(what)()
            finally:
                self.resolving.remove(what)

    def refer(self, what: t.Object, place: Span) -> None:
        """Remember that the declaration being checked refers to `what` (for the order of initialisation)."""
        if self.owner is not None:
            self.depends.setdefault(self.owner, {}).setdefault(what, place)

    @contextmanager
    def owned_by(self, owner: t.Object | None, scope: Scope | None = None) -> Iterator[None]:
        """Check a package-level declaration from the package scope (or `scope`), wherever the checker stands now."""
        saved = (self.owner, self.scope, self.function, self.iota, self.in_clause)
        self.owner, self.scope, self.function, self.iota, self.in_clause = (
            owner,
            scope or self.package,
            None,
            None,
            False,
        )
        try:
            yield
        finally:
            self.owner, self.scope, self.function, self.iota, self.in_clause = saved

    # --- the end ----------------------------------------------------------------------------------------------

    def unused(self, function: Function) -> None:
        """Report the locals of a finished function that nothing reads."""
        for var in function.locals:
            if var not in self.used:
                self.report(f"declared and not used: {var.name}", var.span, f"write `_ = {var.name}` to keep it")

    def finish(self) -> None:
        """Give every expression that stayed untyped its default type, then raise what was reported, in file order."""
        for e, found in self.info.types.items():
            if is_untyped(found.type):
                self.info.types[e] = t.TypeAndValue(default_type(found.type), found.mode, found.value)
        if self.errors:
            ordered = sorted(dict.fromkeys(self.errors), key=lambda d: d.span)
            raise ModelError(*ordered[:MOST_ERRORS])
