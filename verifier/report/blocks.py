"""The block between two rules that says what went wrong, in the shape and words of Go's own reports."""

from __future__ import annotations

import re

from verifier.evidence.result import Property
from verifier.evidence.trace import Held, Later, LostUpdate, RacyAccess, Trace, Waiting
from verifier.report import intervals
from verifier.report.stack import frames, where

RULE = "=" * 18


def summary(prop: Property) -> str:
    """What went wrong, in one line, from the evidence itself; the property's sentence when there is no trace."""
    trace = prop.trace
    if trace is None:
        return prop.sentence
    if trace.race:
        return f"data race on {trace.race[1].location}"
    if trace.loop:
        return f"{trace.waiting[0].goroutine} never gets on, although all get their turn"
    if trace.lost is not None:
        return f"{trace.lost.location} is overwritten from a stale read"
    if trace.history is not None:
        return prop.sentence
    if trace.failure:
        return _last_words(trace)
    if trace.waiting:
        return ", ".join(_waits_for(w) for w in trace.waiting)
    if prop.kind == "ordered":
        return f"{prop.name}: nothing orders {prop.formula}"
    return f"{prop.name}: {prop.formula or 'the clause'} {_WHEN.get(prop.kind, 'does not hold')}"


def block(prop: Property) -> list[str]:
    """The lines of the block of a property that has a counterexample; none without one."""
    if prop.trace is None:
        return []
    return [RULE, *_body(prop, prop.trace), RULE]


def _body(prop: Property, trace: Trace) -> list[str]:
    if trace.race:
        return _race(trace)
    if trace.loop:
        return _starvation(trace)
    if trace.lost is not None:
        return _lost_update(trace, trace.lost)
    if trace.history is not None:
        return intervals.block(trace)
    if trace.failure:
        return _failure(trace)
    if trace.waiting:
        return _deadlock(trace)
    if prop.kind == "ordered":
        return _not_ordered(prop)
    return _clause(prop, trace)


def _race(trace: Trace) -> list[str]:
    # Go names the later access first; the timeline shows race[0] and then race[1].
    earlier, later = trace.race
    return [
        "WARNING: DATA RACE",
        *_access(later, later_one=True),
        "",
        *_access(earlier, later_one=False),
        "",
        f"Nothing orders them: {_holds(later)}; {_holds(earlier)}.",
        *_add_after_wait(earlier, later),
    ]


def _add_after_wait(*accesses: RacyAccess) -> list[str]:
    """What the race detector reports as reads and writes of a WaitGroup, in words."""
    adds = [a for a in accesses if not a.write and re.search(r"\.(Add|Go)\(", a.text)]
    waits = [a for a in accesses if a.write and a.atomic and a.text.endswith(".Wait()")]
    if not (adds and waits):
        return []
    return [
        f"{adds[0].text} raises the counter from 0, and may come after {waits[0].text}, which then waits for nobody:",
        "an Add from 0 has to happen before the Wait, as it does before the `go` statement (sync/waitgroup.go:115).",
    ]


def _access(access: RacyAccess, later_one: bool) -> list[str]:
    verb = ("atomic " if access.atomic else "") + ("write" if access.write else "read")
    verb = verb.capitalize() if later_one else f"Previous {verb}"
    return [
        f"{verb} of {access.location} by goroutine {access.goroutine}:",
        *frames(access.goroutine, access.stack, access.span),
    ]


def _holds(access: RacyAccess) -> str:
    at = f" at {access.span.words}" if access.span else ""
    if not access.holds:
        return f"{access.goroutine} holds no lock{at}"
    locks = " and ".join(
        f"{lock}{' for reading' if mode == 'R' else ''}{_since(row)}" for lock, mode, row in access.holds
    )
    return f"{access.goroutine} holds {locks}"


def _since(row: int) -> str:
    return f" since step {row}" if row else ""


def _deadlock(trace: Trace) -> list[str]:
    lines = ["WARNING: DEADLOCK", *_dump(trace.waiting)]
    lines.append(", ".join(_waits_for(w) for w in trace.waiting) + ":")
    return lines + [f"  {sentence}" for sentence in _why(trace)]


def _dump(waiting: tuple[Waiting, ...]) -> list[str]:
    lines: list[str] = []
    for stuck in waiting:
        lines += [f"goroutine {stuck.goroutine} [{stuck.operation}]:"]
        lines += [*frames(stuck.goroutine, stuck.stack, stuck.span), ""]
    return lines


def _waits_for(stuck: Waiting) -> str:
    if not stuck.held_by:
        return f"{stuck.goroutine} waits and nothing can wake it"
    names = " and ".join("itself" if name == stuck.goroutine else name for name in stuck.held_by)
    return f"{stuck.goroutine} waits for {names}"


def _why(trace: Trace) -> list[str]:
    awaited = {w.lock for w in trace.waiting}
    held = [h for h in trace.held if h.lock in awaited]
    announced = {(h.lock, h.goroutine) for h in held if h.mode == "next"}
    lines = [_owned(trace, h) for h in held if h.mode != "next"]
    lines += [
        f"{h.goroutine} waits in Lock of {h.lock}{_since(h.since)}{where(h.span)}" for h in held if h.mode == "next"
    ]
    lines += [_stands(w, held, trace) for w in trace.waiting if (w.lock, w.goroutine) not in announced]
    awaiting = {name for w in trace.waiting for name in w.held_by}
    return lines + [_goes_on(x) for x in trace.later if x.operation or x.goroutine in awaiting]


def _goes_on(later: Later) -> str:
    """Why a goroutine that still moves is of no help to those that wait."""
    if not later.operation:
        return f"{later.goroutine} goes on and returns without unlocking it"
    target = f" of {later.lock}" if later.lock else ""
    where_to = f"{later.operation.rsplit('.', 1)[-1]}{target}{where(later.span)}"
    return f"{later.goroutine} goes on until it waits as well, in {where_to}"


def _owned(trace: Trace, held: Held) -> str:
    how = "read-locked" if held.mode == "R" else "locked"
    gone = any(s.ended(held.goroutine) for s in trace.steps)
    tail = ", which has returned without unlocking it" if gone else ""
    return f"{held.lock} is {how} by {held.goroutine}{_since(held.since)}{where(held.span)}{tail}"


def _stands(stuck: Waiting, held: list[Held], trace: Trace) -> str:
    operation = stuck.operation.rsplit(".", 1)[-1]
    if stuck.operation.endswith("RLock") and any(h.lock == stuck.lock and h.mode == "next" for h in held):
        cite = next((s.cite for s in trace.steps if s.number == stuck.since and s.cite), "")
        source = f" ({cite})" if cite else ""
        step = f" in step {stuck.since}" if stuck.since else ""
        return f"a waiting Lock keeps new readers out{source}, so the RLock{step} waits too"
    target = f" of {stuck.lock}" if stuck.lock else ""
    return f"{stuck.goroutine} waits in {operation}{target}{_since(stuck.since)}{where(stuck.span)}"


def _starvation(trace: Trace) -> list[str]:
    stuck = trace.waiting[0]
    first = len(trace.steps) - trace.loop + 1
    repeated = trace.steps[first - 1 :]
    others = dict.fromkeys(n for s in repeated for n in (s.goroutine, s.meets.goroutine if s.meets else s.goroutine))
    moves = stuck.goroutine in others
    how = "goes round without getting out" if moves else f"waits in {stuck.operation.rsplit('.', 1)[-1]}"
    span = f"step {first} repeats" if trace.loop == 1 else f"steps {first} to {len(trace.steps)} repeat"
    busy = [name for name in others if name != stuck.goroutine]
    who = f", with {' and '.join(busy)} going on" if busy else ""
    return [
        "WARNING: STARVATION",
        *_dump(trace.waiting)[:-1],
        "",
        f"{stuck.goroutine} {how}{where(stuck.span)} while {span} for ever{who}.",
        "That is fair: a goroutine whose next step is possible all the time takes it in the end, and the queues of",
        "Go's runtime let those that wait in them have their turn.",
    ]


def _lost_update(trace: Trace, lost: LostUpdate) -> list[str]:
    read, changed, last = (trace.steps[n - 1] for n in (lost.read, lost.changed, len(trace.steps)))
    return [
        "WARNING: LOST UPDATE",
        f"Write of {lost.location} by goroutine {last.goroutine}:",
        *frames(last.goroutine, last.stack, last.span),
        "",
        f"depends on a read of it by goroutine {read.goroutine}:",
        *frames(read.goroutine, read.stack, read.span),
        "",
        f"which goroutine {changed.goroutine} has overtaken:",
        *frames(changed.goroutine, changed.stack, changed.span),
        "",
        f"{read.goroutine} read {lost.location} in step {lost.read}{where(read.span)},",
        f"{changed.goroutine} changed it in step {lost.changed}{where(changed.span)},",
        f"and step {last.number}{where(last.span)} overwrites that without having looked again.",
    ]


def _failure(trace: Trace) -> list[str]:
    """Go's dying words, then the goroutine that spoke them, or all the sleeping ones."""
    said = _last_words(trace)
    if trace.waiting:
        return [said, "", *_dump(trace.waiting)[:-1]]
    if not trace.steps:
        return [said, "", "before any goroutine started, in a package initialiser"]
    last = trace.steps[-1]
    return [said, "", f"goroutine {last.goroutine} [running]:", *frames(last.goroutine, last.stack, last.span)]


def _last_words(trace: Trace) -> str:
    prefix = {"panic": "panic: ", "fatal": "fatal error: "}.get(trace.failure_kind, "")
    return trace.failure if trace.failure.startswith(prefix) else prefix + trace.failure


_WHEN = {
    "always": "is false in a reachable state",
    "finally": "is false when every goroutine has returned",
}


def _not_ordered(prop: Property) -> list[str]:
    """What should have happened before what, and where the user says so."""
    lines = [f"NOT ORDERED: {prop.name}", f"  {prop.formula}"]
    if prop.span is not None:
        lines.append(f"      {prop.span.file}:{prop.span.line}")
    return [
        *lines,
        "",
        "The one was over before the other began, yet no unlock, atomic operation or other edge of the Go memory model",
        "leads from the first label to the last.",
    ]


def _clause(prop: Property, trace: Trace) -> list[str]:
    """The user's clause, where it stands, and the state in which it fails."""
    lines = [f"VIOLATED: {prop.kind} {prop.name}"]
    lines.append(f"  {prop.formula or prop.name}  {_WHEN.get(prop.kind, 'does not hold')}")
    if prop.span is not None:
        lines.append(f"      {prop.span.file}:{prop.span.line}")
    values = trace.steps[-1].objects if trace.steps else trace.start
    if not values:
        return lines
    state = f"State after step {len(trace.steps)}:" if trace.steps else "Initial state:"
    width = max(map(len, trace.columns))
    return [*lines, "", state, *(f"  {n:<{width}}  {v}" for n, v in zip(trace.columns, values, strict=True))]
