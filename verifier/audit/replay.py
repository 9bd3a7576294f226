"""Replaying a schedule: the trace that reports draw, made by nobody who found it."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.audit import describe, locks as lock_table
from verifier.audit.afterwards import afterwards
from verifier.audit.confirm import Claim, confirm, conflict, stuck
from verifier.audit.history import history as told
from verifier.audit.interpret import AuditError
from verifier.audit.locks import Locks
from verifier.audit.walk import Walk, walk
from verifier.evidence.trace import Held, Later, LostUpdate, Meeting, RacyAccess, Trace, TraceStep, Waiting
from verifier.program.concrete import Concrete
from verifier.program.program import END, Program
from verifier.records import replace

__all__ = ["AuditError", "Claim", "Walk", "confirm", "replay", "state_text", "walk"]


def replay(program: Program, choices: Sequence[int], claim: Claim | None = None) -> Trace:
    """Walk `choices` on the composed and the raw program, confirm `claim`, and tell what happened.

    Raises AuditError when a choice is not enabled, the two programs disagree, or the claim does not hold.
    """
    walked = walk(program, tuple(choices))
    if claim is not None:
        confirm(walked, claim)
    rows, history = _rows(walked)
    last = history[-1]
    waiting: tuple[Waiting, ...] = ()
    later: tuple[Later, ...] = ()
    if claim is not None and claim.kind == "deadlock":
        rows, waiting = _waits(walked, stuck(walked, claim), rows, last)
        later = afterwards(walked, stuck(walked, claim))
    loop = claim.loop if claim is not None and claim.kind == "starvation" else 0
    if claim is not None and loop:
        waiting = (_starved(walked, claim.goroutines[0], rows, last),)
    fail = walked.failure or (program.init_fail if not choices else None)
    return Trace(
        choices=walked.choices,
        goroutines=tuple(i.name for i in program.goroutines),
        columns=tuple(v.name for v in program.views),
        start=describe.views(program, walked.states[0], {}),
        steps=tuple(rows),
        race=_race(walked, claim, last) if claim is not None and claim.kind == "race" else (),
        waiting=waiting,
        held=_held(program, last),
        history=told(walked) if claim is not None and claim.kind == "linearizable" else None,
        later=later,
        failure=fail.message if fail else "",
        failure_kind=fail.kind if fail else "",
        loop=loop,
        lost=_lost(walked),
    )


def _lost(walked: Walk) -> LostUpdate | None:
    """What the last step overwrites, where that is the failure."""
    if walked.failure is None or walked.failure.kind != "lost-update":
        return None
    # Imported here: few schedules end so.
    from verifier.audit.overtaken import lost_update

    return lost_update(walked)


def state_text(program: Program, choices: Sequence[int], n: int) -> str:
    """The whole state after the first `n` choices, as text. Raises AuditError when a choice is not enabled."""
    walked = walk(program, tuple(choices)[: max(n, 0)])
    if walked.failure is not None:
        return f"the step fails: {walked.failure.kind}: {walked.failure.message}"
    locks = _rows(walked)[1][-1]
    return describe.whole_state(program, walked.last, walked.composed, locks)


def _rows(walked: Walk) -> tuple[list[TraceStep], list[Locks]]:
    """One row a choice, and the lock holders after each of them (before the first one at index 0)."""
    rows: list[TraceStep] = []
    history: list[Locks] = [{}]
    for n, c in enumerate(walked.taken):
        locks = history[-1]
        ended = n + 1 < len(walked.states)
        if ended:
            locks = lock_table.after(locks, c, n + 1, walked.states[n], walked.composed)
        history.append(locks)
        shown = walked.states[n + 1] if ended else walked.states[n]
        row = _row(walked, c, n + 1, describe.views(walked.program, shown, locks))
        row = replace(row, ends=ended and shown.locations[c.instance] == END)
        if c.partner is not None:
            row = replace(row, meets=_meeting(walked, c.partner, shown.locations[c.partner.instance] == END))
        rows.append(row)
    return rows, history


def _row(walked: Walk, c: Concrete, number: int, objects: tuple[str, ...], waits: bool = False) -> TraceStep:
    step = c.step
    return TraceStep(
        number=number,
        goroutine=walked.program.instances[c.instance].name,
        text=step.text,
        detail=step.detail,
        span=step.span,
        stack=step.stack,
        objects=objects,
        waits=waits,
        symptom=step.symptom,
        cite=step.cite,
    )


def _meeting(walked: Walk, half: Concrete, ends: bool) -> Meeting:
    step = half.step
    return Meeting(walked.program.instances[half.instance].name, step.text, step.span, step.stack, ends)


def _race(walked: Walk, claim: Claim, locks: Locks) -> tuple[RacyAccess, ...]:
    found = conflict(walked, claim)
    program = walked.program
    return tuple(
        RacyAccess(
            goroutine=program.instances[c.instance].name,
            write=access.write,
            # Close writes atomically only in order not to race with itself (`gosem.channel`).
            atomic=access.atomic and not c.step.cite.startswith("runtime/chan.go"),
            location=program.cells[found.cell].name,
            text=c.step.text,
            span=c.step.span,
            stack=c.step.stack,
            holds=lock_table.held_by(program, locks, program.instances[c.instance].name),
        )
        for c, access in zip(found.steps, found.accesses, strict=True)
    )


def _waits(
    walked: Walk, instances: tuple[int, ...], rows: list[TraceStep], locks: Locks
) -> tuple[list[TraceStep], tuple[Waiting, ...]]:
    """Show where every stuck goroutine stands: its announcing row is marked, else a row is added."""
    rows = list(rows)
    waiting: list[Waiting] = []
    objects = rows[-1].objects if rows else describe.views(walked.program, walked.last, locks)
    for instance in instances:
        name = walked.program.instances[instance].name
        at = walked.last.locations[instance]
        standing = walked.composed.steps(instance, at)
        if not standing:
            # Nothing leaves the location: an empty select, or a receive from a channel that is nil for ever.
            mine = [r for r in rows if r.goroutine == name]
            number = mine[-1].number if mine else 0
            span, stack = (mine[-1].span, mine[-1].stack) if mine else (None, ())
            waiting.append(Waiting(name, "select (no cases)", "", (), number, span, stack))
            continue
        blocked = next((c for c in standing if c.step.fail is None), standing[0])
        number = _announced(rows, walked, name, blocked)
        if number:
            rows[number - 1] = replace(rows[number - 1], waits=True)
        else:
            number = len(rows) + 1
            rows.append(_row(walked, blocked, number, objects, waits=True))
        waiting.append(_waiting(walked, blocked, number, locks))
    return rows, tuple(waiting)


def _announced(rows: list[TraceStep], walked: Walk, name: str, blocked: Concrete) -> int:
    """The number of the goroutine's last row if that is the first half of the operation it is stuck in, else 0."""
    mine = [r for r in rows if r.goroutine == name]
    if not mine or mine[-1].number > len(walked.taken):
        return 0
    last = mine[-1]
    step = walked.taken[last.number - 1].step
    same = (step.text, step.span, step.stack) == (blocked.step.text, blocked.step.span, blocked.step.stack)
    return last.number if same and any(s.op == "announce" for s in step.sync) else 0


def _waiting(walked: Walk, blocked: Concrete, number: int, locks: Locks) -> Waiting:
    program = walked.program
    name = program.instances[blocked.instance].name
    words, cell = describe.operation(program, blocked, walked.last, walked.composed)
    shared = any(s.op == "rlock" for s in blocked.step.sync)
    acquiring = any(s.op == "acquire" for s in blocked.step.sync)
    holders = [
        h.goroutine
        for h in locks.get(cell, ())
        if (h.mode != "R" if shared else not (acquiring and h.mode == "next" and h.goroutine == name))
    ]
    return Waiting(
        goroutine=name,
        operation=words,
        lock=lock_table.lock_name(program, cell) if cell >= 0 else "",
        held_by=tuple(dict.fromkeys(holders)),
        since=number,
        span=blocked.step.span,
        stack=blocked.step.stack,
    )


def _starved(walked: Walk, instance: int, rows: list[TraceStep], locks: Locks) -> Waiting:
    """Where a goroutine is that never gets on: at the operation it stands at, if it does not move in the loop."""
    name = walked.program.instances[instance].name
    mine = [r for r in rows if name in (r.goroutine, r.meets.goroutine if r.meets else "")]
    since = mine[-1].number if mine else 0
    at = walked.last.locations[instance]
    standing = [c for c in walked.composed.steps(instance, at) if c.step.fail is None]
    if not standing:
        span, stack = (mine[-1].span, mine[-1].stack) if mine else (None, ())
        return Waiting(name, "chan receive", "", (), since, span, stack)
    return _waiting(walked, standing[0], since, locks)


def _held(program: Program, locks: Locks) -> tuple[Held, ...]:
    return tuple(
        Held(lock_table.lock_name(program, cell), h.goroutine, h.mode, h.since, h.span)
        for cell, holders in sorted(locks.items())
        for h in holders
    )
