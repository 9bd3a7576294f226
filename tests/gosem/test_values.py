"""sync/atomic, sync.Map and the abstract map: effects, accesses, nil maps, what a range must and may visit."""

from __future__ import annotations

import pytest

from verifier.gosem import atomic, gomap, syncmap
from verifier.gosem.fragment import DONE, ENTRY
from verifier.gosem.gomap import END_RANGE, MapObject
from verifier.program.expr import At, Const, Family, Op, Read
from verifier.program.program import Bool, Kind, Range

from .machine import Memory, accesses, conflict, enabled, run

KEYS = 3


def test_atomic_operations_and_what_they_return():
    memory = Memory()
    x, out = memory.cell("x"), memory.cell("out")
    state = (6, 0)
    assert run(memory, atomic.load((x,), (out,)), state).state == (6, 6)
    assert run(memory, atomic.store((x,), (Const(9),)), state).state == (9, 0)
    assert run(memory, atomic.swap((x,), (Const(9),), (out,)), state).state == (9, 6)
    assert run(memory, atomic.add((x,), Const(-2), out), state).state == (4, 4)
    assert run(memory, atomic.add((x,), Const(-2), None), state).state == (4, 0)
    assert run(memory, atomic.and_((x,), Const(3), out), state).state == (2, 6)
    assert run(memory, atomic.or_((x,), Const(1), out), state).state == (7, 6)
    assert run(memory, atomic.compare_and_swap((x,), (Const(6),), (Const(1),), out), state).state == (1, 1)
    assert run(memory, atomic.compare_and_swap((x,), (Const(5),), (Const(1),), out), state).state == (6, 0)


def test_a_failed_compare_and_swap_only_reads():
    memory = Memory()
    x, got = memory.cell("x"), memory.cell("got")
    cas = atomic.compare_and_swap((x,), (Const(5),), (Const(1),), got)
    (piece,) = enabled(cas, ENTRY, (6, 0))
    assert accesses(piece, (6, 0)) == {(0, False, True)}
    (piece,) = enabled(cas, ENTRY, (5, 0))
    assert accesses(piece, (5, 0)) == {(0, True, True)}


def test_compare_and_swap_compares_every_leaf():
    memory = Memory()
    cells, got = memory.cells("x", 2), memory.cell("got")
    cas = atomic.compare_and_swap(cells, (Const(1), Const(2)), (Const(3), Const(4)), got)
    assert run(memory, cas, (1, 2, 0)).state == (3, 4, 1)
    assert run(memory, cas, (1, 9, 0)).state == (1, 9, 0)


def _sync():
    memory = Memory()
    cells = memory.place("m", syncmap.layout(KEYS))
    return memory, cells, memory.cell("key", Range(0, KEYS - 1)), memory.cell("out"), memory.cell("ok", Bool())


def _content(memory, state):
    shown = {path: v for (name, path), v in zip(memory.names, state, strict=True) if name == "m" and path}
    for k in range(KEYS):
        assert shown[(k, "present")] or not (shown[(k, "value")] or shown[(k, "fresh")]), "leftovers of an absent key"
    return {k: shown[(k, "value")] for k in range(KEYS) if shown[(k, "present")]}


def test_sync_map_operations_agree_with_a_dictionary():
    memory, cells, key, out, ok = _sync()
    k = Read(key)
    state = memory.zero()

    def do(fragment, at, expected, value, flag):
        nonlocal state
        before = list(state)
        before[key.number] = at
        outcome = run(memory, fragment, tuple(before))
        assert outcome.end == DONE
        state = outcome.state
        assert (_content(memory, state), state[out.number], state[ok.number]) == (expected, value, flag)

    do(syncmap.load(cells, k, out, ok), 1, {}, 0, 0)
    do(syncmap.store(cells, k, Const(7)), 1, {1: 7}, 0, 0)
    do(syncmap.load(cells, k, out, ok), 1, {1: 7}, 7, 1)
    do(syncmap.load_or_store(cells, k, Const(8), out, ok), 1, {1: 7}, 7, 1)
    do(syncmap.load_or_store(cells, k, Const(8), out, ok), 2, {1: 7, 2: 8}, 8, 0)
    do(syncmap.swap(cells, k, Const(9), out, ok), 2, {1: 7, 2: 9}, 8, 1)
    do(syncmap.swap(cells, k, Const(5), out, ok), 0, {0: 5, 1: 7, 2: 9}, 0, 0)
    do(syncmap.compare_and_swap(cells, k, Const(5), Const(6), ok), 0, {0: 6, 1: 7, 2: 9}, 0, 1)
    do(syncmap.compare_and_swap(cells, k, Const(5), Const(4), ok), 0, {0: 6, 1: 7, 2: 9}, 0, 0)
    do(syncmap.compare_and_delete(cells, k, Const(5), ok), 0, {0: 6, 1: 7, 2: 9}, 0, 0)
    do(syncmap.compare_and_delete(cells, k, Const(6), ok), 0, {1: 7, 2: 9}, 0, 1)
    do(syncmap.compare_and_delete(cells, k, Const(0), ok), 0, {1: 7, 2: 9}, 0, 0)
    do(syncmap.compare_and_swap(cells, k, Const(0), Const(1), ok), 0, {1: 7, 2: 9}, 0, 0)
    do(syncmap.load_and_delete(cells, k, out, ok), 1, {2: 9}, 7, 1)
    do(syncmap.load_and_delete(cells, k, out, ok), 1, {2: 9}, 0, 0)
    do(syncmap.delete(cells, k), 2, {}, 0, 0)
    do(syncmap.store(cells, k, Const(3)), 0, {0: 3}, 0, 0)
    do(syncmap.clear(cells, KEYS), 0, {}, 0, 0)


class _Ranging:
    """A range over a map of either kind, driven by hand."""

    def __init__(self, kind):
        self.memory = Memory()
        module = syncmap if kind == "sync" else gomap
        self.cells = self.memory.place("m", module.layout(KEYS))
        self.seen = self.memory.cells("seen", KEYS, Bool())
        self.must = self.memory.cells("must", KEYS, Bool())
        self.key, self.value = self.memory.cell("key"), self.memory.cell("value")
        if kind == "sync":
            self.begin = syncmap.range_begin(self.cells, KEYS, self.seen, self.must)
            self.next = syncmap.range_next(self.cells, KEYS, self.seen, self.must, self.key, self.value)
            self.store = lambda k: syncmap.store(self.cells, Const(k), Const(5))
            self.delete = lambda k: syncmap.delete(self.cells, Const(k))
        else:
            m = MapObject(self.cells, KEYS, Const(0), lambda k: (self.cells(k, "value"),))
            self.begin = gomap.range_begin(m, self.seen, self.must)
            self.next = gomap.range_next(m, self.seen, self.must, self.key)
            self.store = lambda k: gomap.assign(m, Const(k), (Const(5),))
            self.delete = lambda k: gomap.delete(m, Const(k))
        self.state = self.memory.zero()

    def do(self, *fragments):
        for f in fragments:
            self.state = run(self.memory, f, self.state).state

    def options(self):
        """The keys that may be visited next, and "end"."""
        out = set()
        for p in enabled(self.next, ENTRY, self.state):
            if p.dst == END_RANGE:
                out.add("end")
            else:
                (key,) = [e for r, e in p.updates if r == self.key]
                assert isinstance(key, Const)
                out.add(key.value)
        return out

    def visit(self, key):
        from .machine import apply

        (piece,) = [
            p for p in enabled(self.next, ENTRY, self.state) if p.dst == DONE and (self.key, Const(key)) in p.updates
        ]
        self.state = apply(self.memory, piece, self.state)
        assert self.state[self.key.number] == key


@pytest.mark.parametrize("kind", ["sync", "plain"])
def test_range_visits_what_is_there_once_and_in_any_order(kind):
    r = _Ranging(kind)
    r.do(r.begin)
    assert r.options() == {"end"}
    r.do(r.store(0), r.store(2), r.begin)
    assert r.options() == {0, 2}
    r.visit(2)
    assert r.options() == {0}
    r.visit(0)
    assert r.options() == {"end"}


@pytest.mark.parametrize("kind", ["sync", "plain"])
def test_range_may_skip_what_was_inserted_meanwhile_and_never_visits_the_deleted(kind):
    r = _Ranging(kind)
    r.do(r.store(0), r.store(1), r.begin)
    r.do(r.store(2))
    assert r.options() == {0, 1, 2}
    r.do(r.delete(1))
    assert r.options() == {0, 2}
    r.visit(0)
    assert r.options() == {2, "end"}
    r.do(r.store(1))
    assert r.options() == {1, 2, "end"}, "deleted and inserted again: either"
    r.do(r.begin)
    assert r.options() == {0, 1, 2}, "a new range starts over"


@pytest.mark.parametrize("kind", ["sync", "plain"])
def test_an_overwritten_key_must_still_be_visited(kind):
    r = _Ranging(kind)
    r.do(r.store(0), r.begin, r.store(0))
    assert r.options() == {0}


def test_sync_map_range_delivers_the_value_of_the_moment():
    r = _Ranging("sync")
    r.do(r.store(1), r.begin, syncmap.store(r.cells, Const(1), Const(9)))
    r.visit(1)
    assert r.state[r.value.number] == 9


def _plain(leaves=1, reference=False):
    """A map, static or behind a reference cell `ref` (0 is nil)."""
    memory = Memory()
    cells = memory.place("m", gomap.layout(KEYS))
    ref = memory.cell("ref", Bool())
    if not reference:
        return memory, ref, MapObject(cells, KEYS, Const(0), lambda k: (cells(k, "value"),) * leaves)

    def through(*path):
        # A reference and a key that are both computed would need a two-dimensional family; the key is fixed here.
        fixed = cells(*(p.value if isinstance(p, Const) else p for p in path))
        return At(Family("m", (-1, fixed.number)), Read(ref))

    return memory, ref, MapObject(through, KEYS, Op("==", (Read(ref), Const(0))), lambda k: (through(k, "value"),))


def test_plain_map_operations_agree_with_a_dictionary():
    memory, _, m = _plain()
    key, out, found = memory.cell("key", Range(0, KEYS - 1)), memory.cell("out"), memory.cell("found", Bool())
    k = Read(key)
    state = memory.zero()

    def do(fragment, at, expected, value=None, flag=None):
        nonlocal state
        before = list(state)
        before[key.number] = at
        state = run(memory, fragment, tuple(before)).state
        assert _content(memory, state) == expected
        assert value is None or state[out.number] == value
        assert flag is None or state[found.number] == flag

    do(gomap.lookup(m, k, (out,), found), 0, {}, 0, 0)
    do(gomap.assign(m, k, (Const(4),)), 0, {0: 4})
    do(gomap.assign(m, k, (Op("+", (Read(m.values(0)[0]), Const(1))),)), 0, {0: 5})
    do(gomap.assign(m, k, (Const(8),)), 2, {0: 5, 2: 8})
    do(gomap.lookup(m, k, (out,), found), 2, {0: 5, 2: 8}, 8, 1)
    do(gomap.lookup(m, k, (), found), 0, {0: 5, 2: 8}, 8, 1)
    do(gomap.length(m, out), 0, {0: 5, 2: 8}, 2)
    do(gomap.delete(m, k), 0, {2: 8})
    do(gomap.delete(m, k), 1, {2: 8})
    do(gomap.range_value(m, k, (out,)), 2, {2: 8}, 8)
    do(gomap.clear(m), 0, {})
    do(gomap.length(m, out), 0, {}, 0)


def test_a_nil_map_reads_as_empty_and_panics_on_assignment():
    memory, _, m = _plain(reference=True)
    out, found = memory.cell("out"), memory.cell("found", Bool())
    seen, must = memory.cells("seen", KEYS, Bool()), memory.cells("must", KEYS, Bool())
    dirty = [*memory.zero()]
    for c in (out, found, *seen, *must):
        dirty[c.number] = 1
    nil = tuple(dirty)
    after = run(memory, gomap.lookup(m, Const(1), (out,), found), nil).state
    assert (after[out.number], after[found.number]) == (0, 0)
    assert run(memory, gomap.length(m, out), nil).state[out.number] == 0
    assert run(memory, gomap.delete(m, Const(1)), nil).state == nil
    assert run(memory, gomap.clear(m), nil).state == nil
    begun = run(memory, gomap.range_begin(m, seen, must), nil).state
    assert not any(begun[c.number] for c in (*seen, *must))
    assert run(memory, gomap.range_next(m, seen, must, out), begun).end == END_RANGE
    outcome = run(memory, gomap.assign(m, Const(1), (Const(3),)), nil)
    assert outcome.failure == "assignment to entry in nil map"
    for f in (gomap.lookup(m, Const(1), (out,), found), gomap.delete(m, Const(1)), gomap.length(m, out)):
        (piece,) = enabled(f, ENTRY, nil)
        assert accesses(piece, nil) == set()


def test_a_map_behind_a_reference_works_like_a_static_one():
    memory, ref, m = _plain(reference=True)
    out, found = memory.cell("out"), memory.cell("found", Bool())
    state = list(memory.zero())
    state[ref.number] = 1
    after = run(memory, gomap.assign(m, Const(1), (Const(3),)), tuple(state)).state
    after = run(memory, gomap.lookup(m, Const(1), (out,), found), after).state
    assert (after[out.number], after[found.number]) == (3, 1)
    assert run(memory, gomap.delete(m, Const(1)), after).state[:-2] == tuple(state)[:-2]


OPERATIONS = ["lookup", "absent", "assign", "delete", "clear", "length", "range_begin", "range_next", "range_value"]
READERS = {"lookup", "absent", "length", "range_begin", "range_next"}


@pytest.mark.parametrize("first", OPERATIONS)
@pytest.mark.parametrize("second", OPERATIONS)
def test_races_are_those_of_the_header_and_of_the_value(first, second):
    """Two operations on the *same present key* race unless both only read; `range_value` touches the value alone."""
    memory, _, m = _plain()
    out, found = memory.cell("out"), memory.cell("found", Bool())
    seen, must = memory.cells("seen", KEYS, Bool()), memory.cells("must", KEYS, Bool())
    make = {
        "lookup": gomap.lookup(m, Const(1), (out,), found),
        "absent": gomap.lookup(m, Const(2), (out,), found),
        "assign": gomap.assign(m, Const(1), (Const(4),)),
        "delete": gomap.delete(m, Const(1)),
        "clear": gomap.clear(m),
        "length": gomap.length(m, out),
        "range_begin": gomap.range_begin(m, seen, must),
        "range_next": gomap.range_next(m, seen, must, out),
        "range_value": gomap.range_value(m, Const(1), (out,)),
    }
    state = run(memory, make["assign"], memory.zero()).state
    p, q = enabled(make[first], ENTRY, state)[0], enabled(make[second], ENTRY, state)[0]
    only_value = {first, second} <= READERS | {"range_value"}
    assert conflict(p, q, state) is not only_value
    assert p.kind is Kind.PLAIN


def test_an_absent_key_has_no_value_to_race_on():
    """Delete of an absent key and a range value of another goroutine meet on no cell but the header."""
    memory, _, m = _plain()
    out = memory.cell("out")
    absent = memory.zero()
    (delete,) = enabled(gomap.delete(m, Const(1)), ENTRY, absent)
    (value,) = enabled(gomap.range_value(m, Const(1), (out,)), ENTRY, absent)
    assert not conflict(delete, value, absent)
    (clear,) = enabled(gomap.clear(m), ENTRY, absent)
    assert accesses(clear, absent) == {(0, True, False)}
