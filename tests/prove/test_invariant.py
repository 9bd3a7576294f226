"""The invariant people read: its lines, that they are true wherever exploration gets, and what must not be said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from catalogue import CATALOGUE, ROOT, SAFE_NAMES, name

from verifier.prove.counters import counters
from verifier.prove.facts import AtMostOne, Equation, Never, Quantity
from verifier.prove.houdini import Houdini
from verifier.prove.invariant import MOST_LINES, readable
from verifier.prove.learn import candidates, samples

from .invariants import Explored, invariant, lowered, model, snippet

LOCK_FREE = {"atomic-pointer-cas", "atomic-pointer-publish", "sync-map", "sync-map-load-or-store"}
OPEN = {"cond", "cond-signal"}
"""Not proved for any number: who waits at a Cond has no counter in the abstraction."""
LOCKED = sorted(n for n in SAFE_NAMES - LOCK_FREE - OPEN if not n.startswith("channel-"))
STATES = 6000

LINES = {
    "rwmutex": (
        "mu is write-held exactly when one writer is between lines 18 and 19 (never two at once)",
        "a writer is announced at mu exactly when one writer is waiting in mu.Lock() on line 17"
        " for its readers to leave (never two at once)",
        "mu is read-held once by every reader between lines 25 and 26, and by nobody else",
        "while mu is write-held, no reader is between lines 25 and 26, and no writer is announced at mu",
    ),
    "mutex": (
        "mu is held exactly when one writer is between lines 18 and 19"
        " or one reader is between lines 24 and 25 (never two at once)",
    ),
    "trylock": ("mu is held exactly when one worker is between lines 16 and 17 (never two at once)",),
    "copy-on-write": ("mu is held exactly when one alice or bob is between lines 14 and 23 (never two at once)",),
    "once": (
        "once is running exactly when one caller is between lines 16 and 18 (never two at once)",
        "once has finished whenever a caller is on line 19 or between lines 27 and 28",
    ),
    "pointer-per-object-lock": (
        "mu is write-held exactly when one admin is between lines 35 and 37 (never two at once)",
        "a writer is announced at mu exactly when one admin is waiting in mu.Lock() on line 34"
        " for its readers to leave (never two at once)",
        "mu is read-held once by every birthday between lines 19 and 21, and by nobody else",
        "while mu is write-held, no birthday is between lines 19 and 21, and no writer is announced at mu",
    ),
    "rwmutex-recursive-rlock": (
        "c.mu is write-held exactly when one put is between lines 29 and 30 (never two at once)",
        "a writer is announced at c.mu exactly when one put is waiting in c.mu.Lock() on line 28"
        " for its readers to leave (never two at once)",
        "c.mu is read-held once by every sum between lines 21 and 22,"
        " once more by every sum between lines 15 and 17, and by nobody else",
        "while c.mu is write-held, no sum is between lines 21 and 22, and no writer is announced at c.mu",
    ),
}


@pytest.mark.parametrize("which", sorted(LINES))
def test_the_lines(which: str) -> None:
    found = invariant(model(which))
    assert found.lines == LINES[which]
    assert found.proved


def test_every_safe_model_with_a_lock_has_an_invariant() -> None:
    for which in LOCKED:
        found = invariant(model(which))
        assert found.proved, which
        assert 1 <= len(found.lines) <= MOST_LINES


def test_shards_are_told_apart_by_the_lock_that_was_taken() -> None:
    lines = invariant(model("sharded")).lines
    assert len(lines) == 8
    assert (
        "shards[1].mu is write-held exactly when one alice that locked it is between lines 31 and 32"
        " or one bob that locked it is between lines 39 and 40 (never two at once)"
    ) in lines
    assert (
        "while shards[0].mu is write-held, no reader that locked it is between lines 46 and 47"
        " or between lines 50 and 51, and no writer is announced at shards[0].mu"
    ) in lines


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("path", CATALOGUE, ids=name)
def test_all_inductive_facts_hold_in_every_explored_state(path: Path, count: int) -> None:
    """Not only the facts that are told. The counts are read off the concrete states, by location and own cells."""
    c = counters(lowered(path))
    if not c.written:
        assert invariant(path).lines == ()
        return
    guesses = candidates(c, samples(c, lambda: False))
    facts = [guesses[n] for n in Houdini(c, guesses, lambda: False).inductive()]
    seen = 0
    for state in Explored(c, lowered(path, count), STATES).states():
        seen += 1
        assert [f for f in facts if not f.holds(*state)] == []
    assert seen > 1


LOCK_LINE = re.compile(r"^\s+(defer )?mu\.(R?Lock|R?Unlock)\(\)$")
TWINS = [
    (which, n)
    for which in ("mutex", "rwmutex")
    for n, line in enumerate(model(which).read_text(encoding="utf-8").splitlines())
    if LOCK_LINE.match(line)
]


def without(which: str, lines: set[int], directory: Path) -> Path:
    text = model(which).read_text(encoding="utf-8").splitlines(keepends=True)
    twin = directory / "twin.yaml"
    # Emptied, not deleted: the other lines keep their numbers.
    twin.write_text("".join("\n" if n in lines else line for n, line in enumerate(text)), encoding="utf-8")
    return twin


@pytest.mark.parametrize(("which", "line"), TWINS)
def test_with_a_lock_operation_removed_what_is_told_changes_and_stays_true(
    which: str, line: int, tmp_path: Path
) -> None:
    twin = without(which, {line}, tmp_path)
    found = invariant(twin)
    assert found.lines != LINES[which]
    if found.counters:
        for state in Explored(found.counters, lowered(twin, 3), STATES).states():
            assert [f for f in found.facts if not f.holds(*state)] == []


def test_an_unlocked_writer_is_not_said_to_keep_readers_out(tmp_path: Path) -> None:
    found = invariant(without("rwmutex", {16, 18}, tmp_path))
    assert found.lines == ("mu is read-held once by every reader between lines 25 and 26, and by nobody else",)


def test_an_unlocked_writer_of_a_mutex_is_in_no_line(tmp_path: Path) -> None:
    found = invariant(without("mutex", {16, 18}, tmp_path))
    assert found.lines == ("mu is held exactly when one reader is between lines 24 and 25 (never two at once)",)


def test_nothing_is_told_when_time_runs_out() -> None:
    program = lowered(model("rwmutex"))
    for answers in range(0, 40, 13):
        left = iter([False] * answers)
        found = readable(program, lambda left=left: next(left, True))  # type: ignore[misc]
        assert (found.lines, found.proved, found.reason) == ((), False, "out of time")


def test_an_exclusion_alone_is_not_inductive_but_with_the_equations_it_is() -> None:
    c = counters(lowered(model("rwmutex")))
    guesses = candidates(c, samples(c, lambda: False))
    inside = {
        s.role: Quantity("count", n)
        for n, s in enumerate(c.stretches)
        if any(k.op in ("unlock", "runlock") for e in s.edges for k in e.step.sync)
    }
    apart = Never((inside["writer"], inside["reader"]))
    equations = [f for f in guesses if isinstance(f, Equation)]
    assert len(equations) == 3
    assert Houdini(c, [apart], lambda: False).inductive() == ()
    assert 0 not in Houdini(c, [AtMostOne(inside["reader"]), *guesses], lambda: False).inductive()
    locks = [f for f in guesses if isinstance(f, Never)]
    assert 0 in Houdini(c, [apart, *equations, *locks], lambda: False).inductive()


def test_a_model_without_locks_says_so() -> None:
    found = invariant(model("atomic-pointer-publish"))
    assert (found.lines, found.proved) == ((), False)
    assert "no lock" in found.reason


def test_the_limit_of_read_locks_is_no_reason_why_facts_hold() -> None:
    """The model counts 15 read locks; "15 or fewer" must not come out as a fact, nor be assumed."""
    c = counters(lowered(model("rwmutex")))
    assert "15" not in repr([r.guard for r in c.rules])
    assert [t.most for t in c.tracked if t.part == "readers"] == [None]


def test_the_same_lines_in_every_process() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from prove.invariants import invariant, model;"
        "print('\\n'.join(l for m in ('sharded', 'lock-order', 'copy-on-write') for l in invariant(model(m)).lines))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == 11


def test_z3_is_not_imported_for_the_abstraction() -> None:
    code = "import sys, verifier.prove.invariant; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_held_in_two_functions_and_around_a_call(tmp_path: Path) -> None:
    declare = """
var mu sync.Mutex
var n int
func lock() {
  mu.Lock()
}
func unlock() {
  mu.Unlock()
}"""
    path = snippet(tmp_path, declare, worker="lock()\nn++\nunlock()")
    assert invariant(path).lines == (
        "mu is held exactly when one worker is between lines 17 and 18 (never two at once)",
    )
