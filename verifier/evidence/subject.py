"""What a run was about: the files, the goroutines, the limits, and the decision that the answer is for."""

from __future__ import annotations

from verifier.model.document import Decision
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class File:
    """A file of the model by the path that spans name, and its lines."""

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that the reader of a report should see: `what` it is, and its lines, counted from 1."""

    what: str
    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Crew:
    """The goroutines of a role: how many (None: `any`), and where their body stands."""

    role: str
    count: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """A rule of Go that steps of the model follow: what it is about, the rule, the line of Go's sources it is read off.

    `docs/semantics.md` has the programs that compare it with the real toolchain, under the heading `about`.
    """

    about: str
    says: str
    cite: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The model as a reader has to see it. The model file is the first of `files`."""

    about: str
    files: tuple[File, ...]
    parts: tuple[Part, ...]
    crews: tuple[Crew, ...]
    bounds: tuple[tuple[str, str], ...]
    """Limits by name, as used (some are doubled when they are hit)."""
    shared: tuple[str, ...] = ()
    """The package's variables and locks, whatever several goroutines can get at by name."""
    cites: tuple[str, ...] = ()
    """Lines of Go's sources that steps of the model stand for, such as `sync/rwmutex.go:72`."""
    decision: Decision | None = None
    rules: tuple[RuleUsed, ...] = ()
