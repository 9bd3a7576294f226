"""The shared workload without its lock: what every tool has to find."""

from __future__ import annotations

import pytest

from benchmarks.rwmap import rwmap
from verifier.explore.search import choices_of, explore


@pytest.mark.parametrize("size", [(2, 2, 1), (4, 4, 2)])
def test_without_the_lock_the_runtime_kills_the_process_after_three_steps(size: tuple[int, int, int]) -> None:
    found = explore(rwmap(*size, locked=False), stop_when=frozenset({"fatal"}))
    fatal = found.first("fatal")
    assert fatal is not None
    # One writer checks, sets the flag, and whoever checks next dies.
    assert len(choices_of(found, fatal)) == 3


def test_without_the_lock_a_reader_can_be_the_one_that_dies() -> None:
    found = explore(rwmap(1, 1, 1, locked=False))
    names = {v.name for v in found.violations if v.kind == "fatal"}
    assert names == {"concurrent map read and map write"}


def test_without_the_lock_every_goroutine_still_returns() -> None:
    found = explore(rwmap(2, 2, 2, locked=False))
    assert found.complete and found.finished and found.first("deadlock") is None
