"""The compiled back end where it could easily differ from the reference: faults, protected reads, aliases, events."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from benchmarks.rwmap import rwmap
from verifier.explore.search import Limits, explore
from verifier.program.expr import At, Cell, Const, Expr, Family, Op, Own, Pc, Read, Ref, Table
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import (
    END,
    Access,
    Bool,
    Clause,
    Fail,
    Kind,
    Program,
    Range,
    Step,
)
from verifier.program.semantics import ProgramFault

from .kernels import INT, assigning, same
from .machines import Role, build, counter, hanging, server, spawner, two_locks


@pytest.mark.parametrize(
    ("size", "states"),
    [((1, 1, 1), 25), ((2, 2, 1), 370), ((3, 3, 1), 5_527), ((4, 4, 1), 87_676), ((2, 2, 2), 3_816)],
)
def test_counts_agree_with_spin_rumur_and_tlc(size: tuple[int, int, int], states: int) -> None:
    found = explore(rwmap(*size), engine="kernel")
    assert (found.engine, found.states, found.violations) == ("kernel", states, ())
    assert found.complete and found.finished and found.deadlock_decided


def test_ten_million_states() -> None:
    """Through every growth of the table, and with the optimised module from half a million states on."""
    found = explore(rwmap(4, 4, 2), Limits(max_states=20_000_000), engine="kernel")
    assert (found.states, found.transitions, found.violations) == (10_675_152, 44_854_884, ())
    assert found.complete and found.finished and found.deadlock_decided


@pytest.mark.parametrize(
    ("size", "orbits"),
    [
        ((4, 4, 2), 62_355),
        ((5, 5, 1), 3_096),
        ((6, 6, 1), 6_615),
        ((7, 7, 1), 13_000),
        ((8, 8, 1), 23_895),
        ((9, 9, 1), 41_575),
        ((10, 10, 1), 69_091),
    ],
)
def test_with_symmetry_alone_what_remains_are_the_orbits_that_rumur_counts(
    size: tuple[int, int, int], orbits: int
) -> None:
    found = explore(symmetric(rwmap(*size)), engine="kernel")
    assert (found.engine, found.states, found.violations) == ("kernel", orbits, ())
    assert found.complete and found.finished


@pytest.mark.parametrize(
    "program",
    [
        counter(True),
        counter(False),
        two_locks(),
        hanging(),
        hanging(fails=True),
        server(1),
        server(2),
        spawner(1),
        spawner(3),
        rwmap(2, 2, 1, locked=False),
        build([("x", Bool(), 0)], []),
        build([("x", Bool(), 0)], [Role("idle", 2, ())]),
        replace(counter(True), init_fail=Fail("panic", "assignment to entry in nil map")),
    ],
)
def test_programs_built_by_hand(program: Program) -> None:
    if program.init_fail:
        assert explore(program, engine="kernel").violations == explore(program).violations != ()
    else:
        assert same(program) is not None


X, HOLES = Read(Own(0, 0)), Family("f", (0, -1, 1))
SINGLE = Family("z", (2, -1, 2))
"""Cells without bits: there is nothing to store, but the hole is still one."""


@pytest.mark.parametrize(
    "update",
    [
        (Own(0, 1), Read(At(HOLES, X))),
        (Own(0, 1), Op("/", (Const(1), X))),
        (Own(0, 1), Op("%", (Const(1), X))),
        (Own(0, 1), Op("&", (Op("<<", (Const(1), X)), Const(1)))),
        (Own(0, 1), Op("&", (Op(">>", (Const(1), X)), Const(1)))),
        (Own(0, 1), Table((0, 1), X)),
        (Own(0, 1), Op("<<", (Op("*", (Read(At(HOLES, X)), Const(0))), Const(70)))),
        (At(HOLES, X), Const(1)),
        (At(SINGLE, X), Const(5)),
        (At(HOLES, X), Read(At(HOLES, X))),
        (At(Family("none", ()), X), Const(0)),
        (At(Family("none", (-1, -1)), Const(1)), Const(0)),
    ],
)
def test_a_fault_of_the_program_is_one_in_both(update: tuple[Ref, Expr]) -> None:
    program = assigning(update, cells=(("x", INT, 0), ("y", INT, 0), ("z", Range(5, 5), 5)))
    for engine in ("reference", "kernel"):
        with pytest.raises(ProgramFault):
            explore(program, engine=engine)


def test_a_missing_place_is_a_fault_even_where_another_value_is_out_of_range() -> None:
    program = assigning((Own(0, 1), Const(9)), (At(HOLES, Const(1)), Const(1)), cells=(("x", INT, 0), ("y", INT, 0)))
    for engine in ("reference", "kernel"):
        with pytest.raises(ProgramFault):
            explore(program, engine=engine)


def test_a_value_that_needs_neither_a_check_nor_a_bit_is_not_looked_at() -> None:
    """It would be a fault: 0 times what is in a hole, into a cell that can only be 5."""
    nothing = Op("+", (Op("*", (Read(At(HOLES, Const(1))), Const(0))), Const(5)))
    for more in ((Own(0, 1), Const(0)), (At(HOLES, Op("*", (X, Const(0)))), Const(0))):
        program = assigning((Own(0, 2), nothing), more, cells=(("x", INT, 0), ("y", INT, 0), ("z", Range(5, 5), 5)))
        assert same(program) is not None


def test_a_value_that_always_fits_is_not_looked_at_where_another_does_not() -> None:
    """It would be a fault, but the step fails before."""
    nothing = Op("*", (Read(At(HOLES, Const(1))), Const(0)))
    updates = ((Own(0, 1), Const(9)), (Own(0, 2), nothing))
    found = same(assigning(*updates, cells=(("x", INT, 0), ("y", INT, 0), ("z", INT, 0))))
    assert found is not None and found.first("bound")


def test_a_clause_that_cannot_be_evaluated_is_a_fault_although_it_is_decided() -> None:
    """The first final state, x = -4, violates it; in the last one, x = 4, it reads what is not there."""
    asked = Clause("c", "finally", Op("and", (Op("==", (Read(Cell(0)), Const(4))), Read(At(HOLES, Read(Cell(0)))))))
    program = replace(assigning(cells=(("x", INT, 0), ("y", INT, 0))), clauses=(asked,))
    for engine in ("reference", "kernel"):
        with pytest.raises(ProgramFault):
            explore(program, engine=engine)


@pytest.mark.parametrize(
    "protected",
    [
        Op("ite", (Op("==", (X, Const(2))), Read(At(HOLES, X)), Const(3))),
        Op("and", (Op("==", (X, Const(0))), Op("<=", (Read(At(HOLES, X)), Const(0))))),
        Op("or", (Op("!=", (X, Const(2))), Op("==", (Read(At(HOLES, X)), Const(1))))),
        Op("ite", (Op("not", (X,)), Const(-1), Op("/", (Const(-4), X)))),
    ],
)
def test_conditions_protect_reads(protected: Expr) -> None:
    found = same(assigning((Own(0, 1), protected), cells=(("x", INT, 0), ("y", INT, 1))))
    assert found is not None and found.finished


def test_an_update_that_keeps_a_value_undoes_an_earlier_one_through_an_alias() -> None:
    both = Family("f", (0, 1, 0, 1, 0))
    place = At(both, Op("&", (X, Const(3))))
    for order in (1, -1):
        updates = ((Own(0, 1), Const(3)), (place, Read(place)))[::order]
        assert same(assigning(*updates, cells=(("x", INT, 0), ("y", INT, 0)))) is not None


def test_without_llvmlite_the_reference_explores_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    found = explore(counter(True), engine="kernel")
    assert (found.engine, found.states) == ("reference", 17)
    assert found.note.startswith("explored by the reference back end: llvmlite is not installed or does not load")


def test_clauses_that_read_where_a_goroutine_is() -> None:
    """The package and a goroutine with one location have no bits for it."""
    asked = tuple(
        Clause(f"{i} at {n} {when}", when, Op("==", (Read(Pc(i)), Const(n))))
        for i in range(4)
        for n in range(5)
        for when in ("always", "sometimes", "finally")
    )
    more = (Clause("sum", "sometimes", Op("==", (Op("+", (Read(Pc(0)), Read(Pc(1)))), Const(4)))),)
    idle = Role("idle", 1, ())
    work = Role("work", 2, (Step(2, 3, kind=Kind.SYNC), Step(3, END, kind=Kind.SYNC)))
    found = same(build([("x", Bool(), 0)], [idle, work], clauses=asked + more))
    assert found is not None and len(found.witnesses) == 8


def test_several_events_in_one_state() -> None:
    """A state with a race, two failing steps, two symptoms and three clauses has to be told eight times."""
    x = Own(0, 0)
    touch = (Access(x, True, False),)
    steps = tuple(
        Step(2, 3, fail=Fail("panic", f"{n}") if n < 2 else None, symptom=f"s{n % 2}", accesses=touch, text=f"{n}")
        for n in range(4)
    )
    clauses = tuple(Clause(f"c{n}", "always", Op("==", (Read(Cell(0)), Const(1)))) for n in range(3))
    found = same(build([("x", Bool(), 0)], [Role("r", 2, steps)], clauses=clauses))
    assert found is not None and sum(v.state == 0 for v in (*found.violations, *found.witnesses)) > 8
