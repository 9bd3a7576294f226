"""Where a lock is held, in words, for the shapes that Go code has."""

from __future__ import annotations

from pathlib import Path

import pytest

from .invariants import Explored, invariant, lowered, snippet

MUTEX = "var mu sync.Mutex\nvar n int"
ONCE_HELD = "mu is held exactly when one worker {} (never two at once)"

SHAPES = {
    "one line": (MUTEX, "mu.Lock(); n++; mu.Unlock()", ONCE_HELD.format("is between 10:18 and 10:23")),
    "loop": (
        MUTEX,
        "for i := 0; i < 3; i++ {\n  mu.Lock()\n  n = i\n  mu.Unlock()\n}",
        ONCE_HELD.format("is between lines 12 and 13"),
    ),
    "let go inside": (
        MUTEX,
        "mu.Lock()\nfor i := 0; i < 2; i++ {\n  n++\n  mu.Unlock()\n  runtime.Gosched()\n  mu.Lock()\n}\nmu.Unlock()",
        ONCE_HELD.format("is between lines 11 and 13 or on line 17"),
    ),
    "on some paths": (
        MUTEX,
        "locked := false\nif rand.Intn(2) == 0 {\n  mu.Lock()\n  locked = true\n}\n"
        "_ = locked\nif locked {\n  n++\n  mu.Unlock()\n}",
        ONCE_HELD.format("that locked it is between lines 13 and 18"),
    ),
    "flag": (
        "var busy atomic.Bool\nvar n int",
        "for !busy.CompareAndSwap(false, true) {\n}\nn++\nbusy.Store(false)",
        "busy is true exactly when one worker is between lines 12 and 13 (never two at once)",
    ),
    "embedded": (
        "type cache struct {\n  sync.Mutex\n  n int\n}\nvar c cache",
        "c.Lock()\nc.n++\nc.Unlock()",
        "c.Mutex is held exactly when one worker is between lines 14 and 15 (never two at once)",
    ),
    "started by go": (
        MUTEX,
        "go func() {\n  mu.Lock()\n  n++\n  mu.Unlock()\n}()\nmu.Lock()\nn++\nmu.Unlock()",
        "mu is held exactly when one worker is between lines 16 and 17"
        " or one worker.go1 is between lines 12 and 13 (never two at once)",
    ),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_where(shape: str, tmp_path: Path) -> None:
    declare, body, line = SHAPES[shape]
    path = snippet(tmp_path, declare, worker=body)
    found = invariant(path)
    assert found.lines == (line,)
    assert found.counters is not None
    for state in Explored(found.counters, lowered(path), 5000).states():
        assert [f for f in found.facts if not f.holds(*state)] == []


def test_a_getter_called_twice_is_one_place(tmp_path: Path) -> None:
    declare = """
var mu sync.RWMutex
var m = map[string]int{}
func get(k string) int {
  mu.RLock()
  v := m[k]
  mu.RUnlock()
  return v
}"""
    path = snippet(tmp_path, declare, worker='if get("a") == 0 {\n  _ = get("b")\n}')
    assert invariant(path).lines == ("mu is read-held once by every worker between lines 8 and 9, and by nobody else",)


def test_a_lock_that_nobody_can_get(tmp_path: Path) -> None:
    path = snippet(tmp_path, "var mu sync.RWMutex", worker="mu.RLock()\nmu.Lock()\nmu.Unlock()\nmu.RUnlock()")
    assert "mu is never write-held" in invariant(path).lines


def test_a_lock_passed_from_one_goroutine_to_another_is_in_no_equation(tmp_path: Path) -> None:
    path = snippet(tmp_path, MUTEX, taker="mu.Lock()\nn = 1", giver="if n == 1 {\n  mu.Unlock()\n}")
    assert not any("exactly" in line for line in invariant(path).lines)


def test_a_variable_that_another_goroutine_writes_decides_nothing(tmp_path: Path) -> None:
    body = "keep := false\ngo func() {\n  keep = true\n}()\nmu.Lock()\nn++\nif !keep {\n  mu.Unlock()\n}"
    path = snippet(tmp_path, MUTEX, worker=body)
    found = invariant(path)
    assert not any("exactly" in line for line in found.lines)
    assert found.counters is not None
    for state in Explored(found.counters, lowered(path), 5000).states():
        assert [f for f in found.facts if not f.holds(*state)] == []
