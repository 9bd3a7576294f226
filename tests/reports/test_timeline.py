"""The timeline is tested on the grid; its drawing only for what a drawing can get wrong: width and loss."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from verifier.evidence.trace import RacyAccess, Trace, Waiting
from verifier.report.draw import PAGE, draw, timeline
from verifier.report.timeline import RACE, Cell, Grid, Row, grid, listing, words

from .builders import at, clause_trace, deadlock_trace, panic_trace, race_trace, step, wide_trace


def texts(trace: Trace) -> list[list[str]]:
    return [[c.text for c in row.cells] for row in grid(trace).rows]


def marks(trace: Trace) -> list[list[str]]:
    return [[c.mark for c in row.cells] for row in grid(trace).rows]


def test_a_race_ends_in_two_rows_for_the_two_accesses_numbered_on() -> None:
    drawn = grid(race_trace())
    assert [row.number for row in drawn.rows] == [1, 2, 3, 4]
    assert texts(race_trace()) == [[".", "mu.Lock()"], [".", "n++"], [".", '_ = m["a"]'], ['m["a"] = 1', "|"]]
    assert marks(race_trace()) == [["", ""], ["", ""], ["", "<- race"], ["<- race", ""]]


def test_columns_follow_the_model_and_objects_that_never_change_have_none() -> None:
    drawn = grid(race_trace())
    assert drawn.goroutines == ("put", "get")
    assert drawn.objects == ("mu",)
    assert [row.objects for row in drawn.rows] == [("W:get",)] * 4


def test_a_racy_access_without_words_of_its_own_is_described() -> None:
    first, second = race_trace().race
    trace = replace(race_trace(), race=(replace(first, text=""), replace(second, text="")))
    assert texts(trace)[2:] == [[".", 'read m["a"]'], ['write m["a"]', "|"]]


def test_a_race_before_any_step_shows_the_start() -> None:
    trace = replace(race_trace(), steps=(), choices=())
    assert texts(trace) == [[".", '_ = m["a"]'], ['m["a"] = 1', "|"]]
    assert grid(trace).objects == ()


def test_where_room_is_short_a_long_file_name_loses_its_beginning() -> None:
    row = Row(1, (Cell("x" * 40, "", "a-very-long-name.go:14", True),), ())
    (_, line) = draw(Grid(("w",), (), (row,)), page=46)
    assert line.split()[1:] == ["x" * 20 + "…", "…-long-name.go:14"]
    (_, whole) = draw(Grid(("w",), (), (row,)))
    assert whole.endswith("  a-very-long-name.go:14")


def test_a_deadlock_marks_the_waits_and_closes_with_a_row_that_is_no_step() -> None:
    drawn = grid(deadlock_trace())
    assert [row.number for row in drawn.rows] == [1, 2, 3, 0]
    assert texts(deadlock_trace()) == [
        ["c.mu.RLock()", "."],
        ["|", "c.mu.Lock()"],
        ["c.mu.RLock()", "|"],
        ["* for ever", "* for ever"],
    ]
    assert marks(deadlock_trace()) == [["", ""], ["", "WAITS"], ["WAITS", ""], ["", ""]]
    assert [[c.place for c in row.cells] for row in drawn.rows] == [[":20", ""], ["", ":28"], [":14", ""], ["", ""]]


def test_only_the_stuck_goroutines_are_stuck_for_ever() -> None:
    trace = replace(deadlock_trace(), waiting=deadlock_trace().waiting[:1])
    assert texts(trace)[-1] == ["* for ever", "|"]


def test_a_goroutine_that_has_returned_is_idle_again() -> None:
    assert texts(clause_trace()) == [["n++", "."], [".", "n++"]]


def test_the_failing_step_is_marked_and_only_it() -> None:
    steps = (step(1, "writer", "x := 1", 8, "nil"), step(2, "writer", 'm["a"] = 1', 9, "nil"))
    assert marks(replace(panic_trace(), steps=steps)) == [[""], ["<- panic"]]


def test_a_symptom_is_a_mark() -> None:
    trace = replace(clause_trace(), steps=(step(1, "a", "n++", 9, "1", symptom="lost insert"),))
    assert marks(trace) == [["<- lost insert", ""]]


@pytest.mark.parametrize(
    ("detail", "shown"), [("", "mu.Lock()"), ("announce", "mu.Lock() (announce)"), ("Lock", "mu.Lock()")]
)
def test_the_detail_is_shown_when_it_says_more(detail: str, shown: str) -> None:
    assert words(step(1, "a", "mu.Lock()", 9, detail=detail)) == shown


def test_up_to_six_goroutines_nobody_is_folded() -> None:
    drawn = grid(wide_trace(6))
    assert (len(drawn.goroutines), drawn.folded) == (6, 0)


def test_beyond_six_those_without_a_step_are_folded() -> None:
    drawn = grid(wide_trace(7))
    assert (drawn.goroutines, drawn.folded) == (("worker#1", "worker#2"), 5)
    assert draw(drawn)[-1] == "(5 more goroutines, no step)"


def test_a_wide_grid_is_folded_too() -> None:
    assert grid(wide_trace(4, text="x" * 50)).folded == 2


def test_racing_and_waiting_goroutines_are_never_folded() -> None:
    names = tuple(f"g{i}" for i in range(9))
    access = RacyAccess("g7", True, False, "x", "x = 1", at(9), (), ())
    racing = Trace((), names, (), (), (), race=(access, replace(access, goroutine="g8")))
    assert grid(racing).goroutines == ("g7", "g8")
    stuck = Trace((), names, (), (), (), waiting=(Waiting("g3", "sync.Mutex.Lock", "mu", (), 0, at(9), ()),))
    assert grid(stuck).goroutines == ("g3",)
    assert grid(stuck).rows[-1].cells == (Cell("* for ever", moves=True),)


def test_a_listing_keeps_every_move() -> None:
    listed = listing(grid(deadlock_trace()))
    assert [[c.text for c in row.cells] for row in listed.rows] == [
        ["sum", "c.mu.RLock()"],
        ["put", "c.mu.Lock()"],
        ["sum", "c.mu.RLock()"],
        ["sum", "* for ever"],
        ["put", "* for ever"],
    ]


def test_lines_stand_right_aligned_at_the_column_edge() -> None:
    header, *rows = timeline(deadlock_trace())
    edge = header.index("put") - 2
    assert [row[:edge].rstrip()[-3:] for row in (rows[0], rows[2])] == [":20", ":14"]
    assert rows[0][edge - 3 : edge] == rows[2][edge - 3 : edge].replace("14", "20") == ":20"


def test_a_trace_without_rows_draws_nothing() -> None:
    assert timeline(Trace((), ("a",), (), (), ())) == []


@given(goroutines=st.integers(2, 14), length=st.integers(1, 200), objects=st.integers(0, 12), moving=st.integers(1, 14))
def test_no_line_is_wider_than_a_page_and_no_row_is_lost(
    goroutines: int, length: int, objects: int, moving: int
) -> None:
    names = tuple(f"worker#{i}" for i in range(goroutines))
    values = tuple("v" * length for _ in range(objects))
    steps = tuple(step(i + 1, names[i % goroutines], "x" * length, i + 1, *values) for i in range(moving))
    start = tuple("" for _ in values)
    trace = Trace((), names, tuple(f"object{i}" for i in range(objects)), start, steps)
    lines = timeline(trace)
    assert max(map(len, lines)) <= PAGE
    numbered = [line for line in lines[1:] if line[:4].strip().isdigit()]
    assert len(numbered) == moving
    if objects <= 2:
        assert all(f":{i + 1}" in line for i, line in enumerate(numbered))


def test_a_page_too_narrow_for_a_column_each_lists_the_moves_instead() -> None:
    names = tuple(f"worker#{i}" for i in range(9))
    steps = tuple(step(i + 1, name, "a statement of some length", i + 1) for i, name in enumerate(names))
    lines = timeline(Trace((), names, (), (), steps))
    assert lines[0].split() == ["step", "goroutine", "does"]
    assert [line.split()[1] for line in lines[1:]] == list(names)
    assert all("a statement of some length" in line for line in lines[1:])


def test_a_statement_that_would_be_cut_to_nothing_beside_its_mark_is_listed() -> None:
    names = tuple(f"worker{n}" for n in range(5))
    said = "delete(cache.entries, key)"
    rows = tuple(
        Row(n, tuple(Cell(said, RACE if n else "", ":23", True) if m == n else Cell("|") for m in range(5)), ())
        for n in range(5)
    )
    drawn = draw(Grid(names, (), rows))
    assert drawn[0].split() == ["step", "goroutine", "does"] and all(said in line for line in drawn[1:])
    three = draw(Grid(names[:3], (), tuple(replace(row, cells=row.cells[:3]) for row in rows[:3])))
    assert three[0].split() == ["step", *names[:3]]
