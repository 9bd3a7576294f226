"""Interchangeable goroutines: who is and who is not, and that keeping one state of each orbit loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings

from benchmarks.rwmap import rwmap
from verifier.audit.interpret import State
from verifier.explore.search import Exploration, Limits, explore
from verifier.program.expr import Cell, Const, Expr, Me, Own, Pc, PerInstance, Read, equal, negate, op, total
from verifier.program.passes.compose import compose
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import END, Clause, Kind, Place, Program, Range, Reference, Sort, Step

from .exchange import naming_programs, orbit, reachable
from .machines import Role, build, counter, spawner
from .random_programs import small_programs

SMALL = Limits(max_states=2_000)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def verdicts(found: Exploration) -> set[tuple[str, str]]:
    """What must not depend on symmetry. Of a bound, which cell meets it first may."""
    return {(v.kind, "" if v.kind == "bound" else v.name) for v in (*found.violations, *found.witnesses)}


def kept(found: Exploration) -> list[State]:
    return [State(*found.machine.layout.unpack(s)) for s in found.store.order]


def same_verdicts(program: Program) -> tuple[Exploration, Exploration]:
    apart, together = explore(program), explore(symmetric(program))
    assert together.states <= apart.states
    assert verdicts(together) == verdicts(apart)
    assert (together.finished, together.deadlock_decided) == (apart.finished, apart.deadlock_decided)
    assert together.coverage == apart.coverage
    return apart, together


@pytest.mark.parametrize(
    ("size", "states"),
    [((1, 1, 1), 25), ((2, 2, 1), 135), ((3, 3, 1), 470), ((4, 4, 1), 1_300), ((5, 5, 1), 3_096), ((2, 2, 2), 1_164)],
)
def test_what_remains_of_the_shared_workload_are_the_orbits_that_peers_count(
    size: tuple[int, int, int], states: int
) -> None:
    found = explore(symmetric(rwmap(*size)))
    assert (found.states, found.violations, found.finished) == (states, (), True)


@QUICK
@given(naming_programs())
def test_goroutines_that_store_references_to_each_other(program: Program) -> None:
    smaller = symmetric(program)
    assume(smaller.classes and explore(program, SMALL).complete)
    _, together = same_verdicts(program)
    everything = set(reachable(program))
    orbits = {orbit(smaller, s) for s in everything}
    # Exchanging goroutines never leaves the reachable states, and of every orbit a state is kept.
    assert all(o <= everything for o in orbits)
    assert {orbit(smaller, s) for s in kept(together)} == orbits
    # For up to three goroutines and two fields in a row, colours tell all members apart that differ.
    assert together.states == len(orbits)


@QUICK
@given(small_programs())
def test_random_programs_have_the_same_verdicts_with_symmetry(program: Program) -> None:
    assume(symmetric(program).classes and explore(program, SMALL).complete)
    same_verdicts(program)
    same_verdicts(compose(program))


def test_children_go_with_the_goroutine_that_starts_them() -> None:
    program = spawner(2)
    two = build(
        [("x", Range(0, 12), 0)],
        [
            Role("main", 2, program.templates[1].steps, (("i", Range(0, 3), 0),)),
            Role("add", 2, program.templates[2].steps, (("i", Range(0, 3), 0), ("n", Range(0, 4), 0)), parent=1),
        ],
    )
    apart, together = same_verdicts(two)
    assert together.machine.program.classes == ((1, 2),)
    assert together.states == len({orbit(together.machine.program, s) for s in kept(apart)})


def test_goroutines_stuck_behind_each_other_are_followed_through_exchanges() -> None:
    """Two of three take turns for ever; the third waits, but whichever it is may still be let in."""
    turn = Own(0, 0)
    enter = Step(2, 3, equal(Read(turn), Const(0)), ((turn, Const(1)),), kind=Kind.SYNC)
    leave = Step(3, 2, updates=((turn, Const(0)),), kind=Kind.SYNC)
    quit_ = Step(3, 4, updates=((turn, Const(0)),), kind=Kind.SYNC)
    fair = build([("turn", Range(0, 1), 0)], [Role("p", 3, (enter, leave))])
    _, together = same_verdicts(fair)
    assert together.first("deadlock") is None and together.deadlock_decided
    hangs = build([("turn", Range(0, 1), 0)], [Role("p", 3, (enter, leave, quit_))])
    _, together = same_verdicts(hangs)
    assert together.first("deadlock") is not None


# ---- what is not interchangeable

_SORT = Sort("p", tuple(Place(f"p{n}", n, "p", 0, ()) for n in (1, 2, 3)))
_NAMES = PerInstance(1, (1, 2, 3))
_Q, _SEEN = Own(0, 0), Own(0, 1)


def named(*more: Step, clauses: tuple[Clause, ...] = ()) -> Program:
    """Three goroutines that leave their name in q."""
    leave = Step(2, 3, updates=((_Q, _NAMES),), kind=Kind.SYNC)
    return build(
        [("q", Reference(0), 0), ("seen", Range(0, 3), 0)],
        [Role("p", 3, (leave, *more), (("mine", Reference(0), 0),))],
        sorts=(_SORT,),
        clauses=clauses,
    )


def test_names_may_be_copied_compared_and_kept() -> None:
    mine = Own(1, 0)
    found = Step(3, 4, equal(Read(_Q), _NAMES), ((mine, Read(_Q)),), kind=Kind.SYNC)
    lost = Step(3, 5, negate(equal(Read(_Q), _NAMES)), ((mine, Read(_Q)), (_SEEN, Const(1))), kind=Kind.SYNC)
    program = named(found, lost, clauses=(Clause("some", "sometimes", negate(equal(Read(Cell(0)), Const(0)))),))
    assert symmetric(program).classes == ((1, 2, 3),)
    same_verdicts(program)


def _asks(guard: Expr) -> Program:
    return named(Step(3, END, guard, kind=Kind.SYNC))


@pytest.mark.parametrize(
    ("program", "classes"),
    [
        # Names in order.
        (_asks(op("<", Read(_Q), _NAMES)), ()),
        # A name used as a number.
        (named(Step(3, END, updates=((_SEEN, _NAMES),), kind=Kind.SYNC)), ()),
        (_asks(op("==", op("%", Read(_Q), Const(2)), Const(1))), ()),
        # One goroutine named by all: the others are still alike, but only neighbours are compared.
        (_asks(equal(Read(_Q), Const(1))), ((2, 3),)),
        # The number of the goroutine itself.
        (named(Step(3, END, updates=((_SEEN, op("-", Me(), Const(2))),), kind=Kind.SYNC)), ()),
        # A clause about one of them.
        (named(clauses=(Clause("first", "always", negate(equal(Read(Pc(1)), Const(3)))),)), ((2, 3),)),
        (named(clauses=(Clause("q", "always", negate(equal(Read(Cell(0)), Const(3)))),)), ((1, 2),)),
        # A constant that singles one out.
        (_asks(equal(PerInstance(1, (0, 1, 0)), Const(1))), ()),
    ],
)
def test_what_tells_goroutines_apart_keeps_them_apart(program: Program, classes: tuple[tuple[int, ...], ...]) -> None:
    assert symmetric(program).classes == classes


def _ring(names: tuple[int, ...]) -> Program:
    """Four goroutines, each of which asks for one of them by name."""
    sort = Sort("p", tuple(Place(f"p{n}", n, "p", 0, ()) for n in (1, 2, 3, 4)))
    ask = Step(2, 3, equal(Read(_Q), PerInstance(1, names)), ((_Q, PerInstance(1, (1, 2, 3, 4))),), kind=Kind.SYNC)
    return build([("q", Reference(0), 0)], [Role("p", 4, (ask,))], sorts=(sort,))


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        ((1, 2, 3, 4), ((1, 2, 3, 4),)),
        # A ring can be turned, but no two of it can be swapped.
        ((2, 3, 4, 1), ()),
        ((2, 1, 4, 3), ((1, 2), (3, 4))),
        ((1, 2, 3, 0), ((1, 2, 3),)),
        ((4, 4, 4, 4), ((1, 2, 3),)),
        ((0, 0, 3, 4), ((1, 2), (3, 4))),
    ],
)
def test_large_groups_are_shown_at_once_or_in_parts(
    names: tuple[int, ...], classes: tuple[tuple[int, ...], ...]
) -> None:
    assert symmetric(_ring(names)).classes == classes


def test_a_clause_that_counts_goroutines_does_not_tell_them_apart() -> None:
    inside = total([equal(Read(Pc(n)), Const(3)) for n in (2, 1, 3)])
    clause = Clause("two", "sometimes", op("<", Const(1), inside))
    assert symmetric(named(clauses=(clause,))).classes == ((1, 2, 3),)


def test_what_is_different_at_the_start_stays_different() -> None:
    program = counter(True)
    assert symmetric(program).classes == ((1, 2),)
    later = replace(program, initial=(*program.initial[:-1], 1))
    assert symmetric(later).classes == ()
    assert symmetric(replace(program, starts=(1, 2, END))).classes == ()
    assert symmetric(replace(program, prelude=((), (0,), ()))).classes == ()


def test_places_without_counterpart_and_recycled_blocks_of_one_only() -> None:
    program = named()
    odd = Sort("p", (*_SORT.places[:2], replace(_SORT.places[2], site="other")))
    assert symmetric(replace(program, sorts=(odd,))).classes == ((1, 2),)
    assert symmetric(replace(program, recycled=((0, 1),))).classes == ((2, 3),)
