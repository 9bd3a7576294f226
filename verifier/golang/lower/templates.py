"""The parts of a machine under construction: templates, inlined frames, loops, places where panics start."""

from __future__ import annotations

from verifier.golang.lower.values import Binding, Loc, Region, Spec, Value
from verifier.golang.types import Type, Var
from verifier.program.expr import Own
from verifier.program.program import END, IDLE, Call, Step
from verifier.records import dataclass, field
from verifier.source import Span


@dataclass(slots=True)
class Builder:
    """A template under construction. Locations are merged by union-find until it is closed."""

    number: int
    name: str
    parent: int | None
    pool: int = 1
    cells: list[tuple[str, Spec]] = field(default_factory=list)
    frame: list[bool] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    alias: list[int] = field(default_factory=lambda: [END, IDLE, 2])
    regions: list[Region] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    pinned: set[int] = field(default_factory=set)
    """Labelled positions: merged with no other, or `at(role, label)` would count goroutines elsewhere."""

    def find(self, location: int) -> int:
        """The representative of a location."""
        while self.alias[location] != location:
            location = self.alias[location]
        return location


@dataclass(slots=True)
class Frame:
    """An inlined call. `exit` is where returns and panics go when deferred calls must run."""

    name: str
    called_at: Span | None
    ret: int
    library: bool = False
    """Whether it runs code of Go's own library."""
    results: tuple[Loc | Binding, ...] = ()
    result_types: tuple[Type, ...] = ()
    exit: int | None = None
    unwind: int | None = None
    panicking: Own | None = None
    carried: Own | None = None
    """What the panic was called with, in models that recover."""
    deferred_by: Frame | None = None
    """The frame that runs this one as a deferred call: `recover` in this one stops its panic."""
    raises: dict[int, None] = field(default_factory=dict)
    """Numbers of the places whose panics unwind to this frame."""
    defers: list[object] = field(default_factory=list)
    function: object = None


@dataclass(frozen=True, slots=True)
class Capture:
    """What a started goroutine takes along of a variable of the one that starts it: cells of its own, filled by `go`.

    `stands_for` is what the variable is in the started goroutine: a private copy, a box, or a known value.
    """

    var: Var
    binding: Binding
    cells: tuple[Own, ...]
    stands_for: Loc | Value


@dataclass(frozen=True, slots=True)
class Raise:
    """A place where a panic starts, on one call path."""

    message: str
    template: int
    span: Span | None
    text: str
    stack: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Where `break` and `continue` go; `cont` is None for a switch."""

    label: str
    brk: int
    cont: int | None
