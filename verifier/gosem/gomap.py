"""The built-in map, abstractly: an access is one step (Go 1.27, lines of internal/runtime/maps unless said otherwise).

The race detector's granularity: the header is one location (read by lookup, range and len; written by assign, delete
and clear) and the value of each key is another. That decides races, panics and deadlocks; what a race *does* to the map
is the business of `swiss` and `hmap`.

Cells: `header` has no bits; per key `present`, the leaves of the value (0 while absent), and `fresh`: present, but
inserted after the last range began. A range must visit every key that was there when it began and was not deleted;
one inserted meanwhile, also again after a deletion, may be visited or not (Go spec, "For statements with range
clause"). `fresh` belongs to the map, as a deletion cannot reach the `must` bits of another goroutine's range. Only
when ranges over one map overlap can a second begin hide from the first that a key was deleted and inserted again.

A nil map has no cells: everything read or written below stands behind `not is_nil`.
"""

from __future__ import annotations

from collections.abc import Callable

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, any_of, ite, negate, total
from verifier.program.program import Access, Bool, Fail, Kind, Range
from verifier.records import dataclass

END_RANGE = -2
"""Where `range_next` ends when the iteration is over."""

NIL_ASSIGN = Fail("panic", "assignment to entry in nil map")

RULES = Rules(
    "map",
    """
    header: a read of the header for lookup, range, len; a write for assign, delete, clear
        internal/runtime/maps/runtime.go:63  func runtime_mapaccess2(typ *abi.MapType, m *Map, key unsafe.Pointer) (…
        steps  lookup, assign, delete, clear, length, range_begin: start, range_next: next key
    nil-assign: an assignment to an entry of a nil map panics
        internal/runtime/maps/runtime.go:144  if m == nil {
        steps  assign: panic
    nil: a nil map is empty for everything else
        internal/runtime/maps/runtime.go:77  if m == nil || m.Used() == 0 {
        steps  lookup, delete: the map is nil, clear: the map is nil, length, range_begin: start: the map is nil
    entries: a lookup finds what was assigned and not deleted, else zero and false
        internal/runtime/maps/runtime.go:67  race.ReadPC(unsafe.Pointer(m), callerpc, pc)
        steps  lookup, assign, delete, clear, length
    range: range visits every entry once, in any order
        runtime/map.go:171  racereadpc(unsafe.Pointer(it.Map()), callerpc, abi.FuncPCABIInternal(ma…
        steps  range_begin: start, range_next: next key, range_next: no more keys, range_value: load the value
    range-delete: an entry that is deleted before it is reached is not visited
        internal/runtime/maps/table.go:888  for ; it.entryIdx < abi.MapGroupSlots; it.entryIdx++ {
        steps  range_next: next key, range_next: no more keys, delete
    range-insert: an entry that is added meanwhile may be visited or not
        ref/spec
        steps  range_next: next key, range_next: no more keys, assign
    """,
)


@dataclass(frozen=True)
class MapObject:
    """One map: its cells, the size of its key domain, whether it is nil, and the value leaves of a key.

    For the runtime maps (`swiss`, `hmap`) `values` takes the number of a slot instead of a key.
    """

    cells: Cells
    keys: int
    is_nil: Expr
    values: Callable[[Expr | int], tuple[Ref, ...]]


def layout(keys: int) -> tuple[CellSpec, ...]:
    """The cells of a map over `keys` keys."""
    out = [CellSpec(("header",), Range(0, 0))]
    for k in range(keys):
        out += [CellSpec((k, "present"), Bool()), CellSpec((k, "value"), None), CellSpec((k, "fresh"), Bool())]
    return tuple(out)


def lookup(m: MapObject, key: Expr, out: tuple[Ref, ...], found: Ref) -> Fragment:
    """`v, ok := m[key]`: the value or zero into `out`, whether it is there into `found`.

    An empty `out` means that the value is not used: then Go does not read it either.
    """
    there = all_of(negate(m.is_nil), _present(m, key))
    leaves = m.values(key) if out else ()
    taken = tuple((o, ite(there, Read(v), ZERO)) for o, v in zip(out, leaves, strict=True))
    return (
        _plain(
            updates=((found, there), *taken),
            accesses=(_header(m), *(Access(v, write=False, atomic=False, when=there) for v in leaves)),
            cite="internal/runtime/maps/runtime.go:67",
        ),
    )


def assign(m: MapObject, key: Expr, new: tuple[Expr, ...]) -> Fragment:
    """`m[key] = new`; a nil map panics."""
    present, fresh = m.cells(key, "present"), m.cells(key, "fresh")
    leaves = m.values(key)
    return _possible(
        _plain(
            guard=negate(m.is_nil),
            updates=(
                (present, ONE),
                (fresh, ite(Read(present), Read(fresh), ONE)),
                *zip(leaves, new, strict=True),
            ),
            accesses=(_header(m, write=True), *(Access(v, write=True, atomic=False) for v in leaves)),
            cite="internal/runtime/maps/runtime.go:150",
        ),
        _plain(guard=m.is_nil, cite="internal/runtime/maps/runtime.go:144", fail=NIL_ASSIGN),
    )


def delete(m: MapObject, key: Expr) -> Fragment:
    """`delete(m, key)`: nothing to do for a nil map or an absent key, though the header counts as written."""
    leaves = m.values(key)
    there = _present(m, key)
    cite = "runtime/map.go:139"
    return _possible(
        _plain(
            guard=negate(m.is_nil),
            updates=_erase(m, key),
            accesses=(
                _header(m, write=True),
                *(Access(v, write=True, atomic=False, when=there) for v in leaves),
            ),
            cite=cite,
        ),
        _plain(guard=m.is_nil, detail="the map is nil", cite=cite),
    )


def clear(m: MapObject) -> Fragment:
    """`clear(m)`."""
    cite = "runtime/map.go:182"
    gone = tuple(u for k in range(m.keys) for u in _erase(m, k))
    touched = tuple(
        Access(v, write=True, atomic=False, when=_present(m, k)) for k in range(m.keys) for v in m.values(k)
    )
    return _possible(
        _plain(guard=negate(m.is_nil), updates=gone, accesses=(_header(m, write=True), *touched), cite=cite),
        _plain(guard=m.is_nil, detail="the map is nil", cite=cite),
    )


def length(m: MapObject, out: Ref) -> Fragment:
    """`len(m)` into `out`: a load of the first word of the header."""
    count = ite(m.is_nil, ZERO, total([_present(m, k) for k in range(m.keys)]))
    return (_plain(updates=((out, count),), accesses=(_header(m),), cite="internal/runtime/maps/map.go:218"),)


def range_begin(m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...]) -> Fragment:
    """The start of `range m`: nothing seen; every key that is there must be visited."""
    cite = "runtime/map.go:159"
    unseen = tuple((s, ZERO) for s in seen)
    return _possible(
        _plain(
            guard=negate(m.is_nil),
            updates=(
                *unseen,
                *((r, _present(m, k)) for k, r in enumerate(must)),
                *((m.cells(k, "fresh"), ZERO) for k in range(m.keys)),
            ),
            accesses=(_header(m),),
            detail="start",
            cite=cite,
        ),
        _plain(
            guard=m.is_nil, updates=(*unseen, *((r, ZERO) for r in must)), detail="start: the map is nil", cite=cite
        ),
    )


def range_next(m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...], key_out: Ref) -> Fragment:
    """The next iteration: any unseen key that is there into `key_out`, or END_RANGE when none must be visited."""
    cite = "runtime/map.go:171"
    alive = negate(m.is_nil)
    visits = tuple(
        _plain(
            guard=all_of(alive, negate(Read(s)), _present(m, k)),
            updates=((s, ONE), (key_out, Const(k))),
            accesses=(_header(m),),
            detail="next key",
            cite=cite,
        )
        for k, s in enumerate(seen)
    )
    owed = any_of(
        *(
            all_of(Read(r), negate(Read(s)), _present(m, k), negate(Read(m.cells(k, "fresh"))))
            for k, (s, r) in enumerate(zip(seen, must, strict=True))
        )
    )
    end = _plain(
        guard=negate(all_of(alive, owed)), accesses=(_header(m),), dst=END_RANGE, detail="no more keys", cite=cite
    )
    return _possible(*visits, end)


def range_value(m: MapObject, key: Expr, out: tuple[Ref, ...]) -> Fragment:
    """The value of the key just visited into `out`; zero when it has been deleted since."""
    leaves = m.values(key)
    return (
        _plain(
            updates=tuple((o, Read(v)) for o, v in zip(out, leaves, strict=True)),
            accesses=tuple(Access(v, write=False, atomic=False) for v in leaves),
            detail="load the value",
            cite="internal/runtime/maps/table.go:925",
        ),
    )


def _present(m: MapObject, key: Expr | int) -> Expr:
    return Read(m.cells(key, "present"))


def _header(m: MapObject, write: bool = False) -> Access:
    return Access(m.cells("header"), write=write, atomic=False, when=negate(m.is_nil))


def _erase(m: MapObject, key: Expr | int) -> tuple[tuple[Ref, Expr], ...]:
    values = tuple((v, ZERO) for v in m.values(key))
    return ((m.cells(key, "present"), ZERO), (m.cells(key, "fresh"), ZERO), *values)


def _plain(
    guard: Expr = TRUE,
    updates: tuple[tuple[Ref, Expr], ...] = (),
    accesses: tuple[Access, ...] = (),
    dst: int = -1,
    detail: str = "",
    cite: str = "",
    fail: Fail | None = None,
) -> Piece:
    return Piece(guard, updates, accesses, dst=dst, kind=Kind.PLAIN, detail=detail, cite=cite, fail=fail)


def _possible(*pieces: Piece) -> Fragment:
    return tuple(p for p in pieces if p.guard != FALSE)
