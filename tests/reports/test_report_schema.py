"""`verify schema --report` is the schema of all our JSON: nothing that we print is missing from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from catalogue import ROOT
from jsonschema import Draft202012Validator, ValidationError

from verifier.cli import main
from verifier.evidence.contention import Contention
from verifier.evidence.fix import Fix, Fixes
from verifier.evidence.odds import Odds
from verifier.evidence.sharding import ShardingResult
from verifier.evidence.trace import Meeting
from verifier.report.jsonfile import render
from verifier.report.jsonschema import schema, text as schema_text
from verifier.report.outcome import Entry, Failed
from verifier.verdict import Verdict

from .builders import at, clause_trace, prop, result
from .results import TABLE, whole

SCHEMA = schema()
VALID = Draft202012Validator(SCHEMA)
FAILED = Failed("gone", "gone.yaml", "gone.yaml:1:1: error: no such file")


def everything() -> Entry:
    """What the table has no example of."""
    from dataclasses import replace

    trace = clause_trace()
    first = replace(trace.steps[0], meets=Meeting("b", "<-c", at(12), (), True), symptom="lost insert", cite="a.go:1")
    return whole(
        prop("n stays low", Verdict.UNSAFE, trace=replace(trace, steps=(first, *trace.steps[1:]))),
        scheme="mutex",
        contention=Contention(1, None, 3),
        sharding=ShardingResult(Verdict.SAFE, "for every hash"),
        fixes=Fixes((Fix("add a lock", "--- a\n+++ b\n", "2 puts", 3),), 4, 9),
        overrides=(("get", 2),),
        odds=(Odds("n stays low", "always", 1, 4, "", "break it", ("-race says nothing",), ("lost insert",)),),
    )


CASES: dict[str, Entry] = {**TABLE, "failed": FAILED, "everything": everything()}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", CASES)
def test_what_we_print_is_valid(name: str) -> None:
    VALID.validate(json.loads(render([CASES[name]])))


def test_several_models_are_valid_and_so_is_none() -> None:
    VALID.validate(json.loads(render([TABLE["safe"], FAILED])))
    VALID.validate(json.loads(render([])))


@pytest.mark.parametrize("name", ["pointer-escape", "channel-owner", "rwmutex-recursive-rlock", "wg-add-inside"])
def test_what_a_run_prints_is_valid(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(ROOT / "models" / f"{name}.yaml"), "--format", "json"])
    VALID.validate(json.loads(capsys.readouterr().out))


def _keys(tree: Any, path: str = "") -> set[str]:
    if isinstance(tree, list):
        return {k for item in tree for k in _keys(item, path)}
    if not isinstance(tree, dict):
        return set()
    return {f"{path}.{k}" for k in tree} | {x for k, v in tree.items() for x in _keys(v, f"{path}.{k}")}


@pytest.mark.parametrize("key", ["extra", "verdict", "properties"])
def test_what_we_do_not_print_is_not_valid(key: str) -> None:
    tree = json.loads(render([TABLE["race"]]))
    if key in tree:
        del tree[key]
    else:
        tree[key] = 1
    with pytest.raises(ValidationError):
        VALID.validate(tree)


def test_every_definition_is_used_and_every_key_of_it_printed() -> None:
    used = {k.rsplit(".", 1)[-1] for entry in CASES.values() for k in _keys(json.loads(render([entry])))}
    named = {
        key
        for made in SCHEMA["$defs"].values()  # type: ignore[attr-defined]
        for key in made.get("properties", {})
    }
    assert named - used == {"models"}


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--report"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_a_bare_result_is_valid() -> None:
    VALID.validate(json.loads(render([result()])))


def test_the_published_schema_is_the_one_printed(promote: bool) -> None:
    path = ROOT / "docs" / "report.schema.json"
    if promote:
        path.write_text(schema_text(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == schema_text()
