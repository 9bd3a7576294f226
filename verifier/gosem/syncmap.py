"""sync.Map: every operation on one key is one atomic step (Go 1.24 to 1.27: internal/sync/hashtriemap.go, "ht" below).

Each operation takes effect at one instant (its deciding load or its store of the slot), for the read/dirty map of Go up
to 1.23 as well; nothing protects what a value points to. `Range` is weaker: any order, no key twice; a key that is
there from begin to end and never deleted is visited, one that is stored or stored again meanwhile may be or not
(sync/map.go:105-111). As for the built-in map (`gomap`), `fresh` says: present, but inserted after the last Range
began; only when Ranges overlap can a second begin hide from the first that a key was deleted and stored again.

Not modelled: after a concurrent `Clear` a Range that has already loaded the root still delivers the keys of the old
trie, here they are gone. CompareAndSwap and CompareAndDelete with an `old` that cannot be compared: the caller's check.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece, read, write
from verifier.gosem.gomap import END_RANGE as END_RANGE
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, any_of, equal, ite, negate
from verifier.program.program import Access, Bool

Updates = tuple[tuple[Ref, Expr], ...]
_HT = "internal/sync/hashtriemap.go"

RULES = Rules(
    "sync.Map",
    """
    atomic: each single-key operation is atomic, Range is no snapshot
        sync/map.go:27  // In the terminology of [the Go memory model], Map arranges that a wri…
        steps  load, store, delete
    order: a write comes with everything before it to a read that observes it, which protects no pointee
        sync/map.go:28  // “synchronizes before” any read operation that observes the effect of…
        steps  load, store
    load-or-store: LoadOrStore has one winner, and evaluates its value in any case
        internal/sync/hashtriemap.go:88  func (ht *HashTrieMap[K, V]) LoadOrStore(key K, value V) (result V, loa…
        steps  load_or_store: loaded, load_or_store: stored
    load-and-delete: LoadAndDelete gives the value to one caller
        internal/sync/hashtriemap.go:337  slot.Store(nil)
        steps  load_and_delete
    swap: Swap is one step and returns the previous value
        internal/sync/hashtriemap.go:266  slot.Store(&newEntry.node)
        steps  swap
    cas: CompareAndSwap is one step, and false for an absent key
        internal/sync/hashtriemap.go:303  slot.Store(&e.node)
        steps  compare_and_swap: swapped, compare_and_swap: failed
    cad: CompareAndDelete is one step, and false for an absent key
        internal/sync/hashtriemap.go:399  slot.Store(nil)
        steps  compare_and_delete: deleted, compare_and_delete: failed
    clear: Clear empties the map in one step
        internal/sync/hashtriemap.go:527  ht.root.Store(newIndirectNode[K, V](nil))
        steps  clear
    range: Range visits no key twice, and every key that is there all the time
        sync/map.go:105  // Range does not necessarily correspond to any consistent snapshot of…
        steps  range_begin: start, range_next: next key, range_next: no more keys
    """,
)


def layout(keys: int) -> tuple[CellSpec, ...]:
    """The cells of a sync.Map over `keys` keys; the value is one interface cell, 0 while absent."""
    out: list[CellSpec] = []
    for k in range(keys):
        out += [CellSpec((k, "present"), Bool()), CellSpec((k, "value"), None), CellSpec((k, "fresh"), Bool())]
    return tuple(out)


def load(cells: Cells, key: Expr, value_out: Ref, ok_out: Ref) -> Fragment:
    """`Load`: the value or nil, and whether the key is there."""
    return (
        Piece(
            updates=((value_out, _value(cells, key)), (ok_out, _present(cells, key))),
            accesses=_reads(cells, key),
            cite=f"{_HT}:73",
        ),
    )


def store(cells: Cells, key: Expr, new: Expr) -> Fragment:
    """`Store`."""
    return (Piece(updates=_put(cells, key, new), accesses=_writes(cells, key), cite=f"{_HT}:266"),)


def load_or_store(cells: Cells, key: Expr, new: Expr, actual_out: Ref, loaded_out: Ref) -> Fragment:
    """`LoadOrStore`: the value that is there, else `new`; `loaded` tells which. `new` is evaluated in any case."""
    there = _present(cells, key)
    return (
        Piece(
            guard=there,
            updates=((actual_out, _value(cells, key)), (loaded_out, TRUE)),
            accesses=_reads(cells, key),
            detail="loaded",
            cite=f"{_HT}:104",
        ),
        Piece(
            guard=negate(there),
            updates=(*_put(cells, key, new), (actual_out, new), (loaded_out, FALSE)),
            accesses=_writes(cells, key),
            detail="stored",
            cite=f"{_HT}:154",
        ),
    )


def load_and_delete(cells: Cells, key: Expr, value_out: Ref, loaded_out: Ref) -> Fragment:
    """`LoadAndDelete`: the value that was there, or nil."""
    taken = ((value_out, _value(cells, key)), (loaded_out, _present(cells, key)))
    return (Piece(updates=(*_remove(cells, key), *taken), accesses=_writes(cells, key), cite=f"{_HT}:337"),)


def delete(cells: Cells, key: Expr) -> Fragment:
    """`Delete`."""
    return (Piece(updates=_remove(cells, key), accesses=_writes(cells, key), cite=f"{_HT}:360"),)


def swap(cells: Cells, key: Expr, new: Expr, previous_out: Ref, loaded_out: Ref) -> Fragment:
    """`Swap`: stores `new`; the previous value or nil, and whether there was one."""
    taken = ((previous_out, _value(cells, key)), (loaded_out, _present(cells, key)))
    return (Piece(updates=(*_put(cells, key, new), *taken), accesses=_writes(cells, key), cite=f"{_HT}:266"),)


def compare_and_swap(cells: Cells, key: Expr, old: Expr, new: Expr, got: Ref) -> Fragment:
    """`CompareAndSwap`: false for an absent key, whatever `old` is."""
    same = _holds(cells, key, old)
    return (
        Piece(
            guard=same,
            updates=(*_put(cells, key, new), (got, TRUE)),
            accesses=_writes(cells, key),
            detail="swapped",
            cite=f"{_HT}:303",
        ),
        Piece(
            guard=negate(same),
            updates=((got, FALSE),),
            accesses=_reads(cells, key),
            detail="failed",
            cite=f"{_HT}:293",
        ),
    )


def compare_and_delete(cells: Cells, key: Expr, old: Expr, got: Ref) -> Fragment:
    """`CompareAndDelete`: false for an absent key, also when `old` is nil."""
    same = _holds(cells, key, old)
    return (
        Piece(
            guard=same,
            updates=(*_remove(cells, key), (got, TRUE)),
            accesses=_writes(cells, key),
            detail="deleted",
            cite=f"{_HT}:399",
        ),
        Piece(
            guard=negate(same),
            updates=((got, FALSE),),
            accesses=_reads(cells, key),
            detail="failed",
            cite=f"{_HT}:386",
        ),
    )


def clear(cells: Cells, keys: int) -> Fragment:
    """`Clear`: a new empty root."""
    return (
        Piece(
            updates=tuple(u for k in range(keys) for u in _remove(cells, k)),
            accesses=tuple(a for k in range(keys) for a in _writes(cells, k)),
            cite=f"{_HT}:527",
        ),
    )


def range_begin(cells: Cells, keys: int, seen: tuple[Ref, ...], must: tuple[Ref, ...]) -> Fragment:
    """The start of `Range`: nothing seen; every key that is there must be visited."""
    return (
        Piece(
            updates=(
                *((s, ZERO) for s in seen),
                *((r, _present(cells, k)) for k, r in enumerate(must)),
                *((cells(k, "fresh"), ZERO) for k in range(keys)),
            ),
            accesses=tuple(a for k in range(keys) for a in _reads(cells, k)),
            detail="start",
            cite=f"{_HT}:495",
        ),
    )


def range_next(
    cells: Cells, keys: int, seen: tuple[Ref, ...], must: tuple[Ref, ...], key_out: Ref, value_out: Ref
) -> Fragment:
    """The next call of the callback: any unseen key that is there, with its value; or END_RANGE when none is owed."""
    visits = tuple(
        Piece(
            guard=all_of(negate(Read(seen[k])), _present(cells, k)),
            updates=((seen[k], ONE), (key_out, Const(k)), (value_out, _value(cells, k))),
            accesses=_reads(cells, k),
            detail="next key",
            cite=f"{_HT}:500",
        )
        for k in range(keys)
    )
    owed = any_of(
        *(
            all_of(Read(must[k]), negate(Read(seen[k])), _present(cells, k), negate(Read(cells(k, "fresh"))))
            for k in range(keys)
        )
    )
    end = Piece(
        guard=negate(owed),
        accesses=tuple(a for k in range(keys) for a in _reads(cells, k)),
        dst=END_RANGE,
        detail="no more keys",
        cite=f"{_HT}:518",
    )
    return (*visits, end)


def _present(cells: Cells, key: Expr | int) -> Expr:
    return Read(cells(key, "present"))


def _value(cells: Cells, key: Expr | int) -> Expr:
    return Read(cells(key, "value"))


def _holds(cells: Cells, key: Expr, old: Expr) -> Expr:
    return all_of(_present(cells, key), equal(_value(cells, key), old))


def _put(cells: Cells, key: Expr, new: Expr) -> Updates:
    fresh = cells(key, "fresh")
    kept = ite(_present(cells, key), Read(fresh), ONE)
    return ((cells(key, "present"), ONE), (cells(key, "value"), new), (fresh, kept))


def _remove(cells: Cells, key: Expr | int) -> Updates:
    return ((cells(key, "present"), ZERO), (cells(key, "value"), ZERO), (cells(key, "fresh"), ZERO))


def _reads(cells: Cells, key: Expr | int) -> tuple[Access, ...]:
    return (read(cells(key, "present"), atomic=True),)


def _writes(cells: Cells, key: Expr | int) -> tuple[Access, ...]:
    return (write(cells(key, "present"), atomic=True),)
