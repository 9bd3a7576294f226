"""From a judged model to its Go test."""

from __future__ import annotations

from verifier.audit.walk import walk
from verifier.gotest.render import GoTest, forced
from verifier.gotest.request import Request
from verifier.gotest.slots import slots
from verifier.gotest.turns import plan
from verifier.pipeline.load import Front, lowered


def go_test(front: Front, asked: Request) -> GoTest:
    """The Go test for a counterexample. Raises ModelError where the model cannot be run as it is."""
    program = lowered(front, asked.trace.lowering)
    found = slots(front, program)
    return forced(front, program, asked, found, plan(walk(program, asked.trace.choices), asked.trace, found))
