"""The progress line: rare enough to cost nothing, gone when the report comes."""

from __future__ import annotations

import pytest

from verifier.commands.progress import Progress, for_terminal


def test_a_line_now_and_then_that_is_erased(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    line = Progress(lambda: now)
    line(10, 20, 5)
    assert capsys.readouterr().err == ""
    now = 2.0
    line(3_000, 9_000, 40)
    line(3_001, 9_001, 41)
    assert capsys.readouterr().err == "\r3,000 states  1,500 states/s  frontier 40"
    line.erase()
    assert capsys.readouterr().err == "\r" + " " * 41 + "\r"
    line.erase()
    assert capsys.readouterr().err == ""


def test_silence_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert for_terminal() is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert for_terminal() is not None
    assert for_terminal(quiet=True) is None


def test_a_label_is_there_at_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    line = for_terminal(label="mutex (2 of 8)  ")
    assert line is not None and capsys.readouterr().err == "\rmutex (2 of 8)"
    line.shown_at = float("-inf")
    line(10, 20, 5)
    assert capsys.readouterr().err.startswith("\rmutex (2 of 8)  10 states")
    line.erase()
    assert capsys.readouterr().err.strip() == ""
