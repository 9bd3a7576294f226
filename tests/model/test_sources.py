"""`source:`: Go files that belong to a model, from the file system to evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verifier.cli import main
from verifier.model.document import Document
from verifier.model.read import read_model, read_text
from verifier.pipeline import Options, verify
from verifier.source import ModelError
from verifier.verdict import Verdict

COUNTER = """\
package counter

import "sync"

var mu sync.Mutex
var n int

func add() {
	mu.Lock()
	n++
	mu.Unlock()
}
"""
MODEL = "model: m\nsource: counter.go\ngoroutines:\n  w: {count: 2, body: add()}\nfinally: {both: n == 2}\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "counter.go").write_text(COUNTER, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MODEL, encoding="utf-8")
    return tmp_path / "m.yaml"


def in_memory(text: str, files: dict[str, str]) -> Document:
    return read_text("dir/m.yaml", text, lambda name, path: files[name.value].encode())


def test_files_and_declare_are_one_package(model: Path) -> None:
    assert verify(read_model(str(model)), Options(any_number=False)).verdict is Verdict.SAFE
    files = {"a.go": "package p\nfunc f() { n = two }\n", "b.go": "const two = 2\n"}
    text = "model: m\nsource: [a.go, b.go]\ndeclare: var n int\ngoroutines: {w: f()}\nfinally: {p: n == two}\n"
    assert verify(in_memory(text, files), Options(any_number=False)).verdict is Verdict.SAFE


def test_paths_count_from_the_model(model: Path) -> None:
    (model.parent / "sub").mkdir()
    below = model.parent / "sub" / "m.yaml"
    below.write_text(MODEL.replace("counter.go", "../counter.go"), encoding="utf-8")
    (found,) = read_model(str(below)).sources
    assert (found.name, found.text.file) == ("../counter.go", str(model.parent / "counter.go"))


def test_initialisers_run_in_the_order_of_the_files() -> None:
    files = {"a.go": "var x = next()\nvar n int\nfunc next() int { n++; return n }\n", "b.go": "var y = next()\n"}
    model = "model: m\nsource: [%s]\ngoroutines: {w: _ = x}\nfinally: {first: x < y}\n"
    first, second = (in_memory(model % order, files) for order in ("a.go, b.go", "b.go, a.go"))
    assert verify(first, Options(any_number=False)).verdict is Verdict.SAFE
    assert verify(second, Options(any_number=False)).verdict is Verdict.UNSAFE


def test_the_digest_covers_the_files() -> None:
    text = "model: m\nsource: a.go\ngoroutines: {w: f()}\n"
    one, same, other = (in_memory(text, {"a.go": go}) for go in ("func f() {}", "func f() {}", "func f() { }"))
    assert one.sha256 == same.sha256 != other.sha256


def test_reports_name_the_file(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unlocked = COUNTER.replace("\tmu.Lock()\n", "").replace("\tmu.Unlock()\n", "")
    (model.parent / "counter.go").write_text(unlocked, encoding="utf-8")
    assert main([str(model), "--no-any"]) == 1
    shown = capsys.readouterr().out
    assert f"      {model.parent / 'counter.go'}:9\n" in shown
    assert "counter.go:9" in shown.split("step ")[1]
    assert "holds no lock at line 9 of counter.go" in shown


def test_evidence_keeps_the_files(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "E.json"
    assert main([str(model), "--evidence", str(kept)]) == 0
    (model.parent / "counter.go").unlink()
    model.unlink()
    assert main(["audit", str(kept)]) == 0
    assert "audit passed" in capsys.readouterr().out
    tree = json.loads(kept.read_text(encoding="utf-8"))
    assert tree["model"]["sources"] == [{"name": "counter.go", "text": COUNTER.split("\n")}]
    tree["model"]["sources"][0]["text"][9] = "\tn += 2"
    kept.write_text(json.dumps(tree), encoding="utf-8")
    assert main(["audit", str(kept)]) == 4


def test_a_report_does_not_overwrite_a_source(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    go = model.parent / "counter.go"
    for command in ([str(model), "-o", str(go)], ["graph", str(model), "-o", str(go)]):
        assert main(command) == 2
        assert "would overwrite a Go file of the model" in capsys.readouterr().err
    assert go.read_text(encoding="utf-8") == COUNTER


def test_of_much_that_never_ran_some_is_shown(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = "if n > 50 {\n" + "n++\n" * 20 + "}\n"
    (model.parent / "counter.go").write_text(COUNTER.replace("\tn++\n", "\tn++\n" + dead), encoding="utf-8")
    assert main([str(model), "--no-any"]) == 0
    short = capsys.readouterr().out
    assert main([str(model), "--no-any", "-v"]) == 0
    assert short.count("never ran") < capsys.readouterr().out.count("never ran")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.go": "package p\npackage p\n"}, "the package clause must be the first thing in the file"),
        ({"a.go": "package p\nvar x int\npackage p\n"}, "the package clause must be the first thing in the file"),
        ({"a.go": 'import "os"\n'}, "package os is not available in models"),
        ({"a.go": 'import . "sync"\n'}, "imports cannot be renamed"),
        ({"a.go": "func f() {}\nx := 1\n"}, "':=' is only for the inside of functions"),
        ({"a.go": "func f() {}\n", "b.go": "func f() {}\n"}, "f redeclared in this block"),
    ],
)
def test_what_is_wrong_is_said_in_the_file(files: dict[str, str], words: str) -> None:
    text = f"model: m\nsource: [{', '.join(files)}]\ngoroutines: {{w: f()}}\n"
    with pytest.raises(ModelError, match=words) as caught:
        verify(in_memory(text, files), Options(any_number=False))
    assert caught.value.diagnostics[0].span.file.startswith("dir/")
    assert caught.value.diagnostics[0].span.file.endswith(".go")
