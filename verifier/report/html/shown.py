"""What a page has to show of schedules: in which order, under which names, what each of them is an example of."""

from __future__ import annotations

from verifier.evidence.result import Property, Result
from verifier.evidence.trace import Trace
from verifier.records import dataclass
from verifier.report.intervals import judged
from verifier.report.outcome import subject
from verifier.report.timeline import Grid, Row, grid
from verifier.source import Span
from verifier.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """A schedule of the page. `word` says what it shows: the verdict UNSAFE, `seen`, `perhaps` or `can happen`."""

    title: str
    word: str
    trace: Trace
    prop: Property | None = None
    sentence: str = ""

    @property
    def drawn(self) -> Grid:
        """The grid, the same as in the text report."""
        return grid(judged(self.trace))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that a reader can step through: all but the closing one, which is no step."""
        return tuple(r for r in self.drawn.rows if r.number)

    @property
    def before(self) -> int:
        """Steps that only prepare what is shown."""
        return 0 if self.trace.history is None else self.trace.history.setup

    @property
    def bad(self) -> bool:
        """Whether it shows something that must not happen."""
        return self.word in (Verdict.UNSAFE.value, "can happen")

    @property
    def first_error(self) -> int:
        """The row in which something goes wrong first, as the timeline marks it; else the last one."""
        if self.trace.loop:
            return self.drawn.loop
        return next((r.number for r in self.rows if any(c.mark for c in r.cells)), len(self.rows))

    @property
    def places(self) -> tuple[tuple[Span, ...], ...]:
        """For each row the places of its step: two where two goroutines take it together."""
        steps = judged(self.trace).steps
        found = [(s.span, s.meets.span if s.meets else None) for s in steps]
        found += [(a.span, None) for a in self.trace.race]
        return tuple(tuple(s for s in spans if s is not None) for spans in found)


def shown(result: Result) -> list[Shown]:
    """What went wrong, what could not be excluded, what had to be reachable, then what a race can lead to."""
    found = [
        Shown(subject(p), _WORDS[p.verdict], p.trace, p)
        for p in sorted(result.properties, key=lambda p: _ORDER.index(p.verdict))
        if p.trace is not None
    ]
    return found + [Shown(c.name, "can happen", c.trace, sentence=c.sentence) for c in result.consequences]


_ORDER = (Verdict.ERROR, Verdict.UNSAFE, Verdict.UNKNOWN, Verdict.SAFE)
_WORDS = {
    Verdict.UNSAFE: Verdict.UNSAFE.value,
    Verdict.UNKNOWN: "perhaps",
    Verdict.SAFE: "seen",
    Verdict.ERROR: Verdict.ERROR.value,
}
