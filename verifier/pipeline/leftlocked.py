"""A lock that nobody gives back when all have returned: no deadlock of this model, but of the next goroutine's."""

from __future__ import annotations

from verifier.audit.replay import AuditError, replay
from verifier.evidence.trace import Held
from verifier.explore.search import Violation, choices_of
from verifier.pipeline.engines import BEGINNING
from verifier.pipeline.explore import Explored
from verifier.program.semantics import at_rest
from verifier.records import replace

LOCKS = frozenset(("mutex", "rwmutex"))


def left_locked(run: Explored) -> tuple[str, ...]:
    """A sentence about the first final state in which a lock of the package is held, as the audit replays it.

    Only a hint: a search that is large or reduced is not looked through, nor are locks in heap objects, so that no
    sentence says nothing. With one goroutine more the same would be a deadlock; with those of the model nobody waits.
    """
    found = run.searches.whole
    if found.machine.program is not run.program or found.states > BEGINNING:
        return ()
    state = _first(run)
    if state is None:
        return ()
    try:
        trace = replay(run.program, choices_of(found, Violation("finally", "", state)))
    except AuditError:
        return ()
    schedule = replace(trace, lowering=run.lowering).path
    return tuple(_sentence(h, schedule) for h in trace.held[:1])


def _sentence(held: Held, schedule: str) -> str:
    how = "read-locked" if held.mode == "R" else "locked"
    where = f" ({held.span.file}:{held.span.line})" if held.span else ""
    return (
        f"{held.lock} is still {how} by {held.goroutine}{where} when all have returned, "
        f"in schedule {schedule}: one goroutine more that locks it may wait for ever"
    )


def _first(run: Explored) -> int | None:
    """The number of the first state with a lock held and every goroutine at rest."""
    layout = run.searches.whole.machine.layout
    slots = [layout.cells[n] for v in run.program.views if v.kind in LOCKS for n in v.cells]
    held = sum({slot.mask << slot.shift for slot in slots})
    goroutines = [i.number for i in run.program.goroutines]
    for n, state in enumerate(run.searches.whole.store.order if held else ()):
        if state & held and all(at_rest(layout.location(state, g)) for g in goroutines):
            return n
    return None
