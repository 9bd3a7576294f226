"""Every state of a schedule in words, and what holds each goroutine up there: told by the interpreter that walks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.audit import describe, locks as lock_table
from verifier.audit.interpret import Interpreter, State
from verifier.audit.locks import Holder, Locks
from verifier.audit.walk import Walk, walk
from verifier.evidence.walkthrough import Hold, Moment, Standing, Walkthrough
from verifier.gosem.channel import WAITS
from verifier.program.concrete import Concrete, bind
from verifier.program.expr import At, Cell, Expr, Op, refs
from verifier.program.program import END, IDLE, Instance, Program, Step, show

LOCKS = ("mutex", "rwmutex")
"""The kinds of views that are locks."""
_TAKES = ("lock", "announce", "acquire", "rlock")


def walkthrough(program: Program, choices: Sequence[int], before: int = 0) -> Walkthrough:
    """Walk `choices` and tell every state. Steps are counted from after the first `before`, which only prepare.

    Raises AuditError where the schedule cannot be walked.
    """
    walked = walk(program, tuple(choices))
    return Walkthrough(
        locks=tuple(v.name for v in program.views if v.kind in LOCKS),
        columns=tuple(v.name for v in program.views),
        moments=tuple(_moment(walked, state, locks) for state, locks in _along(walked, before)),
    )


def _along(walked: Walk, before: int) -> Iterator[tuple[State, Locks]]:
    """The states of a walk, each with who is at which lock."""
    locks: Locks = {}
    for n, state in enumerate(walked.states):
        if n:
            locks = lock_table.after(locks, walked.taken[n - 1], n - before, walked.states[n - 1], walked.composed)
        yield state, locks


def _moment(walked: Walk, state: State, locks: Locks) -> Moment:
    program = walked.program
    enabled = walked.composed.enabled(state)
    return Moment(
        goroutines=tuple(_standing(walked.composed, state, locks, i, enabled) for i in program.goroutines),
        holds=tuple(
            Hold(lock_table.lock_name(program, cell), h.goroutine, h.mode, h.since, h.span)
            for cell, holders in sorted(locks.items())
            for h in holders
        ),
        objects=describe.views(program, state, locks),
        cells=tuple(describe.nonzero(program, state.cells).values()),
    )


def _standing(
    interpreter: Interpreter, state: State, locks: Locks, instance: Instance, enabled: list[Concrete]
) -> Standing:
    at = state.locations[instance.number]
    if at in (END, IDLE):
        return Standing(instance.name, "returned" if at == END else "idle")
    open_ = [(n, c) for n, c in enumerate(enabled) if instance.number in c.movers]
    if open_:
        choices = tuple(n for n, _ in open_)
        if interpreter.program.clients is not None and len(open_) > 1:
            # Between two calls a client may begin any of them: it stands at none.
            return Standing(instance.name, "moves", choices=choices)
        step = _half(open_[0][1], instance.number)
        return Standing(instance.name, "moves", step.text, step.span, choices=choices)
    return _blocked(interpreter, state, locks, instance, at)


def _half(c: Concrete, instance: int) -> Step:
    """The part of a step that a goroutine takes."""
    return c.step if c.partner is None or c.instance == instance else c.partner.step


def _blocked(interpreter: Interpreter, state: State, locks: Locks, instance: Instance, at: int) -> Standing:
    """A goroutine that cannot go on now: what it waits in, and for each step it might take what is missing."""
    program = interpreter.program
    steps = [s for s in program.templates[instance.template].steps if s.src == at and s.fail is None]
    if not steps:
        return Standing(instance.name, "waits", "", None, "select (no cases)", ("no step leaves this place",))
    standing = [c for c in interpreter.steps(instance.number, at) if c.step.fail is None]
    first = standing[0] if standing else Concrete(instance.number, 0, bind(steps[0], instance, instance))
    words, _ = describe.operation(program, first, state, interpreter)
    because = [s for c in standing if c.partner is None for s in _missing(interpreter, state, locks, c)]
    because += [_nobody(s) for s in steps if s.offer is not None]
    return Standing(instance.name, "waits", steps[0].text, steps[0].span, words, tuple(dict.fromkeys(because)))


def _nobody(step: Step) -> str:
    """Why half of a paired step cannot be taken."""
    assert step.offer is not None
    other = "receive from" if step.offer.sends else "send on"
    return f"no goroutine is ready to {other} the channel ({WAITS.get(step.cite, step.text)})"


def _missing(interpreter: Interpreter, state: State, locks: Locks, c: Concrete) -> list[str]:
    """What keeps a step from being taken: who is at its lock, else the cells that its condition reads."""
    if c.step.cite.startswith("sync/cond.go"):
        return ["no Signal or Broadcast has come since it began to wait"]
    for mark in c.step.sync:
        if mark.op not in _TAKES:
            continue
        cell = interpreter.cell(mark.ref, state)
        name = lock_table.lock_name(interpreter.program, cell)
        me = interpreter.program.instances[c.instance].name
        found = [_at_lock(name, h, mark.op, me, c.step.cite) for h in locks.get(cell, ())]
        if any(found):
            return [text for text in found if text]
    return [_reads(interpreter, state, locks, e) for e in _conjuncts(c.step.guard) if interpreter.value(e, state) == 0]


def _at_lock(lock: str, holder: Holder, op: str, me: str, cite: str) -> str:
    """What somebody at a lock has to do with a goroutine that wants it; empty when nothing."""
    who = "this goroutine itself" if holder.goroutine == me else holder.goroutine
    step = f" since step {holder.since}" if holder.since > 0 else " since before step 1"
    since = step + (f" ({holder.span.words})" if holder.span else "")
    if holder.mode == "W":
        return f"{lock} is locked by {who}{since}"
    if holder.mode == "next":
        if op == "rlock":
            source = f" ({cite})" if cite else ""
            return f"{who} waits in Lock of {lock}{since}, and a waiting Lock keeps new readers out{source}"
        return "" if holder.goroutine == me else f"{who} is the next writer of {lock}{since}"
    return "" if op == "rlock" else f"{lock} is read-locked by {who}{since}"


def _conjuncts(guard: Expr) -> list[Expr]:
    if isinstance(guard, Op) and guard.name == "and":
        return [e for part in guard.args for e in _conjuncts(part)]
    return [guard]


def _reads(interpreter: Interpreter, state: State, locks: Locks, condition: Expr) -> str:
    """What a condition reads, as it is now: `wg is 2`, `queue is []`."""
    program = interpreter.program
    shown: dict[str, str] = {}
    for ref in refs(condition):
        if isinstance(ref, Cell | At):
            name, value = _shown(program, state, locks, interpreter.cell(ref, state))
            shown[name] = value
    if not shown:
        return "its condition does not hold"
    return " and ".join(f"{name} is {value}" for name, value in shown.items())


def _shown(program: Program, state: State, locks: Locks, cell: int) -> tuple[str, str]:
    """A cell and its value; of what has a column in the timeline the whole of it, in the words used there."""
    for view, text in zip(program.views, describe.views(program, state, locks), strict=True):
        if cell in view.cells:
            return view.name, text
    decl = program.cells[cell]
    return decl.name, show(state.cells[cell], decl.domain, program.sorts)
