"""Decision records: MADR's headings, nothing signed, and nothing said of an option that its verdict does not say."""

from __future__ import annotations

import re

import pytest

from verifier.evidence.result import Result
from verifier.model.document import Decision
from verifier.report import adr
from verifier.report.adr import Option, Record
from verifier.report.comparison import Row
from verifier.report.markup import plain
from verifier.report.outcome import Entry, Failed, subject
from verifier.verdict import Verdict

from .results import TABLE
from .test_sarif import UNREAD

MADR = [
    "## Context and Problem Statement",
    "## Decision Drivers",
    "## Considered Options",
    "## Decision Outcome",
    "### Consequences",
    "### Confirmation",
    "## Pros and Cons of the Options",
    "## More Information",
]
"""The headings of the template of MADR 4.0, in its order."""


def option(name: str, entry: Entry) -> Option:
    return Option(Row(name, entry), f"models/{name}.yaml", f"verify models/{name}.yaml", "ab" * 32)


def record(*options: Option, chosen: str = "", decision: Decision | None = None) -> Record:
    return Record("Which lock", "Two goroutines.", options, decision or Decision(), "verify 0", chosen)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one that is not below it."""
    level = heading.split(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.M | re.S)
    assert found, f"no {heading}"
    return found[1]


CASES: dict[str, tuple[Option, ...]] = {
    **{name: (option(name, found),) for name, found in TABLE.items()},
    "unread": (option("unread", UNREAD),),
    "compared": tuple(option(name, found) for name, found in TABLE.items()),
}


@pytest.mark.parametrize("name", CASES)
def test_the_headings_are_those_of_madr_in_its_order(name: str) -> None:
    text = adr.render(record(*CASES[name], chosen=CASES[name][0].name))
    headings = [h for h in re.findall(r"^##+ .*$", text, re.M) if h in MADR]
    assert headings == MADR
    assert text.startswith("---\nstatus: proposed\ndate: TODO\ndecision-makers: [TODO]\n")
    assert len(re.findall(r"^# ", text, re.M)) == 1


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_signed_and_equal_runs_give_equal_texts(name: str) -> None:
    text = adr.render(record(*CASES[name]))
    assert 'Chosen option: "TODO", because TODO.' in text and "accepted" not in text
    assert text == adr.render(record(*CASES[name]))
    chosen = adr.render(record(*CASES[name], chosen=CASES[name][0].name))
    assert ", because TODO." in chosen


@pytest.mark.parametrize("name", TABLE)
def test_every_property_speaks_for_or_against_as_its_verdict_does(name: str) -> None:
    found = TABLE[name]
    text = section(adr.render(record(option(name, found))), f"### {name}")
    lines = [line for line in text.splitlines() if line.startswith(("* Good", "* Bad", "* Neutral"))]
    says = {Verdict.SAFE: "Good", Verdict.UNSAFE: "Bad", Verdict.UNKNOWN: "Neutral", Verdict.ERROR: "Bad"}
    assert len(lines) == max(1, len(found.properties))
    for p, line in zip(found.properties, lines, strict=False):
        assert line.startswith(f"* {says[p.verdict]}, because ") and plain(subject(p)) in line
    # An expectation that is met is no argument: a design that fails as expected still fails.
    assert not found.properties or ("Good" in text) == any(p.verdict is Verdict.SAFE for p in found.properties)


@pytest.mark.parametrize("name", CASES)
def test_a_choice_that_the_check_does_not_support_is_called_that(name: str) -> None:
    (first, *_) = CASES[name]
    text = section(adr.render(record(*CASES[name], chosen=first.name)), "## Decision Outcome")
    entry = first.row.entry
    supported = isinstance(entry, Result) and entry.verdict is Verdict.SAFE and entry.exit_code == 0
    assert ("does not support this choice" in text) != supported


def test_the_matrix_has_all_options_and_the_shortest_failures() -> None:
    text = section(adr.render(record(*CASES["compared"])), "## Pros and Cons of the Options")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["option", "---", *TABLE]
    assert "UNSAFE 4" in text and "verify replay models/m.yaml 1/0" in text


def test_confirmation_is_a_command_and_a_digest() -> None:
    text = section(adr.render(record(option("safe", TABLE["safe"]), chosen="safe")), "### Confirmation")
    assert "```sh\nverify models/safe.yaml  # exit status 0 today\n```" in text
    assert f"sha256 `{'ab' * 32}`, from `verify models/safe.yaml --evidence evidence/safe`" in text
    expected = section(adr.render(record(option("x", TABLE["expected"]), chosen="x")), "### Confirmation")
    assert "# exit status 0 today: UNSAFE, as the model expects" in expected
    several = section(adr.render(record(*CASES["compared"])), "### Confirmation")
    assert "verify models/safe.yaml " in several.split("```")[1] and "race.yaml" not in several.split("```")[1]


def test_what_the_model_says_of_the_decision_is_quoted() -> None:
    decision = Decision("Which lock *guards* it?", "ADR-7", "safe", ("safe", "a database"))
    text = adr.render(record(option("safe", TABLE["safe"]), chosen="safe", decision=decision))
    assert "\n# ADR-7: Which lock \\*guards\\* it?\n" in text
    assert "Considered as well, and not modelled here: a database." in text


def test_an_option_that_was_not_read_is_in_error_and_says_why() -> None:
    text = adr.render(record(option("safe", TABLE["safe"]), option("bad", UNREAD)))
    assert re.search(r"^\| bad \| ERROR ", text, re.M)
    assert "Bad, because nothing is known: models/bad.yaml:3:5: error" in section(text, "### bad")
    interrupted = adr.render(record(option("late", Failed("late", "l.yaml", "not checked: interrupted", 3))))
    assert "Bad, because nothing is known" in interrupted
