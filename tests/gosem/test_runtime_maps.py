"""The runtime maps: their steps in order, alone and against each other, and the enumeration of the flag protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

import pytest

from verifier.gosem import hmap, swiss
from verifier.gosem.fragment import DONE, ENTRY, Fragment
from verifier.gosem.gomap import END_RANGE, MapObject
from verifier.gosem.runtime_map import NIL_VALUE
from verifier.program.expr import TRUE, Cell, Const, Op, Read
from verifier.program.program import Bool, Range

from .machine import Memory, Reached, World, accesses, apply, enabled, explore, run, value

BOTH = pytest.mark.parametrize("rt", [swiss, hmap], ids=["swiss", "hmap"])


@dataclass
class Table:
    """A map of `keys` keys, with scratch cells to read into."""

    rt: ModuleType
    keys: int
    nil: bool = False

    def __post_init__(self) -> None:
        self.memory = Memory()
        self.cells = self.memory.place("m", self.rt.layout(self.keys))
        self.m = MapObject(
            self.cells, self.keys, Const(int(self.nil)), lambda slot: (self.cells("slots", slot, "value"),)
        )
        self.out, self.found = self.memory.cell("out"), self.memory.cell("found", Bool())
        self.seen = self.memory.cells("seen", self.keys, Bool())
        self.must = self.memory.cells("must", self.keys, Bool())
        self.key = self.memory.cell("key", Range(0, self.keys - 1))

    def assign(self, key: int, new: int) -> Fragment:
        return self.rt.assign(self.m, Const(key), (Const(new),), self.memory.temp)

    def delete(self, key: int) -> Fragment:
        return self.rt.delete(self.m, Const(key), self.memory.temp)

    def clear(self) -> Fragment:
        return self.rt.clear(self.m, self.memory.temp)

    def lookup(self, key: int, pointerlike: bool = False) -> Fragment:
        return self.rt.lookup(self.m, Const(key), (self.out,), self.found, self.memory.temp, pointerlike)

    def length(self) -> Fragment:
        return self.rt.length(self.m, self.out)

    def begin(self) -> Fragment:
        return self.rt.range_begin(self.m, self.seen, self.must)

    def next(self) -> Fragment:
        return self.rt.range_next(self.m, self.seen, self.must, self.key)

    def value(self) -> Fragment:
        return self.rt.range_value(self.m, Read(self.key), (self.out,))

    def content(self, state):
        at = {path: v for (name, path), v in zip(self.memory.names, state, strict=False) if name == "m"}
        return {
            at[("slots", i, "key")]: at[("slots", i, "value")] for i in range(self.keys) if at[("slots", i, "full")]
        }

    def get(self, state, *path):
        return state[self.cells(*path).number]

    def symptoms(self, state):
        return {name for name, _, e in self.rt.symptoms(self.m) if value(e, state)}

    def after(self, *fragments):
        """The state after the fragments have run one after the other, and the details of the last."""
        state = self.memory.zero()
        for f in fragments:
            outcome = run(self.memory, f, state)
            assert outcome.failure == ""
            state = outcome.state
        return state, outcome.details


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


@BOTH
def test_a_writer_may_show_a_reader_a_present_key_without_its_value(rt):
    t = Table(rt, 2)
    write, look = t.assign(1, 7), t.lookup(1, pointerlike=True)
    found = explore(World(t.memory, ((write,), (look,))), t.memory.zero())
    assert found.symptoms == {NIL_VALUE}
    assert found.failures == {"concurrent map read and map write"}
    assert found.races > 0
    stored = run(t.memory, write, t.memory.zero()).state
    assert run(t.memory, look, stored).symptoms == ()


def _two(t: Table, a: Fragment, b: Fragment, *before: Fragment) -> Reached:
    state = t.memory.zero()
    for f in before:
        state = run(t.memory, f, state).state
    return explore(World(t.memory, ((a,), (b,))), state)


@BOTH
def test_two_inserts_can_end_silently_with_one_lost(rt):
    t = Table(rt, 2)
    a, b = t.assign(0, 5), t.assign(1, 6)
    found = _two(t, a, b)
    assert found.failures == {"concurrent map writes"}
    lost = [s for s in found.ends if "lost insert" in t.symptoms(s)]
    assert lost and all(len(t.content(s)) < 2 for s in lost)
    assert any(value(t.rt.no_symptom(t.m), s) and t.content(s) == {0: 5, 1: 6} for s in found.ends)
    for s in found.ends:
        assert bool(value(t.rt.no_symptom(t.m), s)) is (t.symptoms(s) == set())


@BOTH
def test_the_flag_can_stay_set_in_swiss_only(rt):
    t = Table(rt, 2)
    a, b = t.assign(0, 5), t.assign(1, 6)
    stuck = {"stuck flag" in t.symptoms(s) for s in _two(t, a, b).ends}
    assert (True in stuck) is (rt is swiss)


@BOTH
def test_an_overlapping_delete_of_the_same_key_is_no_lost_insert(rt):
    t = Table(rt, 2)
    assign, delete, other = t.assign(0, 5), t.delete(0), t.assign(1, 6)
    found = _two(t, assign, delete, other)
    assert any(0 not in t.content(s) for s in found.ends)
    assert not any("lost insert" in t.symptoms(s) for s in found.ends)


@BOTH
def test_len_can_be_wrong_after_a_race(rt):
    t = Table(rt, 2)
    a, b = t.assign(0, 5), t.assign(0, 6)
    found = _two(t, a, b)
    assert {t.get(s, "used") for s in found.ends} == {1, 2}


@BOTH
def test_ordered_operations_never_fail_and_leave_no_symptom(rt):
    """One goroutine, any sequence of three operations: no failure, no symptom, and the count is right."""
    t = Table(rt, 2)
    pool = [t.assign(0, 5), t.assign(1, 6), t.delete(0), t.clear(), t.lookup(1, pointerlike=True)]
    for x in pool:
        for y in pool:
            for z in pool:
                state = t.memory.zero()
                for f in (x, y, z):
                    outcome = run(t.memory, f, state)
                    assert (outcome.failure, outcome.symptoms) == ("", ())
                    state = outcome.state
                assert t.symptoms(state) == set()
                assert t.get(state, "used") == len(t.content(state))


def _protocol(t: Table, key: int) -> Fragment:
    """Assignment to a key that is there, its body (finding the slot) taken as two steps, as the counts suppose."""
    pieces = t.assign(key, 5)
    (find,) = [p for p in pieces if p.detail == "find the slot" and p.fail is None and p.dst != _insert_at(pieces)]
    second = replace(find, src=90, guard=TRUE)
    return (*(replace(p, dst=90) if p is find else p for p in pieces), second)


def _insert_at(pieces: Fragment) -> int:
    (key,) = [p for p in pieces if p.detail == "write the key"]
    return key.src


def _count_runs(rt: ModuleType) -> Counter[tuple[str, bool, bool]]:
    """Complete interleavings of two writers: ("fatal" or "silent", bodies overlapped, flag left set)."""
    t = Table(rt, 1)
    a, b = _protocol(t, 0), _protocol(t, 0)
    setup = t.assign(0, 1)
    start = run(t.memory, setup, t.memory.zero()).state
    world = World(t.memory, ((a,), (b,)))
    flag = t.cells("writing")
    assert isinstance(flag, Cell)

    @cache
    def count(state, where, overlapped):
        overlapped = overlapped or all(w == (0, 90) for w in where)
        moves = list(world.moves(state, where))
        if not moves:
            return Counter({("silent", overlapped, bool(state[flag.number])): 1})
        total = Counter()
        for g, p in moves:
            if p.fail is not None:
                total[("fatal", False, False)] += 1
                continue
            here = (1, ENTRY) if p.dst < 0 else (0, p.dst)
            after = tuple(here if i == g else w for i, w in enumerate(where))
            total += count(apply(t.memory, p, state), after, overlapped)
        return total

    return count(start, ((0, ENTRY), (0, ENTRY)), False)


def _summary(runs: Counter[tuple[str, bool, bool]]) -> dict[str, int]:
    return {
        "all": sum(runs.values()),
        "fatal": runs[("fatal", False, False)],
        "overlapped": runs[("silent", True, False)] + runs[("silent", True, True)],
        "overlapped, stuck": runs[("silent", True, True)],
        "serial": runs[("silent", False, False)] + runs[("silent", False, True)],
        "serial, stuck": runs[("silent", False, True)],
    }


def test_the_interleavings_of_two_writers_are_those_enumerated_for_the_flag_protocol():
    """Counted independently on a bare model of the protocol: check, load, store, two body steps, check, load, store."""
    assert _summary(_count_runs(swiss)) == {
        "all": 19362,
        "fatal": 3256,
        "overlapped": 7200,
        "overlapped, stuck": 2880,
        "serial": 8906,
        "serial, stuck": 3168,
    }
    assert _summary(_count_runs(hmap)) == {
        "all": 18930,
        "fatal": 3640,
        "overlapped": 7200,
        "overlapped, stuck": 0,
        "serial": 8090,
        "serial, stuck": 0,
    }


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


@BOTH
def test_deleting_a_key_that_was_lost_ends_the_loss(rt):
    """Also when the map looks empty; and an insert that finds its key in place counts as an insert."""
    t = Table(rt, 2)
    assign, delete, other = t.assign(0, 5), t.delete(0), t.assign(1, 6)
    stored = t.cells("stored", 0)
    assert isinstance(stored, Cell)
    for before in (t.memory.zero(), run(t.memory, other, t.memory.zero()).state):
        lost = tuple(1 if i == stored.number else v for i, v in enumerate(before))
        assert t.symptoms(lost) == {"lost insert"}
        assert t.symptoms(run(t.memory, delete, lost).state) == set()
    there = run(t.memory, assign, t.memory.zero()).state
    forgotten = tuple(0 if i == stored.number else v for i, v in enumerate(there))
    assert t.get(run(t.memory, assign, forgotten).state, "stored", 0) == 1
