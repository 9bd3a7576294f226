"""Trying to prove race, fatal and panic for any number of goroutines: k = 1, then 2, then 3, within a time budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verifier.program.program import Program
from verifier.prove.machine import Ghosts, Machine
from verifier.prove.shape import NotCovered, shape
from verifier.prove.views import BadView, Fixpoint, fixpoint

LARGEST = 3
"""Goroutines tracked at most."""


@dataclass(frozen=True)
class Attempt:
    """What came of it. `proof` is set when it was proved; `bad` is the view in the way; else `reason` says why not."""

    proof: Fixpoint | None
    machine: Machine | None
    bad: BadView | None = None
    reason: str = ""


def attempt(
    program: Program,
    out_of_time: Callable[[], bool],
    exactly: dict[str, int] | None = None,
    largest: int = LARGEST,
    ghosts: Ghosts | None = None,
) -> Attempt:
    """Prove the program (lowered with two goroutines a role) for any number of them, or say what is in the way."""
    try:
        made = shape(program)
        machine = Machine(made, ghosts)
    except NotCovered as reason:
        return Attempt(None, None, None, str(reason))
    fixed = {r.template: (exactly or {})[r.name] for r in made.roles if r.name in (exactly or {})}
    last: Fixpoint | None = None
    for k in range(1, largest + 1):
        found = fixpoint(machine, k, out_of_time=out_of_time, exactly=fixed)
        if found.proved:
            return Attempt(found, machine)
        if found.stopped and last is not None:
            # The smaller view in the way says more than a larger k that ran out of time.
            return Attempt(None, machine, last.bad, f"k = {k}: {found.stopped}")
        if found.stopped:
            return Attempt(None, machine, None, found.stopped)
        last = found
    return Attempt(None, machine, last.bad if last else None, f"not excluded with {largest} goroutines tracked")
