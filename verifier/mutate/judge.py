"""Judging an edited model: a task that another process can do, and what comes of it, small enough to keep."""

from __future__ import annotations

from collections.abc import Callable

from verifier.evidence.result import Result
from verifier.model.document import Document
from verifier.mutate.files import rebuilt
from verifier.pipeline import Options, verify
from verifier.records import dataclass, replace
from verifier.source import ModelError
from verifier.verdict import Verdict

Clock = Callable[[], float]

STATES = 1_000_000
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What one edited model may cost."""

    max_states: int = STATES
    timeout: float = SECONDS
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The verdict about one property; `steps` of its shortest schedule, or why it is not decided."""

    name: str
    kind: str
    verdict: Verdict
    steps: int
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of an edited model: what was said about its properties, or why it is no program."""

    said: tuple[Said, ...]
    wrong: str = ""
    states: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped it."""
        return any("interrupted" in s.reason for s in self.said)


@dataclass(frozen=True, slots=True)
class Task:
    """A model with other texts, to be judged within limits. `checks`: its built-in properties, None: what it says."""

    document: Document
    texts: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...] = ()
    checks: tuple[str, ...] | None = None
    max_states: int | None = None
    timeout: float | None = None
    clock: Clock | None = None
    explain: bool = False
    runtime: bool = False


def judged(task: Task) -> Judged:
    """Judge an edited model. What is no program is an outcome, not an error; a KeyboardInterrupt is one too."""
    options = Options(
        counts=task.counts,
        max_states=task.max_states,
        timeout=task.timeout,
        clock=task.clock,
        any_number=False,
        explain=task.explain,
        runtime=task.runtime,
    )
    try:
        return of(verify(asking(rebuilt(task.document, dict(task.texts)), task.checks), options))
    except ModelError as error:
        return Judged((), f"{error.diagnostics[0].span}: {error.diagnostics[0].message}")


def asking(document: Document, checks: tuple[str, ...] | None) -> Document:
    """The model with other built-in properties to be judged; its own clauses stay."""
    return document if checks is None else replace(document, checks=checks)


def of(result: Result) -> Judged:
    """What a result says, in short."""
    said = tuple(Said(p.name, p.kind, p.verdict, p.steps, p.reason) for p in result.properties)
    return Judged(said, "", result.explored.states)
