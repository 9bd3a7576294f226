"""What an exploration is asked, may spend, and finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from verifier.explore.machine import Machine
from verifier.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What an exploration may spend. `max_memory` is bytes of states and tables (an estimate), None: no limit.

    `timeout` is in seconds of the clock; `asked` is what the user gave when part of it is spent already, for messages.
    `graph_edges` caps the state graph that is built to find goroutines stuck while others keep running.
    """

    max_states: int = 5_000_000
    timeout: float | None = None
    max_memory: int | None = None
    graph_edges: int = 1_000_000
    asked: float | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """Something found in state number `state` (breadth-first order, from 0: no shorter schedule shows it).

    `kind`: race, panic, fatal, bound, assert, deadlock, always, finally; or, as witnesses, sometimes and symptom.
    `name`: the clause, the symptom, the message of a failure, or the cells raced on. `steps`: the concrete steps
    involved: the failing one (it is the last choice of the schedule), the two racing ones. `goroutines`: the
    instances that race or are stuck.
    """

    kind: str
    name: str
    state: int
    steps: tuple[int, ...] = ()
    goroutines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Store:
    """Every state found, in order, and how it was reached: `links[n] = parent * width + step` for n >= 1."""

    order: Sequence[int]
    links: Sequence[int]
    width: int


@dataclass(frozen=True)
class Exploration:
    """What was found. `complete`: every reachable state was visited; else `limit` says why not.

    `deadlock_decided` is False when the search for stuck goroutines was cut off (`deadlock_limit` says why).
    `finished`: some state where all goroutines have returned was reached. `coverage`: (template, raw step).
    """

    machine: Machine
    store: Store = field(repr=False)
    states: int
    transitions: int
    complete: bool
    limit: str
    violations: tuple[Violation, ...]
    witnesses: tuple[Violation, ...]
    coverage: frozenset[tuple[int, int]]
    finished: bool
    deadlock_decided: bool
    deadlock_limit: str
    engine: str = "reference"
    note: str = ""
    """What the user should know about the engine, e.g. why it is not the one asked for."""

    def first(self, kind: str, name: str | None = None) -> Violation | None:
        """The first finding of a kind (and name), violations before witnesses; None when there is none."""
        for v in (*self.violations, *self.witnesses):
            if v.kind == kind and name in (None, v.name):
                return v
        return None


Progress = Callable[[int, int, int], None]
"""Called now and then with (states, transitions, states still to expand)."""
Clock = Callable[[], float]
"""Seconds from some fixed moment."""


def out_of_memory(limit: int) -> str:
    """The reason of a search that has used up `limit` bytes."""
    return f"{limit >> 20} MiB of states reached (--max-memory)"
