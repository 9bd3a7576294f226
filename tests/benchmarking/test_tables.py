"""Tables: how figures look, that failures and disagreements stand in them, that missing peers are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.attempts import Attempts, Setting, absence, median
from benchmarks.child import ChildFailed
from benchmarks.page import page
from benchmarks.peers import missing
from benchmarks.sections import space
from benchmarks.table import Table, megabytes, seconds, times
from benchmarks.workload import Run, Workload

TABLE = Table(
    "z",
    "Numbers",
    "What is compared.",
    ("tool", "states", "CPU s"),
    (("verify", "1,000", "0.100"), ("a|b", "25", "12.0")),
    ("a note",),
    ("counts differ",),
)


def test_numbers_stand_to_the_right_on_a_terminal() -> None:
    assert TABLE.text.splitlines() == [
        "z. Numbers",
        "  What is compared.",
        "",
        "  tool    states  CPU s",
        "  ------  ------  -----",
        "  verify   1,000  0.100",
        "  a|b         25   12.0",
        "  * a note",
        "  WRONG: counts differ",
    ]


def test_a_bar_does_not_break_a_markdown_table() -> None:
    assert TABLE.markdown.splitlines() == [
        "## z. Numbers",
        "",
        "What is compared.",
        "",
        "| tool | states | CPU s |",
        "| --- | --- | --- |",
        "| verify | 1,000 | 0.100 |",
        "| a\\|b | 25 | 12.0 |",
        "",
        "* a note",
        "* **Wrong:** counts differ",
    ]


def test_figures_have_the_digits_that_mean_something() -> None:
    assert [seconds(v) for v in (0.0123, 1.234, 12.34)] == ["0.012", "1.23", "12.3"]
    assert [times(v) for v in (0.5, 3.21, 1234.5)] == ["0.50x", "3.2x", "1,234x"]
    assert megabytes(64_000_000, 15_000_000) == "64"


def test_a_peak_that_cannot_be_told_from_the_starter_is_not_passed_off_as_a_figure() -> None:
    assert megabytes(15_000_000, 15_000_000) == "< 15"


def test_peers_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    absent = missing(None)
    assert set(absent) == {"SPIN", "Rumur", "TLC"}
    assert absent["SPIN"] == "spin, gcc not installed"
    assert missing("nowhere/tla2tools.jar")["TLC"] == "not there: nowhere/tla2tools.jar"


def test_a_missing_peer_is_not_run_and_has_a_note() -> None:
    setting = Setting(absent={"SPIN": "spin not installed"})
    tries = Attempts(setting)

    def never(folder: Path) -> tuple[Run, ...]:
        raise AssertionError("it was run")

    assert tries.peer("SPIN", never) == ()
    assert absence(setting, "SPIN", "Rumur") == ("missing: SPIN: spin not installed",)
    assert tries.wrong == []


def test_a_peer_that_fails_is_named_with_what_it_said() -> None:
    tries = Attempts(Setting())

    def fails(folder: Path) -> tuple[Run, ...]:
        raise ChildFailed("gcc: exit status 1\nno space left")

    assert tries.peer("SPIN", fails) == ()
    assert tries.wrong == ["SPIN failed: gcc: exit status 1 no space left"]


def test_counts_that_differ_are_wrong() -> None:
    tries = Attempts(Setting())
    one, two = _run("verify", 25, 0.1), _run("SPIN", 26, 0.1)
    tries.agree((one, one), "rwmap(1,1,1)", 25)
    assert tries.wrong == []
    tries.agree((one, two), "rwmap(1,1,1)", 25)
    assert tries.wrong == ["rwmap(1,1,1): counts differ: verify (x) 25, SPIN (x) 26; expected 25"]


def test_the_median_is_a_run_that_happened() -> None:
    assert median((_run("a", 1, 3.0), _run("b", 1, 1.0), _run("c", 1, 2.0))).tool == "c"


def test_without_peers_a_table_still_stands_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "verify", lambda *_, **__: _run("verify", 199_584, 0.05, grown=7_000_000))
    (table,) = space.unreduced(Setting(quick=True, absent={"SPIN": "spin not installed", "Rumur": "none"}))
    assert [row[0] for row in table.rows] == ["verify"]
    assert "missing: SPIN: spin not installed" in table.notes
    assert table.wrong == ()


def test_our_rate_is_held_against_the_peer_without_its_system_time(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Run("SPIN", "x", 199_584, 1.0, search=2.0, user=1.0, memory=10**8)
    monkeypatch.setattr(space, "verify", lambda *_, **__: _run("verify", 199_584, 0.5))
    monkeypatch.setattr(space, "spin", lambda *_, **__: (theirs,))
    (table,) = space.unreduced(Setting(quick=True))
    column = table.head.index("our rate, times its")
    assert table.rows[1][column] == "2.0x"


def test_the_command_prints_one_object_and_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SECTIONS", {"a": lambda _: (TABLE,)})
    to = tmp_path / "page.md"
    status = command.main(["--only", "a", "--json", "--markdown", str(to)])
    printed = json.loads(capsys.readouterr().out)
    assert status == 1, "a table with something wrong fails the run"
    assert printed["tables"][0]["rows"][0] == {"tool": "verify", "states": "1,000", "CPU s": "0.100"}
    assert TABLE.markdown in to.read_text(encoding="utf-8")


def test_only_takes_letters_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.letters("e,b") == ("b", "e")
    with pytest.raises(SystemExit):
        command.main(["--only", "x"])
    assert "tables are a, b, c" in capsys.readouterr().err


def test_the_page_says_how_it_was_made() -> None:
    text = page((TABLE,), ("2 cores", "Python 3.11"), "python -m benchmarks")
    assert "`python -m benchmarks`" in text and "2 cores; Python 3.11" in text and "wait4" in text


def test_a_workload_is_named_as_it_is_called() -> None:
    assert str(Workload(4, 4, 2)) == "rwmap(4,4,2)"
    assert str(Workload(2, 2, 1, locked=False)) == "rwmap(2,2,1, unlocked)"


def _run(tool: str, states: int, cpu: float, grown: int | None = None) -> Run:
    return Run(tool, "x", states, prepare=0.0, search=cpu, user=cpu, memory=10**8, grown=grown)
