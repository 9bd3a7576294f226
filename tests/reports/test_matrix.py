"""The summary matrix: `-` is "not asked", and no cell is greener than the verdict it stands for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from verifier.evidence.result import AnyNumber
from verifier.report import index
from verifier.report.matrix import render
from verifier.report.outcome import Failed, exit_code
from verifier.verdict import EXIT_UNKNOWN, Verdict

from .builders import clause_trace, prop, race_trace, result, results
from .results import TABLE

ASKED = {name: TABLE[name] for name in ("starvation", "linearizable", "lost-update")}
CASES = {name: replace(case, model=name.replace(" ", "-")) for name, case in {**results(), **ASKED}.items()}


def rows(text: str) -> dict[str, dict[str, str]]:
    """The cells by row and column name; columns are at least three blanks apart."""
    header, *lines = text.split("\n\n")[0].splitlines()
    starts = [(m.group(), m.start()) for m in re.finditer(r"\S+(?: \S+)*", header)]
    ends = [*(at for _, at in starts[1:]), None]
    return {
        line.split()[0]: {
            name: line[(at if name != "states" else at - 4) : end].strip()
            for (name, at), end in zip(starts, ends, strict=True)
        }
        for line in lines
    }


MATRIX = rows(render([*CASES.values(), Failed("gone", "gone.yaml", "no such file")]))


def test_the_cells_are_the_verdicts_with_the_steps_of_the_shortest_failure() -> None:
    assert MATRIX["race"]["race"] == "UNSAFE 4 !"
    assert MATRIX["deadlock"]["deadlock"] == "UNSAFE 3 !"
    assert MATRIX["expected"]["race"] == "UNSAFE 4"
    assert MATRIX["vacuous"]["sometimes"] == "UNSAFE !"
    assert MATRIX["unknown"]["deadlock"] == "??? !"
    assert MATRIX["error"]["race"] == "ERROR !"
    assert MATRIX["fixed"]["race"] == "ok !"
    assert MATRIX["safe"]["panic"] == "ok"
    assert all(MATRIX[name][name].startswith("UNSAFE ") and MATRIX[name]["race"] == "ok" for name in ASKED)


def test_what_was_not_asked_is_a_dash() -> None:
    assert MATRIX["safe"]["race"] == "-"
    assert set(MATRIX["empty"].values()) == {"-", "412", "NO: nothing was checked"}


def test_a_model_that_could_not_be_read_has_no_verdict_at_all() -> None:
    assert set(MATRIX["gone"].values()) == {"ERROR", "-", "NO: not checked"}


def test_what_was_interrupted_is_open_and_not_in_error_whatever_is_beside_it() -> None:
    late, gone = Failed("late", "late.yaml", "interrupted", EXIT_UNKNOWN), Failed("gone", "gone.yaml", "no such file")
    shown = rows(render([*CASES.values(), late, gone]))
    assert (shown["late"]["race"], shown["gone"]["race"]) == ("???", "ERROR")
    page = index.page(index.Index((), (late, gone)), [])
    assert "| late | **UNKNOWN** |" in page and "| gone | **ERROR** |" in page


@pytest.mark.parametrize("name", CASES)
def test_as_expected_is_yes_exactly_when_the_exit_code_is_zero(name: str) -> None:
    case = CASES[name]
    assert (MATRIX[case.model]["as expected"] == "yes") == (case.exit_code == 0)


@pytest.mark.parametrize("name", CASES)
def test_ok_stands_only_where_every_property_of_the_column_is_safe(name: str) -> None:
    for kind in ("race", "fatal", "panic", "deadlock", "always", "sometimes", *ASKED):
        asked = [p for p in CASES[name].properties if p.kind == kind]
        if MATRIX[CASES[name].model].get(kind) == "ok":
            assert asked and all(p.verdict is Verdict.SAFE and p.as_expected for p in asked)


def test_several_clauses_of_one_kind_share_a_cell_and_the_gravest_wins() -> None:
    low, unknown = prop("low", Verdict.SAFE), prop("high", Verdict.UNKNOWN)
    assert rows(render([result(low, unknown)]))["m"]["always"] == "??? !"
    assert rows(render([result(low, unknown, prop("odd", Verdict.UNSAFE))]))["m"]["always"] == "UNSAFE !"


def test_a_proof_has_a_column_of_its_own() -> None:
    proved = result(prop("race", Verdict.SAFE, any_number=AnyNumber(Verdict.SAFE, "views", 1)))
    half = replace(
        proved,
        model="half",
        properties=(*proved.properties, prop("fatal", Verdict.SAFE, any_number=AnyNumber(Verdict.UNKNOWN, "views"))),
    )
    cells = rows(render([proved, half, CASES["safe"]]))
    assert [cells[name]["any N"] for name in ("m", "half", "safe")] == ["proved", "???", "-"]


def test_the_total_counts_every_model_and_ends_with_the_exit_status() -> None:
    text = render([*CASES.values(), Failed("gone", "gone.yaml", "no such file")])
    total = text.splitlines()[-1]
    assert total.startswith("17 models: 3 as expected, 10 not as expected, 2 not finished, 1 in error, 1 not checked")
    assert total.endswith("exit status 4")
    assert render([CASES["safe"]]).splitlines()[-1] == "1 model: 1 as expected"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), 3),
        (("safe", "expected"), 0),
        (("safe", "unknown"), 3),
        (("unknown", "race"), 1),
        (("race", "gone"), 2),
        (("gone", "error"), 4),
    ],
)
def test_the_gravest_model_decides_the_exit_code(names: tuple[str, ...], code: int) -> None:
    everyone = {**CASES, "gone": Failed("gone", "gone.yaml", "no such file")}
    assert exit_code([everyone[n] for n in names]) == code


def test_the_steps_of_a_witness_are_not_taken_for_those_of_a_failure() -> None:
    reached = prop("short", Verdict.SAFE, trace=clause_trace())
    failing = prop("long", Verdict.UNSAFE, trace=race_trace())
    assert rows(render([result(reached, failing)]))["m"]["always"] == "UNSAFE 4 !"
