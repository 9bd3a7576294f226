"""The leaves of the syntax tree: names, literals and jumps, which contain no other node but a name."""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, eq=False, slots=True)
class Ident:
    """A name, in any position; `_` included."""

    span: Span
    name: str


@dataclass(frozen=True, eq=False, slots=True)
class BasicLit:
    """A literal. `kind`: INT, STRING or CHAR; `value` is decoded: an int or the string's text."""

    span: Span
    kind: str
    value: int | str


@dataclass(frozen=True, eq=False, slots=True)
class Branch:
    """`break`, `continue`, `goto` or `fallthrough` (`word`), with an optional label."""

    span: Span
    word: str
    label: Ident | None


@dataclass(frozen=True, eq=False, slots=True)
class Empty:
    """The empty statement."""

    span: Span
