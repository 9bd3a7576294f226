"""Every line number in the evidence document exists in the model, and has on it what the document says it has."""

from __future__ import annotations

import re
from functools import cache

import pytest
from catalogue import ROOT

from verifier.evidence.result import Result
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.report.markdown import render

NAMES = ("pointer-escape", "rwmutex-recursive-rlock", "mutex", "channel-leak", "wg-add-inside")


@cache
def result(name: str) -> Result:
    return verify(read_model(str(ROOT / "models" / f"{name}.yaml")), Options(any_number=False))


@pytest.mark.parametrize("name", NAMES)
def test_every_step_stands_on_its_line(name: str) -> None:
    found = result(name)
    assert found.subject is not None
    texts = {file.path: file.lines for file in found.subject.files}
    seen = 0
    for p in found.properties:
        for step in p.trace.steps if p.trace else ():
            if step.span is not None and step.text:
                line = texts[step.span.file][step.span.line - 1]
                assert step.text.split("\n")[0].split(" {")[0].strip() in line, (step.text, line)
                seen += 1
    assert seen


@pytest.mark.parametrize("name", NAMES)
def test_every_line_the_page_names_exists(name: str) -> None:
    found = result(name)
    assert found.subject is not None
    lines = found.subject.files[0].lines
    page = render(found)
    named = {int(n) for n in re.findall(rf"{name}\.yaml(?::|#L)(\d+)", page)}
    assert named and all(1 <= n <= len(lines) and lines[n - 1].strip() for n in named)
    for number, text in re.findall(r"^\| (\d+) \| `+ ?(.*?) ?`+ \| (?:yes|\*\*no)", page, re.MULTILINE):
        assert text.replace("\\|", "|").split(" {")[0] in lines[int(number) - 1]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_its_programs_where_the_page_says(name: str) -> None:
    found = result(name).subject
    assert found is not None and found.rules
    semantics = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    for rule in found.rules:
        assert f"\n## {rule.about}\n" in semantics and f"| {rule.cite}<br>" in semantics
