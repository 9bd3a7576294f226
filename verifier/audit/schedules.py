"""Replaying the schedules of stored evidence."""

from __future__ import annotations

from verifier.audit.confirm import Claim, confirm
from verifier.audit.interpret import AuditError
from verifier.audit.replay import replay
from verifier.audit.walk import walk
from verifier.evidence.store import Schedule
from verifier.evidence.trace import Trace
from verifier.program.program import Program


def replay_stored(program: Program, schedule: Schedule) -> tuple[str, Trace]:
    """Walk a stored schedule and confirm what it is said to end in: how far that goes, and what the walk shows.

    Raises AuditError.
    """
    numbers = {i.name: i.number for i in program.goroutines}
    unknown = [name for name in schedule.goroutines if name not in numbers]
    if unknown:
        raise AuditError(f"the model has no goroutine {unknown[0]}")
    claim = Claim(schedule.kind, schedule.name, tuple(numbers[name] for name in schedule.goroutines), schedule.loop)
    return confirm(walk(program, schedule.choices), claim), replay(program, schedule.choices, claim)
