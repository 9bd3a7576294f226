"""The runtime maps: their steps in order, one operation at a time."""

from __future__ import annotations

from verifier.gosem import hmap, swiss
from verifier.gosem.fragment import DONE, ENTRY
from verifier.gosem.gomap import END_RANGE
from verifier.program.expr import Const, Op, Read

from .machine import World, accesses, apply, enabled, explore, run, value
from .table import BOTH, Table

ENTRY_STEPS = ("check the write flag", "load the flag", "set the flag")
EXIT_STEPS = ("check the flag again", "load the flag", "clear the flag")


@BOTH
def test_an_insert_takes_the_steps_of_the_source_in_order(rt):
    t = Table(rt, 2)
    state, details = t.after(t.assign(1, 7))
    new = ("find the slot", "write the key", "mark the slot full", "load the count", "count the entry")
    assert details == (*ENTRY_STEPS, *new, *EXIT_STEPS, "store the value")
    assert (t.content(state), t.get(state, "used"), t.get(state, "writing")) == ({1: 7}, 1, 0)
    state, details = t.after(t.assign(1, 7), t.assign(1, 8))
    assert details == (*ENTRY_STEPS, "find the slot", *EXIT_STEPS, "store the value")
    assert (t.content(state), t.get(state, "used")) == ({1: 8}, 1)
    assert t.symptoms(state) == set()


@BOTH
def test_the_value_is_stored_after_the_window_is_left(rt):
    t = Table(rt, 1)
    assign = t.assign(0, 7)
    state, at = t.memory.zero(), ENTRY
    writing_at_store = None
    while at >= 0:
        (p,) = enabled(assign, at, state)
        if p.detail == "store the value":
            writing_at_store = t.get(state, "writing")
            assert t.content(state) == {0: 0}
            assert {c for c, w, _ in accesses(p, state) if w} == {t.cells("slots", 0, "value").number}
        state, at = apply(t.memory, p, state), p.dst
    assert writing_at_store == 0


def test_a_deletion_counts_first_in_swiss_and_last_in_hmap():
    middle = {
        swiss: ("load the count", "count the entry out", "clear the value", "mark the slot empty"),
        hmap: ("clear the value", "mark the slot empty", "load the count", "count the entry out"),
    }
    for rt, steps in middle.items():
        t = Table(rt, 2)
        state, details = t.after(t.assign(1, 7), t.assign(0, 6), t.delete(1))
        assert details == (*ENTRY_STEPS, "find the slot", *steps, *EXIT_STEPS)
        assert (t.content(state), t.get(state, "used"), t.symptoms(state)) == ({0: 6}, 1, set())
        assert t.get(state, "slots", 0, "value") == 0


@BOTH
def test_clear_empties_the_map(rt):
    t = Table(rt, 2)
    state, details = t.after(t.assign(1, 7), t.assign(0, 6), t.clear())
    assert details == (*ENTRY_STEPS, "wipe the slots", "reset the count", *EXIT_STEPS)
    assert not any(state[: t.out.number])


@BOTH
def test_lookup_and_len(rt):
    t = Table(rt, 2)
    state, details = t.after(t.assign(1, 7), t.lookup(1))
    assert details == ("check the write flag", "find the slot", "load the value")
    assert (state[t.out.number], state[t.found.number]) == (7, 1)
    state, details = t.after(t.assign(1, 7), t.lookup(1), t.lookup(0))
    assert details == ("check the write flag", "find the slot: not there")
    assert (state[t.out.number], state[t.found.number]) == (0, 0)
    state, _ = t.after(t.assign(1, 7), t.assign(0, 7), t.length())
    assert state[t.out.number] == 2


@BOTH
def test_an_unused_value_is_not_loaded(rt):
    t = Table(rt, 2)
    only_found = t.rt.lookup(t.m, Const(1), (), t.found, t.memory.temp)
    state, details = t.after(t.assign(1, 7), only_found)
    assert (details, state[t.found.number]) == (("check the write flag", "find the slot"), 1)


@BOTH
def test_an_empty_map_is_never_checked(rt):
    """Readers, deletions and ranges do not look at the flag of a map whose count is zero; nor does len ever."""
    t = Table(rt, 2)
    fragments = [t.lookup(1), t.delete(1), t.clear(), t.begin(), t.length()]
    stuck = list(t.memory.zero())
    stuck[t.cells("writing").number] = 1
    for f in fragments:
        outcome = run(t.memory, f, tuple(stuck))
        assert (outcome.failure, len(outcome.details)) == ("", 1)
    begun = run(t.memory, t.begin(), tuple(stuck)).state
    assert run(t.memory, t.next(), begun).end == END_RANGE


@BOTH
def test_a_set_flag_is_fatal_with_the_message_of_the_operation(rt):
    t = Table(rt, 2)
    cases = [
        (t.lookup(1), "concurrent map read and map write"),
        (t.assign(1, 3), "concurrent map writes"),
        (t.delete(1), "concurrent map writes"),
        (t.clear(), "concurrent map writes"),
        (t.next(), "concurrent map iteration and map write"),
    ]
    state, _ = t.after(t.assign(1, 7), t.begin())
    state = list(state)
    state[t.cells("writing").number] = 1
    for f, message in cases:
        outcome = run(t.memory, f, tuple(state))
        assert (outcome.failure, outcome.details) == (message, ("check the write flag",))
    assert run(t.memory, t.length(), tuple(state)).failure == ""


@BOTH
def test_two_writers_can_lose_a_count(rt):
    t = Table(rt, 2)
    found = explore(World(t.memory, ((t.assign(0, 7),), (t.assign(1, 8),))), t.memory.zero())
    ends = {(t.get(state, "used"), len(t.content(state))) for state in found.ends}
    # Both counted, or one count lost, whether both entries are there or one was lost as well.
    assert {(2, 2), (1, 2), (1, 1), (2, 1)} <= ends


@BOTH
def test_a_flag_toggled_off_meanwhile_is_noticed_on_the_way_out(rt):
    t = Table(rt, 1)
    assign = t.assign(0, 7)
    state, at = t.memory.zero(), ENTRY
    for _ in range(8):
        (p,) = enabled(assign, at, state)
        state, at = apply(t.memory, p, state), p.dst
    cleared = list(state)
    cleared[t.cells("writing").number] = 0
    (p,) = enabled(assign, at, tuple(cleared))
    assert p.fail is not None
    assert (p.detail, p.fail.kind, p.fail.message) == ("check the flag again", "fatal", "concurrent map writes")


@BOTH
def test_a_nil_map(rt):
    t = Table(rt, 2, nil=True)
    assert run(t.memory, t.assign(1, 3), t.memory.zero()).failure == "assignment to entry in nil map"
    for make in (lambda: t.delete(1), t.clear, lambda: t.lookup(1), t.length, t.begin):
        f = make()
        outcome = run(t.memory, f, t.memory.zero())
        assert (outcome.failure, outcome.end) == ("", DONE)
        (p,) = enabled(f, ENTRY, t.memory.zero())
        assert accesses(p, t.memory.zero()) == set()
    begun = run(t.memory, t.begin(), t.memory.zero()).state
    assert run(t.memory, t.next(), begun).end == END_RANGE
    assert t.symptoms(begun) == set() and value(t.rt.no_symptom(t.m), begun)


@BOTH
def test_a_full_table_is_a_limit_of_the_model(rt):
    t = Table(rt, 2)
    assign = t.assign(1, 3)
    state = list(t.memory.zero())
    for i in range(2):
        state[t.cells("slots", i, "full").number] = 1
    outcome = run(t.memory, assign, tuple(state))
    assert outcome.failure == "map growth is not modelled"


@BOTH
def test_range_visits_every_slot_once(rt):
    t = Table(rt, 3)
    state, _ = t.after(t.assign(2, 7), t.assign(0, 5), t.begin())
    visited = _visits(t, state)
    assert visited == {((2, 7), (0, 5)), ((0, 5), (2, 7))}


def _visits(t: Table, state):
    """Every order in which a range that runs alone can deliver its entries."""
    follow, load, out = t.next(), t.value(), set()

    def go(state, at, sofar):
        for p in enabled(follow, at, state):
            assert p.fail is None
            after = apply(t.memory, p, state)
            if p.dst == END_RANGE:
                out.add(sofar)
            elif p.dst == DONE:
                after = run(t.memory, load, after).state
                go(after, ENTRY, (*sofar, (after[t.key.number], after[t.out.number])))
            else:
                go(after, p.dst, sofar)

    go(state, ENTRY, ())
    return out


@BOTH
def test_range_may_skip_or_visit_a_key_inserted_meanwhile_but_not_a_deleted_one(rt):
    t = Table(rt, 3)
    state, _ = t.after(t.assign(2, 7), t.assign(0, 5), t.begin(), t.delete(0))
    assert _visits(t, state) == {((2, 7),)}
    state, _ = t.after(t.assign(2, 7), t.begin(), t.assign(0, 5))
    assert _visits(t, state) == {((2, 7),), ((2, 7), (0, 5)), ((0, 5), (2, 7))}


def test_values_may_be_expressions_over_the_state():
    t = Table(swiss, 1)
    first = t.assign(0, 4)
    more = swiss.assign(t.m, Const(0), (Op("+", (Read(t.out), Const(1))),), t.memory.temp)
    state, _ = t.after(first, t.lookup(0), more)
    assert t.content(state) == {0: 5}


@BOTH
def test_a_slot_the_iterator_may_have_passed_while_it_was_empty_is_not_due(rt):
    t = Table(rt, 3)
    start, refill = (t.assign(2, 7), t.assign(0, 5), t.begin(), t.delete(0)), t.assign(1, 6)
    state, _ = t.after(*start)
    assert _visits(t, run(t.memory, refill, state).state) == {((2, 7), (1, 6)), ((1, 6), (2, 7))}
    state = run(t.memory, t.next(), state).state
    assert state[t.key.number] == 2
    assert _visits(t, run(t.memory, refill, state).state) == {(), ((1, 6),)}
