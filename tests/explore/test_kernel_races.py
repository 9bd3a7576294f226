"""Races in the compiled back end: many kinds of accesses, computed places, conditions, and a table that has to grow."""

from __future__ import annotations

import pytest

from verifier.explore.kernel import search as kernel
from verifier.explore.kernel.racecode import classes
from verifier.explore.machine import machine
from verifier.explore.pyexpr import Writer
from verifier.explore.races import Races
from verifier.explore.search import Limits
from verifier.program.expr import At, Const, Expr, Family, Op, Own, Read
from verifier.program.program import END, Access, Bool, Kind, Program, Range, Step

from .kernels import same
from .machines import Decl, Role, build


def touching(cells: int) -> Program:
    """Two goroutines write one cell after the other: they race on each."""
    steps = [
        Step(n + 2, n + 3, accesses=(Access(Own(0, n), True, False),), kind=Kind.PLAIN, text=f"x{n} = 1")
        for n in range(cells)
    ]
    return build([(f"x{n}", Bool(), 0) for n in range(cells)], [Role("w", 2, tuple(steps))])


def test_more_kinds_of_accesses_than_bits() -> None:
    program = touching(70)
    made = machine(program)
    of = classes(made, Races(made, Writer(made))).of
    assert len(of) == 140 and len(set(of.values())) == 64
    found = same(program, Limits())
    assert found is not None and sum(v.kind == "race" for v in found.violations) == 70


def test_the_table_of_known_races_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_RACES", 2)
    found = same(touching(40))
    assert found is not None and sum(v.kind == "race" for v in found.violations) == 40


def test_many_races_in_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are told at once, and more than the first table holds."""
    monkeypatch.setattr(kernel, "_RACES", 2)
    steps = tuple(
        Step(2, END, accesses=tuple(Access(Own(0, c), True, False) for c in range(8)), kind=Kind.PLAIN, text=f"{n}")
        for n in range(8)
    )
    found = same(build([(f"x{n}", Bool(), 0) for n in range(8)], [Role("w", 3, steps)]))
    assert found is not None
    assert len([v for v in found.violations if v.kind == "race" and v.state == 0]) == 8 * 8 * 8


I = Own(1, 0)  # noqa: E741
SHARDS = Family("m", (0, 1, -1, 2))


@pytest.mark.parametrize(
    "index", [Read(I), Op("-", (Read(I), Const(2))), Op("*", (Op("-", (Read(I), Const(1))), Const(1 << 62)))]
)
@pytest.mark.parametrize("when", [Const(1), Op("!=", (Read(I), Const(0))), Op("<", (Read(Own(0, 1)), Const(1)))])
@pytest.mark.parametrize("atomic", [False, True])
def test_sharded_accesses(index: Expr, when: Expr, atomic: bool) -> None:
    """Every goroutine picks an index; one that selects nothing touches nothing."""
    choose = tuple(Step(2, 3, updates=((I, Const(n)),), kind=Kind.SYNC, text=f"i = {n}") for n in range(5))
    store = Step(3, END, Op("<=", (Const(1), Read(I))), kind=Kind.PLAIN, text="m[i] = 1")
    load = Step(3, END, kind=Kind.PLAIN, text="_ = m[i]")
    steps = (
        Step(3, END, store.guard, (), (Access(At(SHARDS, index), True, False, when),), Kind.PLAIN, store.text),
        Step(3, END, load.guard, (), (Access(At(SHARDS, index), False, atomic, when),), Kind.PLAIN, load.text),
    )
    cells: list[Decl] = [(f"m{n}", Range(0, 1), 0) for n in range(3)]
    found = same(build(cells, [Role("w", 3, (*choose, *steps), (("i", Range(0, 4), 0),))]))
    assert found is not None and found.finished
    assert found.first("race") is not None
