"""From a judged model to its Go test."""

from __future__ import annotations

from functools import partial

from verifier.audit.walk import Walk, walk
from verifier.evidence.result import Result
from verifier.gotest.forced import forced
from verifier.gotest.free import hammer, stress
from verifier.gotest.gofile import GoTest
from verifier.gotest.request import Request
from verifier.gotest.sites import inside
from verifier.gotest.slots import Slots, slots
from verifier.gotest.turns import plan, unrolled
from verifier.gotest.unwritten import chosen, write
from verifier.pipeline.load import Front, lowered
from verifier.records import replace
from verifier.source import fail
from verifier.verdict import Verdict


def go_test(front: Front, asked: Request) -> GoTest:
    """The Go test for a counterexample. Raises ModelError where the model cannot be run as it is."""
    _alone(front)
    program = lowered(front, asked.trace.lowering)
    walked = walk(program, unrolled(asked.trace))
    bodies = partial(write, values=chosen(front, walked))
    found = slots(front, program)
    if asked.hammer:
        found = slots(front, program, plan(walked, asked.trace, found).behind)
        return hammer(front, asked, _near(walked, found), bodies)
    made = plan(walked, asked.trace, found)
    # A race needs no more than the order of whole statements, so that these stay as they are.
    tight = made.tight if not asked.race() else frozenset()
    if made.behind or tight:
        found = slots(front, program, made.behind, tight)
        made = plan(walked, asked.trace, found)
    return forced(front, program, asked, found, made, bodies)


def _alone(front: Front) -> None:
    """Raises ModelError for goroutines beside clients: a Go test has none that go on when all calls have returned."""
    if front.client is not None and front.document.roles:
        note = "the test would have to start it anew for every round, and to end it"
        here = front.document.roles[0].span
        raise fail("a goroutine beside the clients of `linearizable:` is not run in a Go test yet", here, note)


def _near(walked: Walk, found: Slots) -> Slots:
    """The slots before the statement that ends a schedule, and before those that others are in the middle of.

    Where such a statement calls first what has slots of its own, it is the slot behind the call: what is called may
    take a lock that the others hold.
    """
    program, last = walked.program, {c.instance: found.of(c.step.span) for c in walked.taken}
    ending = walked.taken[-1].instance
    near = {last[ending]}
    for instance in program.goroutines:
        steps = program.templates[instance.template].steps
        due = {found.of(s.span) for s in steps if s.src == walked.last.locations[instance.number]}
        if instance.number != ending and last.get(instance.number) in due:
            near.add(last[instance.number])
    held = [p for p in found.held if found.numbers[p] in near]
    calls = tuple((c, n) for c, n in found.calls if any(inside(c.span, p.covers) for p in held))
    first = tuple(p for p in held if not any(inside(c.span, p.covers) for c, _ in calls))
    return replace(found, held=first, calls=calls, splits=(), conds=())


def stress_test(front: Front, result: Result, milliseconds: int = 3000) -> GoTest:
    """The Go test that looks for a contradiction to a SAFE model, for so long. Raises ModelError as `go_test` does."""
    _alone(front)
    # What holds in every state holds in the last one, where nobody is left who could race with the question.
    held = {p.name for p in result.properties if p.kind in ("always", "finally") and p.verdict is Verdict.SAFE}
    clauses = [c for c in front.document.clauses if c.name in held and " at(" not in f" {c.text.value}"]
    return stress(front, slots(front, lowered(front, "abstract")), clauses, milliseconds)
