"""Every format of `--format` with every kind of answer: nothing dropped, equal runs give equal texts."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

import pytest

from verifier.commands import formats
from verifier.commands.formats import FORMATS, ONE_TRACE
from verifier.verdict import Verdict

from .results import TABLE

WHOLE = [f for f in FORMATS if f not in (*ONE_TRACE, "html")]
"""Formats that tell everything. A page needs its model read, and has tests of its own."""


def rendered(format: str, name: str, seconds: float = 0.2) -> str:
    found = replace(TABLE[name], explored=replace(TABLE[name].explored, seconds=seconds))
    given = argparse.Namespace(format=format, times=False, property=None)
    return formats.render(format, [found], given, ["models/m.yaml"])


def test_the_formats_are_those_tested_here_and_the_page() -> None:
    assert {*WHOLE, *ONE_TRACE, "html"} == set(FORMATS) and "mermaid" in WHOLE


@pytest.mark.parametrize("format", WHOLE)
@pytest.mark.parametrize("name", TABLE)
def test_no_property_is_dropped_and_each_verdict_is_said(format: str, name: str) -> None:
    text = rendered(format, name)
    for p in TABLE[name].properties:
        assert p.name in text
        # As a word of the verdict, or in that of the format.
        assert re.search(rf"\b{p.verdict.value}\b", text) or format == "junit"


@pytest.mark.parametrize("format", [*WHOLE, *ONE_TRACE])
@pytest.mark.parametrize("name", TABLE)
def test_equal_runs_give_equal_texts_however_long_they_took(format: str, name: str) -> None:
    text = rendered(format, name)
    assert rendered(format, name) == text
    if format != "json":
        assert rendered(format, name, seconds=99.0) == text


@pytest.mark.parametrize("format", ONE_TRACE)
@pytest.mark.parametrize("name", TABLE)
def test_a_schedule_is_one_that_fails_or_there_is_none(format: str, name: str) -> None:
    failing = [p for p in TABLE[name].properties if p.verdict is Verdict.UNSAFE and p.trace is not None]
    text = rendered(format, name)
    assert bool(text) == bool(failing)
    if failing:
        assert failing[0].name in text and ("UNSAFE" in text or "violation_sequence" in text)
