"""What looks at a channel orders nothing: races behind `len` and `default` are never called SAFE."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.cli import main
from verifier.evidence.result import Property, Result
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

MODEL = """\
model: m
declare: |
  var x, n int
  var mu sync.Mutex
  var ch = make(chan int, 2)
goroutines:
  a: |
{a}
  b: |
{b}
"""


def judged(path: Path, a: str, b: str, more: str = "") -> Result:
    indented = ["\n".join(f"    {line}" for line in body.splitlines()) for body in (a, b)]
    path.write_text(MODEL.format(a=indented[0], b=indented[1]) + more, encoding="utf-8")
    return verify(read_model(str(path)), Options(any_number=False))


def race(result: Result) -> Property:
    return next(p for p in result.properties if p.name == "race")


RACES = {
    "len says that something was sent": ("x = 1\nch <- 1", "if len(ch) == 1 { _ = x }"),
    "default says that it is full": (
        "x = 1\nch <- 1\nch <- 2",
        "select {\ncase ch <- 3:\ndefault:\n  _ = x\n}",
    ),
    "default says that it was emptied": (
        "ch <- 1\nx = 1\n<-ch",
        "if len(ch) == 1 {\n  select {\n  case <-ch:\n  default:\n    _ = x\n  }\n}",
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_a_race_that_an_observation_hides_is_unknown(name: str, tmp_path: Path) -> None:
    found = race(judged(tmp_path / "m.yaml", *RACES[name]))
    assert found.verdict is Verdict.UNKNOWN and "may race on x" in found.reason
    assert found.trace is not None and found.trace.lowering == "unordered" and len(found.trace.race) == 2


def test_the_schedule_of_the_reason_can_be_walked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.yaml"
    found = race(judged(path, *RACES["len says that something was sent"]))
    assert "a (line 8) and b (line 11)" in found.reason and found.trace is not None
    assert main(["replay", str(path), found.trace.path]) == 0
    assert "perhaps 1" in capsys.readouterr().out


SAFE = {
    "a number for the log": ("x = 1\nch <- 1", "_ = len(ch)"),
    "what does not fit is dropped": ("x = 1\nch <- 1", "select {\ncase ch <- 2:\ndefault:\n}"),
    "received after looking": ("x = 1\nch <- 1", "if len(ch) == 1 {\n  <-ch\n  _ = x\n}"),
    "received in the select": ("x = 1\nch <- 1", "select {\ncase <-ch:\n  _ = x\ndefault:\n}"),
    "below a lock": ("mu.Lock()\nx = 1\nch <- 1\nmu.Unlock()", "mu.Lock()\nif len(ch) == 1 { _ = x }\nmu.Unlock()"),
}


@pytest.mark.parametrize("name", SAFE)
def test_without_a_race_however_they_come_out_it_is_safe(name: str, tmp_path: Path) -> None:
    assert race(judged(tmp_path / "m.yaml", *SAFE[name])).verdict is Verdict.SAFE


def test_an_order_that_the_observation_implies_is_not_seen(tmp_path: Path) -> None:
    """A false alarm: with len 1 the lock was taken after the other one. UNKNOWN says no more than it knows."""
    a, b = "mu.Lock()\nx = 1\nmu.Unlock()\nch <- 1", "if len(ch) == 1 {\n  mu.Lock()\n  mu.Unlock()\n  _ = x\n}"
    assert race(judged(tmp_path / "m.yaml", a, b)).verdict is Verdict.UNKNOWN


def test_a_race_in_plain_sight_stays_one(tmp_path: Path) -> None:
    result = judged(tmp_path / "m.yaml", "x = 1\nch <- 1", "_ = x\n_ = len(ch)")
    assert race(result).verdict is Verdict.UNSAFE and race(result).trace is not None


def test_where_the_second_look_has_no_end_it_is_unknown(tmp_path: Path) -> None:
    """Nothing is ever sent, so that n stays 0; if len could say anything, n would leave its bounds."""
    found = race(judged(tmp_path / "m.yaml", "x = 1", "for len(ch) > 0 { n++ }", "bounds: {int: [0, 3]}\n"))
    assert found.verdict is Verdict.UNKNOWN
    assert "beside a buffer hides: a bound was hit" in found.reason


def test_nobody_asks_for_races(tmp_path: Path) -> None:
    result = judged(tmp_path / "m.yaml", *RACES["len says that something was sent"], "check: [deadlock]\n")
    assert [p.name for p in result.properties] == ["deadlock"]


def test_any_number_is_proved_with_observations_left_open(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    judged(path, *SAFE["below a lock"])
    found = verify(read_model(str(path)), Options())
    assert found.any_number is not None and found.any_number.verdict is Verdict.SAFE
