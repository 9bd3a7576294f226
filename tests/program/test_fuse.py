from __future__ import annotations

from dataclasses import replace

import pytest
from explore.locked_programs import (
    CLAUSES,
    MU,
    PACKAGE,
    READERS,
    Body,
    N,
    X,
    Y,
    assemble,
    branch,
    either,
    lock,
    locked_programs,
    plus,
    r_lock,
    r_unlock,
    read,
    rw_lock,
    rw_unlock,
    try_lock,
    unlock,
    wait,
    write,
)
from explore.machines import Role, build, counter, spawner
from explore.random_programs import small_programs
from explore.reducing import compare
from hypothesis import HealthCheck, given, settings

from benchmarks.rwmap import rwmap
from verifier.explore.search import explore
from verifier.program.expr import At, Cell, Const, Family, Own, Pc, Read, both, equal, negate, op
from verifier.program.passes.compose import compose
from verifier.program.passes.fuse import fuse
from verifier.program.passes.reduce import reduced
from verifier.program.program import END, Access, Bool, Clause, Kind, Program, Range, Step

OWN = (("t", Range(0, 2), 0), ("b", Bool(), 0))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
WRITE = write(X, Const(1))


def program(*roles: tuple[int, list[Body]], clauses: tuple[Clause, ...] = (), loops: int = 0) -> Program:
    made = [Role(f"r{n}", count, assemble(bodies, loops), OWN) for n, (count, bodies) in enumerate(roles, 1)]
    return compose(build(PACKAGE, made, clauses=clauses))


def moves(p: Program, template: int = 1) -> set[tuple[int, int]]:
    """Where the fused steps of a template that end in a state lead."""
    return {(s.src, s.dst) for s in fuse(p).templates[template].steps if s.fail is None}


def test_a_critical_section_is_one_step() -> None:
    p = program((2, [lock(), WRITE, read(X, 1), unlock(True)]))
    assert moves(p) == {(2, END)}
    (step,) = (s for s in fuse(p).templates[1].steps if s.fail is None)
    assert step.origin == (0, 1, 2, 3) and step.text == "lock" and dict(step.updates)[X] == Const(1)
    assert explore(fuse(p)).states == 4


def test_so_are_those_of_readers_and_of_a_writer_that_finds_none() -> None:
    p = program((2, [rw_lock(), WRITE, rw_unlock()]), (2, [r_lock(), read(X, 2), r_unlock()]))
    assert moves(p, 2) == {(2, END)}
    # A writer that finds readers would wait for them, but readers are never seen inside.
    assert moves(p, 1) >= {(2, END)} and explore(reduced(p)).states == 16


def test_a_read_lock_held_for_ever_keeps_the_announced_writer_in_sight() -> None:
    p = program((1, [rw_lock(), WRITE, rw_unlock()]), (1, [r_lock(), wait(N, 1), r_unlock()]))
    found = compare(p, fuse(p))
    assert found is not None and found.first("deadlock") is not None


def test_an_access_outside_the_lock_is_not_passed() -> None:
    p = program((2, [lock(), unlock(True), WRITE]))
    assert (2, 4) in moves(p) and (4, END) in moves(p)
    assert compare(p, fuse(p)) is not None and explore(fuse(p)).first("race") is not None


def test_a_reader_without_the_lock_keeps_the_race() -> None:
    p = program((2, [lock(), WRITE, unlock(True)]), (1, [read(X, 2)]))
    assert (2, 3) in moves(p) and explore(fuse(p)).first("race") is not None


def test_an_access_that_happens_only_before_the_step_keeps_its_race() -> None:
    """As for a WaitGroup: an addition from zero touches more than any other."""
    add = write(*plus(N, 1), atomic=True)
    look = (Step(0, -1, accesses=(Access(Y, False, False, equal(Read(N), Const(0))),), kind=Kind.SYNC),)
    p = program((1, [add]), (1, [look]), (1, [write(Y, Const(1))]))
    found = compare(p, fuse(p))
    assert found is not None and found.first("race") is not None
    assert compare(p, reduced(p)) is not None


def test_a_place_that_the_step_moves_keeps_its_race() -> None:
    move = write(Y, Const(1), atomic=True)
    look = (Step(0, -1, accesses=(Access(At(Family("a", (9, 10, 11)), Read(Y)), False, False),), kind=Kind.SYNC),)
    p = program((1, [move]), (1, [look]), (1, [write(N, Const(1))]))
    found = compare(p, fuse(p))
    assert found is not None and found.first("race") is not None


@pytest.mark.parametrize("spoiler", [unlock(False), write(MU, Const(0), atomic=True), write(MU, Read(Own(2, 1)), True)])
def test_a_lock_that_somebody_else_releases_protects_nothing(spoiler: Body) -> None:
    p = program((2, [lock(), WRITE, read(X, 1), unlock(False)]), (1, [spoiler]))
    found = compare(p, reduced(p))
    assert found is not None and found.first("race") is not None


def test_a_read_lock_that_somebody_else_releases_protects_nothing() -> None:
    p = program((1, [rw_lock(), WRITE, rw_unlock()]), (1, [r_lock(), read(X, 2), r_unlock()]), (1, [r_unlock()]))
    found = compare(p, reduced(p))
    assert found is not None and found.first("race") is not None


def test_atomics_that_do_not_commute_are_seen() -> None:
    store, load = write(X, Const(1), atomic=True), read(X, 2, atomic=True)
    p = program((2, [lock(), read(Y, 1), store, unlock(True)]), (1, [load, wait(X, 1)]))
    assert moves(p) == {(2, 4), (4, END)}


def test_atomic_updates_that_commute_are_passed() -> None:
    add = write(*plus(N, 1), atomic=True, guard=negate(equal(Read(N), Const(3))))
    taken = write(*plus(N, -1), atomic=True)
    bodies = [lock(), add, unlock(True)]
    # The range of N ends somewhere: then the order decides who is refused.
    assert moves(program((2, bodies), (1, [add]))) == {(2, 3), (3, END)}
    assert moves(program((2, bodies), (1, [taken]))) == {(2, 3), (3, END)}
    flip = write(Y, op("-", Const(1), Read(Y)), atomic=True, guard=op("<", Read(Y), Const(2)))
    assert (2, END) in moves(program((2, [lock(), flip, unlock(True)]), (1, [flip])))


@pytest.mark.parametrize("when", ["always", "sometimes"])
def test_what_a_clause_reads_inside_a_section_stays_visible(when: str) -> None:
    asked = (Clause("x", when, negate(equal(Read(Cell(7)), Const(1)))),)
    bodies = [lock(), WRITE, write(X, Const(0)), unlock(True)]
    p = program((2, bodies), clauses=asked)
    assert {(2, 3), (3, 4)} <= moves(p) and compare(p, fuse(p)) is not None
    at_the_end = (replace(asked[0], when="finally"),)
    assert moves(program((2, bodies), clauses=at_the_end)) == {(2, END)}


def test_a_label_inside_a_section_is_a_place_to_rest() -> None:
    there = (Clause("at", "sometimes", both(equal(Read(Pc(1)), Const(4)), Read(Cell(8)))),)
    p = program((2, [lock(), WRITE, read(X, 1), unlock(True)]), clauses=there)
    assert moves(p) == {(2, 4), (4, END)} and compare(p, fuse(p)) is not None
    away = (Clause("at", "sometimes", both(negate(equal(Read(Pc(1)), Const(4))), Read(Cell(8)))),)
    assert (2, 3) in moves(program((2, [lock(), WRITE, read(X, 1), unlock(True)]), clauses=away))


def test_a_try_sees_that_a_lock_is_held() -> None:
    p = program((1, [lock(), WRITE, unlock(True)]), (1, [try_lock(2), branch(negate(Read(Own(2, 1))), Y)]))
    assert (2, 4) in moves(p) and (4, END) in moves(p) and compare(p, fuse(p)) is not None


def test_a_failure_inside_a_section_is_found_and_seen_before() -> None:
    p = program((2, [lock(), WRITE, branch(equal(Read(X), Const(1)), X), unlock(True)]))
    small = fuse(p)
    assert moves(p) >= {(2, 4)} and compare(p, small) is not None and explore(small).first("panic") is not None


def test_a_choice_that_others_make_possible_is_made_where_they_are_seen() -> None:
    p = program((2, [lock(), either(N, 1), unlock(True)]), (1, [write(N, Const(1), atomic=True)]))
    assert moves(p) == {(2, 3), (3, END)} and compare(p, fuse(p)) is not None


def test_a_step_that_others_only_make_possible_waits_for_them() -> None:
    p = program((2, [lock(), wait(N, 1), unlock(True)]), (1, [write(N, Const(1), atomic=True)]))
    assert moves(p) == {(2, 3), (3, END), (2, END)} and compare(p, fuse(p)) is not None


def test_nested_locks_taken_in_two_orders_still_deadlock() -> None:
    p = program((1, [lock(), r_lock(), r_unlock(), unlock(True)]), (1, [rw_lock(), lock(), unlock(True), rw_unlock()]))
    found = compare(p, fuse(p))
    assert found is not None and found.first("deadlock") is not None


def test_sections_in_a_loop_rest_once_a_round() -> None:
    p = program((2, [lock(), WRITE, unlock(True)]), loops=1)
    assert moves(p) == {(2, 2)} and explore(fuse(p)).states == 2


def test_an_endless_loop_does_not_put_off_the_others() -> None:
    spin = (Step(0, -1, updates=((Own(1, 1), negate(Read(Own(1, 1)))),), kind=Kind.SYNC),)
    p = program((1, [spin, spin]), (1, [branch(equal(Read(X), Const(0)), X)]), loops=1)
    found = compare(p, fuse(p))
    assert found is not None and found.first("panic") is not None


def test_a_started_goroutine_rests_at_its_entry_and_ends_in_sight() -> None:
    p = compose(spawner(2))
    assert compare(p, fuse(p)) is not None
    go = Step(2, END, kind=Kind.SYNC, spawn=2)
    child = assemble([write(Y, Const(1)), write(X, Const(1))], 0)
    p = compose(build(PACKAGE, [Role("p", 1, (go,)), Role("c", 1, child, parent=1)]))
    assert moves(p, 2) == {(2, 3), (3, END)}


def test_what_is_joined_at_the_start_is_listed() -> None:
    p = program((1, [WRITE, write(Y, Const(1)), lock()]), (1, [lock(), unlock(True)]))
    small = fuse(p)
    assert small.prelude == ((), (0, 1), ()) and small.starts == (1, 4, 2) and small.initial[7:9] == (1, 1)


def test_reductions_name_the_steps_of_the_program_they_were_given() -> None:
    p = compose(counter(locked=True))
    for small in (reduced(p), reduced(p, slicing=False), reduced(p, fusing=False), reduced(p, folding=False)):
        assert small.raw is p and explore(small).coverage == {(1, n) for n in range(len(p.templates[1].steps))}
    assert reduced(p, slicing=False, fusing=False, folding=False) is p


def test_lock_states_that_cannot_be_are_not_split_off() -> None:
    """Nobody knows but the lock that a reader who comes finds room in the counter."""
    unguarded = (replace(r_lock()[0], guard=negate(Read(Own(0, 3)))),)
    p = program((2, [unguarded, r_unlock()]), (1, [rw_lock(), rw_unlock()]))
    assert moves(p) == {(2, END)} and READERS not in dict(fuse(p).templates[1].steps[0].updates)


@pytest.mark.parametrize(
    ("size", "states"), [((1, 1, 1), 4), ((2, 2, 1), 36), ((3, 3, 1), 216), ((2, 2, 2), 225), ((3, 3, 2), 3_375)]
)
def test_the_shared_workload(size: tuple[int, int, int], states: int) -> None:
    """Writers rest before Lock, waiting or done, readers before RLock or done, with every number of rounds left.

    All combinations are possible: `(2 rounds + 1)^writers (rounds + 1)^readers`. One writer never needs to wait.
    """
    writers, readers, rounds = size
    each = (2 * rounds + 1 if writers > 1 else rounds + 1) ** writers * (rounds + 1) ** readers
    assert explore(reduced(compose(rwmap(*size)))).states == states == each


def test_the_shared_workload_without_its_lock_keeps_its_errors() -> None:
    full = compose(rwmap(2, 2, 1, locked=False))
    found = compare(full, reduced(full))
    assert found is not None and {v.kind for v in found.violations} >= {"race", "fatal"}


@QUICK
@given(small_programs())
def test_fusing_keeps_every_verdict(program: Program) -> None:
    full = compose(program)
    compare(full, fuse(full))
    compare(full, reduced(full))


@QUICK
@given(locked_programs())
def test_fusing_keeps_every_verdict_of_programs_with_locks(program: Program) -> None:
    full = compose(program)
    compare(full, fuse(full))
    compare(full, reduced(full))


def test_clauses_of_the_random_programs_are_about_what_sections_write() -> None:
    assert {c.when for c in CLAUSES} == {"always", "sometimes", "finally"} and Own(0, 0) == MU
