"""A scheme with a goroutine of its own: it is there, it is stopped in the end, and it changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.cli import main
from verifier.evidence.result import Result
from verifier.golang.parse import parse_declarations
from verifier.model.document import Document, Text
from verifier.model.read import read_text
from verifier.model.schemes import schemes, under
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.pipeline.owner import FILE, FIXED, owned
from verifier.verdict import Verdict

ROOT = Path(__file__).parents[2]
DECLARE = "declare: |\n  type Key = string\n  type Value = int\n  var m = NewMap()\n"
METHODS = "func (m *Map) Own() {}\nfunc (m *Map) Stop() {}\n"


def workload(roles: str, scheme: str = "channelowner", declare: str = DECLARE) -> Document:
    read = read_text(str(ROOT / "models" / "workloads" / "w.yaml"), f"model: w\nschemes: {scheme}\n{declare}{roles}")
    return under(read, schemes(read)[0])


def judged(roles: str, **options: object) -> Result:
    return verify(workload(roles), Options(**{"any_number": False, **options}))  # type: ignore[arg-type]


CALL = "goroutines: {g: {count: 2, body: 'm.Store(\"a\", 1)'}}\n"


@pytest.mark.parametrize(
    ("go", "variable"),
    [
        (f"type Map struct{{}}\n{METHODS}var m = NewMap()", "m"),
        (f"type Map struct{{}}\n{METHODS}var a, cache = 1, NewMap()", "cache"),
        (f"type Map struct{{}}\n{METHODS}var a, b = NewMap(), NewMap()", ""),
        (f"type Map struct{{}}\n{METHODS}var m *Map", ""),
        ("type Map struct{}\nfunc (m *Map) Own() {}\nvar m = NewMap()", ""),
        (f"type Other struct{{}}\n{METHODS.replace('*Map', '*Other')}var m = NewMap()", ""),
        ("func Own() {}\nfunc Stop() {}\nvar m = NewMap()", ""),
    ],
)
def test_only_a_map_that_can_be_owned_has_an_owner(go: str, variable: str) -> None:
    assert owned(parse_declarations(Text(go, "s.go", 1, (1,) * (go.count("\n") + 1)))) == variable


def test_the_owner_serves_everybody_and_returns() -> None:
    found = judged(CALL)
    assert {p.name: p.verdict for p in found.properties} == dict.fromkeys(
        ("race", "fatal", "panic", "deadlock"), Verdict.SAFE
    )
    assert dict(found.explored.counts) == {"g": 2, "owner": 1}
    assert found.coverage is not None
    missed = {span.file for span, _ in found.coverage.missed}
    assert FILE not in missed


def test_it_is_stopped_after_the_last_one_however_many_there_are() -> None:
    found = judged(CALL, counts=(("g", 3),))
    assert dict(found.explored.counts) == {"g": 3, "owner": 1}
    assert all(p.verdict is Verdict.SAFE for p in found.properties)


def test_a_goroutine_that_hangs_is_still_found() -> None:
    found = judged("goroutines: {g: 'm.Store(\"a\", 1); var c chan int; <-c'}\n")
    assert [p.verdict for p in found.properties if p.name == "deadlock"] == [Verdict.UNSAFE]


def test_the_name_of_a_role_is_left_to_the_workload() -> None:
    found = judged("goroutines: {owner: 'm.Store(\"a\", 1)'}\n")
    assert dict(found.explored.counts) == {"owner": 1, "schemeOwner": 1}


def test_other_schemes_and_other_models_have_none() -> None:
    assert read_front(workload(CALL, "mutex"), Options()).fixed == ""
    plain = f"model: m\ndeclare: |\n  type Map struct{{}}\n  func NewMap() *Map {{ return &Map{{}} }}\n  {METHODS}"
    plain = plain.replace("\nfunc", "\n  func") + "var m = NewMap()\ngoroutines: {g: m.Own()}\n"
    front = read_front(read_text("m.yaml", plain.replace("\nvar", "\n  var")), Options())
    assert front.fixed == "" and [name for name, _ in front.counts] == ["g"]


def test_nothing_is_proved_for_other_numbers() -> None:
    proof = judged(CALL, any_number=True).any_number
    assert proof is not None and proof.verdict is Verdict.UNKNOWN and proof.reason == FIXED
    found = judged(CALL.replace("count: 2", "count: any"), any_number=None)
    assert {p.verdict for p in found.properties} == {Verdict.UNKNOWN}


def test_the_owner_itself_never_waits_in_a_call() -> None:
    idle = DECLARE + "  var done atomic.Bool\n"
    document = workload("goroutines: {g: {count: 2, body: done.Store(true)}}\n", declare=idle)
    found = verify(document, Options(any_number=False, contention=True)).contention
    assert found is not None and (found.waits, found.lost, found.reason) == (0, 0, "")
    busy = verify(workload(CALL), Options(any_number=False, contention=True)).contention
    assert busy is not None and busy.waits


def test_evidence_of_an_owned_map_can_be_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "e.json"
    path = str(ROOT / "models" / "workloads" / "change-in-place.yaml")
    assert main(["-q", path, "--scheme", "channelowner", "--no-any", "--evidence", str(kept)]) == 0
    assert main(["audit", str(kept)]) == 0
    assert "race         UNSAFE: schedule" in capsys.readouterr().out


def test_clients_of_linearizable_are_served_by_the_owner() -> None:
    asked = "linearizable: {type: Map, goroutines: 2, calls: 1, keys: 1, values: 1, operations: [Load, Store]}\n"
    declare = "declare: |\n  type Key int\n  type Value int\n"
    front = read_front(workload(asked, declare=declare), Options())
    assert front.client is not None and front.counts == (("owner", 1), ("client", 2))
    found = verify(workload(asked, declare=declare), Options(any_number=False))
    assert {p.verdict for p in found.properties if p.kind == "linearizable"} == {Verdict.SAFE}
    assert read_front(workload(asked, "mutex", declare), Options()).counts == (("client", 2),)
