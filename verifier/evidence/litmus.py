"""What a litmus run found: which outcomes each memory model allows, and which read saw which write."""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span

MODELS = ("SC", "TSO", "Go")
"""Sequential consistency, x86-TSO, the Go memory model of June 2022; in this order, each column allows more."""


@dataclass(frozen=True, slots=True)
class Saw:
    """One read of a witness: the value it saw and the write that value comes from (`writer` "": the initial value)."""

    goroutine: str
    text: str
    location: str
    value: str
    writer: str
    writer_text: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome somebody asked for: the negation of a `finally` clause, or a failure that some path can run into.

    `allowed` answers for each of `MODELS`; `witness` are the reads of one execution of the strongest model that
    allows it, empty when none does.
    """

    name: str
    formula: str
    allowed: tuple[bool, ...]
    witness: tuple[Saw, ...]
    span: Span | None = None

    def under(self, model: str) -> bool:
        """Whether a model of `MODELS` allows it."""
        return self.allowed[MODELS.index(model)]


@dataclass(frozen=True, slots=True)
class LitmusResult:
    """The answers for one model file. `race`: some interleaving has two unordered accesses. `reason`: why there are
    no answers; empty when there are."""

    model: str
    title: str
    outcomes: tuple[Outcome, ...] = ()
    race: bool = False
    reason: str = ""
