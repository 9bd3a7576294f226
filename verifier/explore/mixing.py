"""Mixing 64-bit numbers: the arithmetic of colours, so small that compiled code can do the very same."""

from __future__ import annotations

WORD = (1 << 64) - 1
"""All bits of a number; every operation is modulo 2^64."""
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The odd factors of splitmix64's finalizer."""


def mix(x: int) -> int:
    """A number that looks random: equal for equal `x`, hardly ever equal for others."""
    x = (x ^ x >> 30) * FIRST & WORD
    x = (x ^ x >> 27) * SECOND & WORD
    return x ^ x >> 31
