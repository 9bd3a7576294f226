"""Accesses to sharded data, as terms over keys, hash functions and the number of shards.

What the front end finds in a model and the solver reasons about: which element of which array is touched, under
which locks, each chosen by a term.
"""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Key:
    """An arbitrary key: what a role passes, in its own words (`"alice"`). Equal words in one goroutine, equal keys."""

    words: str


@dataclass(frozen=True, slots=True)
class Number:
    """A constant; a string constant of a function body is one too (`words` is its text)."""

    value: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of elements of the arrays that have `length` of them in the model; any number in the proof."""

    length: int


@dataclass(frozen=True, slots=True)
class Apply:
    """The value of a function without a body; the same arguments give the same value, which is not negative."""

    function: str
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """+ - * / % on integers as in Go; == != < <= > >= && || ! as conditions."""

    op: str
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Some value nothing is known about. A goroutine may have met any."""

    number: int


Term = Key | Number | Count | Apply | Operation | Unknown


@dataclass(frozen=True, slots=True)
class Element:
    """A place: a package variable with the fields on the way to it, and the index of every array passed.

    `shape` names the place with `[]` for the indices: `shards[].m`; `lengths` are the lengths of those arrays.
    """

    shape: str
    indices: tuple[Term, ...] = ()
    lengths: tuple[int, ...] = ()

    def field(self, name: str) -> Element:
        """A field of it."""
        return Element(f"{self.shape}.{name}", self.indices, self.lengths)

    def at(self, index: Term, length: int) -> Element:
        """An element of it."""
        return Element(f"{self.shape}[]", (*self.indices, index), (*self.lengths, length))


@dataclass(frozen=True, slots=True)
class Held:
    """A lock held: which, and whether for reading."""

    lock: Element
    shared: bool


@dataclass(frozen=True, slots=True)
class Touch:
    """An access of a role to sharded data, with the locks held and what is known on the way there.

    `exact` is False when a condition on the way was not understood: then it may not be possible at all.
    """

    role: str
    data: Element
    write: bool
    held: tuple[Held, ...]
    given: tuple[Term, ...]
    exact: bool
    text: str
    span: Span
