"""Wrong rules for the built-in map and what the runtime does to it."""

from __future__ import annotations

from dataclasses import replace

from verifier.gosem import gomap, swiss
from verifier.gosem.fragment import Piece
from verifier.program.expr import ONE, TRUE, ZERO, Read, all_of, negate, op
from verifier.program.program import Fail, Kind

from .wrong import Swap, each, wrong


def _written(f, *_):
    return tuple(replace(p, accesses=tuple(replace(a, write=True) for a in p.accesses)) for p in f)


def _read(f, *_):
    return tuple(replace(p, accesses=tuple(replace(a, write=False) for a in p.accesses)) for p in f)


@wrong("gomap.header", "map-reads")
def len_writes_the_header(swap: Swap) -> None:
    swap(gomap, "length", _written)


@wrong("gomap.header", "map-lookups")
def a_lookup_writes_the_header(swap: Swap) -> None:
    swap(gomap, "lookup", _written)


@wrong("gomap.header", "map-assigns", "map-assign-len")
def an_assignment_only_reads_the_header(swap: Swap) -> None:
    swap(gomap, "assign", _read)


@wrong("gomap.header", "map-delete-lookup")
def a_delete_of_an_absent_key_is_a_read(swap: Swap) -> None:
    swap(gomap, "delete", _read)


@wrong("gomap.nil-assign", "map-nil-assign", "map-nil-assign-recovered")
def an_assignment_to_a_nil_map_is_dropped(swap: Swap) -> None:
    swap(gomap, "assign", each("panic", fail=None))


@wrong("gomap.nil", "map-nil")
def a_lookup_in_a_nil_map_panics(swap: Swap) -> None:
    def panics(m, key, out, found):
        return Piece(guard=m.is_nil, kind=Kind.PLAIN, cite="x", fail=Fail("panic", "nil map read"))

    def lookup(f, m, key, out, found):
        return (replace(f[0], guard=negate(m.is_nil)), panics(m, key, out, found))

    swap(gomap, "lookup", lookup)


@wrong("gomap.entries", "map-entries")
def a_deleted_entry_keeps_its_value(swap: Swap) -> None:
    swap(gomap, "delete", lambda f, *_: tuple(replace(p, updates=()) for p in f))


@wrong("gomap.entries", "map-entries")
def clear_does_nothing(swap: Swap) -> None:
    swap(gomap, "clear", lambda f, *_: tuple(replace(p, updates=()) for p in f))


@wrong("gomap.range", "map-range")
def range_goes_by_key(swap: Swap) -> None:
    def ordered(f, m, seen, must, key_out):
        def first(k):
            return all_of(*(negate(all_of(Read(m.cells(j, "present")), negate(Read(seen[j])))) for j in range(k)))

        return (*(replace(p, guard=all_of(p.guard, first(k))) for k, p in enumerate(f[:-1])), f[-1])

    swap(gomap, "range_next", ordered)


@wrong("gomap.range", "map-range")
def range_may_stop_early(swap: Swap) -> None:
    swap(gomap, "range_next", each("no more keys", guard=TRUE))


@wrong("gomap.range-delete", "map-range-delete")
def range_visits_what_was_deleted(swap: Swap) -> None:
    def visits(f, m, seen, must, key_out):
        return (*(replace(p, guard=negate(Read(seen[k]))) for k, p in enumerate(f[:-1])), f[-1])

    swap(gomap, "range_next", visits)


@wrong("gomap.range-insert", "map-range-insert")
def range_never_visits_what_was_added(swap: Swap) -> None:
    def visits(f, m, seen, must, key_out):
        return (*(replace(p, guard=all_of(p.guard, Read(must[k]))) for k, p in enumerate(f[:-1])), f[-1])

    swap(gomap, "range_next", visits)


@wrong("gomap.range-insert", "map-range-insert")
def range_visits_all_that_was_added(swap: Swap) -> None:
    swap(
        gomap,
        "range_begin",
        lambda f, m, seen, must: tuple(
            replace(p, updates=(*((r, u) for r, u in p.updates if r not in must), *((r, ONE) for r in must))) for p in f
        ),
    )
    swap(
        gomap,
        "assign",
        lambda f, m, key, new: tuple(
            replace(p, updates=tuple((r, ZERO if r == m.cells(key, "fresh") else u) for r, u in p.updates)) for p in f
        ),
    )


def _checked(f, m, *args):
    """The pieces behind a check of the write flag."""
    writing = Read(m.cells("writing"))
    dies = Piece(guard=writing, kind=Kind.PLAIN, cite="x", fail=Fail("fatal", "concurrent map read and map write"))
    return (*(replace(p, guard=all_of(p.guard, negate(writing))) for p in f), dies)


@wrong("swiss.len", "map-len-beside-writers")
def len_checks_the_flag(swap: Swap) -> None:
    swap(swiss, "length", _checked)


@wrong("swiss.flag", "map-two-writers")
def writers_do_not_look_at_the_flag(swap: Swap) -> None:
    def quiet(f, *_):
        return tuple(p if p.fail is None or p.fail.kind != "fatal" else replace(p, fail=None, dst=-1) for p in f)

    swap(swiss, "assign", quiet)


@wrong("swiss.lookup", "map-reader-writer")
def a_lookup_does_not_look_at_the_flag(swap: Swap) -> None:
    def quiet(f, *_):
        return tuple(replace(p, guard=ZERO) if p.fail is not None else p for p in f)

    swap(swiss, "lookup", quiet)


@wrong("swiss.range", "map-range-beside-a-writer")
def range_does_not_look_at_the_flag(swap: Swap) -> None:
    def quiet(f, *_):
        return tuple(replace(p, guard=ZERO) if p.fail is not None else p for p in f)

    swap(swiss, "range_next", quiet)


@wrong("swiss.delete", "map-two-deletes")
def delete_does_not_look_at_the_flag(swap: Swap) -> None:
    def quiet(f, *_):
        return tuple(p if p.fail is None or p.fail.kind != "fatal" else replace(p, fail=None, dst=-1) for p in f)

    swap(swiss, "delete", quiet)


@wrong("swiss.flag", "map-two-writers")
def the_flag_is_toggled_atomically(swap: Swap) -> None:
    def assign(f, m, *_):
        writing = m.cells("writing")
        toggle = ((writing, negate(Read(writing))),)
        return tuple(replace(p, updates=toggle) if p.detail in ("set the flag", "clear the flag") else p for p in f)

    swap(swiss, "assign", assign)


def _found(f):
    """The piece that picks a free slot."""
    return next(p for p in f if p.detail == "find the slot" and p.fail is None and len(p.updates) == 1)


@wrong("swiss.assign", "map-two-writers")
def an_insert_takes_its_slot_in_one_step(swap: Swap) -> None:
    def assign(f, m, key, *_):
        free = _found(f)
        slot = free.updates[0][1]
        taken = ((m.cells("slots", slot, "key"), key), (m.cells("slots", slot, "full"), ONE))
        return tuple(replace(p, updates=(*p.updates, *taken)) if p is free else p for p in f)

    swap(swiss, "assign", assign)


@wrong("swiss.assign", "map-two-writers")
def no_count_is_lost(swap: Swap) -> None:
    def assign(f, m, *_):
        used = m.cells("used")
        counted = ((used, op("+", Read(used), ONE)),)
        return tuple(replace(p, updates=counted) if p.detail == "count the entry" and p.updates else p for p in f)

    swap(swiss, "assign", assign)


@wrong("swiss.value-outside", "map-nil-value")
def the_value_is_stored_inside_the_window(swap: Swap) -> None:
    def assign(f, *_):
        stored = tuple(u for p in f if p.detail == "store the value" for u in p.updates)
        return tuple(replace(p, updates=(*p.updates, *stored)) if p.detail == "write the key" else p for p in f)

    swap(swiss, "assign", assign)
