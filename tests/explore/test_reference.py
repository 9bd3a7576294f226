from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.rwmap import rwmap
from verifier.explore.search import Limits, choices_of, choices_to, explore
from verifier.program.expr import At, Cell, Const, Family, Own, Read, equal, negate, op
from verifier.program.passes.compose import compose
from verifier.program.program import END, Access, Clause, Fail, Kind, Range, Step
from verifier.program.semantics import ProgramFault

from .machines import Role, build, counter, hanging, naive, server, spawner, two_locks


@pytest.mark.parametrize(
    ("size", "states", "transitions"),
    [((1, 1, 1), 25, 28), ((2, 2, 1), 370, 684), ((3, 3, 1), 5_527, 14_712), ((2, 2, 2), 3_816, 7_956)],
)
def test_counts_agree_with_spin_rumur_and_tlc(size: tuple[int, int, int], states: int, transitions: int) -> None:
    found = explore(rwmap(*size))
    assert (found.states, found.transitions, found.violations) == (states, transitions, ())
    assert found.complete and found.finished and found.deadlock_decided


def test_the_largest_peer_count_that_is_quick() -> None:
    found = explore(rwmap(4, 4, 1))
    assert (found.states, found.transitions) == (87_676, 311_632)


def test_a_mutex_makes_the_counter_safe() -> None:
    found = explore(counter(locked=True))
    assert found.violations == () and found.finished


def test_without_it_the_race_comes_first_and_an_increment_is_lost() -> None:
    found = explore(counter(locked=False))
    race = found.first("race")
    assert race is not None and race.name == "x" and race.goroutines == (1, 2)
    # Two local steps and one read: then one goroutine is about to write, the other about to read.
    assert len(choices_of(found, race)) == 3
    assert found.first("finally", "both counted") is not None
    pairs = {tuple(found.machine.steps[k].step.text for k in v.steps) for v in found.violations if v.kind == "race"}
    assert pairs == {("x = t + 1", "t := x"), ("t := x", "x = t + 1"), ("x = t + 1", "x = t + 1")}


def test_one_pair_of_statements_may_race_on_several_cells() -> None:
    i = Own(1, 0)
    cell = At(Family("a", (0, 1)), Read(i))
    choose = (Step(2, 3, kind=Kind.SYNC), Step(2, 3, updates=((i, Const(1)),), kind=Kind.SYNC))
    store = Step(3, END, updates=((cell, Const(1)),), accesses=(Access(cell, True, False),), kind=Kind.PLAIN)
    role = Role("w", 2, (*choose, store), (("i", Range(0, 1), 0),))
    found = explore(build([("a0", Range(0, 1), 0), ("a1", Range(0, 1), 0)], [role]))
    assert [v.name for v in found.violations if v.kind == "race"] == ["a0", "a1"]


def test_goroutines_with_a_single_location_may_race_too() -> None:
    x = Own(0, 0)
    store = Step(2, 2, updates=((x, Const(1)),), accesses=(Access(x, True, False),), kind=Kind.PLAIN)
    assert explore(build([("x", Range(0, 1), 0)], [Role("w", 2, (store,))])).first("race") is not None


def test_a_total_deadlock() -> None:
    found = explore(two_locks())
    deadlock = found.first("deadlock")
    assert deadlock is not None and deadlock.goroutines == (1, 2)
    assert choices_of(found, deadlock) == (0, 1)


def test_a_goroutine_stuck_while_another_runs_for_ever() -> None:
    found = explore(hanging())
    deadlock = found.first("deadlock")
    assert found.deadlock_decided and deadlock is not None
    assert deadlock.goroutines in ((1,), (2,)) and len(choices_of(found, deadlock)) == 1


def test_a_failure_of_others_does_not_excuse_a_deadlock() -> None:
    """They may panic, but in the runs where they do not the goroutine waits for ever."""
    found = explore(hanging(fails=True))
    assert found.deadlock_decided and found.first("deadlock") is not None
    assert found.first("panic", "boom") is not None


def test_a_graph_that_is_too_large_decides_nothing_about_deadlock() -> None:
    found = explore(hanging(), Limits(graph_edges=1))
    assert found.complete and not found.deadlock_decided and "transitions" in found.deadlock_limit


def test_a_value_outside_its_cell_is_a_bound_failure() -> None:
    x = Own(0, 0)
    up = Step(2, 2, updates=((x, op("+", Read(x), Const(2))),), kind=Kind.SYNC, text="x += 2")
    found = explore(build([("x", Range(-1, 4), -1)], [Role("up", 1, (up,))]))
    bound = found.first("bound")
    assert bound is not None and bound.name == "x = 5 is outside -1..4 (bounds: int)"
    assert choices_of(found, bound) == (0, 0, 0) and found.states == 3


def test_values_written_through_a_computed_index_are_checked_too() -> None:
    cells = Family("a", (0, 1, -1))
    i, step = Read(Own(1, 0)), Step(2, 3, kind=Kind.SYNC, text="a[i]++")
    up = replace(step, updates=((At(cells, i), op("+", Read(At(cells, i)), Const(1))),))
    more = Step(3, 2, op("<", i, Const(1)), ((Own(1, 0), op("+", i, Const(1))),), kind=Kind.SYNC)
    again = Step(3, 2, equal(i, Const(1)), kind=Kind.SYNC)
    role = Role("up", 1, (up, more, again), (("i", Range(0, 2), 0),))
    found = explore(build([("a0", Range(3, 5), 3), ("a1", Range(3, 5), 3)], [role]))
    bound = found.first("bound")
    assert bound is not None and bound.name == "a1 = 6 is outside 3..5 (bounds: int)"
    assert naive(found.machine.program).states == found.states


def test_reading_where_no_cell_is_is_a_fault_of_the_program_and_says_so() -> None:
    hole = Step(2, END, updates=((Own(0, 0), Read(At(Family("f", (-1, 0)), Read(Own(0, 0))))),), kind=Kind.SYNC)
    with pytest.raises(ProgramFault):
        explore(build([("x", Range(0, 1), 0)], [Role("r", 1, (hole,))]))


def test_blocks_are_recycled_so_a_server_is_finite() -> None:
    found = explore(server(2))
    assert found.complete and found.violations == ()
    assert (found.states, found.transitions) == (naive(server(2)).states, naive(server(2)).transitions)


def test_too_few_blocks_are_a_bound_failure_that_names_the_site() -> None:
    bound = explore(server(1)).first("bound")
    assert bound is not None and bound.name == "no free block for new(T) (bounds: heap)"


def test_children_of_a_pool_are_used_again_and_a_full_pool_is_a_bound() -> None:
    assert {v.kind for v in explore(spawner(3)).violations} == set()
    assert {v.kind for v in explore(spawner(1)).violations} == {"bound"}
    assert explore(spawner(1)).states == naive(spawner(1)).states


def test_clauses_in_every_state_somewhere_and_at_the_end() -> None:
    x, t = Read(Cell(1)), Read(Cell(2))
    asked = (
        Clause("small", "always", op("<", x, Const(2))),
        Clause("reached", "sometimes", equal(x, Const(2))),
        Clause("never", "sometimes", equal(x, Const(3))),
        Clause("wrong", "finally", equal(t, Const(3))),
        Clause("shows", "finally", equal(x, Const(2)), symptom=True),
    )
    found = explore(replace(counter(locked=True), clauses=asked))
    assert {(v.kind, v.name) for v in found.violations} == {("always", "small"), ("finally", "wrong")}
    assert {(v.kind, v.name) for v in found.witnesses} == {("sometimes", "reached"), ("symptom", "shows")}


def test_limits_end_the_search_and_say_why() -> None:
    found = explore(rwmap(2, 2, 2), Limits(max_states=100))
    assert not found.complete and "max-states" in found.limit and 100 <= found.states < 120
    ticks = iter(range(1_000))
    late = explore(rwmap(3, 3, 1), Limits(timeout=3), clock=lambda: float(next(ticks)))
    assert not late.complete and "timeout" in late.limit
    full = explore(rwmap(3, 3, 1), Limits(max_memory=1000))
    assert not full.complete and not full.deadlock_decided


def test_progress_may_interrupt_and_what_is_known_is_kept() -> None:
    calls: list[int] = []

    def progress(states: int, transitions: int, frontier: int) -> None:
        calls.append(states)
        if len(calls) == 3:
            raise KeyboardInterrupt

    found = explore(rwmap(3, 3, 1), progress=progress)
    assert found.limit == "interrupted" and not found.complete and found.states >= calls[-1] == max(calls)


def test_the_search_stops_when_everything_asked_is_violated() -> None:
    stopped = explore(hanging(fails=True), stop_when=frozenset({"panic"}))
    assert not stopped.complete and stopped.first("panic")


def test_a_failing_initialiser_is_one_state() -> None:
    found = explore(replace(counter(True), init_fail=Fail("panic", "assignment to entry in nil map")))
    assert (found.states, [v.kind for v in found.violations]) == (1, ["panic"])


def test_choices_lead_to_their_state() -> None:
    found = explore(rwmap(2, 1, 1))
    for state in range(0, found.states, 7):
        here = found.store.order[0]
        from verifier.explore.reference import successors

        after = successors(found.machine)
        for choice in choices_to(found, state):
            here = after(here)[choice][1]
        assert here == found.store.order[state]


def test_coverage_lists_what_ran() -> None:
    never = Step(2, END, negate(Const(1)), kind=Kind.SYNC, text="never")
    blocked = Step(2, END, equal(Read(Own(0, 0)), Const(1)), kind=Kind.SYNC, text="blocked")
    done = Step(2, END, kind=Kind.SYNC, text="done")
    found = explore(build([("x", Range(0, 1), 0)], [Role("r", 1, (never, blocked, done))]))
    assert found.coverage == {(1, 2)}
    assert explore(compose(counter(True))).coverage == explore(counter(True)).coverage


@pytest.mark.parametrize("program", [counter(True), counter(False), two_locks(), server(2), spawner(2), hanging()])
def test_generated_code_agrees_with_a_naive_search(program) -> None:  # type: ignore[no-untyped-def]
    found, plain = explore(program), naive(program)
    assert (found.states, found.transitions) == (plain.states, plain.transitions)
    assert {(v.kind, v.name) for v in found.violations if v.kind in ("bound", "panic")} == plain.failures
