"""What an UNKNOWN says to do about it does help: the key it names, raised as it says, is enough."""

from __future__ import annotations

import re

import pytest

from verifier.evidence.result import Result
from verifier.model.document import Bounds
from verifier.model.read import read_text
from verifier.pipeline import verify
from verifier.pipeline.advice import about_bound, about_limit
from verifier.pipeline.options import Options

BODIES = {
    "int": "n = 100",
    "int, below": "n = -9",
    "keys": "m[7] = 1",
    "recursion": "down(4)",
    "defer": "for i := 0; i < 6; i++ { defer func() { n++ }() }",
    "initialiser": "_ = large",
}


def judged(body: str, more: str = "", options: Options | None = None) -> Result:
    declare = "var n int; var m = map[int]int{}; func down(k int) { if k > 0 { down(k - 1) } }"
    if body == BODIES["initialiser"]:
        declare += "; var large = map[int]int{7: 1}"
    text = f"model: a\ndeclare: '{declare}'\ngoroutines:\n  w: |\n    {body}\n{more}"
    return verify(read_text("a.yaml", text), options or Options(any_number=False))


@pytest.mark.parametrize("name", BODIES)
def test_the_bound_it_names_is_the_one_to_raise(name: str) -> None:
    (reason,) = {p.reason for p in judged(BODIES[name]).properties}
    advice = re.search(r"; raise `(bounds: \{.*\})`$", reason)
    assert advice, reason
    assert judged(BODIES[name], advice[1] + "\n").exit_code == 0


@pytest.mark.parametrize(("name", "place"), [("int", " hit at a.yaml:5: n"), ("initialiser", " fails at a.yaml:2: ")])
def test_it_says_where_the_bound_was_hit(name: str, place: str) -> None:
    reasons = [p.reason for p in judged(BODIES[name]).properties]
    assert reasons and all(place in r for r in reasons)


def test_an_option_that_ends_the_search_is_the_one_to_raise() -> None:
    for limited in (Options(any_number=False, max_states=1), Options(any_number=False, max_memory=1)):
        reasons = [p.reason for p in judged("m[1]++; n++; m[2]++", options=limited).properties]
        assert reasons and all(r.endswith("); raise it, or lower the counts") for r in reasons)


def test_a_timeout_is_told_as_it_was_given() -> None:
    ticks = iter(range(1_000))
    options = Options(any_number=False, timeout=10, clock=lambda: next(ticks) * 4.9)
    reasons = {p.reason for p in judged("m[1]++; m[2]++; m[3]++", options=options).properties}
    assert len(reasons) == 1 and re.match(r"10 s passed \(--timeout\) after \d+ states?; raise it", reasons.pop())


@pytest.mark.parametrize(
    ("hit", "bounds", "said"),
    [
        ("no free block for U@2 (bounds: heap)", Bounds(heap=8), "no free block for U@2; raise `bounds: {heap: 16}`"),
        ("map growth is not modelled", Bounds(), "map growth is not modelled; lower the counts, or do less"),
        ("a shift by more than 62 (bounds: int)", Bounds(), "a shift by more than 62; lower the counts"),
        ("integer map key outside 0..63 (bounds: keys)", Bounds(keys=64), "more than `bounds: {keys: 64}` cannot be"),
        ("h = 2147483648 is outside 0..2147483647 (bounds: int)", Bounds(int=(-8, 2**31 - 1)), "use smaller numbers"),
        ("a value of type int8 would wrap around (bounds: int)", Bounds(), "raise `bounds: {int: [-16, 127]}`"),
    ],
)
def test_other_bounds(hit: str, bounds: Bounds, said: str) -> None:
    assert said in about_bound(hit, bounds)


def test_what_no_option_ended_has_no_advice() -> None:
    assert about_limit("interrupted") == ""
