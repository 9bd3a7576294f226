"""The model files: no UNSAFE one is ever proved, and for the SAFE ones everything explored lies in the fixpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue import ALL, document, name

from verifier.prove.anynumber import attempt, in_the_way
from verifier.prove.shape import NotCovered
from verifier.prove.together import seen_by_exploration
from verifier.prove.views import fixpoint
from verifier.verdict import Verdict

from .build import PROVED_KINDS, bug, machine, of_file


def is_unsafe(path: Path) -> bool:
    return any(v is Verdict.UNSAFE for kind, v in document(path).expect if kind in PROVED_KINDS)


UNSAFE = [p for p in ALL if is_unsafe(p)]
LIMITED = ("append-locked", "cond", "cond-lost-wakeup", "cond-signal")
"""More goroutines could append to one slice, or wait at one Cond, than the model has places for: nothing is proved."""
PAIRED = (
    "channel-owner",
    "channel-leak",
    "context-cancel",
    "context-leak",
    "ticker-janitor",
    "timeout-leak",
    "channelowner",
)
"""A send and its receive move two goroutines at once, and `go` starts some: the method does not cover that."""
ALONE = ("channel-try-send",)
"""Its writer closes the channel: a second one would close it again."""
COUNTING = ("naive-rwlock-reader-starves", "naive-rwlock-writer-starves")
"""The last one that leaves frees a lock that the first one took: who that is depends on an exact count."""
BEYOND = ("copyonwrite", "copyonwrite-store", "syncmap127", "syncmap127chains")
"""References read out of objects that are not tracked, and a loop whose bound the views lose: no proof is claimed."""
REST = [p for p in ALL if not is_unsafe(p) and p.stem not in (*LIMITED, *PAIRED, *ALONE, *COUNTING, *BEYOND)]


@pytest.mark.parametrize("path", UNSAFE, ids=name)
def test_an_unsafe_model_is_never_proved(path: Path) -> None:
    made = of_file(str(path))
    try:
        abstract = machine(made)
    except NotCovered:
        return
    for k in (1, 2):
        found = fixpoint(abstract, k, limit=2_000)
        assert found.bad is not None, found.stopped
    assert bug(made)


@pytest.mark.parametrize("path", REST, ids=name)
def test_a_model_without_such_violations_is_proved_for_any_number(path: Path) -> None:
    abstract = machine(of_file(str(path)))
    found = fixpoint(abstract, 1)
    assert found.proved, found
    for n in (2, 3):
        seen, bad, _ = seen_by_exploration(abstract, n, 1, limit=600)
        assert bad is None
        assert seen <= found.views


@pytest.mark.parametrize("path", [p for p in ALL if p.stem in LIMITED], ids=name)
def test_a_limit_of_the_model_that_many_goroutines_reach_is_no_proof(path: Path) -> None:
    found = fixpoint(machine(of_file(str(path))), 1)
    assert not found.proved and found.bad is not None and found.bad.kind == "bound"


@pytest.mark.parametrize("path", [p for p in ALL if p.stem in COUNTING], ids=name)
def test_a_step_that_more_goroutines_do_not_explain_ends_the_attempt(path: Path) -> None:
    """The same failure with one and with two tracked: a third one would take ten times as long."""
    abstract = machine(of_file(str(path)))
    found = [fixpoint(abstract, k).bad for k in (1, 2)]
    assert len({b.step if b is not None else "" for b in found}) == 1
    tried = attempt(abstract.shape.program, lambda: False)
    assert tried.proof is None and tried.reason == "k = 2: not excluded at the same step"
    assert "unlock of unlocked mutex" in in_the_way(tried)


@pytest.mark.parametrize("path", [p for p in ALL if p.stem in PAIRED], ids=name)
def test_steps_of_two_goroutines_are_not_covered(path: Path) -> None:
    with pytest.raises(NotCovered):
        machine(of_file(str(path)))


@pytest.mark.parametrize("path", [p for p in ALL if p.stem in ALONE], ids=name)
def test_a_second_goroutine_of_a_role_that_closes_is_no_proof(path: Path) -> None:
    found = fixpoint(machine(of_file(str(path))), 1)
    assert not found.proved and found.bad is not None and found.bad.kind in ("panic", "race")
