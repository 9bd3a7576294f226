"""Exploring a lowering within the options, doubling the bounds that may be doubled before giving up."""

from __future__ import annotations

from verifier.explore.search import Exploration, Limits
from verifier.model.document import Bounds, Document
from verifier.pipeline.engines import Explorations, explored
from verifier.pipeline.load import Front, lowered, program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Program
from verifier.records import dataclass, replace

DOUBLINGS = 2
"""How often `heap` and `goroutines` are doubled before a hit bound becomes UNKNOWN."""


@dataclass(frozen=True, slots=True)
class Explored:
    """A lowering, what exploring its program found, and the bounds it was lowered with."""

    lowering: str
    searches: Explorations
    bounds: Bounds

    @property
    def program(self) -> Program:
        """The composed program that every schedule is one of."""
        return self.searches.program

    @property
    def found(self) -> Exploration:
        """The exploration that counts, perhaps of a reduced program: ask `searches` for what was found."""
        return self.searches.whole

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of violations found, bounds left out."""
        return frozenset(f.violation.kind for f in self.searches.all()) - {"bound", "sometimes", "symptom"}

    @property
    def bound_hit(self) -> str:
        """The limit of the model that was hit; empty when none was."""
        hit = self.searches.first("bound")
        return hit.violation.name if hit else ""

    @property
    def bound_place(self) -> str:
        """` at FILE:LINE`, where that limit was hit; empty where one step stands for several lines."""
        hit = self.searches.first("bound")
        if hit is None or not hit.violation.steps or hit.exploration.machine.program is not self.program:
            return ""
        failing = hit.exploration.machine.steps[hit.violation.steps[0]]
        steps = (self.program.raw or self.program).templates[self.program.instances[failing.instance].template].steps
        spans = [steps[n].span for n in failing.step.origin or (failing.index,)]
        lines = {f" at {s.file}:{s.line}" for s in spans if s is not None}
        return lines.pop() if len(lines) == 1 else ""


class Budget:
    """The options as limits of the next exploration: time spent so far counts."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.started = options.clock() if options.clock else 0.0

    def seconds(self) -> float:
        """Seconds since the run began; 0 without a clock."""
        return self.options.clock() - self.started if self.options.clock else 0.0

    def limits(self) -> Limits:
        """What is left; how many states is up to the back end."""
        left = None if self.options.timeout is None else max(self.options.timeout - self.seconds(), 0.0)
        return Limits(timeout=left, max_memory=self.options.max_memory, asked=self.options.timeout)


def run(front: Front, kind: str, budget: Budget, stop_when: frozenset[str] = frozenset()) -> Explored:
    """Explore one lowering; a hit `heap` or `goroutines` bound is doubled and tried again.

    A larger attempt that runs into a limit does not take back what the smaller one has found.
    """
    bounds = front.document.bounds
    best: Explored | None = None
    for _ in range(DOUBLINGS + 1):
        made = program(front, kind, bounds)
        if kind == "abstract":
            made = _asked(made, budget.options)
        found = explored(made, budget.options, budget.limits, stop_when)
        out = Explored(named(kind, bounds, front.document.bounds), found, bounds)
        if best is None or out.found.complete or len(out.kinds) > len(best.kinds):
            best = out
        grown = larger(bounds, out.bound_hit)
        if grown is None or not out.found.complete:
            break
        bounds = grown
    assert best is not None
    return best


def _asked(made: Program, options: Options) -> Program:
    """The program with the clauses somebody asks for: what only the others look at may be left out."""
    if options.checks is None:
        return made
    return replace(made, clauses=tuple(c for c in made.clauses if c.symptom or c.when in options.checks))


def named(kind: str, bounds: Bounds, written: Bounds) -> str:
    """The name of a lowering with the bounds that differ from the model's: a schedule means nothing without them."""
    changes = [("heap", bounds.heap, written.heap), ("goroutines", bounds.goroutines, written.goroutines)]
    return kind + "".join(f".{name}{new}" for name, new, old in changes if new != old)


def larger(bounds: Bounds, hit: str) -> Bounds | None:
    """Bounds with the one that was hit doubled; None when it is not one to be doubled."""
    if "bounds: heap" in hit:
        return replace(bounds, heap=bounds.heap * 2)
    if "bounds: goroutines" in hit:
        return replace(bounds, goroutines=bounds.goroutines * 2)
    return None


def load(document: Document, options: Options, lowering: str = "abstract") -> Program:
    """The composed program of a lowering as schedules name it, e.g. `runtime` or `abstract.heap4`.

    Raises ModelError when the Go of the model is wrong.
    """
    return lowered(read_front(document, options), lowering)
