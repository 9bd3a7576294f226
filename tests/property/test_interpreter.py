"""The yardstick itself, on programs small enough to judge by hand."""

from __future__ import annotations

from . import programs as go
from .clocks import explore_clocks
from .interpreter import Findings, explore, judge
from .text import to_go


def finals(found: Findings, *names: str) -> set[tuple[int, ...]]:
    return {tuple(dict(f)[n] for n in names) for f in found.finals}


def test_unprotected_increments_race_and_lose_one() -> None:
    program = go.Program(((go.Inc("x"),), (go.Inc("x"),)))
    assert judge(program).race
    assert finals(explore(program, stop_at_race=False), "x") == {(1,), (2,)}


def test_locked_increments_add_up() -> None:
    body = (go.Loop((go.Locked("mu", (go.Inc("x"),)),)),)
    found = judge(go.Program((body, body)))
    assert (found.race, found.deadlock, finals(found, "x")) == ((), False, {(4,)})


def test_store_buffering_is_impossible_with_atomics() -> None:
    one = (go.AtomicStore("a", 1), go.AtomicLoad("z"))
    other = (go.AtomicStore("z", 1), go.AtomicLoad("a"))
    assert finals(judge(go.Program((one, other))), "out0", "out1") == {(0, 1), (1, 0), (1, 1)}


def test_recursive_read_lock_deadlocks_only_with_a_writer() -> None:
    reader = (go.Locked("rw.R", (go.Locked("rw.R", ()),)),)
    assert not judge(go.Program((reader, reader))).deadlock
    assert judge(go.Program((reader, (go.Locked("rw", ()),)))).deadlock


def test_writes_under_a_read_lock_race() -> None:
    body = (go.Locked("rw.R", (go.Write("x", 1),)),)
    assert judge(go.Program((body, body))).race


def test_an_atomic_flag_publishes_plain_data() -> None:
    writer = (go.Write("x", 1), go.AtomicStore("a", 1))
    reader = (go.AtomicLoad("a"), go.If(True, 1, (go.Read("x"),), ()))
    found = judge(go.Program((writer, reader)))
    assert not found.race
    assert finals(found, "out1") == {(0,), (1,)}
    assert judge(go.Program((writer, (*reader, go.Read("x"))))).race


def test_atomic_and_plain_access_to_one_variable_race() -> None:
    assert judge(go.Program(((go.AtomicAdd("z"),), (go.Read("z"),)))).race
    assert not judge(go.Program(((go.AtomicAdd("z"),), (go.AtomicLoad("z"),)))).race


def test_a_panic_leaves_the_lock_held_unless_the_unlock_is_deferred() -> None:
    fails = (go.If(True, 0, (go.Panic(),), ()),)
    for section, escapes in ((go.Locked, False), (go.DeferLocked, True)):
        follower = (go.Locked("mu", (go.Write("y", 1),)),)
        first = (go.AtomicStore("a", 1), section("mu", (go.Write("x", 1), *fails)))
        found = judge(go.Program((first, follower)))
        assert found.panic
        assert not found.race
        # y = 1 while x = 1 needs the lock back after the write of x, or y to be first.
        second = (go.Locked("mu", (go.Read("x"),)), go.If(True, 1, (go.Write("y", 1),), ()))
        assert ((1, 1) in judge(go.Program((first, second))).seen_xy) is escapes


def test_unlock_of_unlocked_is_fatal_and_hides_nothing_else() -> None:
    found = judge(go.Program(((go.UnlockOnly("mu"),), ())))
    assert (found.fatal, found.panic, found.deadlock, found.finals) == (True, False, False, set())


def test_nil_map_write_panics_and_read_does_not() -> None:
    assert judge(go.Program(((go.MapSet("a", 1),), ()), nil_map=True)).panic
    assert not judge(go.Program(((go.MapGet("a"), go.MapDelete("a"), go.MapClear()), ()), nil_map=True)).panic


def test_concurrent_map_reads_do_not_race_and_a_write_does() -> None:
    get = (go.MapGet("a"),)
    assert not judge(go.Program((get, get))).race
    assert judge(go.Program((get, (go.MapSet("b", 1),)))).race


def test_once_runs_once_and_orders() -> None:
    body = (go.OnceDo((go.Inc("x"),)), go.Read("x"))
    found = judge(go.Program((body, body, body)))
    assert (found.race, finals(found, "x")) == ((), {(1,)})


def test_once_inside_itself_never_returns() -> None:
    assert judge(go.Program(((go.OnceDo((go.OnceDo(()),)),), ()))).deadlock


def test_unset_shared_pointer_panics() -> None:
    publish = (go.New(), go.SetField("p", 1), go.Locked("mu", (go.Publish(),)))
    unchecked = (go.Locked("mu", (go.GetField("q"),)),)
    checked = (go.Locked("mu", (go.Take(),)), go.IfPointer((go.GetField("p"),)))
    assert judge(go.Program((publish, unchecked))).panic
    found = judge(go.Program((publish, checked)))
    assert (found.panic, found.race, finals(found, "out1")) == (False, (), {(0,), (1,)})
    late = (*publish, go.SetField("p", 2))
    assert judge(go.Program((late, checked))).race


def test_load_or_store_lets_one_win() -> None:
    found = judge(go.Program(((go.SyncLoadOrStore("a", 1),), (go.SyncLoadOrStore("a", 2),))))
    assert finals(found, "out0", "out1") == {(0, 1), (2, 0)}


def test_done_without_add_panics() -> None:
    assert judge(go.Program(((go.Group("Done"),), ()))).panic
    waits = judge(go.Program(((go.Group("Add"), go.Group("Wait")), ())))
    assert waits.deadlock and not waits.panic


def test_race_that_needs_a_spuriously_failing_trylock() -> None:
    """The smallest program on which co-enabled accesses and happens-before part ways without that rule."""
    program = go.Program(((go.Write("x", 1), go.Locked("mu", ())), (go.TryLocked("mu", (), (go.Write("x", 1),)),)))
    assert not explore(program).race
    assert explore_clocks(program).race
    assert judge(program).race


def test_a_limit_is_no_verdict() -> None:
    body = (go.Locked("mu", (go.Inc("x"),)),)
    assert not explore(go.Program((body, body)), limit=3).decided
    assert not explore_clocks(go.Program((body, body)), limit=3).decided


def test_go_text() -> None:
    body = (go.DeferLocked("rw.R", (go.MapGet("a"),)), go.If(True, 1, (go.Panic(),), ()))
    declare, bodies = to_go(go.Program((body, (go.AtomicCas("z", 0, 1, (go.Inc("x"),), ()),))))
    assert declare.splitlines() == [
        "var out0, out1 int",
        "var x, y int",
        "var a atomic.Int32",
        "var rw sync.RWMutex",
        "var z int32",
        "var m = map[string]int{}",
    ]
    assert bodies["g0"].splitlines() == [
        "r := 0",
        "func() {",
        "    rw.RLock()",
        "    defer rw.RUnlock()",
        '    r = m["a"]',
        "}()",
        "if r == 1 {",
        '    panic("boom")',
        "}",
        "out0 = r",
    ]
    assert "if atomic.CompareAndSwapInt32(&z, 0, 1) {" in bodies["g1"]
