"""The terminal report: the mock-ups, and the words no line may use for a verdict that has not earned them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from verifier.evidence.result import Coverage, ForAnyNumber, Result
from verifier.evidence.sharding import ShardingResult
from verifier.evidence.trace import Held, Trace, Waiting
from verifier.report.terminal import render
from verifier.verdict import Verdict

from .builders import at, deadlock_trace, explored, prop, race_trace, result, results
from .results import TABLE

CASES = results()
EVERY = {**{f"whole {name}": found for name, found in TABLE.items()}, **CASES}
WORDS = {0: ("SAFE", "UNSAFE", "UNKNOWN"), 1: ("FAIL",), 3: ("UNKNOWN",), 4: ("ERROR",)}


def last_lines(text: str) -> tuple[str, str]:
    """The line with the verdict, and the exit status line or nothing."""
    lines = text.rstrip("\n").splitlines()
    return (lines[-2], lines[-1]) if lines[-1].startswith("exit status") else (lines[-1], "")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("mode", [{}, {"verbose": True}, {"quiet": True}])
def test_the_last_lines_say_the_verdict_and_the_exit_status(name: str, mode: dict[str, bool]) -> None:
    case = EVERY[name]
    verdict, status = last_lines(render(case, **mode))
    assert verdict.split()[0] in WORDS[case.exit_code]
    assert status == (f"exit status {case.exit_code}" if case.exit_code else "")
    if verdict.startswith("SAFE"):
        assert case.verdict is Verdict.SAFE


@pytest.mark.parametrize("name", EVERY)
def test_every_property_is_reported_and_ok_only_when_it_is_safe_as_expected(name: str) -> None:
    case = EVERY[name]
    lines = render(case).splitlines()
    ok = [line for line in lines if line.startswith("ok ")]
    proved = case.any_number is not None and case.any_number.verdict is Verdict.SAFE
    assert len(ok) == sum(p.verdict is Verdict.SAFE and p.as_expected for p in case.properties) + proved
    judged = [line for line in lines if re.match(r"(ok|FAIL|\?\?\?|ERROR|--- FAIL:) ", line)]
    final = last_lines(render(case))[0]
    assert len([line for line in judged if line != final]) == len(case.properties) + proved


@pytest.mark.parametrize("name", EVERY)
def test_quiet_keeps_what_is_not_as_expected(name: str) -> None:
    case = EVERY[name]
    wrong = sum(not p.as_expected for p in case.properties)
    assert len(render(case, quiet=True).splitlines()) == wrong + 1 + (case.exit_code != 0)


@pytest.mark.parametrize("name", EVERY)
def test_the_text_is_ascii_and_rendered_the_same_twice(name: str) -> None:
    text = render(EVERY[name], verbose=True)
    assert text.isascii()
    assert text == render(EVERY[name], verbose=True)
    assert not any(line != line.rstrip() for line in text.splitlines())


def between_rules(text: str) -> str:
    return text.split("=" * 18 + "\n")[1]


def test_the_race_block_has_the_shape_of_gos() -> None:
    frame = r"  \S+\(\)\n      \S+:\d+\n"
    shape = rf"""WARNING: DATA RACE
Write of m\["a"\] by goroutine put:
({frame})+
Previous read of m\["a"\] by goroutine get:
({frame})+
Nothing orders them: put holds no lock at line 9; get holds mu since step 1\.
"""
    assert re.fullmatch(shape, between_rules(render(CASES["race"])))


def test_frames_go_from_the_access_outwards_each_at_its_call() -> None:
    block = between_rules(render(CASES["race"]))
    assert "put:\n  (*Cache).Put()\n      models/m.yaml:9\n  put()\n      models/m.yaml:50\n" in block


def test_a_stack_without_frames_is_the_goroutine_body() -> None:
    first, second = race_trace().race
    bare = replace(race_trace(), race=(first, replace(second, goroutine="writer#2", stack=())))
    assert "  writer()\n      models/m.yaml:9\n" in render(result(prop("race", Verdict.UNSAFE, trace=bare)))


def test_atomic_accesses_and_read_locks_are_named() -> None:
    first, second = race_trace().race
    trace = replace(
        race_trace(), race=(replace(first, holds=(("mu", "R", 2), ("m2", "W", 0))), replace(second, atomic=True))
    )
    text = render(result(prop("race", Verdict.UNSAFE, trace=trace)))
    assert "Atomic write of" in text
    assert "get holds mu for reading since step 2 and m2." in text


def test_the_deadlock_block_is_the_mock_up() -> None:
    assert (
        between_rules(render(CASES["deadlock"]))
        == """WARNING: DEADLOCK
goroutine sum [sync.RWMutex.RLock]:
  (*Cache).Get()
      models/m.yaml:14
  (*Cache).Sum()
      models/m.yaml:21
  sum()
      models/m.yaml:44

goroutine put [sync.RWMutex.Lock]:
  (*Cache).Put()
      models/m.yaml:28
  put()
      models/m.yaml:50

sum waits for put, put waits for sum:
  c.mu is read-locked by sum since step 1 (line 20)
  put waits in Lock of c.mu since step 2 (line 28)
  a waiting Lock keeps new readers out (sync/rwmutex.go:64), so the RLock in step 3 waits too
"""
    )


def stuck_on(waiting: Waiting, *held: Held) -> str:
    trace = replace(deadlock_trace(), waiting=(waiting,), held=held)
    return render(result(prop("deadlock", Verdict.UNSAFE, trace=trace)))


def test_a_goroutine_may_wait_for_itself_or_for_nobody() -> None:
    alone = Waiting("sum", "sync.Mutex.Lock", "mu", ("sum",), 2, at(12), ())
    assert "sum waits for itself:\n  mu is locked by sum since step 1 (line 11)\n  sum waits in Lock of mu" in stuck_on(
        alone, Held("mu", "sum", "W", 1, at(11))
    )
    group = Waiting("sum", "sync.WaitGroup.Wait", "wg", (), 2, at(12), ())
    assert "sum waits and nothing can wake it:\n  sum waits in Wait of wg since step 2 (line 12)" in stuck_on(group)


def test_a_holder_that_has_returned_is_blamed() -> None:
    trace = deadlock_trace()
    left = replace(trace.steps[0], goroutine="gone", ends=True)
    waiting = Waiting("put", "sync.Mutex.Lock", "c.mu", ("gone",), 2, at(28), ())
    trace = replace(
        trace, steps=(left, *trace.steps[1:2]), waiting=(waiting,), held=(Held("c.mu", "gone", "W", 1, None),)
    )
    text = render(result(prop("deadlock", Verdict.UNSAFE, trace=trace)))
    assert "c.mu is locked by gone since step 1, which has returned without unlocking it" in text


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        ("panic", "assignment to entry in nil map", "panic: assignment to entry in nil map"),
        ("fatal", "concurrent map writes", "fatal error: concurrent map writes"),
        ("fatal", "fatal error: concurrent map writes", "fatal error: concurrent map writes"),
    ],
)
def test_failures_have_gos_last_words(kind: str, message: str, said: str) -> None:
    trace = replace(CASES["panic"].properties[0].trace, failure=message, failure_kind=kind)  # type: ignore[type-var]
    block = between_rules(render(result(prop(kind, Verdict.UNSAFE, trace=trace))))
    assert block == f"{said}\n\ngoroutine writer [running]:\n  writer()\n      models/m.yaml:9\n"


def test_all_asleep_dumps_the_sleepers() -> None:
    said = "all goroutines are asleep - deadlock!"
    trace = replace(deadlock_trace(), failure=said, failure_kind="fatal")
    block = between_rules(render(result(prop("fatal", Verdict.UNSAFE, trace=trace))))
    assert block.startswith(f"fatal error: {said}\n\ngoroutine sum [sync.RWMutex.RLock]:\n")
    assert "goroutine put [sync.RWMutex.Lock]:" in block


def test_a_failing_initialiser_has_no_goroutine() -> None:
    trace = Trace((), ("a",), (), (), (), failure="assignment to entry in nil map", failure_kind="panic")
    assert "in a package initialiser" in render(result(prop("panic", Verdict.UNSAFE, trace=trace)))


def test_a_violated_clause_shows_its_text_its_place_and_the_state() -> None:
    block = between_rules(render(CASES["always"]))
    assert "  n < 2  is false in a reachable state\n      models/m.yaml:30\n" in block
    assert block.endswith("State after step 2:\n  n  2\n")


def test_a_counterexample_can_be_replayed() -> None:
    assert "--- FAIL: deadlock  3 steps (shortest)\n" in render(CASES["deadlock"])
    assert "    replay      verify replay models/m.yaml 0/0/1/0\n" in render(CASES["deadlock"])


def test_an_expected_failure_is_shown_in_full_and_not_called_safe() -> None:
    text = render(CASES["expected"])
    assert "WARNING: DATA RACE" in text
    assert "--- FAIL: race  4 steps (shortest)  (expected)" in text
    assert last_lines(text) == ("UNSAFE  m  race, as expected  0.21s", "")


def test_safe_where_unsafe_was_expected_fails() -> None:
    assert re.search(r"^FAIL  race .*\(expected UNSAFE, found SAFE\)$", render(CASES["fixed"]), re.M)


def test_unsafe_where_safe_was_expected_fails() -> None:
    text = render(result(prop("race", Verdict.UNSAFE, Verdict.SAFE, trace=race_trace())))
    assert "--- FAIL: race  4 steps (shortest)  (expected SAFE, found UNSAFE)" in text


def test_vacuous_unknown_and_error_lines_say_so() -> None:
    lines = [line for name in ("vacuous", "unknown", "error") for line in render(CASES[name]).splitlines()]
    assert "FAIL  sometimes  two inside  never reached: the check was vacuous" in lines
    assert "???   deadlock  not finished, nothing is established: 200,000 states reached (--max-states)" in lines
    assert "ERROR  race   the evidence failed its audit: step 3 is not enabled" in lines


def test_all_states_is_said_only_of_a_complete_exploration() -> None:
    complete: Result = result(prop("race", Verdict.SAFE))
    assert "all 412 states" in render(complete)
    assert "all 412 states" not in render(replace(complete, explored=explored(False, "--timeout")))


def test_the_scope_of_a_proof_is_said() -> None:
    base: Result = result(prop("race", Verdict.SAFE))
    shown = ForAnyNumber(Verdict.SAFE, ("race", "panic"), "any number of ws", 1, 48, ("mu is held by one w",))
    text = render(replace(base, any_number=shown))
    assert "ok    any-N  race and panic for any number of ws  proved: 48 views of 1 goroutine" in text
    assert "because    mu is held by one w" in text


def test_a_proof_that_was_not_found_is_never_ok() -> None:
    base: Result = result(prop("race", Verdict.SAFE))
    missing = ForAnyNumber(Verdict.UNKNOWN, ("race",), "any number of ws", 0, 0, (), "`go` inside a role")
    lines = render(replace(base, any_number=missing)).splitlines()
    assert [line for line in lines if "any-N" in line] == [
        "-     any-N  race not shown for any number of ws: `go` inside a role"
    ]


def test_a_claim_is_not_repeated_beside_a_failure() -> None:
    """A property's sentence may be worded as the claim: next to FAIL, the finding is shown instead."""
    for name in ("race", "deadlock", "panic", "mixed"):
        failing = [p for p in CASES[name].properties if p.verdict is Verdict.UNSAFE]
        for mode in ({}, {"quiet": True}):
            assert not any(p.sentence in render(CASES[name], **mode) for p in failing)


def test_consequences_are_one_line_each_and_drawn_on_request() -> None:
    short, full = render(CASES["race"]), render(CASES["race"], verbose=True)
    assert "  lost insert  an insert disappears without a trace  2 steps\n" in short
    assert short.count("step  ") + 1 == full.count("step  ")


def test_the_scope_is_always_stated() -> None:
    for case in CASES.values():
        text = render(case)
        assert re.search(r"^bounds     (every interleaving of|stopped after) ", text, re.M)
        assert re.search(r"^audited    ", text, re.M)
    assert "not shown  starvation\n" in render(CASES["safe"])
    assert "rests on   the plain map of Go 1.27\n" in render(CASES["safe"])
    assert "           never ran: n--  (models/m.yaml:14)\n" in render(CASES["vacuous"])
    cut_off = replace(CASES["vacuous"], explored=explored(False, "--timeout"))
    assert "           not run before the limit: n--  (models/m.yaml:14)\n" in render(cut_off)


def test_quiet_says_nothing_of_what_holds() -> None:
    shown = ForAnyNumber(Verdict.SAFE, ("race",), "any number of ws", 1, 48)
    hashes = ShardingResult(Verdict.SAFE, "for every hash")
    fine = replace(result(prop("race", Verdict.SAFE)), any_number=shown, sharding=hashes)
    assert render(fine, quiet=True).startswith("SAFE")
    collides = replace(fine, sharding=ShardingResult(Verdict.UNSAFE, "two keys collide"))
    assert render(collides, quiet=True).startswith("FAIL  any hash  two keys collide")


def test_the_last_line_names_what_failed() -> None:
    several = result(
        prop("race", Verdict.UNSAFE, trace=race_trace()),
        prop("fatal", Verdict.SAFE, Verdict.UNSAFE),
        prop("panic", Verdict.UNKNOWN, reason="time"),
        prop("deadlock", Verdict.SAFE),
    )
    assert "\nFAIL  m  race, fatal found SAFE, 1 not finished  " in render(several)


def test_one_is_singular() -> None:
    one = replace(
        result(prop("race", Verdict.SAFE)),
        explored=replace(explored(), states=1, transitions=1),
        coverage=Coverage(1, 1, ()),
        any_number=ForAnyNumber(Verdict.SAFE, ("race",), "any number of ws", 1, 1),
    )
    text = render(one)
    assert ": 1 state, 1 transition\n" in text
    assert "1 of 1 statement\n" in text
    assert "1 view of 1 goroutine\n" in text
