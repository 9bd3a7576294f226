"""`sync.Map.Range(f)`: the body of f once per visited entry, with nothing held."""

from __future__ import annotations

from verifier.golang.lower.inline import inline
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.maps import scratch_bits
from verifier.golang.lower.objects import cells_of
from verifier.golang.lower.storage import scalar
from verifier.golang.lower.values import FuncVal, Loc, Value, nothing
from verifier.golang.types import ANY
from verifier.gosem import syncmap
from verifier.program.expr import Read
from verifier.source import Span


def sync_range(m: Machine, loc: Loc, f: FuncVal, at: Span) -> Value:
    """Visit entries until f returns false or none is left; see `gosem.syncmap` for which keys may be skipped."""
    size = m.sync_keys
    cells = cells_of(m, loc, size)
    seen, must = scratch_bits(m, size, "seen"), scratch_bits(m, size, "must")
    key_type = m.sync_key_go
    if key_type is None:
        raise m.unsupported("Range needs an earlier operation with a key in the model", at, "store something first")
    key, value = m.temp("key", key_type), m.temp("value", ANY)
    m.fragment(syncmap.range_begin(cells, size, seen, must))
    head, end = m.new(), m.new()
    m.label(head)
    m.fragment(syncmap.range_next(cells, size, seen, must, key, value), {syncmap.END_RANGE: end})
    m.loop_depth += 1
    args = (convert(m, Value(key_type, (Read(key),)), ANY), Value(ANY, (Read(value),)))
    more = inline(m, f, args, at)
    m.loop_depth -= 1
    m.branch(scalar(more.leaves[0]), head, end)
    m.cur = end
    return nothing()
