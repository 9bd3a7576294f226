"""The parts behind the readable invariant: exact linear algebra, weakened conditions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, strategies as st

from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Cell, Const, Expr, Op, Read
from verifier.prove.learn import nullspace
from verifier.prove.residual import exact, refuted, weakened

TRACKED: dict[int, int | None] = {0: None, 1: None, 2: 15}
"""Cells 3 and 4 are not followed; cell 2 stands for a count that the program limits to 15."""
CELLS = 5

WIDTH = 4
ROWS = st.lists(st.tuples(*[st.integers(-3, 3)] * WIDTH), max_size=6)


def rank(rows: list[tuple[int, ...]]) -> int:
    """By plain elimination with fractions, column by column."""
    left = [[Fraction(x) for x in r] for r in rows]
    found = 0
    for column in range(WIDTH):
        pivot = next((r for r in left if r[column]), None)
        if pivot is not None:
            found += 1
            left = [[x - r[column] / pivot[column] * y for x, y in zip(r, pivot, strict=True)] for r in left]
    return found


@given(ROWS)
def test_the_nullspace_is_orthogonal_and_complete(rows: list[tuple[int, ...]]) -> None:
    basis = nullspace(rows, WIDTH)
    assert all(sum(a * b for a, b in zip(v, r, strict=True)) == 0 for v in basis for r in rows)
    assert len(basis) == WIDTH - rank(rows)
    assert rank([tuple(v) for v in basis]) == len(basis)


@given(ROWS)
def test_every_vector_has_a_last_column_of_its_own(rows: list[tuple[int, ...]]) -> None:
    basis = nullspace(rows, WIDTH)
    last = [max(n for n, x in enumerate(v) if x) for v in basis]
    assert len(set(last)) == len(last)
    for v, own in zip(basis, last, strict=True):
        assert [n for n in last if v[n]] == [own]


def expressions() -> st.SearchStrategy[Expr]:
    leaves: st.SearchStrategy[Expr] = st.one_of(
        st.integers(0, 16).map(Const), st.integers(0, CELLS - 1).map(lambda n: Read(Cell(n)))
    )
    binary = st.sampled_from(["+", "-", "*", "==", "!=", "<", "<=", "and", "or"])

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        two = st.tuples(binary, inner, inner).map(lambda t: Op(t[0], (t[1], t[2])))
        return st.one_of(two, inner.map(lambda e: Op("not", (e,))))

    return st.recursive(leaves, grown, max_leaves=8)


STATE = st.tuples(*[st.integers(0, 16)] * CELLS)


@given(expressions(), STATE)
def test_a_weakened_condition_holds_whenever_the_condition_does(e: Expr, cells: tuple[int, ...]) -> None:
    state = Valuation(cells, ())
    may, must = weakened(e, TRACKED), weakened(e, TRACKED, positive=False)
    assert exact(may, TRACKED)
    assert exact(must, TRACKED)
    if evaluate(e, state):
        assert evaluate(may, state)
    if evaluate(must, state):
        assert evaluate(e, state)


@given(expressions(), STATE)
def test_a_refuted_condition_is_false(e: Expr, cells: tuple[int, ...]) -> None:
    if refuted(e):
        assert not evaluate(e, Valuation(cells, ()))


def test_conditions_about_followed_cells_are_kept() -> None:
    condition = Op("and", (Op("==", (Read(Cell(0)), Const(1))), Op("==", (Read(Cell(3)), Const(1)))))
    assert weakened(condition, TRACKED) == Op("==", (Read(Cell(0)), Const(1)))


def test_a_limit_of_the_model_is_not_assumed() -> None:
    below = Op("not", (Op("==", (Read(Cell(2)), Const(15))),))
    assert weakened(below, TRACKED) == Const(1)
    assert weakened(Op("<=", (Op("+", (Read(Cell(2)), Const(1))), Const(15))), TRACKED) == Const(1)
    some = Op("!=", (Read(Cell(2)), Const(0)))
    assert weakened(some, TRACKED) == some
