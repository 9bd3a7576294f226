"""Writes to a runtime map: the window around assign, delete and clear (see `runtime_map`)."""

from __future__ import annotations

from verifier.gosem.fragment import DONE, Fragment, Temp
from verifier.gosem.gomap import NIL_ASSIGN, MapObject
from verifier.gosem.runtime_map import (
    Operation,
    Runtime,
    Updates,
    counts,
    empty,
    first,
    full,
    live,
    matches,
    numbered,
    slots,
)
from verifier.program.expr import FALSE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, any_of, equal, negate, op
from verifier.program.program import Access, Bool, Fail
from verifier.records import replace

# Locations while a fragment is put together; `numbered` makes them consecutive.
_LOAD, _SET, _FIND, _KEY, _FULL, _COUNT, _COUNTED, _VALUE, _EMPTY, _CHECK, _RELOAD, _LEAVE, _STORE = range(100, 113)

_FATAL = "concurrent map writes"


def assign(r: Runtime, m: MapObject, key: Expr, new: tuple[Expr, ...], temp: Temp) -> Fragment:
    """`m[key] = new`: find or make the slot inside the window, leave it, then the caller's store of the value."""
    do = Operation(r, "assign", m, writes=True)
    slot, flag = temp("slot", slots(m)), temp("flag", Bool())
    leaves = m.values(Read(slot))
    match = matches(m, key)
    free = [negate(full(m, i)) for i in range(m.keys)]
    there, room = any_of(*match), any_of(*free)
    stored = ((m.cells("stored", key), TRUE),)
    find = ("find the slot", "find", _FIND)
    grow = Fail("bound", "map growth is not modelled")
    marked = ((m.cells("slots", Read(slot), "full"), TRUE), *stored)
    pieces = (
        do.step("the map is nil", "nil", guard=m.is_nil, header=False, fail=NIL_ASSIGN),
        *_enter(do, flag, live(m)),
        do.step(*find, dst=_CHECK, guard=there, updates=((slot, first(match)), *stored)),
        do.step(*find, dst=_KEY, guard=all_of(negate(there), room), updates=((slot, first(free)),)),
        do.step(*find, guard=negate(any_of(there, room)), fail=grow),
        do.step("write the key", "key", _KEY, _FULL, updates=((m.cells("slots", Read(slot), "key"), key),)),
        do.step("mark the slot full", "full", _FULL, _COUNT, updates=marked),
        *_count(do, "count the entry", 1, _counter(m, temp), _CHECK),
        *_leave(do, flag, _STORE if leaves else DONE),
    )
    if not leaves:
        return numbered(*pieces)
    updates = tuple(zip(leaves, new, strict=True))
    return numbered(
        *pieces,
        do.step("store the value", "value", _STORE, updates=updates, values=_written(leaves), header=False),
    )


def delete(r: Runtime, m: MapObject, key: Expr, temp: Temp) -> Fragment:
    """`delete(m, key)`: an empty map is left alone without a look at the flag."""
    do = Operation(r, "delete", m, writes=True)
    slot, flag = temp("slot", slots(m)), temp("flag", Bool())
    leaves = m.values(Read(slot))
    match = matches(m, key)
    forgotten = ((m.cells("stored", key), FALSE),)
    emptied = (
        (m.cells("slots", Read(slot), "full"), FALSE),
        (m.cells("slots", Read(slot), "key"), ZERO),
        *forgotten,
    )
    start, counted, cleared = (_COUNT, _VALUE, _CHECK) if r.count_first else (_VALUE, _CHECK, _COUNT)
    found = ((slot, first(match)),)
    zeroed = tuple((v, ZERO) for v in leaves)
    return numbered(
        *_untouched(do, forgotten),
        *_enter(do, flag, negate(empty(m))),
        do.step("find the slot", "find", _FIND, start, any_of(*match), found),
        do.step("find the slot: not there", "find", _FIND, _CHECK, negate(any_of(*match)), forgotten),
        *_count(do, "count the entry out", -1, _counter(m, temp), counted),
        do.step("clear the value", "value", _VALUE, _EMPTY, updates=zeroed, values=_written(leaves)),
        do.step("mark the slot empty", "mark", _EMPTY, cleared, updates=emptied),
        *_leave(do, flag, DONE),
    )


def clear(r: Runtime, m: MapObject, temp: Temp) -> Fragment:
    """`clear(m)`: the slots, then the count, inside the window."""
    do = Operation(r, "clear", m, writes=True)
    flag = temp("flag", Bool())
    forgotten = tuple((m.cells("stored", k), FALSE) for k in range(m.keys))
    wiped = tuple((m.cells("slots", i, part), ZERO) for i in range(m.keys) for part in ("full", "key"))
    leaves = tuple(v for i in range(m.keys) for v in m.values(i))
    gone = (*wiped, *((v, ZERO) for v in leaves), *forgotten)
    return numbered(
        *_untouched(do, forgotten),
        *_enter(do, flag, negate(empty(m))),
        do.step("wipe the slots", "wipe", _FIND, _COUNT, updates=gone, values=_written(leaves)),
        do.step("reset the count", "count", _COUNT, _CHECK, updates=((m.cells("used"), ZERO),)),
        *_leave(do, flag, DONE),
    )


def _enter(do: Operation, flag: Ref, guard: Expr) -> Fragment:
    writing = do.m.cells("writing")
    return (
        *do.check(_FATAL, guard, _LOAD),
        do.step("load the flag", "set", _LOAD, _SET, updates=((flag, Read(writing)),)),
        do.step("set the flag", "set", _SET, _FIND, updates=((writing, negate(Read(flag))),)),
    )


def _leave(do: Operation, flag: Ref, dst: int) -> Fragment:
    writing = do.m.cells("writing")
    toggles = do.runtime.toggles_back
    # Clearing the bit loads the byte too, but only for the sake of its other bits, which are not modelled.
    loaded: Updates = ((flag, Read(writing)),) if toggles else ()
    left = negate(Read(flag)) if toggles else FALSE
    again = ("check the flag again", "check again", _CHECK)
    return (
        do.step(*again, guard=negate(Read(writing)), fail=Fail("fatal", _FATAL)),
        do.step(*again, dst=_RELOAD, guard=Read(writing)),
        do.step("load the flag", "clear", _RELOAD, _LEAVE, updates=loaded),
        do.step("clear the flag", "clear", _LEAVE, dst, updates=((writing, left),)),
    )


def _untouched(do: Operation, forgotten: Updates) -> Fragment:
    nothing = all_of(live(do.m), equal(Read(do.m.cells("used")), ZERO))
    nil = do.step("the map is nil", "empty", guard=do.m.is_nil)
    return (nil, do.step("the map is empty", "empty", guard=nothing, updates=forgotten))


def _counter(m: MapObject, temp: Temp) -> Ref:
    return temp("count", counts(m.keys))


def _count(do: Operation, detail: str, by: int, loaded: Ref, dst: int) -> Fragment:
    """The count is a plain word: it is loaded, then stored (`m.used++`), so that racing writers can lose one."""
    used, keys = do.m.cells("used"), do.m.keys
    fits = op("<", Read(loaded), Const(2 * keys)) if by > 0 else op("<", Const(-keys), Read(loaded))
    updates = ((used, op("+", Read(loaded), Const(by))), (loaded, ZERO))
    step = do.step(detail, "count", _COUNTED, dst, fits, updates)
    over = Fail("bound", "more racing writers of one key than the count of a map can hold")
    return (
        do.step("load the count", "count", _COUNT, _COUNTED, updates=((loaded, Read(used)),)),
        step,
        replace(step, guard=negate(fits), updates=(), dst=DONE, fail=over),
    )


def _written(leaves: tuple[Ref, ...]) -> tuple[Access, ...]:
    return tuple(Access(v, write=True, atomic=False) for v in leaves)
