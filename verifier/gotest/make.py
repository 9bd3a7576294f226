"""From a judged model to its Go test."""

from __future__ import annotations

from functools import partial

from verifier.audit.walk import walk
from verifier.evidence.result import Result
from verifier.gotest.forced import forced
from verifier.gotest.free import hammer, stress
from verifier.gotest.gofile import GoTest
from verifier.gotest.request import Request
from verifier.gotest.slots import slots
from verifier.gotest.turns import plan, unrolled
from verifier.gotest.unwritten import chosen, write
from verifier.pipeline.load import Front, lowered
from verifier.verdict import Verdict


def go_test(front: Front, asked: Request) -> GoTest:
    """The Go test for a counterexample. Raises ModelError where the model cannot be run as it is."""
    program = lowered(front, asked.trace.lowering)
    walked = walk(program, unrolled(asked.trace))
    bodies = partial(write, values=chosen(front, walked))
    if asked.hammer:
        return hammer(front, asked, bodies)
    found = slots(front, program)
    made = plan(walked, asked.trace, found)
    # A race needs no more than the order of whole statements, so that these stay as they are.
    tight = made.tight if not asked.race() else frozenset()
    if made.behind or tight:
        found = slots(front, program, made.behind, tight)
        made = plan(walked, asked.trace, found)
    return forced(front, program, asked, found, made, bodies)


def stress_test(front: Front, result: Result, milliseconds: int = 3000) -> GoTest:
    """The Go test that looks for a contradiction to a SAFE model, for so long. Raises ModelError as `go_test` does."""
    # What holds in every state holds in the last one, where nobody is left who could race with the question.
    held = {p.name for p in result.properties if p.kind in ("always", "finally") and p.verdict is Verdict.SAFE}
    clauses = [c for c in front.document.clauses if c.name in held and " at(" not in f" {c.text.value}"]
    return stress(front, slots(front, lowered(front, "abstract")), clauses, milliseconds)
