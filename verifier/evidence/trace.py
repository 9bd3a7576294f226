"""A counterexample or witness: a list of choices, and what replaying them showed."""

from __future__ import annotations

from verifier.evidence.history import History
from verifier.program.program import Call
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Meeting:
    """The receiving half of a step that two goroutines take together. `ends` as in `TraceStep`."""

    goroutine: str
    text: str
    span: Span | None
    stack: tuple[Call, ...]
    ends: bool = False


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One row: a step of a goroutine, or (`waits`) the operation it is stuck at.

    `number` counts rows from 1. `objects` is the state of every view after the step, in `Program.views` order, as
    text; `locks` says who holds what: (lock name, holder goroutine names, shared?, next writer or "").
    """

    number: int
    goroutine: str
    text: str
    detail: str
    span: Span | None
    stack: tuple[Call, ...]
    objects: tuple[str, ...]
    waits: bool = False
    symptom: str = ""
    cite: str = ""
    ends: bool = False
    """Whether the goroutine has returned when this row is done: a timeline draws it as idle from then on."""
    meets: Meeting | None = None
    """Who takes the step with it: `goroutine` sends on a channel without a buffer, the other one receives."""

    def ended(self, goroutine: str) -> bool:
        """Whether a goroutine has returned when this row is done."""
        if self.goroutine == goroutine:
            return self.ends
        return self.meets is not None and self.meets.goroutine == goroutine and self.meets.ends


@dataclass(frozen=True, slots=True)
class RacyAccess:
    """One of the two accesses of a race: what the goroutine is about to do in the last state."""

    goroutine: str
    write: bool
    atomic: bool
    location: str
    text: str
    span: Span | None
    stack: tuple[Call, ...]
    holds: tuple[tuple[str, str, int], ...]
    """Locks held: (lock, "W" or "R", row number since which)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A goroutine that never moves again."""

    goroutine: str
    operation: str
    """In the words of Go's dump: `sync.RWMutex.RLock`, `sync.Mutex.Lock`, `sync.WaitGroup.Wait`, …"""
    lock: str
    held_by: tuple[str, ...]
    """Goroutines that hold or have announced what it waits for (may be itself)."""
    since: int
    """Row number since which it has stood there."""
    span: Span | None
    stack: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """Where a goroutine ends that can still move when others are stuck: at an `operation` where it waits as well.

    No operation: it returns, and on the way it unlocks nothing.
    """

    goroutine: str
    operation: str = ""
    lock: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A lock somebody holds in the last state: mode "W", "R" or "next" (a writer that has announced itself)."""

    lock: str
    goroutine: str
    mode: str
    since: int
    span: Span | None


@dataclass(frozen=True, slots=True)
class LostUpdate:
    """What the last row of a trace overwrites: `location` was read in row `read`, and `changed` in between."""

    location: str
    read: int
    changed: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What a replay of `choices` showed.

    Each choice is the position of the step taken among the steps enabled in that state, in goroutine order and
    then step order of the *composed* program; `verify replay MODEL 0/1/0` takes the same numbers.
    `race` has two entries for a race; `failure` is the message of a panic, fatal or bound; `waiting` the stuck.
    """

    choices: tuple[int, ...]
    goroutines: tuple[str, ...]
    columns: tuple[str, ...]
    """Names of the views, in order: the columns a timeline may show."""
    start: tuple[str, ...]
    """The views in the initial state."""
    steps: tuple[TraceStep, ...]
    race: tuple[RacyAccess, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    held: tuple[Held, ...] = ()
    history: History | None = None
    """For `linearizable`: the calls, and why no order of them fits."""
    later: tuple[Later, ...] = ()
    """What becomes of the others, whatever happens, when some are stuck."""
    failure: str = ""
    failure_kind: str = ""
    loop: int = 0
    """For starvation: how many of the last rows repeat for ever; `waiting` is who never gets on."""
    lost: LostUpdate | None = None
    """For a lost update: which rows of it are the stale read and the write that is lost."""
    lowering: str = "abstract"
    """Which machine the choices are of: abstract, runtime (the map's own steps), spurious (TryLock may fail), or the
    name of a property that the abstract one is instrumented for."""
    fused: bool = False
    """Whether it was found with steps fused that nobody can tell apart: then a shorter schedule may exist."""

    @property
    def path(self) -> str:
        """The choices as `verify replay` takes them, e.g. `0/1/0` or `runtime:0/0/1`; `-` is no step."""
        steps = "/".join(map(str, self.choices)) or "-"
        return steps if self.lowering == "abstract" else f"{self.lowering}:{steps}"

    @property
    def rows(self) -> int:
        """Rows a reader counts: the steps, and for a race the two accesses that the last state is about to make."""
        before = 0 if self.history is None else self.history.setup
        return len(self.steps) - before + len(self.race)
