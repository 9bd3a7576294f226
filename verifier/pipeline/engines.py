"""Which back end explores a program, and whether a reduced program stands in for it."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.search import Exploration, Limits, Violation, choices_of, explore
from verifier.explore.undo import raw_coverage, unreduce
from verifier.model.document import LINEARIZABLE
from verifier.pipeline.options import KERNEL_STATES, REFERENCE_STATES, Options
from verifier.program.program import Program
from verifier.records import dataclass, replace

BEGINNING = 10_000
"""States explored as they are, by the reference back end, before anything faster is worth its start-up time."""

CLIENTS_BEGINNING = 4_000
"""The same where clients make calls: a state of theirs takes longer, and few of their programs end soon."""

SHORTEST = 1_000_000
"""States looked at for a schedule that is shortest in all steps, where one in fused steps is known."""

SMALL_GRAPH = 100_000
"""Transitions up to which the kernel's search is asked about stuck goroutines edge by edge, if it must be."""

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

    `whole` is the exploration that counts, of a program with `reductions` (slice, fuse, symmetry) that keep every
    verdict. `exact` are explorations, complete or not, with no steps fused: what they found is shown with the fewest
    steps there can be. `told` has shown again what `whole` found, in states from which a schedule can be told.
    """

    program: Program
    whole: Exploration
    exact: tuple[Exploration, ...] = ()
    reductions: tuple[str, ...] = ()
    told: Exploration | None = None

    def all(self) -> tuple[Finding, ...]:
        """Every finding: violations, then witnesses, for each kind and name those of the first that has any."""
        out: list[Finding] = []
        for group in ("violations", "witnesses"):
            known: set[tuple[str, str]] = set()
            for exploration in self._parts():
                fresh = [v for v in getattr(exploration, group) if (v.kind, v.name) not in known]
                known.update((v.kind, v.name) for v in fresh)
                out += [Finding(exploration, v) for v in fresh]
        return tuple(out)

    def first(self, kind: str, name: str | None = None) -> Finding | None:
        """The first finding of a kind (and name); None when there is none."""
        for exploration in self._parts():
            violation = exploration.first(kind, name)
            if violation is not None:
                return Finding(exploration, violation)
        return None

    def fused(self, finding: Finding) -> bool:
        """Whether the schedule of a finding is shortest only among those in which goroutines run on where they may."""
        return (finding.exploration is self.whole or finding.exploration is self.told) and "fuse" in self.reductions

    def schedule(self, finding: Finding) -> tuple[tuple[int, ...], Violation]:
        """The choices on `program` that show a finding, and the finding as it shows there. Raises UndoError."""
        if finding.exploration.machine.program is self.program:
            return choices_of(finding.exploration, finding.violation), finding.violation
        return unreduce(finding.exploration, finding.violation, self.program)

    def coverage(self) -> frozenset[tuple[int, int]]:
        """(template, raw step) of everything some schedule ran."""
        return frozenset().union(*(raw_coverage(e, self.program) for e in self._parts()))

    def _parts(self) -> tuple[Exploration, ...]:
        return (*self.exact, *(() if self.told is None else (self.told,)), self.whole)

    @property
    def finished(self) -> bool:
        """Whether some run ended with all goroutines returned."""
        return any(e.finished for e in self._parts())


def explored(program: Program, options: Options, left: Left, stop_when: frozenset[str]) -> Explorations:
    """Explore `program` as the options say, see `Options`. Raises ProgramFault."""
    run = _Run(program, options, left, stop_when)
    begun = None
    if options.engine != "kernel" and options.reduce is not True:
        begun = run.beginning()
        if not run.goes_on(begun):
            return Explorations(program, begun)
    if options.reduce is False:
        return Explorations(program, run.search(program))
    try:
        return run.reduced(begun)
    except KeyboardInterrupt:
        # Between searches: what the beginning has shown is all there is.
        if begun is None:
            raise
        return Explorations(program, replace(begun, limit="interrupted", deadlock_limit="interrupted"))


class _Run:
    """The searches of one program."""

    def __init__(self, program: Program, options: Options, left: Left, stop_when: frozenset[str]) -> None:
        self._program = program
        self._options = options
        self._left = left
        self._stop_when = stop_when
        self._first = BEGINNING if program.clients is None else CLIENTS_BEGINNING
        self._engine = "reference" if options.engine == "reference" else "kernel"
        default = REFERENCE_STATES if self._engine == "reference" or not _compiles() else KERNEL_STATES
        self._most = default if options.max_states is None else options.max_states

    def search(
        self, what: Program, engine: str = "", most: int = 0, stop_when: frozenset[str] = frozenset()
    ) -> Exploration:
        """Explore a program; what is not said is as the options say."""
        engine = engine or self._engine
        limits = replace(self._left(), max_states=most or self._most)
        if engine == "kernel":
            limits = replace(limits, graph_edges=SMALL_GRAPH)
        options = self._options
        return explore(
            what,
            limits,
            stop_when=stop_when or self._stop_when,
            clock=options.clock,
            progress=options.progress,
            engine=engine,
        )

    def beginning(self) -> Exploration:
        """The first states, by the reference back end; all of them if nothing else is to follow."""
        alone = self._options.reduce is False and self._engine == "reference"
        return self.search(self._program, "reference", self._most if alone else min(self._most, self._first))

    def goes_on(self, begun: Exploration) -> bool:
        """Whether it was the size of the beginning that ended it."""
        return not begun.complete and "max-states" in begun.limit and self._first <= begun.states < self._most

    def reduced(self, begun: Exploration | None) -> Explorations:
        """Explore the reduced program."""
        small, reductions = _reduced(self._program)
        whole = self.search(small)
        again = None
        if whole.violations or whole.witnesses:
            told = _told(small)
            if told is not small:
                # Only one kind of finding: all else that there is to know is known.
                alone = {v.kind for v in whole.violations} == {LINEARIZABLE} and not whole.witnesses
                again = self.search(told, stop_when=frozenset({LINEARIZABLE}) if alone else frozenset())
                if not alone or again.first(LINEARIZABLE) is None:
                    whole, again = again, None
            small = told
        undecided = whole.complete and not whole.deadlock_decided and whole.first("deadlock") is None
        # Of clients no search decides it.
        if small.classes and undecided and small.clients is None:
            # Who waits for ever while others run on cannot be seen where goroutines are exchanged all the time.
            plain = self.search(replace(small, classes=()))
            if plain.deadlock_decided or plain.first("deadlock"):
                whole, reductions = plain, tuple(r for r in reductions if r != "symmetry")
            else:
                whole = replace(whole, deadlock_limit=plain.deadlock_limit)
        exact = () if begun is None else (begun,)
        shortest = self._shortest(begun, whole) if "fuse" in reductions else ()
        return Explorations(self._program, whole, (*exact, *shortest), reductions, again)

    def _shortest(self, begun: Exploration | None, whole: Exploration) -> tuple[Exploration, ...]:
        """A search with no steps fused for what only fused steps have shown: found so, it is shown in the fewest."""
        known = {v.kind for v in begun.violations} if begun else set()
        wanted = frozenset(v.kind for v in whole.violations) - known - {"bound", LINEARIZABLE}
        if not wanted or whole.limit == "interrupted":
            return ()
        unfused, _ = _reduced(self._program, fusing=False)
        return (self.search(_told(unfused), most=min(self._most, SHORTEST), stop_when=wanted),)


def fewer(found: Explorations, atomic: int, options: Options, left: Left) -> Exploration:
    """Histories of calls with `atomic` steps at most that are atomic; `pipeline.fewest` asks for them.

    The exploration is of a program made from that of `found`, with no steps fused. Raises ProgramFault.
    """
    # Imported here: only what is not linearizable comes to this.
    from verifier.program.atomic import within

    small, _ = _reduced(found.program, fusing=False)
    run = _Run(found.program, options, left, frozenset({LINEARIZABLE}))
    few = within(_told(small), found.program, atomic)
    if found.whole.states <= BEGINNING:
        # Perhaps over before machine code is made; how much larger a search with no steps fused is, nobody knows.
        begun = run.search(few, "reference", BEGINNING)
        if begun.complete or begun.first(LINEARIZABLE) is not None:
            return begun
    return run.search(few, most=SHORTEST)


def _reduced(program: Program, *, fusing: bool = True) -> tuple[Program, tuple[str, ...]]:
    """The smallest program with the same verdicts, and what made it smaller."""
    # Imported here: most models are explored as they are.
    from verifier.program.passes.reduce import reduced
    from verifier.program.passes.renaming import renamable
    from verifier.program.passes.symmetry import symmetric

    smaller = reduced(program, fusing=fusing)
    small = renamable(symmetric(smaller))
    passes = () if smaller is program else ("slice", *(("fuse",) if fusing else ()))
    return small, (*passes, *(("symmetry",) if small.classes else ()))


def _told(program: Program) -> Program:
    """The program with no values exchanged: schedules are told in the values of one run."""
    clients = program.clients
    if clients is None or clients.renaming is None:
        return program
    return replace(program, clients=replace(clients, renaming=None))


def _compiles() -> bool:
    """Whether the kernel can be expected to be there; asked without loading it."""
    from importlib.util import find_spec

    return find_spec("llvmlite") is not None
