"""`verify adr`: options from models and workloads, the commands in a record, exit codes, and slips."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.catalogue import ROOT
from verifier.cli import main

Capture = pytest.CaptureFixture[str]
MODELS = ("mutex", "unprotected", "rwmutex-recursive-rlock")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in MODELS:
        shutil.copy(ROOT / "models" / f"{name}.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(capsys: Capture, *arguments: str, code: int = 0) -> str:
    assert main(["adr", *arguments]) == code
    return capsys.readouterr().out


def test_one_model_is_the_choice_and_its_verdict_the_exit_status(capsys: Capture) -> None:
    text = made(capsys, "mutex.yaml")
    assert 'Chosen option: "mutex", because TODO.' in text and "SAFE: 7 of 7 properties hold." in text
    # It fails, as its `expect:` says: CI is content, the record is not.
    text = made(capsys, "unprotected.yaml")
    assert "**The check does not support this choice.** UNSAFE: race (UNSAFE), fatal (UNSAFE)." in text


def test_compared_and_named_one_after_the_other_is_the_same(capsys: Capture) -> None:
    files = [f"{name}.yaml" for name in MODELS]
    assert made(capsys, "--no-any", "--compare", *files) == made(capsys, "--no-any", files[0], "--compare", *files[1:])


def test_the_title_is_the_question_in_short(capsys: Capture) -> None:
    files = ("--no-any", "mutex.yaml", "unprotected.yaml")
    assert "\n# TODO mutex or unprotected\n" in made(capsys, *files)
    assert "\n# A user map guarded by one sync.Mutex\n" in made(capsys, *files, "--chosen", "mutex")


def test_the_commands_of_a_record_come_to_what_it_says(capsys: Capture, here: Path) -> None:
    text = made(capsys, "--no-any", "--compare", "mutex.yaml", "unprotected.yaml")
    commands = re.findall(r"^(verify .*?)  # exit status (\d) today", text, re.M)
    assert [c for c, _ in commands] == ["verify mutex.yaml --no-any"]
    for command, status in commands:
        assert main(shlex.split(command)[1:]) == int(status)
    kept = re.findall(r"sha256 `([0-9a-f]{64})`, from `verify (.*?) --evidence (.*?)`", text)
    assert len(kept) == 2
    (here / "evidence").mkdir()
    for digest, command, folder in kept:
        main([*shlex.split(command), "--evidence", folder, "-q"])
        assert json.loads(Path(folder, "provenance.json").read_text(encoding="utf-8"))["evidence"] == digest
        assert main(["audit", folder]) == 0


def test_the_evidence_is_kept_and_linked_to(capsys: Capture, here: Path) -> None:
    (here / "docs").mkdir()
    made(capsys, "mutex.yaml", "unprotected.yaml", "--no-any", "--evidence", "kept", "-o", "docs/0007.md")
    text = (here / "docs" / "0007.md").read_text(encoding="utf-8")
    links = dict(re.findall(r"sha256 `([0-9a-f]{64})`, \[[^]]*\]\((.*?)\)", text))
    assert sorted(links.values()) == ["../kept/mutex/evidence.md", "../kept/unprotected/evidence.md"]
    for digest, page in links.items():
        assert digest in (here / "docs" / page).read_text(encoding="utf-8")
    assert main(["audit", "kept"]) == 0


def test_the_schemes_of_a_workload_are_options(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    workload = "models/workloads/session-cache.yaml"
    text = made(capsys, workload, "--scheme", "mutex", "--scheme", "unprotected", "--no-any", "--check", "race")
    assert "* mutex (`models/schemes/mutex.go`)" in text
    assert "everything holds under mutex" in text and "something fails under unprotected" in text
    assert f"verify {workload} --scheme mutex --check race --no-any  # exit status 0 today" in text


def test_an_edit_that_helps_may_be_asked_for(capsys: Capture) -> None:
    text = made(capsys, "mutex.yaml", "rwmutex-recursive-rlock.yaml", "--no-any", "--fix")
    suggested = text.split("### rwmutex-recursive-rlock")[1]
    assert "A suggestion, with which verify finds everything SAFE within" in suggested and "```diff" in suggested
    assert "verify mutex.yaml --fix --no-any  # exit status 0 today" in text


def test_the_model_may_say_what_was_chosen(capsys: Capture, here: Path) -> None:
    text = (here / "mutex.yaml").read_text(encoding="utf-8")
    decision = 'decision:\n  question: "Which lock?"\n  chosen: mutex\n  considered: [mutex, unprotected, a database]\n'
    (here / "mutex.yaml").write_text(text.replace("goroutines:", decision + "goroutines:", 1), encoding="utf-8")
    record = made(capsys, "mutex.yaml", "unprotected.yaml")
    assert "\n# Which lock?\n" in record and 'Chosen option: "mutex"' in record
    assert "Considered as well, and not modelled here: a database." in record


def test_exit_codes(capsys: Capture, here: Path) -> None:
    (here / "bad.yaml").write_text("model: bad\n", encoding="utf-8")
    text = made(capsys, "mutex.yaml", "bad.yaml", code=2)
    assert "| bad | ERROR " in text
    assert made(capsys, "bad.yaml", code=2) == "", "there is nothing to record"
    made(capsys, "mutex.yaml", "--max-states", "3", code=3)
    text = re.sub(r"(?m)^expect:.*\n", "", (here / "unprotected.yaml").read_text(encoding="utf-8"))
    (here / "new.yaml").write_text(text, encoding="utf-8")
    made(capsys, "new.yaml", code=1)
    # Losers are what a record is for.
    made(capsys, "mutex.yaml", "new.yaml", code=0)
    made(capsys, "mutex.yaml", "new.yaml", "--chosen", "unprotected", code=1)


def test_two_of_one_name_are_two_options(capsys: Capture, here: Path) -> None:
    (here / "other.yaml").write_text((here / "mutex.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    text = made(capsys, "mutex.yaml", "other.yaml", "--no-any")
    assert "### mutex\n" in text and "### mutex (2)\n" in text


SLIPS = {
    "": "which models?",
    "mutex.yaml --chosen mutx": "did you mean 'mutex'?",
    "mutex.yaml unprotected.yaml --chosen channel": "options: mutex, unprotected",
    "mutex.yaml -o unprotected.yaml": "this is the name of a model",
    "mutex.yaml --evidence x.json": "a file of evidence is about one model",
    "mutex.yaml --evidence mutex.yaml": "--evidence mutex.yaml: this is a file",
    "mutex.yaml -o no/such.md": "there is no directory no",
    "mutex.yaml --scheme mutex": "is no workload",
    "mutex.yaml --comapre unprotected.yaml": "did you mean '--compare'?",
}


@pytest.mark.parametrize("line", SLIPS)
def test_slips(line: str, capsys: Capture) -> None:
    assert main(["adr", *line.split()]) == 2
    assert SLIPS[line] in capsys.readouterr().err
