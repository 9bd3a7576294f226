"""Lexical scopes, and the universe: the names every Go program starts with."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import library, types as t
from verifier.records import dataclass, field
from verifier.source import Span

NOWHERE = Span("", 0, 0)

BUILTINS = (
    *("append", "cap", "clear", "close", "copy", "delete", "len", "make"),
    *("max", "min", "new", "panic", "print", "println", "recover"),
)


@dataclass(eq=False, slots=True)
class Scope:
    """The names one block declares, and where; `parent` is the block around it."""

    parent: Scope | None = None
    names: dict[str, t.Object] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)

    def lookup(self, name: str) -> t.Object | None:
        """The object `name` stands for here: the innermost declaration wins."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def declare(self, name: str, what: t.Object, place: Span) -> Span | None:
        """Declare `name` in this block. Returns where it was declared before (then nothing changes), else None."""
        if name == "_":
            return None
        if name in self.names:
            return self.places[name]
        self.names[name] = what
        self.places[name] = place
        return None

    def visible(self) -> Iterator[str]:
        """Every name that can be used here, for suggestions."""
        return (name for name, _ in self.named())

    def named(self) -> Iterator[tuple[str, t.Object]]:
        """Every name that can be used here with what it stands for, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names.items()
            scope = scope.parent


def universe() -> Scope:
    """The predeclared names and the implicitly imported packages, in a scope of their own."""
    scope = Scope()
    basics = {name: t.Basic(name) for name in ("bool", "string", *t.INTEGERS)}
    predeclared: dict[str, t.Type] = {
        **basics,
        "byte": t.Basic("uint8"),
        "rune": t.Basic("int32"),
        "any": t.ANY,
        "comparable": t.Interface((), comparable=True),
        "error": library.ERROR,
    }
    for name, of in predeclared.items():
        scope.declare(name, t.TypeName(name, of), NOWHERE)
    for name in BUILTINS:
        scope.declare(name, t.Builtin(name), NOWHERE)
    for name, value in (("true", True), ("false", False)):
        scope.declare(name, t.ConstObj(name, t.UNTYPED_BOOL, value, NOWHERE), NOWHERE)
    scope.declare("iota", t.ConstObj("iota", t.UNTYPED_INT, 0, NOWHERE), NOWHERE)
    scope.declare("nil", t.NilObj(), NOWHERE)
    for name, path in library.PACKAGES.items():
        scope.declare(name, t.PackageName(name, path), NOWHERE)
    return scope
