"""A workload under several schemes: no cell is greener than the verdict, nothing that is open goes unsaid."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from verifier.evidence.contention import MILLION, Contention
from verifier.evidence.result import AnyNumber, Result
from verifier.report import compare_json, compare_markdown, compare_text
from verifier.report.compare_markdown import anchor
from verifier.report.comparison import Comparison, Row, conclusion, grid, remarks, share, shortest
from verifier.report.outcome import Entry, Failed, judged
from verifier.verdict import EXIT_UNKNOWN, Verdict, combine

from .builders import clause_trace, prop, race_trace, result, results
from .results import TABLE

GONE = Failed("w/gone", "w.yaml", "w.yaml:3:1: error: no such file\n  x\n", 2)
LATE = Failed("w/late", "w.yaml", "not checked: interrupted", EXIT_UNKNOWN)
ASKED = {name: TABLE[name] for name in ("starvation", "linearizable", "lost-update")}
FOUND = {n.replace(" ", "-"): r for n, r in {**results(), **ASKED}.items()}
CASES: dict[str, Entry] = {**FOUND, "gone": GONE, "late": LATE}


def comparison(**entries: Entry) -> Comparison:
    return Comparison("w", "A workload", "w.yaml", tuple(Row(n, e) for n, e in entries.items()))


WAITED = result(prop("race", Verdict.SAFE), contention=Contention(0, 0, None))
CASES["waited"] = WAITED
ALL = comparison(**CASES)


def cells(given: Comparison) -> dict[str, dict[str, str]]:
    found = grid(given)
    names = [c.name for c in found.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.rows}


@pytest.mark.parametrize("name", CASES)
def test_ok_stands_only_for_safe_and_yes_only_for_exit_code_zero(name: str) -> None:
    entry = CASES[name]
    row = cells(ALL)[name]
    if isinstance(entry, Failed):
        assert "ok" not in row.values() and row["as expected"] == "not checked"
        return
    for p in entry.properties:
        assert row[p.name].startswith("ok") == (p.verdict is Verdict.SAFE), p
        assert ("!" in row[p.name]) == (not p.as_expected)
    assert (row["as expected"] == "yes") == (entry.exit_code == 0)


def test_what_was_interrupted_is_open_and_what_is_wrong_is_in_error() -> None:
    rows = cells(ALL)
    assert set(rows["gone"].values()) == {"gone", "ERROR", "-", "not checked"}
    assert set(rows["late"].values()) == {"late", "???", "-", "not checked"}


@pytest.mark.parametrize("render", [lambda c: compare_text.render(c, 100), compare_markdown.render])
def test_the_last_word_on_every_scheme_is_its_verdict(render: object) -> None:
    said = dict.fromkeys(CASES, Verdict.ERROR)
    for line in conclusion(ALL):
        words, names = line.split(" under ")
        for name in names.split(", "):
            said[name] = {"everything holds": Verdict.SAFE, "something fails": Verdict.UNSAFE}.get(
                words, Verdict.UNKNOWN if words == "not decided" else Verdict.ERROR
            )
    for name, entry in CASES.items():
        if isinstance(entry, Result):
            assert said[name] is combine(p.verdict for p in entry.properties), name
    assert said["gone"] is Verdict.ERROR and said["late"] is Verdict.UNKNOWN
    text = render(ALL)  # type: ignore[operator]
    for line in conclusion(ALL):
        assert line in text.replace("\\", "")


def test_everything_open_is_said_with_its_reason() -> None:
    said = remarks(ALL)
    for name, entry in CASES.items():
        mine = " ".join(words for scheme, words in said if scheme == name)
        if isinstance(entry, Failed):
            assert entry.message.splitlines()[0] in mine
            continue
        for p in entry.properties:
            if judged(p) in (Verdict.UNKNOWN, Verdict.ERROR):
                assert p.name in mine and (p.reason or "no reason given") in mine


def test_properties_with_one_reason_share_a_remark() -> None:
    late = [prop(n, Verdict.UNKNOWN, reason="too many states") for n in ("race", "panic")]
    assert remarks(comparison(x=result(*late))) == (("x", "race, panic not finished: too many states"),)


def test_what_is_open_under_every_scheme_is_said_once() -> None:
    late, other = prop("race", Verdict.UNKNOWN, reason="time"), prop("race", Verdict.UNKNOWN, reason="memory")
    both = remarks(comparison(x=result(late), y=result(late)))
    assert both == (("every scheme", "race not finished: time"),)
    assert [scheme for scheme, _ in remarks(comparison(x=result(late), y=result(other)))] == ["x", "y"]


def test_the_shortest_failure_is_shown() -> None:
    short, long = prop("race", Verdict.UNSAFE, trace=race_trace()), prop("low", Verdict.UNSAFE, trace=clause_trace())
    assert race_trace().rows > clause_trace().rows
    found = shortest(result(short, long))
    assert found is not None and found.name == "low"
    assert shortest(GONE) is None and shortest(result(prop("race", Verdict.SAFE))) is None
    text = compare_text.render(comparison(x=result(short, long)), 100)
    assert text.count("--- FAIL") == 1 and "=== under x" in text
    assert "--- FAIL" not in compare_text.render(comparison(x=result(short, long)), 100, quiet=True)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (None, ("-", "-", "-")),
        (Contention(0, 0, None), ("0 %", "0 %", "no lock")),
        (Contention(1, 4_999, 0), ("<1 %", "<1 %", "0")),
        (Contention(MILLION - 1, 272_727, 3), (">99 %", "27 %", "3")),
        (Contention(MILLION, MILLION, 3), ("100 %", "100 %", "3")),
        (Contention(None, None, None, "a cycle"), ("-", "-", "-")),
        (Contention(500_000, 1, None, "who knows"), ("50 %", "<1 %", "-")),
    ],
)
def test_the_figures_of_waiting(found: Contention | None, shown: tuple[str, str, str]) -> None:
    given = comparison(x=result(prop("race", Verdict.SAFE), contention=found), y=WAITED)
    row = cells(given)["x"]
    assert (row["waits"], row["lost turns"], row["longest section"]) == shown
    reason = found.reason if found else ""
    assert [words for _, words in remarks(given)] == (
        [f"waits and longest section not worked out: {reason}"] if reason else []
    )


def test_shares_never_round_to_never_or_always() -> None:
    assert share(0) == "0 %" and share(MILLION) == "100 %"
    assert {share(n) for n in (1, MILLION - 1)} == {"<1 %", ">99 %"}


def test_any_number_is_proved_or_open() -> None:
    proved = result(prop("race", Verdict.SAFE, any_number=AnyNumber(Verdict.SAFE, "views", 1)))
    given = comparison(a=proved, b=result(prop("race", Verdict.SAFE)))
    assert [cells(given)[n]["any N"] for n in "ab"] == ["proved", "-"]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_table_that_is_too_wide_is_parted_then_lettered(width: int) -> None:
    clauses = [prop(f"everybody is logged in number {n}", Verdict.SAFE) for n in range(3)]
    wide = result(*(prop(n, Verdict.SAFE) for n in ("race", "fatal", "panic", "deadlock")), *clauses)
    text = compare_text.render(comparison(unprotected=wide, mutex=wide), width, quiet=True)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("unprotected ") == (1 if width == 140 else 2)
    for p in clauses:
        assert p.name in " ".join(text.split())


def test_incomplete_counts_of_states_say_so() -> None:
    some = replace(result(prop("race", Verdict.UNKNOWN)).explored, complete=False, limit="time")
    given = comparison(x=result(prop("race", Verdict.UNKNOWN), explored=some))
    assert cells(given)["x"]["states"] == "412+"
    assert "not every interleaving" in compare_text.render(given, 100)


def test_links_lead_to_headings() -> None:
    text = compare_markdown.render(ALL)
    links = re.findall(r"\]\(#([^)]*)\)", text)
    headings = {anchor(h.replace("\\", "")) for h in re.findall(r"^### (.*)$", text, re.MULTILINE)}
    assert links and set(links) == headings
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    assert "](#" not in compare_markdown.render(ALL, quiet=True)


def test_words_of_the_user_are_no_markup() -> None:
    odd = result(prop("a | b_c *d* <e>", Verdict.SAFE))
    head = compare_markdown.render(comparison(x=odd)).splitlines()[2]
    assert r"a \| b\_c \*d\* \<e\>" in head


def test_the_json_has_every_scheme_with_all_its_report_says() -> None:
    found = json.loads(compare_json.render(ALL))
    assert [s["scheme"] for s in found["schemes"]] == list(CASES)
    assert found["exit_code"] == ALL.exit_code == 4
    for said, entry in zip(found["schemes"], CASES.values(), strict=True):
        names = [] if isinstance(entry, Failed) else [p.name for p in entry.properties]
        assert [p["name"] for p in said["properties"]] == names
        assert said["exit_code"] == entry.exit_code


def test_no_report_depends_on_the_machine() -> None:
    assert "seconds" not in compare_text.render(ALL, 100)
    assert str(Path.cwd()) not in compare_markdown.render(ALL)


def test_what_nobody_asked_for_has_no_column() -> None:
    plain = comparison(x=result(prop("race", Verdict.SAFE)), gone=GONE)
    assert [c.name for c in grid(plain).columns] == ["scheme", "race", "states", "as expected"]
    assert "turns" not in compare_text.render(plain, 100)
