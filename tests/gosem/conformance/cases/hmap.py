"""The map of Go up to 1.23: the programs of `maps` under its rules. They need a toolchain of that time."""

from __future__ import annotations

from dataclasses import replace

from . import maps

_RULES = {
    "map-two-writers": "hmap.flag",
    "map-nil-value": "hmap.reads",
    "map-reader-writer": "hmap.reads",
    "map-empty-readers": "hmap.reads",
    "map-two-deletes": "hmap.delete",
    "map-len-beside-writers": "hmap.reads",
    "map-range-beside-a-writer": "hmap.reads",
    "map-writers-of-one-key": "hmap.flag",
}
CASES = tuple(
    replace(c, rule=_RULES[c.name], name=c.name.replace("map-", "hmap-"), go="1.23")
    for c in maps.SWISS
    if c.name in _RULES
)
