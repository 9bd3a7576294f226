"""Values of the abstract machine: plain numbers, references with the identity of their owner, and "any value".

A reference is `place + SHIFT * who`: the place is the one the *first* instance of the owner's template has in the
program, `who` is the owner's identity in the configuration. Package places have `who` 0, so they are plain numbers.
Adding and scaling an index keeps the owner recoverable, so expressions need no types.
"""

from __future__ import annotations

BITS = 80
SHIFT = 1 << BITS
"""Larger than any place number, 64-bit integer, interface value or family index."""

HALF = SHIFT >> 1
_MASK = SHIFT - 1

INT = (-(1 << 63), (1 << 64) - 1)
"""`bounds.int` of programs lowered for proofs: with narrower ones, composition folds comparisons that can go both ways
once counters are unbounded."""

ANY: None = None
"""Any value: comparisons with it go both ways."""

Value = int | None

OUTSIDE = 16
"""Identities from here on are not in the configuration: 16 + 16 * template + class."""

CLASSES = 15
"""Outside owners of one template that a view can tell apart."""

NAME = 1 << 24
"""The local part of a holder's name in a lock cell; lock cells hold nothing else of that size."""

LOST = 15
"""The class of blocks that are no longer tracked: their content is anything."""


def who(value: int) -> int:
    """The owner's identity in a value; 0 for numbers and package places."""
    return (value + HALF) >> BITS


def local(value: int) -> int:
    """The value without its owner."""
    return ((value + HALF) & _MASK) - HALF


def owned(place: int, owner: int) -> int:
    """The reference to `place` of `owner`."""
    return place + SHIFT * owner


def outsider(template: int, number: int) -> int:
    """The identity of outside owner `number` of a template."""
    return OUTSIDE + 16 * template + number


def template_of(identity: int) -> int:
    """The template of an outside owner."""
    return (identity - OUTSIDE) >> 4


def is_lost(identity: int) -> bool:
    """Whether an identity stands for untracked blocks."""
    return identity >= OUTSIDE and (identity & 15) == LOST


def anonymous(identity: int) -> bool:
    """Whether an identity is a tracked owner outside the configuration."""
    return identity >= OUTSIDE and (identity & 15) != LOST
