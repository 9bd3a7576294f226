"""The files for CI in examples/ci: they are what their readers take, and the commands in them work as they say."""

from __future__ import annotations

import glob
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.catalogue import ROOT
from verifier.cli import main

CI = ROOT / "examples" / "ci"
PAGE = ROOT / "docs" / "ci.md"
SCHEMAS = {"verify.yml": "github-workflows.json", "gitlab-ci.yml": "gitlab-ci.json"}


def load(name: str) -> Any:
    return YAML(typ="safe").load((CI / name).read_text(encoding="utf-8"))


def commands(tree: Any) -> Iterator[str]:
    """Every string of a YAML file that is a command line of ours."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            yield from commands(value)
    elif isinstance(tree, str) and tree.startswith("verify ") and "@" not in tree:
        yield tree.split(" >> ")[0]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one sound model in design/."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "design").mkdir()
    shutil.copy(ROOT / "models" / "mutex.yaml", tmp_path / "design")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, *more: str) -> int:
    """A command line as a shell would run it."""
    words = [w for word in shlex.split(command)[1:] for w in (sorted(glob.glob(word)) or [word])]
    return main([*words, *more])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_of_the_service_is_kept(name: str) -> None:
    place = files("check_jsonschema") / "builtin_schemas" / "vendor" / SCHEMAS[name]
    schema = json.loads(place.read_text(encoding="utf-8"))
    # `on` is a key here, not the truth value that YAML 1.1 makes of it.
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(load(name))] == []


@pytest.mark.parametrize("name", ["pre-commit-hooks.yml", "pre-commit-config.yml"])
def test_hooks_have_what_pre_commit_needs(name: str) -> None:
    tree = load(name)
    hooks = tree if name == "pre-commit-hooks.yml" else tree["repos"][0]["hooks"]
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook)
        assert re.search(hook["files"], "design/cache.yaml") and not re.search(hook["files"], "cache.go")


@pytest.mark.parametrize("name", [*SCHEMAS, "pre-commit-hooks.yml", "pre-commit-config.yml"])
def test_the_commands_work(name: str, repository: Path) -> None:
    command, *others = commands(load(name))
    # pre-commit puts the files that changed behind the command.
    more = ["design/mutex.yaml"] if name.startswith("pre-commit") else []
    assert run(command, *more) == 0
    if others:
        shutil.copytree("evidence.new", "evidence")
    (repository / "design" / "new.yaml").write_text(without_expectations("unprotected.yaml"), encoding="utf-8")
    assert run(command, *(["design/new.yaml"] if more else [])) == 1
    # What is new is not worse than what was there.
    assert [run(other) for other in others] == [0] * len(others)


def without_expectations(name: str) -> str:
    return re.sub(r"(?m)^expect:.*\n", "", (ROOT / "models" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_later_steps_take_is_there_even_when_the_check_fails(name: str, repository: Path) -> None:
    (repository / "design" / "bad.yaml").write_text("model: bad\n", encoding="utf-8")
    command, *_ = commands(load(name))
    assert run(command) == 2
    text = (CI / name).read_text(encoding="utf-8")
    assert "verify.sarif" in text and "verify.xml" in text
    (log,) = json.loads((repository / "verify.sarif").read_text())["runs"]
    assert log["invocations"][0]["executionSuccessful"] is False
    assert ElementTree.parse(repository / "verify.xml").getroot().get("errors") == "1"


def test_an_empty_folder_is_no_success(repository: Path) -> None:
    (repository / "design" / "mutex.yaml").unlink()
    command, *_ = commands(load("verify.yml"))
    assert run(command) == 2


BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[0] for block in BLOCKS])
def test_the_commands_of_the_page_work(block: str, repository: Path) -> None:
    for line in block.splitlines():
        command = line.split("  #")[0]
        if command.startswith("mkdir -p "):
            Path(command.removeprefix("mkdir -p ")).mkdir()
        else:
            assert run(command) == 0
