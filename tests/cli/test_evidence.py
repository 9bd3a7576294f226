"""`--evidence DIR` and `verify audit DIR`: the same bytes every time, and no byte can change without being noticed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from catalogue import ROOT

from verifier.cli import main
from verifier.evidence import sealed
from verifier.report.folder import PROVENANCE, SUMS
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, EXIT_UNSAFE, EXIT_USAGE

Capture = pytest.CaptureFixture[str]
MODELS = ROOT / "models"
LINEARIZABLE = "linearizable/register-store"


def keep(model: str, folder: Path) -> Path:
    assert main([str(MODELS / f"{model}.yaml"), "-q", "--evidence", str(folder)]) == EXIT_OK
    return folder


def audit(folder: Path) -> int:
    return main(["audit", str(folder)])


def contents(folder: Path) -> dict[str, bytes]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture(scope="module")
def escape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keep("pointer-escape", tmp_path_factory.mktemp("evidence") / "out")


@pytest.fixture
def copy(escape: Path, tmp_path: Path) -> Path:
    shutil.copytree(escape, tmp_path / "out")
    return tmp_path / "out"


FILES = (
    "SHA256SUMS",
    "evidence.html",
    "evidence.json",
    "evidence.md",
    "model/pointer-escape.yaml",
    "provenance.json",
    "report.json",
    "traces/01-race.json",
    "traces/01-race.txt",
)


def test_what_is_in_the_directory(escape: Path) -> None:
    assert set(FILES) <= set(contents(escape))
    assert (escape / "model" / "pointer-escape.yaml").read_bytes() == (MODELS / "pointer-escape.yaml").read_bytes()
    listed = dict(reversed(line.split("  ", 1)) for line in (escape / SUMS).read_text().splitlines())
    for name, data in contents(escape).items():
        if name not in (SUMS, PROVENANCE):
            assert listed[name] == hashlib.sha256(data).hexdigest()


def test_the_audit_passes_and_says_what_it_did(escape: Path, capsys: Capture) -> None:
    assert audit(escape) == EXIT_OK
    shown = capsys.readouterr().out
    assert shown.endswith("audit passed\n")
    assert "race         UNSAFE: schedule 0/0/0/0/1/1/1 replayed" in shown
    assert "not checked  fatal, panic, deadlock" in shown


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0.0, 0.3737, 0.7171, 1.0])
@pytest.mark.parametrize("bits", [0x01, 0x80])
def test_one_changed_byte_is_noticed(name: str, where: float, bits: int, copy: Path, capsys: Capture) -> None:
    path = copy / name
    data = bytearray(path.read_bytes())
    data[int(where * (len(data) - 1))] ^= bits
    path.write_bytes(bytes(data))
    assert audit(copy) == EXIT_INTERNAL
    said = capsys.readouterr()
    assert "audit failed" in said.out + said.err and "passed" not in said.out


def test_white_space_that_means_nothing_is_noticed_too(copy: Path, capsys: Capture) -> None:
    for name in ("evidence.json", "report.json", "provenance.json"):
        path = copy / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("\n", "\n ", 1), encoding="utf-8")
        assert audit(copy) == EXIT_INTERNAL, name
        said = capsys.readouterr()
        assert name in said.out + said.err
        path.write_text(text, encoding="utf-8")
    assert audit(copy) == EXIT_OK


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_noticed(name: str, copy: Path, capsys: Capture) -> None:
    (copy / name).unlink()
    assert audit(copy) == EXIT_INTERNAL
    said = capsys.readouterr()
    assert name in said.out + said.err


def test_a_page_forged_with_its_digest_is_noticed(copy: Path, capsys: Capture) -> None:
    page = copy / "evidence.md"
    page.write_text(page.read_text(encoding="utf-8").replace("**UNSAFE**", "**SAFE**"), encoding="utf-8")
    _sum_again(copy)
    assert audit(copy) == EXIT_INTERNAL
    assert "REFUSED: evidence.md is not what the evidence says, from line" in capsys.readouterr().out


def _sum_again(folder: Path) -> None:
    """The digests of what is there now."""
    names = [line.split("  ", 1)[1] for line in (folder / SUMS).read_text().splitlines()]
    (folder / SUMS).write_text(
        "".join(f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    )


def _greener(result: dict[str, object]) -> None:
    properties = result["properties"]
    assert isinstance(properties, list)
    properties[0]["verdict"] = "SAFE"


def _other_line(result: dict[str, object]) -> None:
    properties = result["properties"]
    assert isinstance(properties, list)
    properties[0]["trace"]["steps"][0]["text"] = "mu.Lock()"


def _other_text(result: dict[str, object]) -> None:
    subject = result["subject"]
    assert isinstance(subject, dict)
    subject["files"][0]["lines"][10] = "  var mu sync.Mutex"


def _unexpected(result: dict[str, object]) -> None:
    properties = result["properties"]
    assert isinstance(properties, list)
    del properties[0]["expected"]
    properties[0]["expected"] = None


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (_greener, "its verdicts are not those of the evidence"),
        (_other_line, "the schedule does not show what the report says"),
        (_other_text, "its text is not that of the model"),
        (_unexpected, "the model expects another verdict for race"),
    ],
    ids=["verdict", "step", "text", "expectation"],
)
def test_a_result_forged_with_all_its_digests_is_noticed(
    change: Callable[[dict[str, object]], None], refused: str, escape: Path, tmp_path: Path, capsys: Capture
) -> None:
    tree = json.loads((escape / "evidence.json").read_text(encoding="utf-8"))
    change(tree["result"])
    forged = tmp_path / "forged.json"
    forged.write_text(sealed.seal(sealed.opened(tree)), encoding="utf-8")
    assert main(["audit", str(forged)]) == EXIT_INTERNAL
    assert f"REFUSED: {refused}" in capsys.readouterr().out


def test_a_stranger_in_the_directory_is_named(copy: Path, capsys: Capture) -> None:
    (copy / "notes.md").write_text("mine")
    assert audit(copy) == EXIT_OK
    assert "not part of the evidence, not looked at: notes.md" in capsys.readouterr().out


def test_the_bytes_depend_on_the_model_only(
    escape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(MODELS)
    assert main(["pointer-escape.yaml", "-q", "--evidence", str(tmp_path / "again")]) == EXIT_OK
    first, again = contents(escape), contents(tmp_path / "again")
    assert first.keys() == again.keys()
    assert [n for n in first if first[n] != again[n]] == [PROVENANCE]
    for name, data in again.items():
        assert name == PROVENANCE or (str(MODELS).encode() not in data and str(tmp_path).encode() not in data)


@pytest.mark.parametrize("model", ["rwmutex", "sync-map-check-then-act", "naive-rwlock-reader-starves", LINEARIZABLE])
def test_evidence_of_other_kinds_passes(model: str, tmp_path: Path, capsys: Capture) -> None:
    folder = keep(model, tmp_path / "out")
    assert str(MODELS).encode() not in b"".join(v for k, v in contents(folder).items() if k != PROVENANCE)
    assert audit(folder) == EXIT_OK
    assert capsys.readouterr().out.endswith("audit passed\n")
    proof = folder / "certificate" / "invariant.smt2"
    if model == "rwmutex":
        proof.write_bytes(proof.read_bytes().replace(b"define-fun", b"define-fum", 1))
        assert audit(folder) == EXIT_INTERNAL
        assert "REFUSED: certificate/invariant.smt2 is not what" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [
        ("mutex", "--count", "writer=2", "--count", "reader=2", "--no-any"),
        ("unprotected", "--runtime", "--check", "race,fatal"),
        ("workloads/session-cache", "--scheme", "mutex", "--no-any"),
    ],
    ids=lambda options: " ".join(options),
)
def test_evidence_of_a_run_with_options_passes(options: tuple[str, ...], tmp_path: Path, capsys: Capture) -> None:
    name, *rest = options
    assert main([str(MODELS / f"{name}.yaml"), "-q", *rest, "--evidence", str(tmp_path / "out")]) == EXIT_OK
    assert audit(tmp_path / "out") == EXIT_OK, capsys.readouterr().out


def test_several_models_have_a_folder_each_and_an_index(tmp_path: Path, capsys: Capture) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("model: wrong\n")
    out = tmp_path / "out"
    models = [str(MODELS / "nil-map.yaml"), str(wrong), str(MODELS / "mutex.yaml")]
    assert main([*models, "-q", "--no-any", "--evidence", str(out)]) == EXIT_USAGE
    held = contents(out)
    page = held["index.md"].decode()
    assert "| [nil-map/evidence.md](nil-map/evidence.md) | nil-map | **UNSAFE** | yes | panic UNSAFE |" in page
    assert "| wrong | **ERROR** | no |" in page and "error: the model has no `goroutines:`" in page
    assert audit(out) == EXIT_OK
    assert "audit of 2 models passed" in capsys.readouterr().out
    for name in ("index.json", "index.md", "SHA256SUMS", "mutex/SHA256SUMS", "nil-map/evidence.md"):
        path = out / name
        path.write_bytes(held[name][:-2] + bytes([held[name][-2] ^ 1]) + held[name][-1:])
        assert audit(out) == EXIT_INTERNAL, name
        path.write_bytes(held[name])


def test_a_second_run_replaces_the_first_and_nothing_else(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    assert main([str(MODELS / "nil-map.yaml"), str(MODELS / "mutex.yaml"), "-q", "--evidence", str(out)]) == EXIT_OK
    (out / "notes.md").write_text("mine")
    keep("nil-map", out)
    left = contents(out)
    assert left.keys() >= {"notes.md", "evidence.md"}
    assert not any(name.startswith(("index", "mutex/", "nil-map/")) for name in left)
    assert audit(out) == EXIT_OK


def test_a_second_run_says_what_changed_since_the_first(tmp_path: Path, capsys: Capture) -> None:
    model, out = tmp_path / "m.yaml", tmp_path / "out"
    text = (MODELS / "nil-map.yaml").read_text(encoding="utf-8")
    for expected, said in (
        ("unsafe", ""),
        ("unsafe", "here: nothing changed\n"),
        ("safe", "worse    exit status  0 -> 1"),
    ):
        model.write_text(text.replace("panic: unsafe", f"panic: {expected}"), encoding="utf-8")
        main([str(model), "--evidence", str(out)])
        shown = capsys.readouterr().out
        assert said in shown and ("since the last evidence" in shown) == bool(said)
    (out / "evidence.json").write_text("{}")
    main([str(model), "--evidence", str(out)])
    assert "since" not in capsys.readouterr().out
    assert audit(out) == EXIT_OK


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "precious").write_text("x")
    assert main([str(MODELS / "nil-map.yaml"), "--evidence", str(tmp_path)]) == EXIT_USAGE
    assert "is not empty, and holds no evidence" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["precious"]


@pytest.mark.parametrize(
    ("path", "said"), [("gone/out", "there is no directory"), ("file", "this is a file")], ids=["no parent", "a file"]
)
def test_a_path_that_cannot_be_is_refused_before_anything_runs(
    path: str, said: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(MODELS / "nil-map.yaml"), "--evidence", str(tmp_path / path)]) == EXIT_USAGE
    shown = capsys.readouterr()
    assert said in shown.err and shown.out == ""


def test_a_name_in_json_is_one_file(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "e.json"
    assert main([str(MODELS / "nil-map.yaml"), "-q", "--evidence", str(path)]) == EXIT_OK
    assert main(["audit", str(path)]) == EXIT_OK


def test_evidence_from_before_results_were_kept_still_passes(escape: Path, tmp_path: Path, capsys: Capture) -> None:
    tree = json.loads((escape / "evidence.json").read_text(encoding="utf-8"))
    body = {k: v for k, v in tree.items() if k not in ("digest", "result")}
    old = tmp_path / "old.json"
    old.write_text(sealed.seal(body), encoding="utf-8")
    assert main(["audit", str(old)]) == EXIT_OK


def test_a_directory_without_evidence_is_said_to_be_one(tmp_path: Path, capsys: Capture) -> None:
    assert audit(tmp_path) == EXIT_USAGE
    assert "this directory holds no evidence" in capsys.readouterr().err


def test_diff_says_what_changed_and_whether_it_got_worse(tmp_path: Path, capsys: Capture) -> None:
    text = (MODELS / "nil-map.yaml").read_text(encoding="utf-8")
    other = tmp_path / "nil-map.yaml"
    other.write_text(text.replace("panic: unsafe", "panic: safe"), encoding="utf-8")
    old = keep("nil-map", tmp_path / "old")
    assert main([str(other), "-q", "--evidence", str(tmp_path / "new")]) == EXIT_UNSAFE
    capsys.readouterr()
    assert main(["diff", str(old), str(old)]) == EXIT_OK
    assert capsys.readouterr().out == "nothing changed\n"
    assert main(["diff", str(old), str(tmp_path / "new")]) == EXIT_UNSAFE
    shown = capsys.readouterr().out
    assert "worse    exit status  0 -> 1" in shown and "1 line added, 1 removed" in shown
    assert main(["diff", str(tmp_path / "new"), str(old / "evidence.json"), "--format", "markdown"]) == EXIT_OK
    assert "changed, and nothing got worse" in capsys.readouterr().out


def test_diff_of_damaged_evidence_is_refused(copy: Path, escape: Path, capsys: Capture) -> None:
    path = copy / "evidence.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"UNSAFE"', '"SAFE"', 1), encoding="utf-8")
    assert main(["diff", str(escape), str(copy)]) == EXIT_INTERNAL
    assert "damaged" in capsys.readouterr().err
    assert main(["diff", str(escape), str(escape / "gone")]) == EXIT_USAGE


PAGE = ROOT / "docs" / "evidence.md"
SHOWN = re.compile(r"(<!-- audit -->\n```text\n\$ verify audit out\n)(.*?)(```\n<!-- /audit -->)", re.DOTALL)


def test_the_documented_audit_is_what_is_printed(
    escape: Path, promote: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(escape.parent)
    assert audit(Path("out")) == EXIT_OK
    printed = capsys.readouterr().out
    text = PAGE.read_text(encoding="utf-8")
    found = SHOWN.search(text)
    assert found is not None
    if promote:
        PAGE.write_text(text.replace(found[0], found[1] + printed + found[3]), encoding="utf-8")
    else:
        assert found[2] == printed


def test_every_file_is_documented(escape: Path) -> None:
    rows = re.findall(r"^\| `([^`]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    kinds = {name.split("/")[0] for name in contents(escape)} | {"certificate"}
    assert {row.split("/")[0] for row in rows} == kinds


def test_the_bytes_do_not_depend_on_the_order_of_hashes(escape: Path, tmp_path: Path) -> None:
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    command = [sys.executable, "-m", "verifier", str(MODELS / "pointer-escape.yaml"), "-q", "--evidence"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([*command, str(tmp_path / "out")], check=True, capture_output=True, env=environment)
    first, again = contents(escape), contents(tmp_path / "out")
    assert [name for name in first if first[name] != again[name]] == [PROVENANCE]


def test_what_was_not_finished_is_kept_as_such(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    limited = [str(MODELS / "mutex.yaml"), "-q", "--no-any", "--max-states", "20"]
    assert main([*limited, "--evidence", str(out)]) == EXIT_UNKNOWN
    page = (out / "evidence.md").read_text(encoding="utf-8")
    assert "**UNKNOWN**: the check did not finish" in page and "Exit status 3" in page
    assert "--max-states 20" in page
    assert audit(out) == EXIT_OK


def test_pages_of_another_version_are_known_by_their_digests_only(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("verifier.commands.audit_folder.__version__", "9.9.9")
    assert audit(copy) == EXIT_OK
    monkeypatch.setattr("verifier.report.conditions.PAGES", "elsewhere.md")
    assert audit(copy) == EXIT_UNKNOWN
    shown = capsys.readouterr().out
    assert "files are drawn otherwise by this version, 9.9.9" in shown and "audit incomplete" in shown


def test_pages_of_another_build_are_not_called_forged(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("verifier.report.conditions.PAGES", "elsewhere.md")
    assert audit(copy) == EXIT_INTERNAL, "this build draws it so: somebody has changed it"
    monkeypatch.setattr("verifier.commands.audit_folder.tool_digest", lambda: "0" * 64)
    capsys.readouterr()
    assert audit(copy) == EXIT_UNKNOWN
    assert "are those that another build of verify" in capsys.readouterr().out
    page = copy / "evidence.md"
    page.write_text(page.read_text(encoding="utf-8").replace("**UNSAFE**", "**SAFE**"), encoding="utf-8")
    assert audit(copy) == EXIT_INTERNAL, "one that differs from its digest is changed, whoever wrote it"
    page = copy / "evidence.md"
    page.write_bytes(page.read_bytes() + b"\n")
    assert audit(copy) == EXIT_INTERNAL
