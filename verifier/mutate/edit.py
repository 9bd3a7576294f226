"""An edit of a model: which step it is about, what is done to it, and the changes to the text that do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verifier.golang.types import Info
from verifier.mutate.files import Change, Files
from verifier.mutate.scan import Function
from verifier.mutate.trouble import Trouble
from verifier.pipeline.load import Front
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit. `step` are the Go words of what is edited, at `span`; `what` says what becomes of it.

    `bared` are the statements that lose a protection by it, where it is clear which.
    """

    operator: str
    what: str
    step: str
    span: Span
    changes: tuple[Change, ...]
    bared: tuple[Span, ...] = ()
    everywhere: bool = False
    """Whether it is about a variable, edited wherever it is used."""
    weight: int = 0
    """For repairs: how many more changed lines it counts as, where it helps in a way that nobody would choose first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A checked model with its text and its functions: what operators look at."""

    front: Front
    files: Files
    functions: tuple[Function, ...]

    @property
    def info(self) -> Info:
        """What the type checker found out."""
        return self.front.package.info

    def words(self, span: Span) -> str:
        """The Go of a span in one line. Raises NoPlace."""
        first, *more = self.files.slice(span).split("\n")
        return " ".join(first.split()) + (" …" if more else "")


Repair = Callable[[Subject, Trouble], Iterator[Edit]]
"""Edits that may help against some trouble: whether they do is found out by verifying them."""

Operator = Callable[[Subject], Iterator[Edit]]
"""All edits of one kind. Those that are no Go program are found out later, by reading what comes of them."""
