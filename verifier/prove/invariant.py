"""The invariant people can read: facts about locks and lines that hold for any number of goroutines."""

from __future__ import annotations

from collections.abc import Callable

from verifier.program.program import Program
from verifier.prove.counters import Counters, counters
from verifier.prove.facts import Fact
from verifier.prove.houdini import Houdini, OutOfTime
from verifier.prove.learn import candidates, samples
from verifier.prove.sentences import Sentence, Speaker
from verifier.records import dataclass

MOST_LINES = 12


@dataclass(frozen=True)
class Invariant:
    """What z3 proved inductive, told in at most `MOST_LINES` lines. `reason` says why there is none.

    `facts` is what the lines say, about `counters`.
    """

    lines: tuple[str, ...]
    proved: bool
    reason: str = ""
    facts: tuple[Fact, ...] = ()
    counters: Counters | None = None


def readable(program: Program, out_of_time: Callable[[], bool]) -> Invariant:
    """The readable invariant of a composed program, lowered with two goroutines per role."""
    if program.init_fail is not None:
        return Invariant((), False, "an initialiser fails: no goroutine ever runs")
    abstraction = counters(program)
    if not abstraction.written:
        return Invariant((), False, "no lock, once or flag of the package is used")
    seen = samples(abstraction, out_of_time)
    try:
        guesses = candidates(abstraction, seen)
        houdini = Houdini(abstraction, guesses, out_of_time)
        facts = tuple(guesses[n] for n in houdini.inductive())
        sentences = Speaker(abstraction, facts).tell(houdini.follows)
    except OutOfTime:
        return Invariant((), False, "out of time")
    if not sentences:
        return Invariant((), False, "no fact about locks and lines is inductive")
    lines, told = _lines(sentences)
    return Invariant(lines, True, "", told, abstraction)


def _lines(sentences: tuple[Sentence, ...]) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    """Sentences with one opening joined, the first lines only, and the facts these tell."""
    found: dict[str, list[Sentence]] = {}
    for s in sentences:
        found.setdefault(s.opening, []).append(s)
    kept = list(found.items())[:MOST_LINES]
    lines = tuple(", ".join([opening, *_conjoined([s.rest for s in group if s.rest])]) for opening, group in kept)
    return lines, tuple(f for _, group in kept for s in group for f in s.facts)


def _conjoined(parts: list[str]) -> list[str]:
    return parts if len(parts) < 2 else [*parts[:-1], f"and {parts[-1]}"]
