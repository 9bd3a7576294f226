"""The runtime maps against each other: what a race can come to, and the enumeration of the flag protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from types import ModuleType

from verifier.gosem import hmap, swiss
from verifier.gosem.fragment import ENTRY, Fragment
from verifier.gosem.runtime_map import NIL_VALUE
from verifier.program.expr import TRUE, Cell

from .machine import Reached, World, apply, explore, run, value
from .table import BOTH, Table


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
