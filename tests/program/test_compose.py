from __future__ import annotations

from dataclasses import replace

import pytest
from explore.machines import Role, build, counter, spawner

from verifier.program.expr import TRUE, At, Const, Expr, Family, Fresh, Own, Pc, Read, equal, ite, negate, op
from verifier.program.passes.compose import MAX_PATHS, compose
from verifier.program.passes.symbolic import Inexact, Path, Symbolic
from verifier.program.program import (
    END,
    Access,
    Alloc,
    Bool,
    Clause,
    Fail,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
)

T, B = Own(1, 0), Own(1, 1)
CELLS = (("t", Range(0, 3), 0), ("i", Range(0, 1), 0), ("b0", Range(0, 3), 0), ("b1", Range(0, 3), 0))
ARRAY = Family("b", (3, 4))


def local(src: int, dst: int, guard: Expr = TRUE, **updates: object) -> Step:
    fields = {"t": T, "i": B, "b0": Own(1, 2), "b1": Own(1, 3)}
    made = tuple((fields[n], v) for n, v in updates.items())
    return Step(src, dst, guard, made, kind=Kind.LOCAL)  # type: ignore[arg-type]


def seen(src: int, dst: int, *updates: tuple[Own | At, Expr], text: str = "visible") -> Step:
    return Step(src, dst, updates=tuple(updates), kind=Kind.SYNC, text=text)


def one(*steps: Step, clauses: tuple[Clause, ...] = ()) -> Program:
    return build([("x", Range(0, 3), 0)], [Role("r", 1, steps, CELLS)], clauses=clauses)


def composed(*steps: Step, clauses: tuple[Clause, ...] = ()) -> tuple[Step, ...]:
    return compose(one(*steps, clauses=clauses)).templates[1].steps


LOAD = seen(2, 3, (T, Read(Own(0, 0))), text="t := x")


def test_a_run_of_local_steps_joins_the_visible_step_before_it() -> None:
    (step, last) = composed(LOAD, local(3, 4, i=Const(1)), local(4, 5, t=Const(0)), seen(5, END))
    assert (step.src, step.dst, step.origin, step.text) == (2, 5, (0, 1, 2), "t := x")
    assert dict(step.updates) == {B: Const(1), T: Const(0)} and last.origin == (3,)


def test_branches_become_one_step_each_with_their_condition_in_terms_of_the_state_before() -> None:
    zero = equal(Read(T), Const(0))
    steps = composed(LOAD, local(3, 4, zero), local(3, 5, negate(zero)), seen(4, END), seen(5, END))
    x_zero = equal(Read(Own(0, 0)), Const(0))
    assert [(s.guard, s.dst) for s in steps[:2]] == [(x_zero, 4), (negate(x_zero), 5)] and len(steps) == 4


def test_a_branch_that_may_have_no_way_out_may_rest_there() -> None:
    steps = composed(LOAD, local(3, 4, equal(Read(T), Const(0))), seen(4, END))
    assert {(s.src, s.dst) for s in steps} == {(2, 4), (2, 3), (3, 4), (4, END)}


def test_a_condition_known_to_fail_gives_no_step() -> None:
    load = seen(2, 3, (T, Const(2)))
    steps = composed(load, local(3, 4, equal(Read(T), Const(0))), local(3, 5, equal(Read(T), Const(2))), seen(5, END))
    assert [(s.src, s.dst) for s in steps] == [(2, 5), (5, END)]


def test_a_private_failure_keeps_its_location_only_where_it_happens() -> None:
    zero = equal(Read(T), Const(0))
    boom = Step(3, 3, zero, kind=Kind.LOCAL, fail=Fail("panic", "nil"), text="check")
    steps = composed(LOAD, boom, local(3, 4, negate(zero)), seen(4, END))
    assert [(s.src, s.dst, s.fail is None) for s in steps] == [
        (2, 3, True),
        (2, 4, True),
        (3, 3, False),
        (3, 4, True),
        (4, END, True),
    ]


def test_a_value_that_may_be_out_of_range_is_a_failure_of_its_own_step() -> None:
    up = seen(2, 3, (T, op("+", Read(T), Const(1))))
    steps = composed(up, local(3, 4, t=Const(0)), seen(4, END))
    first, second = steps[:2]
    assert {first.dst, second.dst} == {3, 4}
    rest = first if first.dst == 3 else second
    assert dict(rest.updates) == {T: op("+", Read(T), Const(1))} and rest.origin == (0,)


def test_a_local_step_whose_value_may_be_out_of_range_is_not_taken_before_others_saw_the_state() -> None:
    steps = composed(LOAD, local(3, 4, t=op("+", Read(T), Const(1))), seen(4, END))
    assert sorted((s.src, s.dst, s.origin) for s in steps) == [(2, 3, (0,)), (2, 4, (0, 1)), (3, 4, (1,)), (4, 0, (2,))]
    rest = next(s for s in steps if s.dst == 3)
    assert dict(rest.updates) == {T: Read(Own(0, 0))} and rest.guard != TRUE


def test_a_guard_that_keeps_a_value_in_range_needs_no_second_step() -> None:
    down = replace(seen(2, 3, (T, op("-", Read(T), Const(1)))), guard=negate(equal(Read(T), Const(0))))
    assert [(s.src, s.dst) for s in composed(down, local(3, 4, i=Const(0)), seen(4, END))] == [(2, 4), (4, END)]


def test_a_cell_written_through_an_index_ends_the_run_where_it_may_be_read() -> None:
    store = seen(2, 3, (At(ARRAY, Read(B)), Const(1)))
    steps = composed(store, local(3, 4, t=Read(Own(1, 2))), seen(4, END))
    assert [(s.src, s.dst) for s in steps] == [(2, 3), (3, 4), (4, END)]
    apart = composed(store, local(3, 4, i=Const(0)), seen(4, END))
    assert [(s.src, s.dst) for s in apart] == [(2, 4), (4, END)]


def test_a_local_loop_ends_the_run_and_stays_a_step() -> None:
    steps = composed(LOAD, local(3, 4), local(4, 3))
    assert {(s.src, s.dst) for s in steps} == {(2, 3), (3, 3)}


@pytest.mark.parametrize("reads", [equal(Read(Pc(1)), Const(4)), op("<", Read(Pc(1)), Const(4))])
def test_a_location_a_clause_asks_about_is_kept(reads: Expr) -> None:
    asked = (Clause("there", "sometimes", reads),)
    steps = composed(LOAD, local(3, 4), local(4, 5), seen(5, END), clauses=asked)
    assert 4 in {s.dst for s in steps} and 4 in {s.src for s in steps}


def test_a_role_starts_behind_its_first_local_steps() -> None:
    program = compose(one(local(2, 3, i=Const(1)), local(3, 4, equal(Read(B), Const(1)), t=Const(2)), seen(4, END)))
    assert program.starts == (1, 4) and program.initial == (0, 2, 1, 0, 0)
    assert program.prelude == ((), (0, 1)) and [s.origin for s in program.templates[1].steps] == [(2,)]


def test_a_choice_or_a_bad_value_at_the_start_is_left_to_the_engines() -> None:
    assert compose(one(local(2, 3), local(2, 4), seen(3, END), seen(4, END))).starts == (1, 2)
    assert compose(one(local(2, 3, t=Const(9)), seen(3, END))).starts == (1, 2)
    assert compose(one(local(2, 2))).starts == (1, 2)


def test_a_started_goroutine_takes_its_first_local_steps_with_its_first_visible_one() -> None:
    beyond, add = sorted((s for s in compose(spawner(2)).templates[2].steps if s.src == 2), key=lambda s: len(s.origin))
    assert (add.src, add.dst, add.origin, add.text) == (2, END, (0, 1, 2), "x.Add(n)")
    x, arg = Read(Own(0, 0)), Read(Own(2, 0))
    assert dict(add.updates)[Own(0, 0)] == op("+", x, op("+", arg, Const(1)))
    # The sum may leave the range of x: that failure is the visible step's own.
    assert (beyond.src, beyond.dst, beyond.origin) == (2, 4, (0, 1))


def test_a_real_choice_of_a_started_goroutine_is_made_before_it_may_block() -> None:
    a, b = Step(2, 3, kind=Kind.LOCAL), Step(2, 4, kind=Kind.LOCAL)
    blocked = Step(3, END, Read(Own(0, 0)), kind=Kind.SYNC)
    go = Step(2, END, kind=Kind.SYNC, spawn=2)
    program = build([("x", Bool(), 0)], [Role("p", 1, (go,)), Role("c", 1, (a, b, blocked), parent=1)])
    assert {(s.src, s.dst) for s in compose(program).templates[2].steps} == {(2, 3), (2, 4), (3, END)}


def test_a_fresh_reference_is_not_nil() -> None:
    p = Own(1, 0)
    alloc = Alloc(0, 1, ((1,),), "new")
    make = replace(seen(2, 3, (p, Fresh())), alloc=alloc)
    nil = equal(Read(p), Const(0))
    sort = Sort("T", (Place("T#1", 0, "new", 0, (0,)),))
    steps = (make, Step(3, 4, nil, kind=Kind.LOCAL), Step(3, 5, negate(nil), kind=Kind.LOCAL), seen(5, END))
    role = Role("r", 1, steps, (("p", Reference(0), 0),))
    program = build([("x", Range(0, 1), 0)], [role], sorts=(sort,), recycled=((0, 1),))
    assert [(s.src, s.dst) for s in compose(program).templates[1].steps] == [(2, 5), (5, END)]


def test_what_is_fresh_or_another_object_is_not_taken_for_fresh() -> None:
    symbolic = Symbolic(one(LOAD), arrays=True)
    either = ite(equal(Read(B), Const(0)), Fresh(), Read(B))
    written = Path((2, 3), places=((At(ARRAY, either), Const(1)),), origin=(0,), template=1)
    with pytest.raises(Inexact):
        symbolic.value(written, Read(At(ARRAY, Read(T))))
    # The access to the other object may race.
    named = Path((2, 3), cells={T: either}, origin=(0,), template=1)
    with pytest.raises(Inexact):
        symbolic.accesses(named, Step(3, 4, accesses=(Access(At(ARRAY, Read(T)), True, False),)))


def test_the_raw_program_is_kept_as_it_was() -> None:
    program = counter(locked=True)
    small = compose(program)
    assert small.raw == program and small.cells == program.cells
    assert small.templates[1].locations == program.templates[1].locations


def test_a_condition_met_twice_is_decided_once() -> None:
    zero = equal(Read(B), Const(0))
    steps = composed(
        LOAD,
        local(3, 4, zero),
        local(3, 4, negate(zero), t=Const(0)),
        local(4, 5, zero),
        local(4, 6, negate(zero)),
        seen(5, END),
        seen(6, END),
    )
    assert [(s.guard, s.dst) for s in steps[:2]] == [(zero, 5), (negate(zero), 6)] and len(steps) == 4


def test_many_branches_are_capped() -> None:
    steps = [LOAD]
    for n in range(3, 13):
        small = op("<", Read(B), Const(n))
        steps += [local(n, n + 1, small), local(n, n + 1, negate(small), t=Const(n % 4))]
    made = composed(*steps, seen(13, END))
    for location in range(2, 14):
        assert len([s for s in made if s.src == location]) <= 2 * (MAX_PATHS + 4)


def test_cells_no_step_writes_take_no_bits() -> None:
    from verifier.explore.machine import machine

    made = machine(compose(one(LOAD, seen(3, END))))
    widths = [slot.width for slot in made.layout.cells]
    assert widths == [0, 2, 0, 0, 0] and made.layout.bits == 4
    locations, cells = made.layout.unpack(made.initial)
    assert made.layout.pack(locations, cells) == made.initial and cells == (0, 0, 0, 0, 0)


def test_negative_and_empty_ranges_pack_exactly() -> None:
    from verifier.explore.machine import machine

    x, y = Own(0, 0), Own(0, 1)
    steps = (seen(2, END, (x, Const(2)), (y, Const(7))),)
    made = machine(build([("x", Range(-3, 2), -1), ("y", Range(7, 7), 7)], [Role("r", 1, steps)]))
    assert [s.width for s in made.layout.cells] == [3, 0]
    for value in range(-3, 3):
        packed = made.layout.pack((1, END), (value, 7))
        assert made.layout.unpack(packed) == ((1, END), (value, 7))
