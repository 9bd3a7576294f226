"""What counts as shown in Go's output, and what the command says when Go is missing."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from verifier.cli import main
from verifier.commands.gotest import _said
from verifier.gotest.toolchain import Ran, pairs, shows
from verifier.verdict import EXIT_UNKNOWN

from .made import ROOT, made

REPORT = """\
==================
WARNING: DATA RACE
Write at 0x00c0001145d0 by goroutine 10:
  runtime.mapassign_faststr()
      internal/runtime/maps/runtime_faststr.go:261 +0x0
  gotest.bob()
      gotest/gotest_test.go:{second} +0x72
  gotest.start.func1()
      gotest/gotest_test.go:239 +0x4e

Previous write at 0x00c0001145d0 by goroutine 9:
  gotest.alice()
      gotest/gotest_test.go:{first} +0x72

Goroutine 10 (running) created at:
  gotest.start()
      gotest/gotest_test.go:237 +0xd9
==================
"""


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_lines_of_both_accesses_are_read() -> None:
    assert pairs(REPORT.format(first=35, second=40)) == [(40, 35)]


def test_only_the_predicted_pair_is_shown() -> None:
    test, prop = made("models/unprotected.yaml")
    (first, _), (second, _) = test.lines
    assert shows(REPORT.format(first=first, second=second), test, prop)
    assert shows(REPORT.format(first=second, second=first), test, prop)
    assert not shows(REPORT.format(first=first, second=first), test, prop)
    assert not shows(REPORT.format(first=first, second=second + 7), test, prop)
    assert not shows("--- PASS: TestUnprotectedRace", test, prop)


def test_the_lines_of_the_accesses_hold_them() -> None:
    test, _ = made("models/unprotected.yaml")
    rows = test.text.split("\n")
    for (first, last), word in zip(test.lines, ('users["alice"] =', 'users["bob"] ='), strict=True):
        assert any(word in row for row in rows[first - 1 : last])


def test_another_message_is_not_the_predicted_one() -> None:
    test, prop = made("models/nil-map.yaml")
    assert shows("panic: assignment to entry in nil map\n\ngoroutine 20 [running]:", test, prop)
    assert not shows("panic: runtime error: invalid memory address or nil pointer dereference", test, prop)
    assert not shows("the schedule ran to its end without panic: assignment to entry in nil map", test, prop)


def test_without_go_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert main(["gotest", "models/nil-map.yaml", "--run"]) == 2
    assert "there is no `go`" in capsys.readouterr().err


def test_without_a_c_compiler_a_race_cannot_be_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["gotest", "models/unprotected.yaml", "--run"]) == 2
    assert "install gcc or clang" in capsys.readouterr().err


def test_what_go_does_not_compile_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho ./gotest_test.go:1:1: no\nexit 1\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["gotest", "models/nil-map.yaml", "--run"]) == 3
    assert "no" in capsys.readouterr().out


def test_ctrl_c_ends_go_and_what_go_has_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go = tmp_path / "go"
    script = f"sleep 60 &\necho $! > {tmp_path}/pid\nsleep 0.5\nkill -INT $PPID\nwait\n"
    go.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["gotest", "models/nil-map.yaml", "--run"]) == 3
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted: Go and its test are stopped" in capsys.readouterr().err
    sleeping = Path("/proc") / (tmp_path / "pid").read_text(encoding="utf-8").strip() / "stat"
    for _ in range(100):
        # Killed, and perhaps not buried yet.
        if not sleeping.exists() or sleeping.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("what go has started goes on")


@pytest.mark.parametrize(("kind", "told"), [("race", False), ("fatal", True)])
def test_what_is_not_shown_says_whether_it_takes_luck(kind: str, told: bool) -> None:
    test, prop = made("models/unprotected.yaml", kind)
    words, code = _said(test, prop, Ran("PASS", 0, False), "x_test.go")
    assert code == EXIT_UNKNOWN and words.startswith(f"not shown: {kind} is not what this run came to")
    assert words.endswith("it takes luck, and the counterexample stands") is told
