"""Which back end explores a program, and whether a reduced program stands in for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from verifier.explore.search import Exploration, Limits, Violation, choices_of, explore
from verifier.explore.undo import raw_coverage, unreduce
from verifier.pipeline.options import KERNEL_STATES, REFERENCE_STATES, Options
from verifier.program.program import Program

BEGINNING = 10_000
"""States explored as they are, by the reference back end, before anything faster is worth its start-up time."""

SMALL_GRAPH = 100_000
"""Transitions up to which the kernel's search is asked about stuck goroutines as a networkx graph, if it must be."""

Left = Callable[[], Limits]
"""What may still be spent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation or witness, and the exploration that has it."""

    exploration: Exploration
    violation: Violation


@dataclass(frozen=True, slots=True)
class Explorations:
    """What exploring one program came to. `program` is the one that findings are about once they are undone.

    `begun` is the beginning, unreduced: where it found something, no schedule is shorter. `whole` is the exploration
    that counts, of a program with `reductions` (slice, fuse, symmetry) that keep every verdict.
    """

    program: Program
    whole: Exploration
    begun: Exploration | None = None
    reductions: tuple[str, ...] = ()

    def all(self) -> tuple[Finding, ...]:
        """Every finding: violations, then witnesses, for each kind and name one of the beginning if it has any."""
        out: list[Finding] = []
        parts = [e for e in (self.begun, self.whole) if e is not None]
        for group in ("violations", "witnesses"):
            known: set[tuple[str, str]] = set()
            for exploration in parts:
                fresh = [v for v in getattr(exploration, group) if (v.kind, v.name) not in known]
                known.update((v.kind, v.name) for v in fresh)
                out += [Finding(exploration, v) for v in fresh]
        return tuple(out)

    def first(self, kind: str, name: str | None = None) -> Finding | None:
        """The first finding of a kind (and name); None when there is none."""
        for exploration in (self.begun, self.whole):
            violation = exploration.first(kind, name) if exploration is not None else None
            if exploration is not None and violation is not None:
                return Finding(exploration, violation)
        return None

    def fused(self, finding: Finding) -> bool:
        """Whether the schedule of a finding is shortest only among those in which goroutines run on where they may."""
        return finding.exploration is self.whole and "fuse" in self.reductions

    def schedule(self, finding: Finding) -> tuple[tuple[int, ...], Violation]:
        """The choices on `program` that show a finding, and the finding as it shows there. Raises UndoError."""
        if finding.exploration is self.whole and self.reductions:
            return unreduce(self.whole, finding.violation, self.program)
        return choices_of(finding.exploration, finding.violation), finding.violation

    def coverage(self) -> frozenset[tuple[int, int]]:
        """(template, raw step) of everything some schedule ran."""
        ran = raw_coverage(self.whole, self.program) if self.reductions else self.whole.coverage
        return ran | self.begun.coverage if self.begun else ran

    @property
    def finished(self) -> bool:
        """Whether some run ended with all goroutines returned."""
        return self.whole.finished or (self.begun is not None and self.begun.finished)


def explored(program: Program, options: Options, left: Left, stop_when: frozenset[str]) -> Explorations:
    """Explore `program` as the options say, see `Options`. Raises ProgramFault."""

    def search(what: Program, engine: str, most: int) -> Exploration:
        limits = replace(left(), max_states=most)
        if engine == "kernel":
            limits = replace(limits, graph_edges=SMALL_GRAPH)
        return explore(what, limits, stop_when=stop_when, clock=options.clock, progress=options.progress, engine=engine)

    back_end = "reference" if options.engine == "reference" else "kernel"
    default = REFERENCE_STATES if back_end == "reference" or not _compiles() else KERNEL_STATES
    most = default if options.max_states is None else options.max_states
    begun = None
    if options.engine != "kernel" and options.reduce is not True:
        last = options.reduce is False and options.engine == "reference"
        begun = search(program, "reference", most if last else min(most, BEGINNING))
        if last or begun.states < BEGINNING or begun.complete or most <= BEGINNING or "max-states" not in begun.limit:
            return Explorations(program, begun)
    if options.reduce is False:
        return Explorations(program, search(program, back_end, most))
    try:
        small, reductions = _reduced(program)
        whole = search(small, back_end, most)
    except KeyboardInterrupt:
        # Before the search proper: what the beginning has shown is all there is.
        if begun is None:
            raise
        return Explorations(program, replace(begun, limit="interrupted", deadlock_limit="interrupted"))
    if small.classes and whole.complete and not whole.deadlock_decided and whole.first("deadlock") is None:
        # Who waits for ever while others run on cannot be seen where goroutines are exchanged all the time.
        plain = search(replace(small, classes=()), back_end, most)
        if plain.deadlock_decided or plain.first("deadlock"):
            whole, reductions = plain, tuple(r for r in reductions if r != "symmetry")
        else:
            whole = replace(whole, deadlock_limit=plain.deadlock_limit)
    return Explorations(program, whole, begun, reductions)


def _reduced(program: Program) -> tuple[Program, tuple[str, ...]]:
    """The smallest program with the same verdicts, and what made it smaller."""
    # Imported here: most models are explored as they are.
    from verifier.program.passes.reduce import reduced
    from verifier.program.passes.symmetry import symmetric

    small = symmetric(reduced(program))
    return small, ("slice", "fuse", *(("symmetry",) if small.classes else ()))


def _compiles() -> bool:
    """Whether the kernel can be expected to be there; asked without loading it."""
    from importlib.util import find_spec

    return find_spec("llvmlite") is not None
