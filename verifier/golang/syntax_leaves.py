"""The leaves of the syntax tree: names and literals, which contain no other node."""

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
