"""What a report says of goroutines that still move when others are stuck."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue import ROOT

from verifier.audit import afterwards
from verifier.evidence.trace import Trace
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.report.blocks import block

HOLDER = """\
model: m
declare: |
  var mu, other sync.Mutex
  var gate = make(chan int)
  var n int
goroutines:
  holder: |
    mu.Lock()
    n = 1
    {then}
  waiter: |
    mu.Lock()
    mu.Unlock()
"""


def stuck(tmp_path: Path, then: str, more: str = "") -> tuple[Trace, list[str]]:
    path = tmp_path / "m.yaml"
    path.write_text(HOLDER.format(then=then) + more, encoding="utf-8")
    found = verify(read_model(str(path)), Options(any_number=False))
    (deadlock,) = [p for p in found.properties if p.name == "deadlock"]
    assert deadlock.trace is not None
    return deadlock.trace, block(deadlock)


def later(trace: Trace) -> list[tuple[str, str, str, int]]:
    return [(x.goroutine, x.operation, x.lock, x.span.line if x.span else 0) for x in trace.later]


def test_the_holder_waits_for_something_itself(tmp_path: Path) -> None:
    trace, text = stuck(tmp_path, "<-gate")
    assert [w.goroutine for w in trace.waiting] == ["waiter"]
    assert later(trace) == [("holder", "chan receive", "", 10)]
    assert "  holder goes on until it waits as well, in chan receive (line 10)" in text


def test_the_holder_takes_another_lock_for_ever(tmp_path: Path) -> None:
    trace, text = stuck(tmp_path, "other.Lock(); other.Lock()")
    assert later(trace) == [("holder", "sync.Mutex.Lock", "other", 10)]
    assert "  holder goes on until it waits as well, in Lock of other (line 10)" in text


def test_the_holder_returns_with_the_lock(tmp_path: Path) -> None:
    trace, text = stuck(tmp_path, "n = 2")
    assert later(trace) == [("holder", "", "", 0)]
    assert "  holder goes on and returns without unlocking it" in text


def test_nothing_is_said_of_one_that_only_passes_by(tmp_path: Path) -> None:
    passing = "  passing: |\n    other.Lock()\n    other.Unlock()\n"
    trace, text = stuck(tmp_path, "<-gate", passing)
    assert [x.goroutine for x in trace.later] == ["holder"]
    assert not [line for line in text if "passing" in line]


@pytest.mark.parametrize(
    "then",
    [
        pytest.param("for { n = 3 - n }", id="runs for ever"),
        pytest.param("if rand.Intn(2) == 0 { panic(1) }; <-gate", id="may panic"),
        pytest.param("if rand.Intn(2) == 0 { <-gate } else { gate <- 1 }", id="waits here or there"),
    ],
)
def test_what_is_not_certain_is_not_said(tmp_path: Path, then: str) -> None:
    trace, _ = stuck(tmp_path, then)
    assert later(trace) == []


def test_nothing_is_said_when_there_is_much_to_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "FOLLOWED", 1)
    assert later(stuck(tmp_path, "<-gate")[0]) == []


def test_the_holder_stands_at_an_empty_select(tmp_path: Path) -> None:
    assert later(stuck(tmp_path, "select {}")[0]) == [("holder", "select (no cases)", "", 10)]


def test_nothing_is_said_when_nobody_moves() -> None:
    found = verify(read_model(str(ROOT / "models" / "rwmutex-recursive-rlock.yaml")), Options(any_number=False))
    (deadlock,) = [p for p in found.properties if p.name == "deadlock"]
    assert deadlock.trace is not None and len(deadlock.trace.waiting) == 2 and later(deadlock.trace) == []
