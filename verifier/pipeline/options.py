"""What a run may spend and is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

DEFAULT_STATES = 2_000_000
"""States explored at most unless `--max-states` says otherwise: some 400 MB and a quarter of a minute."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one run. `counts` overrides the model's goroutine counts, `checks` its built-in properties.

    `timeout` is in seconds of `clock`; without a clock there is none. `runtime` explores the runtime's own map steps
    even when no race asks for them. `any_number` False leaves out the proof for any number of goroutines;
    `certificate` keeps one that can be checked again. `progress` receives (states, transitions, frontier).
    """

    counts: tuple[tuple[str, int], ...] = ()
    checks: tuple[str, ...] | None = None
    max_states: int = DEFAULT_STATES
    timeout: float | None = None
    max_memory: int | None = None
    runtime: bool = False
    any_number: bool | None = None
    certificate: bool = False
    progress: Callable[[int, int, int], None] | None = None
    clock: Callable[[], float] | None = None
