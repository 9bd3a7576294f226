"""Trying to prove race, fatal and panic for any number of goroutines: k = 1, then 2, then 3, within a time budget."""

from __future__ import annotations

from collections.abc import Callable

from verifier.program.program import END, Program
from verifier.prove.context import Member
from verifier.prove.ghosts import Ghosts
from verifier.prove.machine import Machine
from verifier.prove.shape import NotCovered, shape
from verifier.prove.together import reached
from verifier.prove.views import BadView, Fixpoint, fixpoint
from verifier.records import dataclass

LARGEST = 3
"""Goroutines tracked at most."""


@dataclass(frozen=True)
class Attempt:
    """What came of it. `proof` is set when it was proved; `bad` is the view in the way; `reason` says why not.

    `in_the_way` puts the latter two into a sentence.
    """

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
    """Prove the program for any number of goroutines, or say what is in the way.

    The program must be composed, without clauses, and lowered with two goroutines a role, `bounds.heap` of at least 2
    and `bounds.int` = `values.INT`. `exactly`: roles that exist a fixed number of times. Says nothing about fewer
    than two goroutines in all, nor about deadlock.
    """
    try:
        machine = Machine(shape(program, conditions=False), ghosts)
        tried = _attempt(machine, out_of_time, exactly or {}, largest)
        if tried.bad is None or tried.bad.kind != "race":
            return tried
        closer = shape(program)
        if closer.ignored == machine.shape.ignored:
            return tried
        return _attempt(Machine(closer, ghosts), out_of_time, exactly or {}, largest)
    except NotCovered as reason:
        return Attempt(None, None, None, str(reason))


def _attempt(machine: Machine, out_of_time: Callable[[], bool], exactly: dict[str, int], largest: int) -> Attempt:
    made = machine.shape
    fixed = {r.template: exactly[r.name] for r in made.roles if r.name in exactly}
    if len(fixed) == len(made.roles):
        return Attempt(None, machine, None, "every role has a fixed count: exploration decides")
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
        if last is not None and _same(last.bad, found.bad):
            # One more goroutine tracked told nothing about this step. Another one takes ten times as long.
            return Attempt(None, machine, last.bad, f"k = {k}: not excluded at the same step")
        last = found
        if found.bad is not None and reached(machine, found.bad, fixed, out_of_time):
            return Attempt(None, machine, found.bad, f"no {k + 1} either: a few goroutines do it")
    return Attempt(None, machine, last.bad if last else None, f"not excluded with {largest} goroutines tracked")


def _same(a: BadView | None, b: BadView | None) -> bool:
    return a is not None and b is not None and (a.kind, a.message, a.step) == (b.kind, b.message, b.step)


def in_the_way(tried: Attempt) -> str:
    """Why there is no proof, in plain words and the model's lines; empty when there is one."""
    if tried.proof is not None:
        return ""
    bad, machine = tried.bad, tried.machine
    if bad is None or machine is None:
        return f"this method does not get past {tried.reason}" if not _ran_out(tried.reason) else tried.reason
    who = [_where(machine, bad.configuration.members[n]) for n in bad.members]
    if bad.kind == "race":
        return f"could not exclude a race on {bad.message}: {' and '.join(who)} at once"
    where = " at an object of ".join(who)
    if bad.kind == "bound":
        return f"a limit of the model may be reached: {bad.message}: {where}"
    return f"could not exclude {bad.kind} ({bad.message}): {where}"


def _ran_out(reason: str) -> bool:
    return reason == "time" or reason.startswith(("more than", "every role"))


def _where(machine: Machine, m: Member) -> str:
    name = machine.shape.role(m.template).name
    if m.location == END:
        return f"one {name} that has returned"
    spans = [s.step.span for s in machine.steps.get((m.template, m.location), ()) if s.step.span is not None]
    return f"one {name} at {min(spans).words}" if spans else f"one {name}"
