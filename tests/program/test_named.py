from __future__ import annotations

import pytest
from explore.machines import Role, build
from explore.reducing import compare

from verifier.program.expr import Cell, Const, Expr, Own, Pc, Read, both, either, equal, negate, op
from verifier.program.passes.compose import compose
from verifier.program.passes.named import named_locations
from verifier.program.passes.reduce import reduced
from verifier.program.program import END, Bool, Clause, Kind, Program, Step

X = Own(0, 0)
THERE = [equal(Read(Pc(i)), Const(4)) for i in (1, 2)]
BOTH = op("+", *THERE)


def program(expr: Expr, when: str = "sometimes") -> Program:
    """x is 1 only between a visible step and the one after the label; a local step leads to the label."""
    steps = (
        Step(2, 3, updates=((X, Const(1)),), kind=Kind.SYNC),
        Step(3, 4, kind=Kind.LOCAL),
        Step(4, 5, updates=((X, Const(0)),), kind=Kind.SYNC),
        Step(5, END, kind=Kind.SYNC),
    )
    return build([("x", Bool(), 0)], [Role("r", 2, steps)], clauses=(Clause("asked", when, expr),))


@pytest.mark.parametrize(
    ("expr", "when", "hidden"),
    [
        (THERE[0], "sometimes", False),
        (THERE[0], "always", True),
        (THERE[0], "finally", False),
        (negate(THERE[0]), "sometimes", True),
        (negate(equal(Read(Pc(1)), Const(4))), "always", False),
        (both(Read(Cell(0)), THERE[0]), "sometimes", False),
        (either(Read(Cell(0)), THERE[0]), "always", True),
        (equal(BOTH, Const(0)), "sometimes", True),
        (equal(BOTH, Const(1)), "sometimes", True),
        (equal(BOTH, Const(2)), "sometimes", False),
        (negate(equal(BOTH, Const(2))), "always", False),
        (negate(equal(BOTH, Const(0))), "always", True),
        (op("<=", BOTH, Const(1)), "always", False),
        (op("<", Const(0), BOTH), "always", True),
        (op("<=", op("-", Const(1), BOTH), Const(0)), "sometimes", False),
        (op("<=", op("-", Const(1), BOTH), Const(0)), "always", True),
        (op("<", op("*", BOTH, BOTH), Const(9)), "always", True),
    ],
)
def test_coming_to_a_label_hides_what_a_clause_reports_only_where_it_denies_the_label(
    expr: Expr, when: str, hidden: bool
) -> None:
    named = named_locations(program(expr, when))[1]
    assert not named.passes(4) and named.passes(3) and named.shows(4) is not hidden


def test_a_location_read_as_a_number_may_be_any() -> None:
    named = named_locations(program(op("<", Read(Pc(1)), Const(4))))[1]
    assert not named.passes(3) and not named.shows(3)


@pytest.mark.parametrize("expr", [negate(THERE[0]), equal(BOTH, Const(0)), equal(BOTH, Const(1)), THERE[0]])
def test_what_holds_only_before_a_label_is_seen(expr: Expr) -> None:
    """Once a local step to a label was taken at once, whatever a clause had to say about the state before."""
    asked = both(Read(Cell(0)), expr)
    for full in (program(asked), program(negate(asked), "always")):
        small = compose(full)
        assert compare(full, small) is not None and compare(small, reduced(small)) is not None
