"""`verify audit`: stored evidence is checked again without an engine, and every kind of damage is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from catalogue import ROOT
from prove.build import of_file, prove

from verifier.cli import main
from verifier.evidence import sealed, store
from verifier.evidence.store import Damaged, Evidence, NotEvidence
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.prove.certificate import certificate


@cache
def evidence(name: str) -> str:
    """The text of the evidence about a model of the catalogue."""
    path = ROOT / "models" / f"{name}.yaml"
    document = read_model(str(path))
    result = verify(document, Options())
    tried = prove(of_file(str(path)), largest=1)
    made = certificate(tried.machine.shape, tried.proof, heap=2) if tried.machine and tried.proof else None
    return store.dump(result, document, made)


def audit(text: str, folder: Path, *more: str) -> int:
    path = folder / "evidence.json"
    path.write_text(text, encoding="utf-8")
    return main(["audit", str(path), *more])


def changed(text: str, change: object) -> str:
    """The evidence with something in it changed and every digest made right again: a forgery."""
    tree = json.loads(text)
    assert callable(change)
    change(tree)
    if tree["certificate"] is not None:
        c = tree["certificate"]
        fake = store.Certificate(
            c["k"], tuple(c["roles"]), tuple(c["exactly"].items()), c["heap"], c["reads"], c["holds"], c["views"],
            "\n".join(c["invariant"]),
        )  # fmt: skip
        c["sha256"] = fake.sha256
    return sealed.seal(sealed.opened(tree))


@pytest.mark.parametrize(
    "name",
    [
        "rwmutex",
        "unprotected",
        "rwmutex-recursive-rlock",
        "atomic-pointer-publish",
        "sync-map-check-then-act",
        "naive-rwlock-writer-starves",
        "real/go-81187-delete-absent",
    ],
)
def test_evidence_of_the_catalogue_passes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(evidence(name), tmp_path) == 0
    shown = capsys.readouterr().out
    assert shown.endswith("audit passed\n")
    tree = json.loads(evidence(name))
    for p in tree["properties"]:
        if p["schedule"]:
            assert f"{p['name']:<12} {p['verdict']}: schedule" in shown
    assert ("re-proved" in shown) == (tree["certificate"] is not None)


def test_evidence_is_canonical_and_reads_back() -> None:
    text = evidence("rwmutex")
    assert store.render(store.load(text)) == text


def test_what_the_certificate_covers_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(evidence("rwmutex"), tmp_path) == 0
    shown = capsys.readouterr().out
    assert "at least 2 goroutines in all" in shown
    assert "not checked  deadlock, alice is stored" in shown


def test_no_engine_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(evidence("rwmutex"), encoding="utf-8")
    code = (
        "import sys; from verifier.cli import main; code = main(['audit', sys.argv[1]])\n"
        "engines = [m for m in sys.modules if m.startswith(('verifier.explore', 'verifier.prove'))]\n"
        "print('engines:', engines); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "re-proved" in done.stdout
    assert done.stdout.endswith("engines: []\n")


def test_any_changed_byte_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = evidence("rwmutex")
    inside = range(text.index('"certificate"'), text.index('"counts"'))
    for at in list(inside)[3 :: len(inside) // 60] + list(range(10, len(text), len(text) // 60)):
        other = "x" if text[at] != "x" else "y"
        assert audit(text[:at] + other + text[at + 1 :], tmp_path) == 4, text[at - 20 : at + 20]
        assert "damaged" in capsys.readouterr().err


def reindented(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False) + "\n"


def twice(text: str) -> str:
    """JSON takes the last of two equal keys: whoever reads the first one reads something else."""
    return text.replace('"schema": 1,', '"schema": 2,\n "schema": 1,', 1)


@pytest.mark.parametrize(
    "edit",
    [
        lambda t: t.replace("\n", "\n ", 1),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.removesuffix("\n"),
        lambda t: t + "\n",
        lambda t: t.replace('"certificate":', '"c\\u0065rtificate":', 1),
        reindented,
        twice,
    ],
)
def test_text_that_says_the_same_in_other_bytes_is_noticed(
    edit: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = evidence("rwmutex")
    assert edit(text) != text
    assert audit(edit(text), tmp_path) == 4
    assert "not written as it was, from line" in capsys.readouterr().err


def test_a_forged_view_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def forge(tree: dict[str, dict[str, list[str]]]) -> None:
        lines = tree["certificate"]["invariant"]
        at = next(n for n, line in enumerate(lines) if "(not g1)" in line)
        lines[at] = lines[at].replace("(not g1)", "g1", 1)

    assert audit(changed(evidence("rwmutex"), forge), tmp_path) == 4
    assert "REFUSED" in capsys.readouterr().out


def test_a_forged_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The certificate of a safe model does not fit the text of an unsafe one."""

    def forge(tree: dict[str, dict[str, object]]) -> None:
        text = "\n".join(tree["model"]["text"])  # type: ignore[arg-type]
        text = text.replace("mu.RLock()", "mu.RLock(); mu.RUnlock()").replace("      mu.RUnlock()\n", "")
        tree["model"]["text"] = text.split("\n")
        tree["model"]["sha256"] = sealed.sha256(text)

    assert audit(changed(evidence("rwmutex"), forge), tmp_path) == 4
    assert "REFUSED" in capsys.readouterr().out


def test_a_forged_schedule_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def forge(tree: dict[str, list[dict[str, dict[str, list[int]]]]]) -> None:
        next(p for p in tree["properties"] if p["schedule"])["schedule"]["choices"].append(0)

    assert audit(changed(evidence("unprotected"), forge), tmp_path) == 4
    assert "REFUSED" in capsys.readouterr().out


def test_a_forged_count_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate for one writer is none for the two that the model has."""

    def forge(tree: dict[str, dict[str, dict[str, int]]]) -> None:
        tree["certificate"]["exactly"] = {"writer": 1}

    assert audit(changed(evidence("rwmutex"), forge), tmp_path) == 4
    assert "counts of the model" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "model: x\n", "[]", "{}", '{"kind": "verify evidence"}', "[" * 100_000, '{"schema": 1, "models": []}']
)
def test_other_files_are_no_evidence(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(text, tmp_path) == 2
    shown = capsys.readouterr().err
    assert "evidence.json:1:1: error: this is no evidence" in shown


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path / "missing.json")]) == 2
    assert "error: no such file or directory\n  note: `verify MODEL --evidence DIR`" in capsys.readouterr().err
    assert main(["audit", "n" * 5000]) == 2
    assert "cannot be read: File name too long" in capsys.readouterr().err
    assert main(["audit", str(tmp_path)]) == 2
    assert "directory" in capsys.readouterr().err
    assert main(["audit"]) == 2


def test_a_later_schema_is_refused_by_name(tmp_path: Path) -> None:
    def later(tree: dict[str, int]) -> None:
        tree["schema"] = 2

    with pytest.raises(NotEvidence, match="schema 2"):
        store.load(changed(evidence("unprotected"), later))


def test_wrong_types_are_no_evidence() -> None:
    def wrong(tree: dict[str, list[dict[str, object]]]) -> None:
        tree["properties"][0]["verdict"] = 7

    with pytest.raises(NotEvidence):
        store.load(changed(evidence("unprotected"), wrong))


def test_a_model_that_is_not_the_one_of_the_digest_is_damaged() -> None:
    def wrong(tree: dict[str, dict[str, list[str]]]) -> None:
        tree["model"]["text"].append("# more")

    with pytest.raises(Damaged, match="model"):
        store.load(changed(evidence("unprotected"), wrong))


def test_obligations_are_written_for_other_solvers(tmp_path: Path) -> None:
    assert audit(evidence("atomic-pointer-publish"), tmp_path, "--smt", str(tmp_path / "smt")) == 0
    files = sorted((tmp_path / "smt").iterdir())
    assert files and all("(check-sat)" in f.read_text(encoding="utf-8") for f in files)


def test_evidence_is_frozen() -> None:
    assert isinstance(store.load(evidence("unprotected")), Evidence)
    assert store.load(evidence("unprotected")) == store.load(evidence("unprotected"))
