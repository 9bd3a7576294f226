"""What a run may spend and is asked."""

from __future__ import annotations

from collections.abc import Callable

from verifier.model.document import LINEARIZABLE, Document
from verifier.model.fields import EDGES
from verifier.records import dataclass

REFERENCE_STATES = 2_000_000
"""States the reference back end explores at most if nobody says: some 400 MB and a quarter of a minute."""
KERNEL_STATES = 500_000_000
"""The same for the kernel: some minutes. Memory is usually what ends its search, see `--max-memory`."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one run. `counts` overrides the model's goroutine counts, `checks` its built-in properties.

    `max_states` None: what the back end manages in minutes. `timeout` is in seconds of `clock`; without a clock there
    is none. `max_memory` is in bytes, None: most of the machine. `runtime` explores the runtime's own map steps even
    when no race asks for them. `any_number` False leaves out the proof for any number of goroutines; `certificate`
    keeps one that can be checked again. `contention` works out how much goroutines wait for each other under a scheme.
    `explain` False leaves out what a race would lead to on the runtime's own map, and then `fatal` and `panic` are
    judged without that. `progress` receives (states, transitions, frontier). `engine`: auto, reference or kernel.
    `reduce`: explore a reduced program, where None means once the program turns out to be large.
    """

    counts: tuple[tuple[str, int], ...] = ()
    checks: tuple[str, ...] | None = None
    max_states: int | None = None
    timeout: float | None = None
    max_memory: int | None = None
    runtime: bool = False
    any_number: bool | None = None
    certificate: bool = False
    contention: bool = False
    explain: bool = True
    progress: Callable[[int, int, int], None] | None = None
    clock: Callable[[], float] | None = None
    engine: str = "auto"
    reduce: bool | None = None


def settings(options: Options, document: Document) -> tuple[str, ...]:
    """Everything about a run that its verdict depends on, as words of a command line, defaults filled in.

    Goroutine counts and schemes are left out: a result has them by themselves.
    """
    asked = options.checks if options.checks is not None else _judged(document)
    words = [f"--check {','.join(asked)}"]
    words += ["--runtime"] if options.runtime else []
    words += ["--no-any" if options.any_number is False else "--any"]
    words += [] if options.reduce is None else ["--reduce" if options.reduce else "--no-reduce"]
    words += [f"--engine {options.engine}"]
    words += [] if options.max_states is None else [f"--max-states {options.max_states}"]
    words += [] if options.timeout is None else [f"--timeout {options.timeout:g}"]
    return (*words, *([] if options.max_memory is None else [f"--max-memory {options.max_memory}"]))


def _judged(document: Document) -> tuple[str, ...]:
    """What is judged where no `--check` says otherwise: that option leaves out all that it does not name."""
    kinds = dict.fromkeys(clause.when for clause in document.clauses)
    judges = (LINEARIZABLE,) if document.linearizable is not None else ()
    return (*document.checks, *judges, *kinds, *((EDGES,) if document.orders else ()))
