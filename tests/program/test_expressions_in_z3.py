"""z3 as a second opinion: folding an expression never changes its value, whatever the cells hold."""

from __future__ import annotations

import z3
from hypothesis import given, settings, strategies as st

from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Cell, Const, Expr, Op, Read, op, rewrite

CELLS = 3
ARITHMETIC = ("+", "-", "*")
COMPARISONS = ("==", "!=", "<", "<=")
LOGIC = ("and", "or")

leaves = st.one_of(
    st.integers(-3, 3).map(Const),
    st.integers(0, CELLS - 1).map(lambda n: Read(Cell(n))),
)


def numbers(depth: int) -> st.SearchStrategy[Expr]:
    if depth == 0:
        return leaves
    inner = numbers(depth - 1)
    return st.one_of(
        leaves,
        st.builds(lambda n, a, b: Op(n, (a, b)), st.sampled_from(ARITHMETIC), inner, inner),
        st.builds(lambda a: Op("neg", (a,)), inner),
        st.builds(lambda c, a, b: Op("ite", (c, a, b)), truths(depth - 1), inner, inner),
    )


def truths(depth: int) -> st.SearchStrategy[Expr]:
    inner = numbers(depth - 1) if depth else leaves
    compared = st.builds(lambda n, a, b: Op(n, (a, b)), st.sampled_from(COMPARISONS), inner, inner)
    if depth == 0:
        return st.one_of(compared, st.booleans().map(lambda b: Const(int(b))))
    part = truths(depth - 1)
    return st.one_of(
        compared,
        st.builds(lambda n, a, b: Op(n, (a, b)), st.sampled_from(LOGIC), part, part),
        part.map(lambda a: Op("not", (a,))),
    )


def folded(e: Expr) -> Expr:
    """The same expression built with the folding constructor, bottom up."""
    return op(e.name, *map(folded, e.args)) if isinstance(e, Op) else e


def term(e: Expr, cells: list[z3.ArithRef]) -> z3.ArithRef:
    """The expression as a z3 integer; truth values are 0 and 1."""
    match e:
        case Const(value=v):
            return z3.IntVal(v)
        case Read(ref=Cell(number=n)):
            return cells[n]
        case Op(name=name, args=args):
            a = [term(x, cells) for x in args]
            bits = {
                "+": lambda: a[0] + a[1],
                "-": lambda: a[0] - a[1],
                "*": lambda: a[0] * a[1],
                "neg": lambda: -a[0],
                "ite": lambda: z3.If(a[0] != 0, a[1], a[2]),
                "==": lambda: z3.If(a[0] == a[1], 1, 0),
                "!=": lambda: z3.If(a[0] != a[1], 1, 0),
                "<": lambda: z3.If(a[0] < a[1], 1, 0),
                "<=": lambda: z3.If(a[0] <= a[1], 1, 0),
                "and": lambda: z3.If(z3.And(a[0] != 0, a[1] != 0), 1, 0),
                "or": lambda: z3.If(z3.Or(a[0] != 0, a[1] != 0), 1, 0),
                "not": lambda: z3.If(a[0] == 0, 1, 0),
            }
            return bits[name]()
    raise AssertionError(e)


def differ(a: Expr, b: Expr) -> z3.CheckSatResult:
    """Whether some values of the cells tell two expressions apart."""
    cells = [z3.Int(f"c{n}") for n in range(CELLS)]
    solver = z3.Solver()
    solver.add(*(z3.And(c >= -4, c <= 4) for c in cells), term(a, cells) != term(b, cells))
    return solver.check()


@settings(max_examples=150, deadline=None)
@given(st.one_of(numbers(3), truths(3)))
def test_folding_keeps_the_value_for_all_cells(e: Expr) -> None:
    assert differ(e, folded(e)) == z3.unsat


@settings(max_examples=100, deadline=None)
@given(numbers(2), numbers(2))
def test_substitution_is_evaluation_in_the_changed_state(e: Expr, new: Expr) -> None:
    """rewrite(e, c0 := new) in a state is e in that state with c0 replaced by new."""
    substituted = rewrite(e, lambda x: new if x == Read(Cell(0)) else None)
    cells = [z3.Int(f"c{n}") for n in range(CELLS)]
    direct = z3.substitute(term(e, cells), (cells[0], term(new, cells)))
    solver = z3.Solver()
    solver.add(*(z3.And(c >= -4, c <= 4) for c in cells), direct != term(substituted, cells))
    assert solver.check() == z3.unsat


@settings(max_examples=100, deadline=None)
@given(st.one_of(numbers(3), truths(3)), st.lists(st.integers(-4, 4), min_size=CELLS, max_size=CELLS))
def test_evaluation_agrees_with_z3(e: Expr, values: list[int]) -> None:
    found = z3.simplify(term(e, [z3.IntVal(v) for v in values]))
    assert evaluate(e, Valuation(values, ())) == found.as_long()


def test_a_wrong_folding_is_noticed() -> None:
    assert differ(Op("-", (Read(Cell(0)), Read(Cell(1)))), Op("-", (Read(Cell(1)), Read(Cell(0))))) == z3.sat
