"""How much goroutines are in each other's way under a protection scheme."""

from __future__ import annotations

from dataclasses import dataclass

MILLION = 1_000_000

TURNS = "at every step each goroutine that has not returned is equally likely to have the next turn"
"""How schedules are weighed."""

WAITS = "how likely it is that some goroutine has a turn while it waits in a call of the scheme"
"""What the share of schedules means, for people. The goroutine that owns a map is not called by anybody: it never
waits in this sense, those whose requests it has not answered do."""

LOST = "the share of turns that fall on a goroutine while it waits so"
"""The same turn by turn: where many goroutines meet, some schedule without any waiting is soon unlikely."""

SECTION = "the most steps of a goroutine between taking a lock of the scheme and releasing it"
"""What the longest critical section means, for people."""


@dataclass(frozen=True, slots=True)
class Contention:
    """Exact figures, over every schedule; None with a `reason`: they could not be worked out.

    `waits` is `WAITS` and `lost` is `LOST`, both in millionths; 0 and a million are never the result of rounding.
    `section` is `SECTION`, None without a `reason` where the scheme takes no lock.
    """

    waits: int | None
    lost: int | None
    section: int | None
    reason: str = ""
