"""Schedules walked for readers: the same states as the report's, and a reason for everybody who cannot go on."""

from __future__ import annotations

from functools import cache

import pytest

from tests.catalogue import ROOT
from verifier.audit.interpret import AuditError, Interpreter
from verifier.audit.moments import walkthrough
from verifier.audit.walk import walk
from verifier.evidence.trace import Trace
from verifier.evidence.walkthrough import Standing
from verifier.model.read import read_model
from verifier.pipeline import Options, load, verify
from verifier.program.program import END, IDLE, Program

MODELS = (
    "rwmutex-recursive-rlock",
    "channel-leak",
    "channel-close-early",
    "cond-lost-wakeup",
    "once",
    "unprotected",
    "naive-rwlock-writer-starves",
    "rwmutex-check-then-insert",
    "linearizable/rwmutex-unchecked",
)


@cache
def traces(name: str) -> list[tuple[Program, Trace]]:
    """Every schedule of a model with the program it is one of."""
    document = read_model(str(ROOT / "models" / f"{name}.yaml"))
    result = verify(document, Options(any_number=False))
    found = [p.trace for p in result.properties if p.trace] + [c.trace for c in result.consequences]
    return [(load(document, Options(), t.lowering), t) for t in found]


def named(moment_goroutines: tuple[Standing, ...], name: str) -> Standing:
    return next(g for g in moment_goroutines if g.goroutine == name)


@pytest.mark.parametrize("name", MODELS)
def test_every_state_of_every_schedule_is_told(name: str) -> None:
    found = traces(name)
    assert found
    for program, trace in found:
        told = walkthrough(program, trace.choices)
        walked = walk(program, trace.choices)
        assert told.columns == trace.columns
        assert len(told.moments) == len(walked.states)
        assert told.moments[0].objects == trace.start
        for n, moment in enumerate(told.moments[1:], 1):
            assert moment.objects == trace.steps[n - 1].objects
        interpreter = Interpreter(program)
        for state, moment in zip(walked.states, told.moments, strict=True):
            enabled = interpreter.enabled(state)
            for instance, standing in zip(program.goroutines, moment.goroutines, strict=True):
                at = state.locations[instance.number]
                able = tuple(n for n, c in enumerate(enabled) if instance.number in c.movers)
                assert standing.choices == able
                expected = {END: "returned", IDLE: "idle"}.get(at, "moves" if able else "waits")
                assert standing.status == expected
                assert bool(standing.because) == (expected == "waits")


def test_who_waits_is_told_for_whom() -> None:
    program, trace = next((p, t) for p, t in traces("rwmutex-recursive-rlock") if t.waiting)
    last = walkthrough(program, trace.choices).moments[-1]
    assert [(h.lock, h.goroutine, h.mode, h.since) for h in last.holds] == [
        ("c.mu", "sum", "R", 1),
        ("c.mu", "put", "next", 2),
    ]
    assert named(last.goroutines, "sum").because == (
        "put waits in Lock of c.mu since step 2 (line 28), "
        "and a waiting Lock keeps new readers out (sync/rwmutex.go:72)",
    )
    assert named(last.goroutines, "put").because == ("c.mu is read-locked by sum since step 1 (line 20)",)
    assert named(last.goroutines, "put").operation == "sync.RWMutex.Lock"


def test_what_is_no_lock_is_told_by_what_it_looks_at() -> None:
    program, trace = traces("channel-leak")[0]
    last = walkthrough(program, trace.choices).moments[-1]
    assert named(last.goroutines, "caller.go1").because == (
        "no goroutine is ready to receive from the channel (chan send)",
    )
    program, trace = traces("channel-close-early")[0]
    assert named(walkthrough(program, trace.choices).moments[0].goroutines, "owner").because == ("queue is []",)
    program, trace = traces("once")[0]
    assert named(walkthrough(program, trace.choices).moments[1].goroutines, "caller2").because == ("once is running",)


def test_steps_are_counted_from_where_a_history_begins() -> None:
    program, trace = traces("linearizable/rwmutex-unchecked")[0]
    assert trace.history is not None
    whole = walkthrough(program, trace.choices)
    part = walkthrough(program, trace.choices, trace.history.setup)
    assert [h.since for m in part.moments for h in m.holds] == [
        h.since - trace.history.setup for m in whole.moments for h in m.holds
    ]


def test_a_client_between_two_calls_stands_at_none() -> None:
    program, trace = traces("linearizable/rwmutex-unchecked")[0]
    first, *_ = walkthrough(program, trace.choices).moments
    assert [(g.status, g.text, g.span) for g in first.goroutines if len(g.choices) > 1] == [("moves", "", None)] * 2


def test_a_schedule_that_cannot_be_walked_is_refused() -> None:
    program, trace = traces("once")[0]
    with pytest.raises(AuditError):
        walkthrough(program, (*trace.choices, 99))
