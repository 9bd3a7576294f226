"""The evidence document says what the verdict says, all of it, and GitHub can draw it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from verifier.evidence.codec import decode, encode, relocated
from verifier.evidence.result import Property, Result
from verifier.evidence.store import settled
from verifier.report import sequence
from verifier.report.draw import timeline
from verifier.report.markdown import Kept, render
from verifier.report.markup import code, plain, table
from verifier.report.meanings import why_tests_pass
from verifier.report.outcome import subject
from verifier.report.smallprint import replay
from verifier.verdict import Verdict

from .builders import prop, wide_trace
from .results import TABLE, whole

NAMES = [
    "Verdict",
    "Decision being supported",
    "What was modelled",
    "Go semantics used",
    "Properties in words and formula",
    "Counterexample",
    "Proof",
    "Was the check alive?",
    "Bounds and assumptions",
    "Not shown",
    "Reproduce",
    "Changes since last evidence",
]


def section(page: str, number: int) -> str:
    start = page.index(f"\n## {number}. ")
    return page[start : page.index(f"\n## {number + 1}. ") if number < 12 else len(page)]


@pytest.fixture(params=TABLE)
def case(request: pytest.FixtureRequest) -> Result:
    return TABLE[request.param]


def test_the_twelve_sections_are_there_in_order(case: Result) -> None:
    assert re.findall(r"^## \d+\. (.*)$", render(case), re.MULTILINE) == NAMES


def test_the_verdict_is_that_of_the_result_and_no_property_is_dropped(case: Result) -> None:
    shown = section(render(case), 1)
    assert shown.split("\n")[3].startswith(f"**{case.verdict.value}**: ")
    assert f"Exit status {case.exit_code}" in shown
    rows = [line.split(" | ") for line in shown.split("\n") if line.startswith("| ") and not line.startswith("| ---")]
    found = [(row[0].removeprefix("| "), row[1].removesuffix(" (!)").removesuffix(" (reached)")) for row in rows[1:]]
    assert found == [(plain(subject(p)), f"**{p.verdict.value}**") for p in case.properties]
    assert [row[1].endswith("(!)") for row in rows[1:]] == [not p.as_expected for p in case.properties]


def test_nothing_is_green_that_was_not_shown(case: Result) -> None:
    page = render(case)
    if case.verdict is not Verdict.SAFE:
        assert "**SAFE**: " not in page and "None: no property is violated" not in page
    proof = section(page, 7)
    for p in case.properties:
        if p.verdict is not Verdict.SAFE and "By exhaustion" in proof:
            names = proof.split("(", 1)[1].split(")", 1)[0].split(", ")
            assert plain(subject(p)) not in names
        if p.verdict in (Verdict.UNKNOWN, Verdict.ERROR):
            assert plain(subject(p)) in section(page, 10)
    if not case.explored.complete:
        assert "By exhaustion" not in proof and "**not complete**" in section(page, 9)


def test_a_counterexample_comes_with_block_timeline_and_command(case: Result) -> None:
    shown = section(render(case), 6)
    for p in case.properties:
        if p.verdict is Verdict.UNSAFE and p.trace is not None:
            assert f"### {plain(subject(p))}: " in shown
            assert "=" * 18 in shown and "```mermaid\nsequenceDiagram" in shown
            assert f"verify replay {case.path} {p.trace.path}" in shown


def test_links_lead_to_the_files_beside_the_page() -> None:
    case = TABLE["safe"]
    page = render(case, Kept("f" * 64, (("two inside", "traces/03-two-inside"),), "certificate/invariant.smt2"))
    assert "[certificate/invariant.smt2](certificate/invariant.smt2)" in page
    assert "f" * 64 in section(page, 11) and "[provenance.json](provenance.json)" in page


def test_mutants_are_told_apart(case: Result) -> None:
    shown = section(render(case), 8)
    if case.mutants is None:
        assert "not asked (`--mutants`)" in shown
    else:
        assert "needed: race fails in 4 steps" in shown
        assert "not noticed: not needed for these properties, or the model cannot tell" in shown


def test_the_page_is_the_same_however_long_the_run_took(case: Result) -> None:
    assert render(case) == render(settled(case))


def test_fences_and_tables_hold_whatever_the_model_says(case: Result) -> None:
    lines = render(case).split("\n")
    fence, columns = "", 0
    for line in lines:
        opened = re.match(r"(`{3,})", line)
        if opened and not fence:
            fence = opened[1]
        elif fence and line.startswith(fence):
            fence = ""
        elif not fence and line.startswith("|"):
            bars = len(re.findall(r"(?<!\\)\|", line))
            assert columns in (0, bars), line
            columns = bars
            continue
        columns = 0
    assert not fence


def test_code_spans_and_plain_text_survive_markup() -> None:
    assert code("m[`k`] | x") == "``m[`k`] | x``"
    assert table(("a",), [(code("x || y"),), (plain("x | y"),)])[2:] == [r"| `x \|\| y` |", r"| x \| y |"]
    assert plain("*a*_b_<c>|") == r"\*a\*\_b\_\<c\>\|"


def test_a_result_is_kept_exactly(case: Result) -> None:
    kept = settled(case)
    assert decode(Result, encode(kept)) == kept
    assert "models/m.yaml" not in str(encode(relocated(kept, {"models/m.yaml": "model/m.yaml"})))


@pytest.mark.parametrize("change", [{"model": 1}, {"verdict": "x"}, {"properties": {}}, {"explored": None}])
def test_what_does_not_fit_is_no_result(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(Result, {**encode(settled(TABLE["safe"])), **change})


LINE = re.compile(
    r"""%%\ .*|sequenceDiagram|\s+(autonumber|end|and|par\ \w+|loop\ for\ ever|rect\ rgb\(\d+,\ \d+,\ \d+\)
    |participant\ [A-Z]\d*\ as\ \S.*
    |[GO]\d+(->>|-x)[GO]\d+:\ \S.*|Note\ (over|right\ of)\ [A-Z]\d*(,[A-Z]\d+)?:\ \S.*)""",
    re.VERBOSE,
)
"""The part of Mermaid's grammar that we use (its sequenceDiagram.jison); the whole was tried with mermaid 11."""


def test_the_diagram_is_mermaid_and_no_greener_than_the_verdict(case: Result) -> None:
    text = sequence.render(case)
    lines = text.rstrip("\n").split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert lines[0].endswith(f"{case.verdict.value}, exit status {case.exit_code}")
    for p, line in zip(case.properties, lines[1:], strict=False):
        assert sequence.label(subject(p)) in line and p.verdict.value in line
    depth = 0
    for line in (line.strip() for line in lines):
        depth += line.startswith(("par ", "loop ", "rect ")) - (line == "end")
        assert depth >= 0
        label = line.split(": ", 1)[1] if ": " in line and not line.startswith("%%") else ""
        assert not set(label.replace("#", "", label.count("#"))) & set('"<>{}|\\`$%')
        assert not re.search(r"(?<![#\w])end(?!\w)", label) and ";" not in re.sub(r"#\d+;", "", label)
    assert depth == 0


def test_a_schedule_too_long_for_a_picture_is_refused() -> None:
    case = TABLE["race"]
    prop = case.properties[0]
    assert prop.trace is not None
    steps = prop.trace.steps * 31
    with pytest.raises(sequence.TooLarge, match=r"62|64"):
        sequence.diagram(replace(prop, trace=replace(prop.trace, steps=steps)))


def test_luck_is_named_only_where_something_can_order_by_it() -> None:
    case = TABLE["race"]
    assert case.subject is not None
    prop = next(p for p in case.properties if p.kind == "race")
    assert "something (Mutex) happens to order them" in why_tests_pass(prop, case.subject)
    readers = replace(case.subject, cites=("sync/rwmutex.go:72", "internal/runtime/maps/runtime.go:67"))
    assert "order" not in why_tests_pass(prop, readers)


def test_a_test_has_to_exercise_both_goroutines() -> None:
    prop = next(p for p in TABLE["race"].properties if p.kind == "race")
    assert prop.trace is not None
    assert all(f"`{a.goroutine}`" in why_tests_pass(prop) for a in prop.trace.race)


def test_not_tried_has_its_reason_and_tried_is_not_called_untried() -> None:
    held = Property("fatal", "fatal", Verdict.SAFE, None, "", "exhaustive", 5)
    raced = replace(held, name="race", kind="race", verdict=Verdict.UNSAFE)
    base = replace(TABLE["race"], any_number=None, settings=())
    assert "not tried: race fails" in section(render(replace(base, properties=(raced, held))), 1)
    tried = section(render(replace(base, properties=(held,))), 1)
    assert "not tried" not in tried and "*not shown*: no proof for other numbers was found." in tried
    assert "not asked" in section(render(replace(base, properties=(held,), settings=("--no-any",))), 1)


def test_what_does_not_hold_is_said_to_hold_for_no_number_of_goroutines(case: Result) -> None:
    rows = [line.split(" | ") for line in section(render(case), 1).split("\n") if line.startswith("| ")][2:]
    proved = case.any_number is not None and case.any_number.verdict is Verdict.SAFE
    assert len(rows) == len(case.properties)
    for row, p in zip(rows, case.properties, strict=True):
        assert p.verdict is Verdict.SAFE or not row[4].strip()
        assert row[4] != "proved" or proved


def test_every_sign_of_a_timeline_is_explained_where_it_stands() -> None:
    signs = {"WAITS": "`WAITS`: ", "* for ever": "`* for ever`: ", "repeat for ever from": "The rows between the two"}
    for case in TABLE.values():
        shown = section(render(case), 6)
        assert "which goroutine takes it" not in shown
        first = shown.partition("How to read it")[0]
        for sign, means in signs.items():
            assert (means in shown) == (sign in first), sign
        assert "\n\n\n" not in shown


def test_calls_that_no_order_explains_are_explained_where_they_stand(case: Result) -> None:
    called = any(p.verdict is Verdict.UNSAFE and p.kind == "linearizable" for p in case.properties)
    assert ("How to read the calls: a line is a goroutine" in section(render(case), 6)) == called


def test_a_list_of_moves_is_not_explained_as_columns() -> None:
    listed = prop("race", Verdict.UNSAFE, trace=wide_trace(2, "a statement so long that a column has no room" * 3))
    assert "a column is one goroutine" in section(render(whole(listed)), 6)
    many = wide_trace(7, "a statement so long that a column has no room")
    steps = tuple(replace(many.steps[0], number=n, goroutine=g) for n, g in enumerate(many.goroutines, 1))
    shown = section(render(whole(replace(listed, trace=replace(many, steps=steps)))), 6)
    assert "which goroutine takes it, and what it does" in shown and "a column is one goroutine" not in shown


def test_a_stopped_exploration_does_not_take_away_a_proof_nor_add_to_it() -> None:
    shown = section(render(TABLE["half proved"]), 7)
    assert "Not a proof" not in shown and "the exploration stopped (--max-states)" in shown
    assert "**For any number of goroutines** (race, fatal, panic;" in shown
    assert "they hold for the goroutines explored" not in shown
    assert "Not a proof: race held in" in section(render(TABLE["unknown"]), 7)


def test_what_is_reached_is_shown_with_its_rows_and_its_command() -> None:
    case = next(c for c in TABLE.values() if any(p.kind == "sometimes" and p.trace for p in c.properties))
    prop = next(p for p in case.properties if p.kind == "sometimes" and p.trace)
    assert prop.trace is not None
    shown = section(render(case, Kept("0" * 64, ((prop.name, "traces/01-x"),))), 8)
    assert "\n".join(timeline(prop.trace)) in shown and replay(case, prop.trace) in shown
    assert "[traces/01-x.json](traces/01-x.json)" in shown


def test_what_is_so_at_the_start_is_said_to_be() -> None:
    case = next(c for c in TABLE.values() if any(p.kind == "sometimes" and p.trace for p in c.properties))
    prop = next(p for p in case.properties if p.kind == "sometimes" and p.trace)
    assert prop.trace is not None
    none = replace(prop, trace=replace(prop.trace, steps=(), choices=()))
    shown = section(render(replace(case, properties=(none,))), 8)
    assert f"**{plain(prop.name)}** is so at the start." in shown and "```text\n```" not in shown


def test_limits_are_said_not_to_bound_a_proof_only_where_there_is_one() -> None:
    for case in TABLE.values():
        proved = case.any_number is not None and case.any_number.verdict is Verdict.SAFE
        limits = case.subject is not None and bool(case.subject.bounds)
        assert ("The proof for any number of goroutines (section 7) goes beyond them" in render(case)) == (
            proved and limits
        )


def test_only_what_audit_checks_is_called_checked(case: Result) -> None:
    rows = [line for line in section(render(case), 1).split("\n") if line.startswith("| ") and "**" in line]
    assert len(rows) == len(case.properties)
    for row in rows:
        promise = row.removesuffix(" |").rpartition("| ")[2]
        p = next(p for p in case.properties if row.startswith(f"| {plain(subject(p))} | "))
        certified = case.any_number is not None and case.any_number.certificate is not None
        assert (
            promise.startswith("nothing")
            or {"its schedule": p.trace is not None, "its certificate": certified}[promise]
        )
