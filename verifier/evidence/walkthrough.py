"""A schedule as it can be walked by a reader: every state on the way in words, and what holds each goroutine up."""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Hold:
    """A goroutine at a lock: mode W or R holds it, `next` has announced itself. `since`: after so many steps."""

    lock: str
    goroutine: str
    mode: str
    since: int
    span: Span | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one goroutine is in a state.

    `status`: moves, waits, returned, or idle (not started). `text` is the statement it stands at, `operation` what it
    waits in (in the words of Go's dump), `because` what would have to be otherwise. `choices` are the numbers of the
    steps it could take, as `verify replay` counts them.
    """

    goroutine: str
    status: str
    text: str = ""
    span: Span | None = None
    operation: str = ""
    because: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A state: its goroutines, who is at which lock, the shared objects (in order of the columns), all other cells.

    `cells` are those that are not zero, by name.
    """

    goroutines: tuple[Standing, ...]
    holds: tuple[Hold, ...]
    objects: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """The states of a schedule: `moments[n]` after n steps. A step that fails has none after it.

    `locks` names every lock of the model, `columns` the shared objects.
    """

    locks: tuple[str, ...]
    columns: tuple[str, ...]
    moments: tuple[Moment, ...]
