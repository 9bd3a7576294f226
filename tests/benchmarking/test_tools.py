"""The tools on workloads that take no time: they must count the same and find the same error."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.child import ChildFailed, Finished, run
from benchmarks.own import ALL, verify
from benchmarks.peers import missing, tlc
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


def test_our_symmetry_leaves_the_orbits_that_others_count_and_all_reductions_fewer() -> None:
    assert verify(LOCKED, "reference", ("symmetry",)).states == 135
    small = verify(LOCKED, "auto", ALL)
    assert small.states < 135 and small.setting.endswith("all reductions")


def test_the_kernel_counts_the_same_or_is_not_passed_off_as_one() -> None:
    if find_spec("llvmlite") is None:
        with pytest.raises(ChildFailed, match="the kernel did not run"):
            verify(LOCKED, "kernel")
    else:
        assert verify(LOCKED, "kernel").setting == "kernel, unreduced"


def test_tlc_is_told_the_same_workload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def java(command: list[str], folder: Path, accept: frozenset[int]) -> Finished:
        asked.extend(command)
        printed = "State 3: <WSet(w1)>\n120 states generated, 81 distinct states found, 9 states left on queue.\n"
        return Finished(printed, "", 12, 1.5, 0.25, 10**8, 10**7)

    monkeypatch.setattr(tlc, "run", java)
    found = tlc.tlc(UNLOCKED, tmp_path, "tla2tools.jar", symmetry=True)
    assert (found.states, found.steps, found.whole, found.setting) == (81, 3, 1.75, "SYMMETRY")
    assert asked[0] == "java" and "tla2tools.jar" in asked and asked[-1] == "rwmap.tla"
    lines = (tmp_path / "rwmap.cfg").read_text().splitlines()
    assert {"Writers = {w1, w2}", "Readers = {r1, r2}", "ROUNDS = 1", "LOCK = FALSE", "SYMMETRY Symm"} <= set(lines)
    assert (tmp_path / "rwmap.tla").exists()


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
    # By a small process: a child never takes less than the peak of whoever starts it, and tests can be large.
    text = """
import sys
from benchmarks.child import run
ended = run([sys.executable, "-c", "x = bytearray(200_000_000); print('done')"])
assert ended.output == "done\\n" and ended.cpu > 0, ended
assert ended.memory > 200_000_000 > ended.floor, ended
"""
    run([sys.executable, "-c", text])
