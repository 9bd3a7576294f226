"""The reports for programs from the command line: where they go, one run for all of them, and slips of newcomers."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

import verifier.pipeline
from tests.catalogue import ROOT
from verifier.cli import main

Capture = pytest.CaptureFixture[str]
FAST = ("unprotected", "rwmutex-recursive-rlock", "mutex")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with models in a folder of it, which is where the user stands."""
    for name in ("GITHUB_REPOSITORY", "CI_PROJECT_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    here = tmp_path / "design"
    here.mkdir()
    for name in FAST:
        shutil.copy(ROOT / "models" / f"{name}.yaml", here)
    monkeypatch.chdir(here)
    return tmp_path


def unexpected(name: str) -> str:
    """A copy of a model that expects nothing."""
    text = re.sub(r"(?m)^expect:.*\n", "", Path(name).read_text(encoding="utf-8"))
    Path("new.yaml").write_text(text, encoding="utf-8")
    return "new.yaml"


def test_one_run_writes_them_all(repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    real = verifier.pipeline.verify
    monkeypatch.setattr(verifier.pipeline, "verify", lambda *a: (runs.append(1), real(*a))[1])
    models = [f"{name}.yaml" for name in FAST]
    asked = ["--sarif", "a.sarif", "--sarif-full", "b.sarif", "--junit", "c.xml"]
    assert main([*models, "--no-any", *asked]) == 0
    assert len(runs) == len(models)
    assert "3 models: 3 as expected" in capsys.readouterr().out
    (github,) = json.loads(Path("a.sarif").read_text())["runs"]
    (full,) = json.loads(Path("b.sarif").read_text())["runs"]
    assert {r["ruleId"] for r in github["results"]} == {"map-race", "fatal-error", "deadlock"}
    assert {r["kind"] for r in full["results"]} == {"fail", "pass"}
    assert len(list(ElementTree.parse("c.xml").iter("testsuite"))) == 3


def test_every_line_in_sarif_is_one_of_the_model_and_holds_what_is_told(repository: Path) -> None:
    models = [f"{name}.yaml" for name in FAST]
    assert main([*models, "--no-any", "--format", "sarif-full", "-o", "all.sarif"]) == 0
    (run,) = json.loads(Path("all.sarif").read_text())["runs"]
    seen = 0
    for found in run["results"]:
        for flow in found.get("codeFlows", []):
            for thread in flow["threadFlows"]:
                for stop in thread["locations"]:
                    place = stop["location"]["physicalLocation"]
                    region = place["region"]
                    lines = (repository / place["artifactLocation"]["uri"]).read_text(encoding="utf-8").splitlines()
                    text = lines[region["startLine"] - 1][region["startColumn"] - 1 :]
                    told = stop["location"]["message"]["text"].replace("{{", "{").replace("}}", "}")
                    assert told.startswith(text[: region["endColumn"] - region["startColumn"]].split("(")[0])
                    seen += 1
    assert seen >= 6


def test_uris_start_at_the_top_wherever_the_user_stands(repository: Path, capsys: Capture) -> None:
    assert main([str(repository / "design" / "unprotected.yaml"), "--format", "sarif"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (artifact,) = run["artifacts"]
    assert artifact["location"] == {"uri": "design/unprotected.yaml", "uriBaseId": "%SRCROOT%"}


def test_ci_says_which_version_it_is(repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SERVER_URL": "https://github.com",
        "REPOSITORY": "us/it",
        "SHA": "0a1b",
        "REF": "refs/pull/7",
    }.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert main(["mutex.yaml", "--no-any", "--format", "sarif"]) == 0
    (version,) = json.loads(capsys.readouterr().out)["runs"][0]["versionControlProvenance"]
    assert (version["repositoryUri"], version["revisionId"], version["branch"]) == (
        "https://github.com/us/it",
        "0a1b",
        "refs/pull/7",
    )


def test_what_was_not_expected_is_an_error_and_a_failure(repository: Path) -> None:
    model = unexpected("unprotected.yaml")
    assert main([model, "-q", "--sarif", "a.sarif", "--junit", "c.xml"]) == 1
    results = json.loads(Path("a.sarif").read_text())["runs"][0]["results"]
    assert {r["level"] for r in results} == {"error"} and not any("suppressions" in r for r in results)
    assert ElementTree.parse("c.xml").getroot().get("failures") == "2"


def test_a_broken_model_is_in_every_report(repository: Path, capsys: Capture) -> None:
    Path("bad.yaml").write_text("model: bad\ngoroutines:\n  a:\n    bdy: x\n")
    assert main(["bad.yaml", "mutex.yaml", "--no-any", "-q", "--sarif", "a.sarif", "--junit", "c.xml"]) == 2
    (run,) = json.loads(Path("a.sarif").read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    (found,) = run["results"]
    assert found["ruleId"] == "model-error"
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    (error,) = ElementTree.parse("c.xml").iter("error")
    assert error.get("type") == "ModelError"


def test_what_is_not_finished_is_a_warning_and_an_error(repository: Path) -> None:
    assert main(["mutex.yaml", "--max-states", "3", "-q", "--sarif", "a.sarif", "--junit", "c.xml"]) == 3
    results = json.loads(Path("a.sarif").read_text())["runs"][0]["results"]
    assert {(r["ruleId"], r["level"]) for r in results} == {("inconclusive", "warning")}
    assert ElementTree.parse("c.xml").getroot().get("failures") == "0"
    assert ElementTree.parse("c.xml").getroot().get("errors") != "0"


def test_itf_is_the_first_failing_schedule_or_the_one_named(repository: Path, capsys: Capture) -> None:
    assert main(["unprotected.yaml", "--format", "itf"]) == 0
    assert json.loads(capsys.readouterr().out)["#meta"]["property"] == "race"
    assert main(["unprotected.yaml", "--format", "itf", "--property", "fatal", "-o", "f.itf.json"]) == 0
    assert json.loads(Path("f.itf.json").read_text())["#meta"]["property"] == "fatal"


def test_a_witness_names_its_property(repository: Path, capsys: Capture) -> None:
    assert main(["rwmutex-recursive-rlock.yaml", "--format", "witness", "--times"]) == 0
    text = capsys.readouterr().out
    assert 'specification: "deadlock"' in text and "creation_time: " in text


def test_no_schedule_writes_no_file(repository: Path, capsys: Capture) -> None:
    assert main(["mutex.yaml", "--no-any", "--format", "itf", "-o", "f.itf.json"]) == 0
    assert not Path("f.itf.json").exists()
    assert "no schedule to write: SAFE" in capsys.readouterr().err


SLIPS = {
    "unprotected.yaml mutex.yaml --format itf": "--format itf is one schedule of one model",
    "unprotected.yaml --format itf --property rase": "did you mean 'race'?",
    "unprotected.yaml --property race": "--property says whose schedule `--format itf` or `witness` shows",
    "unprotected.yaml --format sarrif": "invalid choice: 'sarrif'",
    "unprotected.yaml --sarif": "--sarif: expected one argument",
    "unprotected.yaml --sarif unprotected.yaml": "--sarif unprotected.yaml: that would overwrite the model",
    "--junit mutex.yaml unprotected.yaml": "--junit mutex.yaml: this is the name of a model",
    "unprotected.yaml --junit no/such/c.xml": "--junit no/such/c.xml: there is no directory no/such",
    "unprotected.yaml --sarif x --junit x": "--junit x: --sarif writes to the same file",
    "unprotected.yaml --sarif x -o ./x": "--sarif x: -o writes to the same file",
    "unprotected.yaml --times": "--times is about JUnit and witness",
}


@pytest.mark.parametrize("line", SLIPS)
def test_slips(line: str, repository: Path, capsys: Capture) -> None:
    assert main(line.split()) == 2
    assert SLIPS[line] in capsys.readouterr().err
