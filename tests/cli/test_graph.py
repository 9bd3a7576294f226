"""`verify graph` with a schedule in it: marked, taken out, and the slips around that."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.catalogue import ROOT
from verifier.cli import main
from verifier.report.statefile import ROW

Capture = pytest.CaptureFixture[str]
DEADLOCK = "models/rwmutex-recursive-rlock.yaml"
RACE = "models/unprotected.yaml"


@pytest.fixture(autouse=True)
def top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def drawn(capsys: Capture, *arguments: str) -> Any:
    assert main(["graph", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_counterexample_is_marked_in_the_whole_graph(capsys: Capture) -> None:
    whole = drawn(capsys, DEADLOCK)
    marked = drawn(capsys, DEADLOCK, "--counterexample")
    assert len(marked["states"]) == len(whole["states"]) and len(marked["steps"]) == len(whole["steps"])
    steps = sorted((s for s in marked["steps"] if ROW in s), key=lambda s: int(s[ROW]))
    assert [(s["goroutine"], s["text"]) for s in steps] == [
        ("sum", "c.mu.RLock()"),
        ("put", "c.mu.Lock() (announce)"),
    ]
    # They are joined, from the first state to the one that the property names.
    assert steps[0]["from"] == 0 and steps[0]["to"] == steps[1]["from"]
    (last,) = [s for s in marked["states"] if s.get("violated property") == "deadlock"]
    assert last["id"] == steps[1]["to"] and not any(s["from"] == last["id"] for s in marked["steps"])
    for s in marked["steps"]:
        s.pop(ROW, None)
    assert marked["steps"] == whole["steps"]


def test_a_schedule_by_itself_is_a_line(capsys: Capture) -> None:
    held = drawn(capsys, DEADLOCK, "--counterexample", "--path")
    assert [(s["from"], s["to"]) for s in held["steps"]] == [(0, 1), (1, 2)]
    assert [s[ROW] for s in held["states"]] == [0, 1, 2]


def test_a_lasso_by_itself_closes(capsys: Capture) -> None:
    held = drawn(capsys, "models/naive-rwlock-reader-starves.yaml", "--counterexample", "--path")
    assert len(held["steps"]) >= len(held["states"]), "the loop leads back to a state that is there already"


def test_dot_shows_it_in_red(capsys: Capture) -> None:
    assert main(["graph", RACE, "--property", "fatal", "--path"]) == 0
    text = capsys.readouterr().out
    edges = re.findall(r"s\d+ -> s\d+ \[label=\"(\d)\. .*color=red", text)
    assert edges == ["1", "2", "3", "4"]
    assert "fatal error: concurrent map writes" in text or "concurrent map writes" in text


def test_a_schedule_of_ones_own(capsys: Capture) -> None:
    held = drawn(capsys, RACE, "--schedule", "0/0")
    assert sum(ROW in s for s in held["steps"]) == 2
    assert not any("violated property" in s for s in held["states"])
    runtime = drawn(capsys, RACE, "--schedule", "runtime:0/0/0/1", "--path")
    assert len(runtime["steps"]) == 4


def test_a_graph_that_is_not_complete_says_where(capsys: Capture) -> None:
    assert main(["graph", DEADLOCK, "--max-states", "5", "--format", "json"]) == 3
    printed = capsys.readouterr()
    held = json.loads(printed.out)
    assert "the graph is not complete" in printed.err
    known = {s["id"] for s in held["states"]}
    assert all(s["to"] in known for s in held["steps"])
    assert any(s.get("steps left out") for s in held["states"])


SLIPS = {
    f"{RACE} --path": "--path: of which schedule?",
    f"{RACE} --schedule 0/9": "step 2 of the schedule takes choice 9",
    f"{RACE} --schedule runtime:0/0/0/1/0 --path": "step 5 of the schedule comes after one that fails",
    f"{RACE} --schedule x": "'x' is no schedule",
    f"{RACE} --schedule 0 --counterexample": "leave out --counterexample and --property",
    f"{RACE} --property rase": "did you mean 'race'?",
    f"{RACE} --counterexample --runtime": "the schedule is one of the abstract lowering",
    "models/once.yaml --counterexample": "has no schedule that fails: SAFE",
    f"{DEADLOCK} --counterexample --max-states 1": "has no schedule that fails: UNKNOWN",
    f"{DEADLOCK} --schedule 0/1 --max-states 1": "leaves the graph",
    "models/linearizable/mutex.yaml --counterexample": "are not drawn",
}


@pytest.mark.parametrize("line", SLIPS)
def test_slips(line: str, capsys: Capture) -> None:
    assert main(["graph", *line.split()]) == 2
    assert SLIPS[line] in capsys.readouterr().err
