"""Replaying the schedules of stored evidence."""

from __future__ import annotations

from verifier.audit.confirm import Claim, confirm
from verifier.audit.interpret import AuditError
from verifier.audit.walk import walk
from verifier.evidence.store import Schedule
from verifier.program.program import Program


def replay_stored(program: Program, schedule: Schedule) -> str:
    """Walk a stored schedule and confirm what it is said to end in; the answer says how far. Raises AuditError."""
    numbers = {i.name: i.number for i in program.goroutines}
    unknown = [name for name in schedule.goroutines if name not in numbers]
    if unknown:
        raise AuditError(f"the model has no goroutine {unknown[0]}")
    claim = Claim(schedule.kind, schedule.name, tuple(numbers[name] for name in schedule.goroutines), schedule.loop)
    return confirm(walk(program, schedule.choices), claim)
