"""Reads of a runtime map: lookup, len and range (see `runtime_map`)."""

from __future__ import annotations

from verifier.gosem.fragment import DONE, ENTRY, Fragment, Temp
from verifier.gosem.gomap import END_RANGE, MapObject
from verifier.gosem.runtime_map import (
    NIL_VALUE,
    Operation,
    Runtime,
    empty,
    first,
    full,
    live,
    matches,
    numbered,
    slots,
)
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Expr, Read, Ref, all_of, any_of, equal, ite, negate
from verifier.program.program import Access
from verifier.records import replace

# Locations while a fragment is put together; `numbered` makes them consecutive.
_FIND, _LOAD = 100, 101


def lookup(
    r: Runtime, m: MapObject, key: Expr, out: tuple[Ref, ...], found: Ref, temp: Temp, pointerlike: bool
) -> Fragment:
    """`v, ok := m[key]`: check and find, then the caller's load of the value, which no check covers."""
    do = Operation(r, "lookup", m, writes=False)
    slot = temp("slot", slots(m))
    leaves = m.values(Read(slot)) if out else ()
    match = matches(m, key)
    there = any_of(*match)
    nothing = (*((o, ZERO) for o in out), (found, FALSE))
    accesses = tuple(Access(v, write=False, atomic=False) for v in leaves)
    load = _value(do, [Read(v) for v in leaves], out, accesses, _LOAD, pointerlike) if leaves else ()
    return numbered(
        do.step("the map is empty", "empty", guard=empty(m), updates=nothing),
        *do.check("concurrent map read and map write", negate(empty(m)), _FIND),
        do.step(
            "find the slot",
            "find",
            _FIND,
            _LOAD if leaves else DONE,
            guard=there,
            updates=((slot, first(match)), (found, TRUE)),
        ),
        do.step("find the slot: not there", "find", _FIND, guard=negate(there), updates=nothing),
        *load,
    )


def length(r: Runtime, m: MapObject, out: Ref) -> Fragment:
    """`len(m)` into `out`: a load of the count; the flag is never looked at."""
    do = Operation(r, "len", m, writes=False)
    count = ite(m.is_nil, ZERO, Read(m.cells("used")))
    return (do.step("read the count", "count", updates=((out, count),)),)


def range_begin(r: Runtime, m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...]) -> Fragment:
    """The start of `range m`; `seen` and `must` are per *slot*. A map that looks empty is never looked at again.

    That case is kept as "all seen, none due", a combination that a started iteration reaches only at its end, when
    every slot it began with has been found empty.
    """
    do = Operation(r, "range", m, writes=False)
    nothing = (*((s, ONE) for s in seen), *((d, ZERO) for d in must))
    begun = (*((s, ZERO) for s in seen), *((d, full(m, i)) for i, d in enumerate(must)))
    return (
        do.step("start: the map is empty", "start", guard=empty(m), updates=nothing),
        do.step("start", "start", guard=negate(empty(m)), updates=begun),
    )


def range_next(r: Runtime, m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...], key_out: Ref) -> Fragment:
    """The next iteration: check the flag, then any unseen full slot, or END_RANGE when none must be visited.

    A slot found empty on the way is no longer due: the iterator may have passed it.
    """
    do = Operation(r, "range", m, writes=False)
    over = all_of(*(Read(s) for s in seen), *(negate(Read(d)) for d in must))
    begun = all_of(negate(over), live(m))
    still = tuple((d, all_of(Read(d), full(m, i))) for i, d in enumerate(must))
    due = any_of(
        *(all_of(Read(d), negate(Read(s)), full(m, i)) for i, (s, d) in enumerate(zip(seen, must, strict=True)))
    )
    visits = tuple(
        do.step(
            "next key",
            "next",
            _FIND,
            guard=all_of(negate(Read(s)), full(m, i)),
            updates=((s, ONE), (key_out, Read(m.cells("slots", i, "key"))), *still),
        )
        for i, s in enumerate(seen)
    )
    return numbered(
        do.step("no more keys", "nothing", dst=END_RANGE, guard=negate(begun), header=False),
        *do.check("concurrent map iteration and map write", begun, _FIND),
        *visits,
        do.step("no more keys", "next", _FIND, END_RANGE, negate(due)),
    )


def range_value(r: Runtime, m: MapObject, key: Expr, out: tuple[Ref, ...], pointerlike: bool) -> Fragment:
    """The caller's load of the value of the key just visited; zero when its slot has been emptied since.

    Found by its key, not by the slot the iterator stands on: another key that takes this slot in between is missed.
    """
    do = Operation(r, "range", m, writes=False)
    match = matches(m, key)
    columns = [m.values(i) if out else () for i in range(m.keys)]
    taken: list[Expr] = [ZERO] * len(out)
    for here, leaves in zip(reversed(match), reversed(columns), strict=True):
        taken = [ite(here, Read(v), other) for v, other in zip(leaves, taken, strict=True)]
    accesses = tuple(
        Access(v, write=False, atomic=False, when=here)
        for here, leaves in zip(match, columns, strict=True)
        for v in leaves
    )
    return _value(do, taken, out, accesses, ENTRY, pointerlike)


def _value(
    do: Operation, taken: list[Expr], out: tuple[Ref, ...], accesses: tuple[Access, ...], src: int, pointerlike: bool
) -> Fragment:
    updates = tuple(zip(out, taken, strict=True))
    load = do.step("load the value", "value", src, updates=updates, values=accesses, header=False)
    if not (pointerlike and out):
        return (load,)
    nil = all_of(*(equal(value, ZERO) for value in taken))
    return (replace(load, guard=nil, symptom=NIL_VALUE), replace(load, guard=negate(nil)))
