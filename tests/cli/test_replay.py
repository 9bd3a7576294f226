"""Every schedule that a report names can be walked, and shows again what the report said."""

from __future__ import annotations

import glob
import re
import shlex
from pathlib import Path

import pytest

from verifier.cli import main

ROOT = Path(__file__).parents[2]
MODELS = sorted(glob.glob("models/*.yaml", root_dir=ROOT))
Capture = pytest.CaptureFixture[str]

_FOUND = re.compile(r"^--- FAIL: (.*?)  .*\n(?:    .*\n)*?    replay +verify (replay .*)$", re.M)
_SHOWN = {"race": "WARNING: DATA RACE", "fatal": "fatal error: ", "panic": "panic: ", "deadlock": "WARNING: DEADLOCK"}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("model", MODELS)
def test_a_reported_schedule_shows_the_same_again(model: str, capsys: Capture) -> None:
    code = main([model])
    found = _FOUND.findall(capsys.readouterr().out)
    assert code == 0
    for name, command in found:
        assert main(shlex.split(command)) == 0
        shown = capsys.readouterr().out
        if name in _SHOWN:
            assert _SHOWN[name] in shown, shown


def test_many_models_name_schedules(capsys: Capture) -> None:
    main([*MODELS[::2], "--no-any"])
    assert len(_FOUND.findall(capsys.readouterr().out)) > 10


def test_the_state_after_any_step(capsys: Capture) -> None:
    model = "models/rwmutex-recursive-rlock.yaml"
    assert main(["replay", model, "0/1", "--at", "0"]) == 0
    assert capsys.readouterr().out.startswith("at the start:\n")
    assert main(["replay", model, "0/1", "--at", "2"]) == 0
    assert "enabled steps:\n  none" in capsys.readouterr().out


def test_a_choice_that_nobody_has(capsys: Capture) -> None:
    assert main(["replay", "models/rwmutex-recursive-rlock.yaml", "0/7"]) == 2
    assert "step 2 of the schedule takes choice 7, but the choices there are 0 to " in capsys.readouterr().err
    assert main(["replay", "models/rwmutex-recursive-rlock.yaml", "0/1/0"]) == 2
    assert "no step is possible there" in capsys.readouterr().err


def test_nothing_follows_a_failure(capsys: Capture) -> None:
    main(["models/nil-map.yaml"])
    (path,) = re.findall(r"verify replay models/nil-map.yaml (\S+)", capsys.readouterr().out)
    assert main(["replay", "models/nil-map.yaml", path + "/0"]) == 2
    assert "nothing can follow it" in capsys.readouterr().err
