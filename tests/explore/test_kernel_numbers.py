"""Numbers in the compiled back end: exact where they need more than 64 bits, or left to the reference."""

from __future__ import annotations

import pytest

from verifier.program.expr import At, Const, Expr, Family, Op, Own, Read, Table
from verifier.program.program import (
    Bool,
    Domain,
    Range,
)

from .kernels import INT, assigning, same

X = Read(Own(0, 0))
LONG = Own(0, 1)
ALL62 = Range(-(1 << 61), (1 << 61) - 1)


@pytest.mark.parametrize("start", [-(1 << 61), -1, 0, 3, (1 << 61) - 1])
@pytest.mark.parametrize(
    "wide",
    [
        Op(">>", (Op("*", (Read(LONG), Read(LONG))), Const(100))),
        Op(">>", (Op("<<", (Read(LONG), Const(60))), Const(60))),
        Op("ite", (X, Op(">>", (Op("*", (Read(LONG), Const(1 << 40))), Const(70))), Const(0))),
        Op("neg", (Op(">>", (Op("*", (Read(LONG), Const(-(1 << 40)))), Const(70))),)),
        Op("<", (Op("+", (Read(LONG), Const((1 << 64) - 1))), Op("<<", (Const(1), Const(64))))),
        Op("&", (Op("*", (Read(LONG), Const(1_000_003))), Const(0xFFFF))),
        Op("==", (Op("-", (Read(LONG), Const(1 << 63))), Const(-(1 << 63)))),
        Op("<<", (Op("*", (Read(LONG), Const(0))), Op("&", (X, Const(255))))),
        Op(">>", (Read(LONG), Op("&", (X, Const(127))))),
        Op("^", (Read(LONG), Op("neg", (Const(1),)))),
        Read(At(Family("t", (0, 1)), Op(">>", (Op("*", (Op("&", (X, Const(1))), Const(1 << 70))), Const(70))))),
        Op("<=", (Read(Own(0, 3)), Const(1 << 63))),
        Op("ite", (Op("<", (Read(Own(0, 3)), Read(LONG))), Const(1), Const(2))),
        Op("/", (Read(LONG), Op("|", (X, Const(1))))),
        Op("%", (Read(LONG), Const(-7))),
    ],
)
def test_numbers_of_more_than_64_bits_are_exact(wide: Expr, start: int) -> None:
    """The last cell is never written: it takes no bits, and its value needs 65 with a sign."""
    cells = (("x", INT, 0), ("l", ALL62, start), ("out", ALL62, 0), ("c", Range(0, (1 << 64) - 1), (1 << 63) + 1))
    found = same(assigning((Own(0, 2), wide), cells=cells))
    assert found is not None and (found.finished or found.first("bound"))


@pytest.mark.parametrize(
    ("domain", "start"),
    [
        (Range(0, (1 << 62)), 0),
        (Range(0, 1 << 80), 1 << 70),
        (Range(-(1 << 90), -(1 << 89)), -(1 << 89)),
        (Range(1 << 63, (1 << 63) + 7), 1 << 63),
    ],
)
def test_a_cell_that_no_word_holds_is_left_to_the_reference(domain: Domain, start: int) -> None:
    """Written and compared only: nothing would notice the bits beyond the word."""
    cells = (("x", INT, 0), ("big", domain, start), ("y", Bool(), 0))
    is_start = Op("==", (Read(Own(0, 1)), Const(start)))
    program = assigning((Own(0, 2), is_start), (Own(0, 1), Const(start)), cells=cells)
    found = same(program, compiled=False)
    assert found is not None and found.finished
    assert found.engine == "reference" and found.note.startswith("explored by the reference back end: a variable of")


@pytest.mark.parametrize(
    "refused",
    [
        Op("*", (Op("*", (Read(LONG), Read(LONG))), Read(LONG))),
        Op("%", (Op("*", (Read(LONG), Read(LONG))), Const(7))),
        Op("<<", (Read(LONG), Read(LONG))),
        Table((1 << 62, 0, 0, 0, 0), Op("&", (X, Const(3)))),
    ],
)
def test_what_compiled_code_refuses_is_left_to_the_reference_with_a_note(refused: Expr) -> None:
    program = assigning((Own(0, 1), Op("&", (refused, Const(1)))), cells=(("x", INT, 0), ("l", ALL62, 3)))
    found = same(program, compiled=False)
    assert found is not None and found.finished
    assert found.engine == "reference" and found.note.startswith("explored by the reference back end: ")
