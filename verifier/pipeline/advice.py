"""What to do about an UNKNOWN: which key or option to raise, and to what."""

from __future__ import annotations

import re

from verifier.model.document import Bounds
from verifier.model.fields import BOUNDS, Whole

_OUTSIDE = re.compile(r" = (-?\d+) is outside ")
_KEY = re.compile(r" ?\(bounds: (\w+)\)$")
_SHIFT = "a shift by"
_ANY_HASH = "a func without a body is any hash"


def about_limit(limit: str) -> str:
    """What to do about an option that ended the exploration; empty when no option did.

    >>> about_limit("10 states reached (--max-states)")
    'raise it, or lower the counts'
    """
    return "raise it, or lower the counts" if re.search(r"\(--[a-z-]+\)$", limit) else ""


def about_bound(hit: str, bounds: Bounds) -> str:
    """The limit of the model that was hit, in words, and what to do about it. `bounds`: those that were in force.

    >>> about_bound("n = 100 is outside -8..63 (bounds: int)", Bounds())
    'n = 100 is outside -8..63; raise `bounds: {int: [-8, 127]}`'
    >>> about_bound("h = 2166136261 is outside 0..2147483647 (bounds: int)", Bounds(int=(-8, 2147483647)))[:60]
    'h = 2166136261 is outside 0..2147483647; use smaller numbers'
    >>> about_bound("no free block for User@12 (bounds: heap)", Bounds(heap=8))
    'no free block for User@12; raise `bounds: {heap: 16}`'
    """
    found = _KEY.search(hit)
    what = hit[: found.start()] if found else hit
    if found is None or what.startswith(_SHIFT):
        return f"{what}; lower the counts, or do less in the model"
    name = found[1]
    if name == "int":
        if _wider(what, bounds.int) == bounds.int:
            return f"{what}; use smaller numbers: `bounds: {{int: {list(bounds.int)}}}` cannot be wider ({_ANY_HASH})"
        return f"{what}; raise `bounds: {{int: {list(_wider(what, bounds.int))}}}`"
    number = 2 * int(getattr(bounds, name))
    most = next(f.shape.most for f in BOUNDS.fields if f.name == name and isinstance(f.shape, Whole))
    if number > most:
        return f"{what}; lower the counts, or do less in the model: more than `bounds: {{{name}: {most}}}` cannot be"
    return f"{what}; raise `bounds: {{{name}: {number}}}`"


def _wider(what: str, given: tuple[int, int]) -> tuple[int, int]:
    """The interval with room for the value that was met, up to the next power of two; doubled when none is named."""
    low, high = given
    value = _OUTSIDE.search(what)
    if value is None:
        return max(low * 2, -(2**31)), min(high * 2 + 1, 2**31 - 1)
    met = int(value[1])
    if met < 0:
        return max(-(1 << (-met - 1).bit_length()), -(2**31)), high
    return low, min((1 << met.bit_length()) - 1, 2**31 - 1)
