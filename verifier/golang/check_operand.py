"""What the checker passes around: operands, and the exception that ends a statement whose error is known already."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.records import dataclass, replace


class PoisonedError(Exception):
    """An operand's declaration was wrong and has been reported there: say nothing more here."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A checked expression: its node, what it is, its type, and its value when it is a constant."""

    expr: ast.Expr
    mode: t.Mode
    type: t.Type
    value: int | str | bool | None = None

    def typed(self, of: t.Type) -> Operand:
        """The same operand with another type."""
        return replace(self, type=of)

    @property
    def is_nil(self) -> bool:
        """The predeclared nil, not yet converted."""
        return self.type == t.NIL


UNTYPED_RUNE = t.Basic("untyped rune")
UNTYPED = (t.UNTYPED_BOOL, t.UNTYPED_INT, UNTYPED_RUNE, t.UNTYPED_STRING, t.NIL)


def is_untyped(of: t.Type) -> bool:
    """An untyped constant kind, or untyped nil."""
    return of in UNTYPED


def is_boolean(of: t.Type) -> bool:
    """A boolean type, untyped included."""
    return t.underlying(of) in (t.BOOL, t.UNTYPED_BOOL)


def is_string(of: t.Type) -> bool:
    """A string type, untyped included."""
    return t.underlying(of) in (t.STRING, t.UNTYPED_STRING)


def is_integer(of: t.Type) -> bool:
    """An integer type, untyped integers and runes included."""
    return of == UNTYPED_RUNE or t.is_integer(of)


def default_type(of: t.Type) -> t.Type:
    """The type an untyped value takes when nothing else decides; typed ones and nil stay as they are."""
    defaults: dict[t.Type, t.Type] = {
        t.UNTYPED_BOOL: t.BOOL,
        t.UNTYPED_INT: t.INT,
        UNTYPED_RUNE: t.Basic("int32"),
        t.UNTYPED_STRING: t.STRING,
    }
    return defaults.get(of, of) if is_untyped(of) else of


def deref(of: t.Type) -> t.Type | None:
    """What a pointer (or declared pointer type) points to; None for anything else."""
    u = t.underlying(of)
    return u.elem if isinstance(u, t.Pointer) else None
