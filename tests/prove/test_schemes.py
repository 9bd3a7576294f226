"""Every scheme that protects is proved with one goroutine tracked; no unsafe twin ever is, and each has a bug."""

from __future__ import annotations

import pytest

from verifier.prove.anynumber import in_the_way
from verifier.prove.ghosts import Ghosts
from verifier.prove.together import seen_by_exploration
from verifier.prove.views import fixpoint

from .build import bug, front, machine, prove
from .schemes import SAFE, TWINS

VIEWS = {
    "mutex": 42,
    "rwmutex": 48,
    "sync-map": 10,
    "sync-map-load-or-store": 7,
    "atomic-pointer-publish": 12,
    "once": 12,
}
"""How many situations of one goroutine there are: small enough to be checked by hand."""

MOST_GOROUTINES = {"sharded": 3, "pointer-per-object-lock with fresh objects": 3, "copy-on-write": 3}
"""Explored to compare with the fixpoint; four unless that takes too long."""


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_scheme_is_proved_with_one_goroutine_tracked(name: str) -> None:
    made = front(SAFE[name])
    tried = prove(made, largest=1)
    assert tried.proof is not None, in_the_way(tried)
    assert tried.proof.k == 1
    assert len(tried.proof.views) == VIEWS.get(name, len(tried.proof.views))


@pytest.mark.parametrize("name", TWINS)
def test_an_unsafe_twin_is_not_proved_and_has_a_bug(name: str) -> None:
    made = front(TWINS[name])
    for k in (1, 2):
        found = fixpoint(machine(made), k, limit=3_000)
        assert not found.proved, f"proved at k = {k}"
        assert found.bad is not None, found.stopped
    assert bug(made)


def test_there_are_enough_twins() -> None:
    assert len(TWINS) >= 37
    assert len(SAFE) >= 12


@pytest.mark.parametrize("name", SAFE)
def test_what_exploration_sees_lies_in_the_fixpoint(name: str) -> None:
    made = machine(front(SAFE[name]))
    views = fixpoint(made, 1).views
    for n in range(2, MOST_GOROUTINES.get(name, 4) + 1):
        seen, bad, _ = seen_by_exploration(made, n, 1, limit=1_500)
        assert bad is None, bad
        assert seen <= views, f"{n} goroutines"


@pytest.mark.parametrize("name", ["mutex", "rwmutex", "once", "sync-map", "atomic-pointer-cas with one winner"])
def test_the_same_with_two_goroutines_tracked(name: str) -> None:
    made = machine(front(SAFE[name]))
    found = fixpoint(made, 2)
    assert found.proved
    for n in (3, 4):
        seen, bad, _ = seen_by_exploration(made, n, 2, limit=1_000)
        assert bad is None
        assert seen <= found.views


@pytest.mark.parametrize(
    "name", ["mutex", "rwmutex", "sync-map", "sync-map-load-or-store", "atomic-pointer-publish", "once"]
)
def test_small_schemes_stop_growing_at_four_goroutines(name: str) -> None:
    made = machine(front(SAFE[name]))
    seen, _, cut = seen_by_exploration(made, 4, 1)
    assert not cut
    assert seen == fixpoint(made, 1).views


ABLATION = {
    "mutex": (2, 1, 2),
    "rwmutex": (2, 1, 2),
    "once": (2, 1, 2),
    "sync-map": (1, 1, 1),
    "atomic-pointer-publish": (1, 2, 2),
    "atomic-pointer-cas with one winner": (1, 1, 1),
}
"""Goroutines to be tracked without the holders' names, without published bits, without both."""


@pytest.mark.parametrize("name", ABLATION)
def test_what_the_ghosts_are_worth(name: str) -> None:
    made = front(SAFE[name])
    for ghosts, k in zip(
        (Ghosts(names=False), Ghosts(published=False), Ghosts(False, False)), ABLATION[name], strict=True
    ):
        tried = prove(made, ghosts=ghosts)
        assert tried.proof is not None and tried.proof.k == k, (ghosts, in_the_way(tried))
