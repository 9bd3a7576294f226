"""The runtime map of Go 1.24 to 1.27 (internal/runtime/maps): small group, flag toggled on entry and on exit.

The flag can stay set after two overlapping writers have both finished without an error: each toggle is a load and a
store. Map.writing is a plain byte (map.go:252-256), so the fatal error is a matter of luck and may hit the innocent.
"""

from __future__ import annotations

from verifier.gosem import runtime_map, runtime_read, runtime_write
from verifier.gosem.fragment import Fragment, Temp
from verifier.gosem.gomap import END_RANGE as END_RANGE, MapObject as MapObject
from verifier.gosem.rule import Rules
from verifier.gosem.runtime_map import no_symptom as no_symptom, symptoms as symptoms
from verifier.program.expr import Expr, Ref

_CITES = {
    "assign: nil": "internal/runtime/maps/runtime.go:144",
    "assign: check": "internal/runtime/maps/runtime.go:159",
    "assign: set": "internal/runtime/maps/runtime.go:167",
    "assign: find": "internal/runtime/maps/map.go:561",
    "assign: key": "internal/runtime/maps/map.go:603",
    "assign: full": "internal/runtime/maps/map.go:612",
    "assign: count": "internal/runtime/maps/map.go:613",
    "assign: check again": "internal/runtime/maps/runtime.go:185",
    "assign: clear": "internal/runtime/maps/runtime.go:188",
    "assign: value": "internal/runtime/maps/runtime.go:190",
    "lookup: empty": "internal/runtime/maps/runtime.go:77",
    "lookup: check": "internal/runtime/maps/runtime.go:84",
    "lookup: find": "internal/runtime/maps/runtime.go:91",
    "lookup: value": "internal/runtime/maps/runtime.go:95",
    "delete: empty": "internal/runtime/maps/map.go:669",
    "delete: check": "internal/runtime/maps/map.go:676",
    "delete: set": "internal/runtime/maps/map.go:684",
    "delete: find": "internal/runtime/maps/map.go:713",
    "delete: count": "internal/runtime/maps/map.go:723",
    "delete: value": "internal/runtime/maps/map.go:743",
    "delete: mark": "internal/runtime/maps/map.go:748",
    "delete: check again": "internal/runtime/maps/map.go:702",
    "delete: clear": "internal/runtime/maps/map.go:705",
    "clear: empty": "internal/runtime/maps/map.go:757",
    "clear: check": "internal/runtime/maps/map.go:761",
    "clear: set": "internal/runtime/maps/map.go:764",
    "clear: wipe": "internal/runtime/maps/map.go:799",
    "clear: count": "internal/runtime/maps/map.go:802",
    "clear: check again": "internal/runtime/maps/map.go:788",
    "clear: clear": "internal/runtime/maps/map.go:791",
    "len: count": "internal/runtime/maps/map.go:218",
    "range: start": "internal/runtime/maps/table.go:744",
    "range: nothing": "internal/runtime/maps/table.go:874",
    "range: check": "internal/runtime/maps/table.go:881",
    "range: next": "internal/runtime/maps/table.go:888",
    "range: value": "internal/runtime/maps/table.go:925",
}

RUNTIME = runtime_map.Runtime(cites=_CITES, toggles_back=True, count_first=True)

layout = runtime_map.layout

RULES = Rules(
    "swiss map",
    """
    flag: a plain byte, checked and toggled on entry and again on exit, marks a writer
        internal/runtime/maps/runtime.go:159  if m.writing != 0 {
        steps  assign: *
    assign: an insert takes the first free slot, writes its key, marks it and counts it
        internal/runtime/maps/map.go:603  typedmemmove(typ.Key, slotKey, key)
        steps  assign: find the slot, assign: write the key, assign: mark the slot full, assign: count the entry
    value-outside: the value is stored and loaded by the caller, when the flag is no longer looked at
        internal/runtime/maps/runtime.go:190  return elem
        steps  assign: store the value, lookup: load the value
    lookup: a lookup checks the flag once, on entry
        internal/runtime/maps/runtime.go:84  if m.writing != 0 {
        steps  lookup: fatal, lookup: check the write flag, lookup: find the slot, lookup: find the slot: not there
    empty: a lookup or delete of an empty map does not look at the flag
        internal/runtime/maps/runtime.go:77  if m == nil || m.Used() == 0 {
        steps  lookup: the map is empty, delete: the map is empty, clear: the map is empty
    delete: delete and clear write inside the window as well
        internal/runtime/maps/map.go:676  if m.writing != 0 {
        steps  delete: *, clear: *
    len: len reads the count and never the flag
        internal/runtime/maps/map.go:218  used uint64
        steps  length: read the count
    range: range checks the flag at every step
        internal/runtime/maps/table.go:881  if it.m.writing != 0 {
        steps  range_begin: *, range_next: *, range_value: *
    """,
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
