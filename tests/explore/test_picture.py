"""State graphs made small enough to be looked at: nothing is lost without a word, and schedules stay in them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from tests.catalogue import ROOT
from verifier.evidence.picture import Picture
from verifier.evidence.result import Result
from verifier.model.read import read_model
from verifier.pipeline import Options, load, verify
from verifier.pipeline.exhibit import exhibit
from verifier.pipeline.picture import SPOTS, picture as pictured
from verifier.report.html.graphsvg import layout


@cache
def drawn(name: str) -> tuple[Result, tuple[Picture, ...]]:
    document = read_model(str(ROOT / "models" / f"{name}.yaml"))
    result = verify(document, Options(any_number=False))
    return result, exhibit(document, result).pictures


def check(picture: Picture) -> None:
    """What holds of every picture."""
    arrows = {(a.source, a.target) for a in picture.arrows}
    assert len(arrows) == len(picture.arrows)
    assert 0 < len(picture.spots) <= SPOTS + 1
    assert picture.spots[0].mark == "start" and picture.spots[0].depth == 0
    for _, spots in picture.paths:
        assert spots[0] == 0
        assert {(a, b) for a, b in pairwise(spots) if a != b} <= arrows
    for a in picture.arrows:
        assert picture.spots[a.target].depth <= picture.spots[a.source].depth + 1
    places, width, height = layout(picture)
    assert len(set(places)) == len(places)
    assert all(0 < x < width and 0 < y < height for x, y in places)


def test_every_state_of_a_small_model_is_a_spot() -> None:
    result, (picture,) = drawn("rwmutex-recursive-rlock")
    check(picture)
    assert (len(picture.spots), picture.states) == (result.explored.states,) * 2
    assert sum(a.steps for a in picture.arrows) == result.explored.transitions == picture.steps
    assert picture.folded == ""
    deadlock = next(p.trace for p in result.properties if p.name == "deadlock")
    assert deadlock is not None
    path = dict(picture.paths)[deadlock.path]
    assert len(path) == len(deadlock.choices) + 1
    assert picture.spots[path[-1]].mark == "stuck"
    assert {s.mark for s in picture.spots} == {"start", "stuck", "done", ""}


def test_a_step_that_fails_leads_to_a_spot_of_its_own() -> None:
    result, (picture,) = drawn("nil-map")
    check(picture)
    panic = next(p.trace for p in result.properties if p.name == "panic")
    assert panic is not None
    last = picture.spots[dict(picture.paths)[panic.path][-1]]
    assert last.mark == "fails"
    assert any("assignment to entry in nil map" in line for line in last.says)


@pytest.mark.parametrize(
    ("name", "words"),
    [("once", "every goroutine stands at the same place"), ("rwmutex", "as many goroutines of each role")],
)
def test_states_of_a_larger_model_are_grouped_and_it_says_how(name: str, words: str) -> None:
    result, (picture,) = drawn(name)
    check(picture)
    assert result.explored.states > SPOTS
    assert words in picture.folded
    assert sum(s.states for s in picture.spots) == result.explored.states == picture.states
    assert f"{result.explored.states:,} states, drawn as {len(picture.spots)} groups" in picture.folded


def test_of_a_graph_too_large_even_so_only_a_part_is_shown_and_it_says_which() -> None:
    result, (picture,) = drawn("copy-on-write")
    check(picture)
    assert picture.states == result.explored.states > len(picture.spots)
    said = f"{len(picture.spots)} of the states, of which there are {picture.states}: those that the schedules pass"
    assert picture.folded.startswith(said)
    # With steps left out nobody can tell that there are none.
    assert "stuck" not in {s.mark for s in picture.spots}


def test_a_run_that_was_stopped_has_no_picture_of_what_it_did_not_see() -> None:
    document = read_model(str(ROOT / "models" / "rwmutex-recursive-rlock.yaml"))
    result = verify(document, Options(any_number=False, max_states=6, checks=("race", "deadlock")))
    assert not result.explored.complete
    (picture,) = exhibit(document, result).pictures
    assert picture.states == picture.steps == 0
    assert "not all of which were explored" in picture.folded
    assert {s.mark for s in picture.spots} & {"stuck"} == set()


def test_clients_are_not_drawn_and_it_says_so() -> None:
    document = read_model(str(ROOT / "models" / "linearizable" / "mutex.yaml"))
    picture = pictured(load(document, Options()), "abstract", [])
    assert picture.spots == ()
    assert "not drawn" in picture.folded


def test_a_picture_is_the_same_every_time() -> None:
    assert drawn("once")[1] == drawn.__wrapped__("once")[1]
