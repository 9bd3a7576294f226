"""JUnit: what two independent readers make of it, and that a case fails exactly where the exit code does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
import xmlschema

from verifier.evidence.result import Result
from verifier.report import junit
from verifier.report.junit import Times
from verifier.report.outcome import Entry, exit_code, subject
from verifier.verdict import Verdict

from .builders import prop
from .results import TABLE, whole
from .test_sarif import CASES


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def read(*entries: Entry, times: Times | None = None) -> ElementTree.Element:
    text = junit.render(entries, times)
    schema().validate(text)
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("name", CASES)
def test_the_subset_is_kept_and_the_numbers_add_up(name: str) -> None:
    root = read(*CASES[name])
    for suite in (root, *root.iter("testsuite")):
        assert suite.get("tests") == str(len(list(suite.iter("testcase"))))
        assert suite.get("failures") == str(len(list(suite.iter("failure"))))
        assert suite.get("errors") == str(len(list(suite.iter("error"))))


def test_the_subset_has_no_skipped() -> None:
    text = junit.render([TABLE["safe"]]).replace("</testcase>", "<skipped/></testcase>", 1)
    assert not schema().is_valid(text)


@pytest.mark.parametrize("name", CASES)
def test_it_is_red_exactly_where_the_exit_code_is(name: str) -> None:
    root = read(*CASES[name])
    red = list(root.iter("failure")) + list(root.iter("error"))
    assert bool(red) == (exit_code(CASES[name]) != 0) or not CASES[name]


@pytest.mark.parametrize("name", TABLE)
def test_every_property_is_a_case_and_none_is_greener_than_its_verdict(name: str) -> None:
    found = TABLE[name]
    cases = {case.get("name"): case for case in read(found).iter("testcase")}
    assert [c for c in cases if c != "properties"] == [subject(p) for p in found.properties]
    for p in found.properties:
        case = cases[subject(p)]
        tags = [child.tag for child in case if child.tag in ("failure", "error")]
        if p.as_expected:
            assert tags == []
            # An expected failure passes, and says what it is.
            assert (case.findtext("system-out") or "").startswith(p.verdict.value)
        elif p.verdict in (Verdict.UNKNOWN, Verdict.ERROR):
            assert tags == ["error"]
        else:
            assert tags == ["failure"]


@pytest.mark.parametrize("name", CASES)
def test_another_reader_counts_the_same(name: str) -> None:
    text = junit.render(CASES[name])
    suites = list(junitparser.JUnitXml.fromstring(text.encode()))
    mine = ElementTree.fromstring(text)
    assert [s.name for s in suites] == [s.get("name") for s in mine.iter("testsuite")]
    found = [type(r).__name__ for suite in suites for case in suite for r in case.result]
    assert found.count("Failure") == int(mine.get("failures", "-1"))
    assert found.count("Error") == int(mine.get("errors", "-1"))
    assert "Skipped" not in found


@pytest.mark.parametrize("name", CASES)
def test_no_clock_unless_asked(name: str) -> None:
    text = junit.render(CASES[name])
    assert "time=" not in text and "timestamp" not in text
    slower = [
        replace(e, explored=replace(e.explored, seconds=99.0)) if isinstance(e, Result) else e for e in CASES[name]
    ]
    assert junit.render(slower) == text


def test_times_are_there_when_asked() -> None:
    root = read(TABLE["safe"], times=Times("2026-11-22T10:00:00+00:00"))
    (suite,) = root.iter("testsuite")
    assert (suite.get("time"), suite.get("timestamp")) == ("0.210", "2026-11-22T10:00:00+00:00")


def test_a_failure_carries_its_timeline() -> None:
    (failure,) = read(TABLE["race"]).iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("DataRace", '4 steps: data race on m["a"]')
    text = failure.text or ""
    assert "WARNING: DATA RACE" in text and "<- race" in text and "verify replay models/m.yaml 1/0" in text


def test_the_line_is_one_of_the_model() -> None:
    lines = {case.get("name"): case.get("line") for case in read(TABLE["mixed"]).iter("testcase")}
    assert lines == {"race": "9", "deadlock": "1", "panic": "1"}


def test_text_that_xml_cannot_hold_or_takes_for_its_own() -> None:
    evil = 'a ]]> b & <c> "d" \x00\x1b[31m \ud800 \n e'
    root = read(whole(prop("race", Verdict.UNKNOWN, reason=evil)))
    (error,) = root.iter("error")
    shown = 'a ]]> b & <c> "d" \ufffd\ufffd[31m \ufffd \n e'
    assert error.text == f"not finished, nothing is established: {shown}"
    assert error.get("message") == f"not finished, nothing is established: {shown}"


def test_a_model_without_a_verdict_is_an_error() -> None:
    types = {
        name: [e.get("type") for e in read(*CASES[name]).iter("error")] for name in ("unread", "bug", "interrupted")
    }
    assert types == {"unread": ["ModelError"], "bug": ["InternalError"], "interrupted": ["Inconclusive"]}
    (case,) = read(*CASES["unread"]).iter("testcase")
    assert case.get("line") == "3"
