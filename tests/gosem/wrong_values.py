"""Wrong rules for atomics, atomic.Value and sync.Map."""

from __future__ import annotations

from dataclasses import replace

from verifier.gosem import atomic, atomicvalue, syncmap
from verifier.gosem.fragment import Piece
from verifier.program.expr import ONE, TRUE, ZERO, Read, all_of, negate, op

from .wrong import Swap, all_pieces, also, each, without, wrong


@wrong("atomic.consistent", "atomic-store-buffering", "atomic-functions")
def Load_may_miss_a_store_of_another_goroutine(swap: Swap) -> None:
    def old(cells, out):
        return Piece(updates=tuple((o, ZERO) for o in out), cite="x")

    swap(atomic, "load", also(old))


@wrong("atomic.observed", "atomic-publishes")
def Load_may_see_the_future(swap: Swap) -> None:
    def new(cells, out):
        return Piece(updates=tuple((o, ONE) for o in out), cite="x")

    swap(atomic, "load", also(new))


@wrong("atomic.add", "atomic-add")
def Add_is_a_load_and_a_store(swap: Swap) -> None:
    def add(f, cells, delta, out):
        load = Piece(updates=((out, Read(cells[0])),), dst=1, detail="load", cite="x")
        after = op("+", Read(out), delta)
        return (load, replace(f[0], src=1, updates=((cells[0], after), (out, after))))

    swap(atomic, "add", add)


@wrong("atomic.add", "atomic-add")
def Add_returns_the_old_value(swap: Swap) -> None:
    swap(atomic, "add", lambda f, cells, delta, out: (replace(f[0], updates=(f[0].updates[0], (out, Read(cells[0])))),))


@wrong("atomic.swap", "atomic-swap")
def Swap_returns_the_new_value(swap: Swap) -> None:
    def swapped(f, cells, new, out):
        return (replace(f[0], updates=(*f[0].updates[: len(cells)], *zip(out, new, strict=True))),)

    swap(atomic, "swap", swapped)


@wrong("atomic.and-or", "atomic-and-or")
def Or_returns_the_new_value(swap: Swap) -> None:
    swap(atomic, "or_", _new_value)


@wrong("atomic.and-or", "atomic-and-or")
def And_returns_the_new_value(swap: Swap) -> None:
    swap(atomic, "and_", _new_value)


def _new_value(f, cells, mask, out):
    return f if out is None else (replace(f[0], updates=(f[0].updates[0], (out, f[0].updates[0][1]))),)


@wrong("atomic.cas", "atomic-cas")
def CompareAndSwap_may_fail_though_the_value_is_there(swap: Swap) -> None:
    swap(atomic, "compare_and_swap", each("failed", guard=TRUE))


@wrong("atomic.cas", "atomic-cas", "atomic-cas-failed-orders")
def CompareAndSwap_always_swaps(swap: Swap) -> None:
    swap(atomic, "compare_and_swap", lambda f, *_: (replace(f[0], guard=TRUE),))


@wrong("atomic.mixed", "atomic-mixed")
def atomic_beside_plain_is_no_race(swap: Swap) -> None:
    swap(atomic, "store", all_pieces(accesses=()))


@wrong("atomic.mixed", "atomic-mixed-reads")
def an_atomic_load_is_a_write(swap: Swap) -> None:
    swap(atomic, "load", lambda f, *_: (replace(f[0], accesses=tuple(replace(a, write=True) for a in f[0].accesses)),))


@wrong("atomicvalue.empty", "value-empty")
def Swap_of_an_empty_Value_returns_the_new_one(swap: Swap) -> None:
    def swapped(f, cell, new, fits, out):
        return (replace(f[0], updates=((cell, new), (out, new))), *f[1:])

    swap(atomicvalue, "swap", swapped)


@wrong("atomicvalue.store", "value-publishes")
def Load_of_a_Value_may_see_the_future(swap: Swap) -> None:
    swap(atomicvalue, "load", also(lambda cell, out: Piece(updates=((out, ONE),), cite="x")))


@wrong("atomicvalue.type", "value-store-other-type")
def a_Value_may_change_its_type(swap: Swap) -> None:
    swap(atomicvalue, "store", each("panic", fail=None))


@wrong("atomicvalue.cas", "value-cas")
def CompareAndSwap_of_a_Value_always_swaps(swap: Swap) -> None:
    swap(atomicvalue, "compare_and_swap", lambda f, *_: (replace(f[0], guard=TRUE),))


@wrong("syncmap.atomic", "syncmap-one-key", "syncmap-two-keys")
def Load_of_a_sync_Map_may_miss(swap: Swap) -> None:
    def missed(cells, key, value, ok):
        return Piece(updates=((value, ZERO), (ok, ZERO)), cite="x")

    swap(syncmap, "load", also(missed))


@wrong("syncmap.order", "syncmap-pointee")
def a_sync_Map_protects_what_it_points_to(swap: Swap) -> None:
    # Whoever loads finds only what nobody writes any more: the value is gone.
    swap(syncmap, "load", lambda f, c, k, value, ok: (replace(f[0], updates=((value, ZERO), (ok, ZERO))),))


@wrong("syncmap.load-or-store", "syncmap-load-or-store")
def LoadOrStore_overwrites(swap: Swap) -> None:
    swap(syncmap, "load_or_store", lambda f, *_: (replace(f[1], guard=TRUE),))


@wrong("syncmap.load-and-delete", "syncmap-load-and-delete")
def LoadAndDelete_leaves_the_key(swap: Swap) -> None:
    swap(syncmap, "load_and_delete", lambda f, *_: (replace(f[0], updates=f[0].updates[-2:]),))


@wrong("syncmap.swap", "syncmap-swap")
def Swap_of_a_sync_Map_returns_nothing(swap: Swap) -> None:
    def swapped(f, cells, key, new, previous, loaded):
        return (replace(f[0], updates=(*f[0].updates[:-2], (previous, ZERO), (loaded, ZERO))),)

    swap(syncmap, "swap", swapped)


@wrong("syncmap.cas", "syncmap-cas")
def CompareAndSwap_inserts_an_absent_key(swap: Swap) -> None:
    def swapped(f, cells, key, old, new, got):
        absent = negate(Read(cells(key, "present")))
        return (*f, replace(f[0], guard=absent))

    swap(syncmap, "compare_and_swap", swapped)


@wrong("syncmap.cad", "syncmap-cad")
def CompareAndDelete_keeps_the_key(swap: Swap) -> None:
    swap(syncmap, "compare_and_delete", lambda f, *args: (replace(f[0], updates=((args[-1], TRUE),)), f[1]))


@wrong("syncmap.clear", "syncmap-clear")
def Clear_does_nothing(swap: Swap) -> None:
    swap(syncmap, "clear", all_pieces(updates=()))


@wrong("syncmap.range", "syncmap-range-no-snapshot")
def Range_is_a_snapshot(swap: Swap) -> None:
    def visit(f, cells, keys, seen, must, key_out, value_out):
        return (*(replace(p, guard=all_of(p.guard, Read(must[k]))) for k, p in enumerate(f[:-1])), f[-1])

    swap(syncmap, "range_next", visit)


@wrong("syncmap.range", "syncmap-range")
def Range_may_stop_early(swap: Swap) -> None:
    swap(syncmap, "range_next", each("no more keys", guard=TRUE))


@wrong("syncmap.load-or-store", "syncmap-load-or-store")
def LoadOrStore_waits_for_the_key(swap: Swap) -> None:
    swap(syncmap, "load_or_store", without("stored"))


@wrong("atomicvalue.type", "value-swap-other-type", "value-cas-other-type")
def Swap_may_change_the_type(swap: Swap) -> None:
    swap(atomicvalue, "swap", each("panic", fail=None))
