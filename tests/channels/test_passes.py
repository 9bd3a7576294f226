"""Reductions beside channels: with buffers they keep every verdict, paired steps are left alone. And the pipeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lowering.models import Go, document
from verifier.audit.replay import Claim, replay
from verifier.explore.search import Exploration, explore
from verifier.explore.undo import unreduce
from verifier.pipeline import Options, verify
from verifier.pipeline.load import program, read_front
from verifier.program.passes.reduce import reduced
from verifier.program.passes.symmetry import symmetric
from verifier.program.semantics import paired
from verifier.verdict import Verdict

from .product import lowered
from .programs import Channels, body, declare, random_program

BUFFERED = range(60)


def buffered(seed: int) -> Channels:
    """A random program with no channel that lacks a buffer."""
    p = random_program(seed)
    return replace(p, capacities=tuple(c if c is None else max(c, 1) for c in p.capacities))


def kinds(e: Exploration) -> set[tuple[str, str]]:
    """What is violated; which cells race, or which bound is hit, may differ."""
    return {(v.kind, v.name if v.kind == "panic" else "") for v in e.violations}


@pytest.mark.parametrize("first", range(BUFFERED.start, BUFFERED.stop, 20))
def test_buffers_survive_every_reduction(first: int) -> None:
    for seed in range(first, first + 20):
        p = buffered(seed)
        roles: dict[str, str | tuple[int, str]] = {"g0": (2, body(p, 0)), "g1": body(p, 1)}
        plain = program(read_front(document(Go(roles, declare(p))), Options()))
        assert not paired(plain)
        small = symmetric(reduced(plain))
        whole, less = explore(plain), explore(small)
        assert kinds(whole) == kinds(less), f"seed {seed}"
        for v in less.violations:
            choices, last = unreduce(less, v, plain)
            goroutines = last.goroutines if last.kind in ("race", "deadlock") else ()
            replay(plain, choices, Claim(last.kind, last.name, goroutines))


def test_paired_steps_are_left_alone() -> None:
    made = [p for p in map(lowered, map(random_program, range(20))) if paired(p)]
    assert len(made) > 5
    for p in made:
        assert reduced(p) is p
        assert symmetric(p) is p


REQUESTS = Go(
    {
        "owner": "for r := range requests {\n\tm[r.key]++\n\tr.reply <- m[r.key]\n}",
        "client": (
            4,
            "for i := range 3 {\n\treply := make(chan int)\n\trequests <- request{i, reply}\n\t"
            "v := <-reply\n\t_ = v\n}",
        ),
    },
    """type request struct {
	key   int
	reply chan int
}
var requests = make(chan request)
var m = map[int]int{}""",
    finally_=("m[0] == 4",),
)


@pytest.mark.parametrize("options", [Options(), Options(engine="kernel"), Options(reduce=True), Options(reduce=False)])
def test_a_larger_model_in_machine_code(options: Options) -> None:
    result = verify(document(REQUESTS), replace(options, any_number=False))
    found = {p.name: p.verdict for p in result.properties}
    assert found["race"] is found["panic"] is Verdict.SAFE
    assert found["deadlock"] is Verdict.UNSAFE  # nobody closes `requests`: the owner waits for ever
    assert result.explored.states == 18_865
    deadlock = next(p for p in result.properties if p.name == "deadlock")
    assert deadlock.trace is not None
    assert [w.operation for w in deadlock.trace.waiting] == ["chan receive"]
    assert any(s.meets is not None and s.meets.goroutine == "owner" for s in deadlock.trace.steps)


def test_any_number_says_what_is_in_the_way() -> None:
    result = verify(document(REQUESTS), Options(any_number=True))
    assert result.any_number is not None and result.any_number.verdict is Verdict.UNKNOWN
    assert "a channel without a buffer" in result.any_number.reason
