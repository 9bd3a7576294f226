"""`verify compare`: every scheme's verdict is that of `verify` under it alone; Ctrl-C keeps what has been judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import verifier.pipeline
from verifier.cli import main
from verifier.evidence.result import Result
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.model.schemes import schemes
from verifier.pipeline.options import Options
from verifier.verdict import EXIT_OK, EXIT_UNKNOWN, EXIT_USAGE

ROOT = Path(__file__).parents[2]
CACHE = "tests/golden/workloads/cache.yaml"
WORKLOADS = [CACHE, "models/workloads/session-cache.yaml"]
FAST = ["--no-any"]
VERIFY = verifier.pipeline.verify
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")


def said(capsys: Capture, *arguments: str) -> dict[str, Any]:
    main([*arguments, *FAST, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def judged(said: dict[str, Any]) -> dict[str, Any]:
    """What a report establishes: everything but how long it took, and who waited."""
    explored = {k: v for k, v in said["explored"].items() if k != "seconds"}
    left = {k: v for k, v in said.items() if k not in ("explored", "contention")}
    return {**left, "explored": explored}


@pytest.mark.parametrize("path", WORKLOADS)
def test_every_verdict_is_that_of_the_scheme_alone(path: str, capsys: Capture) -> None:
    together = {s["scheme"]: judged(s) for s in said(capsys, "compare", path)["schemes"]}
    assert list(together) == [s.name for s in schemes(read_model(path))]
    for scheme, found in together.items():
        alone = said(capsys, path, "--scheme", scheme)
        assert judged(alone) == found
        assert main(["-q", path, "--scheme", scheme, *FAST]) == found["exit_code"]
        capsys.readouterr()


def test_a_workload_among_models_is_judged_under_each_scheme(capsys: Capture) -> None:
    found = said(capsys, "models/mutex.yaml", CACHE)["models"]
    assert [m["model"] for m in found] == ["mutex", "cache/unprotected", "cache/mutex", "cache/rwmutex"]


def test_several_schemes_can_be_named(capsys: Capture) -> None:
    file = "./tests/golden/workloads/schemes/mutex.go"
    found = said(capsys, "compare", CACHE, "--scheme", "rwmutex", "--scheme", file)
    assert [s["scheme"] for s in found["schemes"]] == ["rwmutex", file]
    assert found["exit_code"] == EXIT_OK


def test_the_figures_of_waiting_can_be_left_out(capsys: Capture) -> None:
    for more, shown in (([], True), (["--no-contention"], False)):
        main(["compare", "-q", CACHE, *FAST, *more])
        text = capsys.readouterr().out
        assert ("44 %" in text) is ("the share of turns" in text) is ("no times" in text) is shown


class Stopping:
    """The pipeline, with Ctrl-C in the middle of one scheme."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.verify = VERIFY

    def __call__(self, document: Document, options: Options | None = None) -> Result:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.verify(document, options)


def test_ctrl_c_keeps_the_schemes_already_judged(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier.pipeline, "verify", Stopping(1))
    found = said(capsys, "compare", CACHE)
    assert [s["exit_code"] for s in found["schemes"]] == [EXIT_OK, EXIT_UNKNOWN, EXIT_UNKNOWN]
    assert [s["verdict"] for s in found["schemes"]] == ["UNSAFE", "UNKNOWN", "UNKNOWN"]
    assert found["exit_code"] == EXIT_UNKNOWN
    monkeypatch.setattr(verifier.pipeline, "verify", Stopping(2))
    assert main(["compare", "-q", CACHE, *FAST]) == EXIT_UNKNOWN
    shown = capsys.readouterr()
    assert "interrupted" in shown.err
    assert "not decided under rwmutex" in shown.out and "everything holds under mutex\n" in shown.out


def test_ctrl_c_while_waiting_is_worked_out_keeps_the_verdict(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("verifier.pipeline.contention.measured", stopped)
    found = said(capsys, "compare", CACHE)
    first, *rest = found["schemes"]
    assert first["verdict"] == "UNSAFE" and first["contention"]["reason"] == "interrupted"
    assert all(s["exit_code"] == EXIT_UNKNOWN for s in rest)
    assert found["exit_code"] == EXIT_UNKNOWN


def test_ctrl_c_among_several_models_leaves_the_rest_open(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier.pipeline, "verify", Stopping(1))
    assert main(["-q", CACHE, "models/mutex.yaml", *FAST]) == EXIT_UNKNOWN
    assert "not checked" in capsys.readouterr().out


def test_an_error_under_one_scheme_leaves_the_others(capsys: Capture) -> None:
    assert main(["compare", "-q", "tests/golden/workloads/slips.yaml", *FAST]) == EXIT_USAGE
    shown = capsys.readouterr()
    assert "under the scheme 'unfinished'" in shown.err
    assert "everything holds under mutex\n" in shown.out and "in error under unfinished\n" in shown.out


def test_a_file_that_is_gone_is_an_error_under_its_scheme_only(tmp_path: Path, capsys: Capture) -> None:
    text = (ROOT / CACHE).read_text(encoding="utf-8").replace("[unprotected, mutex, rwmutex]", "[a.go, b.go]")
    (tmp_path / "w.yaml").write_text(text.split("expect:")[0], encoding="utf-8")
    mutex = ROOT / "tests/golden/workloads/schemes/mutex.go"
    (tmp_path / "a.go").write_text(mutex.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["compare", "-q", str(tmp_path / "w.yaml"), *FAST]) == EXIT_USAGE
    shown = capsys.readouterr()
    assert "b.go" in shown.err and "did you mean 'a.go'?" in shown.err
    assert "everything holds under a\n" in shown.out


def test_reports_go_into_a_file(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "matrix.md"
    assert main(["compare", CACHE, *FAST, "--format", "markdown", "-o", str(target)]) == EXIT_OK
    assert capsys.readouterr().out == ""
    assert target.read_text(encoding="utf-8").startswith("# cache: ")
    assert main(["compare", CACHE, "-o", CACHE]) == EXIT_USAGE


def test_evidence_of_a_workload_is_about_one_scheme(tmp_path: Path, capsys: Capture) -> None:
    kept = tmp_path / "e.json"
    assert main(["-q", CACHE, "--evidence", str(kept)]) == EXIT_USAGE
    assert "name one scheme" in capsys.readouterr().err and not kept.exists()
    assert main(["-q", CACHE, "--scheme", "unprotected", "--evidence", str(kept)]) == EXIT_OK
    assert main(["audit", str(kept)]) == EXIT_OK
    assert "UNSAFE: schedule" in capsys.readouterr().out


def test_the_schedule_shown_can_be_walked(capsys: Capture) -> None:
    main(["compare", CACHE, *FAST])
    (line,) = [x for x in capsys.readouterr().out.splitlines() if x.strip().startswith("replay ")]
    assert main(line.split("verify ")[1].split()) == EXIT_OK
    assert "DATA RACE" in capsys.readouterr().out
