"""Every case, by the primitive it is about."""

from __future__ import annotations

from ..case import Case
from . import atomics, channels, hmap, locks, maps, messages, waiting

ALL: tuple[Case, ...] = (*locks.CASES, *waiting.CASES, *atomics.CASES, *channels.CASES, *maps.CASES, *messages.CASES)
HMAP = hmap.CASES
"""Cases that only a toolchain before Go 1.24 can run."""
BY_NAME = {c.name: c for c in ALL}
