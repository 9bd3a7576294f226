"""The entry to explicit-state exploration: explore a program, then ask for the schedule to any state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.explore.graph import first_stuck
from verifier.explore.machine import Machine, machine
from verifier.explore.outcome import Clock, Exploration, Limits, Progress, Violation
from verifier.explore.reference import Search, failure, stepping
from verifier.program.program import Program
from verifier.records import replace

if TYPE_CHECKING:
    from verifier.explore.kernel.search import KernelSearch

__all__ = ["Exploration", "Limits", "Violation", "choices_of", "choices_to", "explore"]


def explore(
    program: Program,
    limits: Limits | None = None,
    *,
    stop_when: frozenset[str] = frozenset(),
    clock: Clock | None = None,
    progress: Progress | None = None,
    engine: str = "reference",
) -> Exploration:
    """Visit every reachable state of `program`, breadth first, within `limits` (default: `Limits()`).

    `stop_when`: kinds of violations; once one of each was found the search stops. Without `clock` there is no
    timeout. Ctrl-C ends the search and keeps what is known (`limit` is then "interrupted"). `engine`: reference, or
    kernel, which finds the same and falls back to reference, with a note, where it cannot be had. Raises ProgramFault
    when the program reads or writes a cell that does not exist.
    """
    limits = limits or Limits()
    made = machine(program)
    failed = failure(made)
    if failed:
        return failed
    search = _search(engine, made, limits, stop_when, clock, progress)
    try:
        limit = search.run()
    except KeyboardInterrupt:
        limit = "interrupted"
    found = search.outcome(limit)
    if program.clients is not None:
        # A mutex may count as locked only once its holder goes on: who waits for whom meanwhile is not seen.
        why = limit or "whether a call waits for ever is not decided beside `linearizable`"
        return replace(found, deadlock_decided=False, deadlock_limit=why)
    if limit:
        return found
    if not search.cyclic and found.first("deadlock") is None:
        return found
    try:
        return _settled(found, search, limits)
    except KeyboardInterrupt:
        return replace(found, deadlock_limit="interrupted")


def _search(
    engine: str,
    made: Machine,
    limits: Limits,
    stop_when: frozenset[str],
    clock: Clock | None,
    progress: Progress | None,
) -> Search | KernelSearch:
    if engine == "kernel":
        # Imported here: few searches are worth loading a compiler for.
        from verifier.explore.kernel.search import Missing, Unsupported, start

        try:
            return start(made, limits, stop_when, clock, progress)
        except (Missing, Unsupported, MemoryError) as reason:
            why = "there is no memory for compiled search" if isinstance(reason, MemoryError) else reason
            note = f"explored by the reference back end: {why}"
            return Search(made, limits, stop_when, clock, progress, note=note)
    return Search(made, limits, stop_when, clock, progress)


def _settled(found: Exploration, search: Search | KernelSearch, limits: Limits) -> Exploration:
    """Judge goroutines that are stuck while others run on, and find where the first one stops for good.

    Only a graph with cycles can hide such a goroutine; where the question is not answered, the deadlocks the search met
    are kept, and with cycles `deadlock` is not decided.
    """
    decided = found.deadlock_decided or found.first("deadlock") is not None
    try:
        first = _first_stuck(found, search, limits)
    except _Undecided as reason:
        return found if decided else replace(found, deadlock_limit=str(reason))
    others = tuple(v for v in found.violations if v.kind != "deadlock")
    violations = others if first is None else tuple(sorted((*others, first), key=lambda v: v.state))
    return replace(found, deadlock_decided=True, violations=violations)


class _Undecided(Exception):
    """Nobody can say whether some goroutine waits for ever; the message says why."""


def _first_stuck(found: Exploration, search: Search | KernelSearch, limits: Limits) -> Violation | None:
    # In a graph of orbits a goroutine has no name of its own; only the drawn graph follows who becomes whom.
    if not isinstance(search, Search) and not found.machine.program.classes:
        from verifier.explore.kernel import stuck

        try:
            return stuck.first_stuck(search)
        except stuck.Stopped as reason:
            raise _Undecided(str(reason)) from reason
        except (stuck.Missing, stuck.Unsupported):
            pass  # only a small graph is left
    if found.transitions > limits.graph_edges:
        raise _Undecided(
            f"the state graph has {found.transitions:,} transitions and cycles; "
            f"only {limits.graph_edges:,} are searched for goroutines stuck while others run; lower the counts"
        )
    return first_stuck(found)


def choices_to(found: Exploration, state: int) -> tuple[int, ...]:
    """The schedule to state number `state`: at each state, the position of the step taken among the enabled ones."""
    return _choices(found, state, None)


def choices_of(found: Exploration, violation: Violation) -> tuple[int, ...]:
    """The schedule that shows a violation; it ends with the failing step where there is one."""
    alone = len(violation.steps) == 1
    return _choices(found, violation.state, violation.steps[0] if alone else None)


def _choices(found: Exploration, state: int, last: int | None) -> tuple[int, ...]:
    if found.machine.program.classes:
        raise ValueError("goroutines were exchanged on the way: ask explore.undo for the schedule")
    store = found.store
    path: list[tuple[int, int]] = [] if last is None else [(state, last)]
    while state:
        state, step = divmod(store.links[state], store.width)
        path.append((state, step))
    after = stepping(found.machine)
    return tuple([k for k, _ in after(store.order[at])].index(step) for at, step in reversed(path))
