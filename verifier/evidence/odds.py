"""Would a test have seen it: how likely a failure is to show when goroutines take turns at random."""

from __future__ import annotations

from verifier.records import dataclass

MILLION = 1_000_000

SHARE = "each goroutine that can move is as likely as any other to take the next step"
"""What the share of schedules means, for people. No scheduler is like that: a loaded machine, or one goroutine that is
always first, makes a failure as rare as one likes."""


@dataclass(frozen=True, slots=True)
class Odds:
    """The share of schedules that show a failing property, in millionths; None with a `reason`.

    0 and a million are never the result of rounding. `meaning` says which schedules these are, `silent` are sentences
    about what a race detector or Go itself says, `others` what can follow on the real runtime.
    """

    property: str
    kind: str
    share: int | None
    steps: int
    reason: str = ""
    meaning: str = ""
    silent: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
