"""The one frozen `Result` that every report is a function of."""

from __future__ import annotations

from verifier.evidence.contention import Contention
from verifier.evidence.fix import Fixes
from verifier.evidence.mutant import Mutant
from verifier.evidence.odds import Odds
from verifier.evidence.proof import Certificate
from verifier.evidence.sharding import ShardingResult
from verifier.evidence.subject import Subject
from verifier.evidence.trace import Trace
from verifier.records import dataclass
from verifier.source import Span
from verifier.verdict import Verdict, exit_code, judge


@dataclass(frozen=True, slots=True)
class AnyNumber:
    """Whether a property holds for any number of goroutines, and how that was shown."""

    verdict: Verdict
    method: str
    k: int = 0


@dataclass(frozen=True, slots=True)
class ForAnyNumber:
    """Whether `properties` hold for any number of goroutines of `roles` (in words), and what shows it.

    `views` situations of `k` goroutines are all that can arise; `invariant` says why in a few lines; `reason` is set
    when it was not shown. `certificate` is what `verify audit` re-proves, where it was asked for.
    """

    verdict: Verdict
    properties: tuple[str, ...]
    roles: str
    k: int
    views: int
    invariant: tuple[str, ...] = ()
    reason: str = ""
    certificate: Certificate | None = None
    alone: bool = False
    """The proof covers k goroutines and fewer as well, so that it does not rest on an exploration."""


@dataclass(frozen=True, slots=True)
class Property:
    """One judged property.

    `kind`: race, fatal, panic, deadlock, always, sometimes, finally. `sentence` says in plain words what was found
    or shown, `reason` why it is UNKNOWN. `steps` is the length of `trace` in rows (0: no trace). A `sometimes`
    property that holds has its witness in `trace`, one that is UNKNOWN perhaps what could not be excluded.
    """

    name: str
    kind: str
    verdict: Verdict
    expected: Verdict | None
    sentence: str
    method: str
    states: int
    reason: str = ""
    trace: Trace | None = None
    span: Span | None = None
    any_number: AnyNumber | None = None
    formula: str = ""
    """The user's expression, for always, sometimes and finally."""

    @property
    def steps(self) -> int:
        """Rows of the trace as a reader counts them (`Trace.rows`)."""
        return self.trace.rows if self.trace else 0

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the expected one (SAFE when nothing was said)."""
        return judge(self.verdict, self.expected) is Verdict.SAFE


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a race can lead to on the real runtime, with one schedule that shows it."""

    name: str
    sentence: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Explored:
    """What was explored: goroutines per role, distinct states, transitions, by which engine, how long."""

    counts: tuple[tuple[str, int], ...]
    states: int
    transitions: int
    engine: str
    seconds: float
    complete: bool
    limit: str = ""
    """Why the exploration stopped early; empty when it is complete."""
    reductions: tuple[str, ...] = ()
    """What made each state stand for many: slice, fuse, symmetry; empty when every state was visited."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Statements of the goroutine bodies that some schedule reached; the others by span and text."""

    reached: int
    total: int
    missed: tuple[tuple[Span, str], ...]
    statements: tuple[tuple[Span, str], ...] = ()
    """All of them, reached or not, in the order of their places."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a run found out about one model."""

    model: str
    path: str
    title: str
    go: str
    properties: tuple[Property, ...]
    explored: Explored
    consequences: tuple[Consequence, ...] = ()
    coverage: Coverage | None = None
    rests_on: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    audited: str = ""
    any_number: ForAnyNumber | None = None
    sharding: ShardingResult | None = None
    """For models with functions without a body: what holds for every such function and any number of shards."""
    overrides: tuple[tuple[str, int], ...] = ()
    """Goroutine counts given on the command line instead of the model's: schedules need them again."""
    sha256: str = ""
    """Digest of the model file, in hexadecimal."""
    scheme: str = ""
    """The protection scheme a workload was judged under, as the command line names it; empty for other models."""
    contention: Contention | None = None
    """How much goroutines wait for each other under the scheme, where somebody asked."""
    settings: tuple[str, ...] = ()
    """The options of the run as a command line takes them, those in effect because nobody said otherwise as well."""
    subject: Subject | None = None
    """The model itself, as a report shows it."""
    mutants: tuple[Mutant, ...] | None = None
    """The model without each of its protective steps in turn; None where nobody asked."""
    fixes: Fixes | None = None
    """The smallest single edits with which the model is SAFE; None where nobody asked."""
    odds: tuple[Odds, ...] | None = None
    """For each failing property how many schedules show it; None where nobody asked."""

    @property
    def exit_code(self) -> int:
        """As design §3: 0 as expected, 1 UNSAFE, 3 UNKNOWN, 4 a failed audit."""
        return exit_code((p.verdict, p.expected) for p in self.properties)

    @property
    def verdict(self) -> Verdict:
        """The verdict over all properties, expectations left out."""
        from verifier.verdict import combine

        return combine(p.verdict for p in self.properties)
