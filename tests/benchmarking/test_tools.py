"""The tools on workloads that take no time: they must count the same and find the same error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.child import ChildFailed, run
from benchmarks.own import verify
from benchmarks.peers import missing
from benchmarks.peers.rumur import model, rumur
from benchmarks.peers.spin import spin
from benchmarks.workload import Workload

LOCKED, UNLOCKED = Workload(2, 2, 1), Workload(2, 2, 1, locked=False)
ABSENT = missing(None)
needs_spin = pytest.mark.skipif("SPIN" in ABSENT, reason=ABSENT.get("SPIN", ""))
needs_rumur = pytest.mark.skipif("Rumur" in ABSENT, reason=ABSENT.get("Rumur", ""))


def test_we_in_a_process_of_our_own() -> None:
    found = verify(LOCKED, "reference", warm=True)
    assert (found.tool, found.setting, found.states, found.steps) == ("verify", "reference, unreduced", 370, 0)
    assert found.grown is not None and found.whole > 0
    assert verify(UNLOCKED, "reference").steps == 3


@needs_spin
def test_spin(tmp_path: Path) -> None:
    small, usual = spin(LOCKED, tmp_path, (16, 18), optimise="-O0")
    assert (small.states, usual.states, usual.setting) == (370, 370, "-O0 -DNOREDUCE -w18")
    (found,) = spin(UNLOCKED, tmp_path, (16,), breadth_first=True, optimise="-O0")
    assert found.steps == 3


@needs_rumur
def test_rumur(tmp_path: Path) -> None:
    assert rumur(LOCKED, tmp_path, optimise=("-O0",)).states == 370
    assert rumur(LOCKED, tmp_path, "heuristic", optimise=("-O0",)).states == 135
    assert rumur(UNLOCKED, tmp_path, optimise=("-O0",)).steps == 3


def test_the_model_for_rumur_has_every_size_filled_in() -> None:
    text = model(Workload(4, 3, 2, locked=False)).split("const", 1)[1]
    assert "@" not in text and "W: 4;" in text and "LOCKED: 0;" in text


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(ChildFailed, match="exit status 3\nwhat went wrong"):
        run([sys.executable, "-c", "import sys; print('what went wrong'); sys.exit(3)"])
    with pytest.raises(ChildFailed, match="no-such-program"):
        run(["no-such-program"])


def test_what_a_child_takes_is_measured() -> None:
    ended = run([sys.executable, "-c", "x = bytearray(200_000_000); print('done')"])
    assert ended.output == "done\n" and ended.cpu > 0
    assert ended.memory > 200_000_000 > ended.floor
