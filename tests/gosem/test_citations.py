"""Every step of every primitive names the Go source it stands for, and is well formed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from verifier.gosem import (
    atomic,
    atomicvalue,
    channel,
    cond,
    gomap,
    hmap,
    mutex,
    once,
    rwmutex,
    swiss,
    syncmap,
    timer,
    waitgroup,
)
from verifier.gosem.channel import ChannelObject
from verifier.gosem.fragment import DONE, ENTRY, Fragment
from verifier.gosem.gomap import MapObject
from verifier.program.expr import Const, Read
from verifier.program.program import Kind

from .machine import Memory
from .rules import name as short


def every_fragment() -> Iterator[tuple[str, Fragment]]:
    """Every fragment there is as `module.function`, perhaps with more after a space."""
    memory = Memory()
    a, b = memory.cell("a"), memory.cell("b")
    bits, more = memory.cells("s", 2), memory.cells("m", 2)
    locks = {
        mutex: "lock unlock try_lock",
        rwmutex: "lock unlock rlock runlock try_lock try_rlock",
        once: "begin finish",
    }
    for module, names in locks.items():
        cells = memory.place(module.__name__, module.LAYOUT)
        for name in names.split():
            make = getattr(module, name)
            yield f"{short(module)}.{name}", make(cells, a) if name.startswith("try") else make(cells)
    waiters = memory.place("cond", cond.LAYOUT)
    ticket = memory.cell("ticket")
    yield "cond.enqueue", cond.enqueue(waiters, ticket)
    yield "cond.park", cond.park(waiters, ticket)
    yield "cond.signal", cond.signal(waiters)
    yield "cond.broadcast", cond.broadcast(waiters)
    wg = memory.place("wg", waitgroup.LAYOUT)
    yield "waitgroup.add", waitgroup.add(wg, Read(a))
    yield "waitgroup.done", waitgroup.done(wg)
    yield "waitgroup.wait", waitgroup.wait(wg)
    yield "atomic.load", atomic.load((a,), (b,))
    yield "atomic.store", atomic.store((a,), (Read(b),))
    yield "atomic.swap", atomic.swap((a,), (Read(b),), (b,))
    yield "atomic.add", atomic.add((a,), Read(b), b)
    yield "atomic.and_", atomic.and_((a,), Read(b), b)
    yield "atomic.or_", atomic.or_((a,), Read(b), b)
    yield "atomic.compare_and_swap", atomic.compare_and_swap((a,), (Const(1),), (Const(2),), b)
    v, fits = memory.cell("v"), Read(b)
    yield "atomicvalue.load", atomicvalue.load(v, a)
    yield "atomicvalue.store", atomicvalue.store(v, Read(a), fits)
    yield "atomicvalue.swap", atomicvalue.swap(v, Read(a), fits, a)
    yield "atomicvalue.compare_and_swap", atomicvalue.compare_and_swap(v, Read(a), Const(1), fits, b)
    yield (
        "atomicvalue.compare_and_swap of maps",
        atomicvalue.compare_and_swap(v, Read(a), Const(1), fits, b, "map[string]int"),
    )
    s = memory.place("sync", syncmap.layout(2))
    yield "syncmap.load", syncmap.load(s, Read(a), a, b)
    yield "syncmap.store", syncmap.store(s, Read(a), Const(1))
    yield "syncmap.load_or_store", syncmap.load_or_store(s, Read(a), Const(1), a, b)
    yield "syncmap.load_and_delete", syncmap.load_and_delete(s, Read(a), a, b)
    yield "syncmap.delete", syncmap.delete(s, Read(a))
    yield "syncmap.swap", syncmap.swap(s, Read(a), Const(1), a, b)
    yield "syncmap.compare_and_swap", syncmap.compare_and_swap(s, Read(a), Const(1), Const(2), b)
    yield "syncmap.compare_and_delete", syncmap.compare_and_delete(s, Read(a), Const(1), b)
    yield "syncmap.clear", syncmap.clear(s, 2)
    yield "syncmap.range_begin", syncmap.range_begin(s, 2, bits, more)
    yield "syncmap.range_next", syncmap.range_next(s, 2, bits, more, a, b)
    at = memory.place("channel", channel.layout((0, 2)))
    slots = ((at("buffer", 0),), (at("buffer", 1),))
    c = ChannelObject(at, slots, Read(b), Read(at("cap")), True, "chan int", Read(a))
    yield "channel.enter", channel.enter((c,))
    yield "channel.send", channel.send(c, (Read(a),))
    yield "channel.receive", channel.receive(c, (a,), b)
    nil = channel.nothing_ready()
    yield "channel.send to nil", channel.send(nil, (Read(a),))
    yield "channel.receive from nil", channel.receive(nil, (a,), b)
    yield "channel.close", channel.close(c)
    yield "channel.length", channel.length(c, a)
    yield "channel.length unordered", channel.length(c, a, unordered=True)
    yield "channel.default unordered", channel.default((c,), (c,), DONE, unordered=True)
    yield "channel.selected", channel.selected(channel.send(c, (Read(a),)), DONE, False)
    yield "channel.default", channel.default((c,), (c,), DONE)
    yield "channel.no_cases", channel.no_cases()
    clock = memory.place("timer", timer.LAYOUT)
    yield "timer.receive", timer.receive(clock, Read(b), a)
    yield "timer.set_to stop", timer.set_to(clock, Read(b), False, a, "zero Timer", "time/sleep.go:85")
    yield "timer.set_to reset", timer.set_to(clock, Read(b), True, a, "zero Timer", "time/sleep.go:138")
    yield "timer.set_to stop of a ticker", timer.set_to(clock, Read(b), False, a, "", "time/tick.go:53")
    cells = memory.place("plain", gomap.layout(2))
    m = MapObject(cells, 2, Read(b), lambda k: (cells(k, "value"),))
    yield "gomap.lookup", gomap.lookup(m, Read(a), (a,), b)
    yield "gomap.assign", gomap.assign(m, Read(a), (Const(1),))
    yield "gomap.delete", gomap.delete(m, Read(a))
    yield "gomap.clear", gomap.clear(m)
    yield "gomap.length", gomap.length(m, a)
    yield "gomap.range_begin", gomap.range_begin(m, bits, more)
    yield "gomap.range_next", gomap.range_next(m, bits, more, a)
    yield "gomap.range_value", gomap.range_value(m, Read(a), (b,))
    for rt in (swiss, hmap):
        table = memory.place(rt.__name__, rt.layout(2))
        r = MapObject(table, 2, Read(b), lambda slot, table=table: (table("slots", slot, "value"),))
        temp = memory.temp
        yield f"{short(rt)}.lookup", rt.lookup(r, Read(a), (a,), b, temp, pointerlike=True)
        yield f"{short(rt)}.assign", rt.assign(r, Read(a), (Const(1),), temp)
        yield f"{short(rt)}.delete", rt.delete(r, Read(a), temp)
        yield f"{short(rt)}.clear", rt.clear(r, temp)
        yield f"{short(rt)}.length", rt.length(r, a)
        yield f"{short(rt)}.range_begin", rt.range_begin(r, bits, more, temp)
        yield f"{short(rt)}.range_next", rt.range_next(r, bits, more, a, temp)
        yield f"{short(rt)}.range_value", rt.range_value(r, Read(a), (b,), temp, pointerlike=True)


FRAGMENTS = [pytest.param(f, id=name) for name, f in every_fragment()]
SOURCE = re.compile(r"^(sync|sync/atomic|internal/sync|internal/runtime/maps|runtime|time)/\w+\.go(:\d+|[ ]\w+, )")


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_step_cites_a_line_of_the_go_source(fragment):
    assert fragment
    for p in fragment:
        assert SOURCE.match(p.cite), p


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_location_is_entered_left_and_numbered_from_one(fragment):
    sources = {p.src for p in fragment}
    targets = {p.dst for p in fragment if p.fail is None and p.dst >= 0}
    assert sources == {ENTRY} | targets
    assert sources == set(range(len(sources)))
    assert any(p.dst == DONE and p.fail is None for p in fragment)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_the_kind_is_that_of_the_accesses_and_never_local(fragment):
    for p in fragment:
        assert p.kind in (Kind.SYNC, Kind.PLAIN)
        if p.kind is Kind.PLAIN:
            assert not any(a.atomic for a in p.accesses)
            assert p.detail or p.accesses or p.fail


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_cell_is_updated_twice_in_one_step(fragment):
    for p in fragment:
        updated = [r for r, _ in p.updates]
        assert len(updated) == len(set(updated)), p
