"""Starvation as the auditor checks it: a schedule that ends in a loop is walked, and whether the loop is fair."""

from __future__ import annotations

from verifier.audit.interpret import AuditError, State
from verifier.audit.walk import Walk
from verifier.program.concrete import Concrete
from verifier.program.passes.progress import PICKS, Progress
from verifier.program.semantics import at_rest


def confirm_lasso(walk: Walk, goroutine: int, loop: int) -> str:
    """Check that the last `loop` steps of a walk repeat for ever, fairly, and leave a goroutine where it was.

    Fair: who can go on all the time does; who stands in a queue of Go's runtime and can go on now and then does; a case
    of a `select` that is ready now and then is picked. Raises AuditError.
    """
    if not 0 < loop <= len(walk.taken) or walk.failure is not None:
        raise AuditError("a schedule of starvation ends in a loop")
    start = len(walk.taken) - loop
    if walk.states[start] != walk.last or walk.raw_states[start] != walk.raw_states[-1]:
        raise AuditError("the loop does not come back to the state where it began")
    states, taken = walk.states[start:-1], walk.taken[start:]
    progress = Progress(walk.program)
    name = walk.program.instances[goroutine].name
    if any(at_rest(s.locations[goroutine]) for s in states):
        raise AuditError(f"{name} has returned")
    if any(goroutine in c.movers and progress.made(c, goroutine) for c in taken):
        raise AuditError(f"{name} gets on in the loop")
    moving = {g for c in taken for g in c.movers}
    for i in walk.program.goroutines:
        if i.number not in moving and not at_rest(states[0].locations[i.number]):
            _owed(walk, progress, states, i.number)
    picked = {case for c in taken for case in _cases(c)}
    for s in states:
        for c in walk.composed.enabled(s):
            if missed := _cases(c) - picked:
                who = walk.program.instances[min(missed)[0]].name
                raise AuditError(f"a case of a select of {who} is ready again and again and never picked")
    return f"replayed: {loop} steps lead back to the same state, and every goroutine gets its turn in them"


def _owed(walk: Walk, progress: Progress, states: tuple[State, ...], goroutine: int) -> None:
    """Raise AuditError when a goroutine that does not move in the loop would have to."""
    able = [[c for c in walk.composed.enabled(s) if goroutine in c.movers] for s in states]
    name = walk.program.instances[goroutine].name
    if all(able):
        raise AuditError(f"{name} can go on all the time and does not: the loop is not fair")
    halves = [_half(c, goroutine) for cs in able for c in cs]
    if halves and progress.served(halves):
        raise AuditError(f"{name} waits in a queue that serves it: the loop is not fair")


def _half(c: Concrete, goroutine: int) -> Concrete:
    return c.partner if c.partner is not None and c.instance != goroutine else c


def _cases(c: Concrete) -> set[tuple[int, int, int]]:
    """The cases of selects a step takes: goroutine, location, raw step."""
    return {
        (half.instance, half.step.src, min(half.step.origin, default=half.index))
        for half in (c, c.partner)
        if half is not None and half.step.cite.split(":")[0] == PICKS
    }
