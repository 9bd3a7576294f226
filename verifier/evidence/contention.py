"""How much goroutines are in each other's way under a protection scheme."""

from __future__ import annotations

from verifier.records import dataclass

MILLION = 1_000_000

WAITS = (
    "the share of schedules in which the turn of some goroutine comes while it has to wait in a call of the scheme; "
    "at every step, each goroutine that has not returned is equally likely to have the next turn"
)
"""What the share of schedules means, for people. The goroutine that owns a map is not called by anybody: it never
waits in this sense, those whose requests it has not answered do."""

LOST = "the share of turns that come while their goroutine has to wait so"
"""The same turn by turn: where many goroutines meet, a schedule without any waiting is soon unlikely."""

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
