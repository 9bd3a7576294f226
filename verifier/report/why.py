"""Why two accesses race, in sentences: which locks each goroutine had on the way, and when it let them go."""

from __future__ import annotations

from itertools import pairwise

from verifier.evidence.trace import RacyAccess, Trace
from verifier.report.markup import code

FREE = ("free", "held")
"""A lock that nobody holds, or nobody that has a name."""

ORDERS = (
    "A lock by itself keeps two accesses apart in every schedule only if both goroutines hold it while they make them, "
    "one of them for writing. Having held it earlier, to get at a pointer for instance, does nothing for what follows, "
    "unless what the pointer leads to was written before it was shared, and never after."
)


def why(trace: Trace) -> list[str]:
    """A paragraph about the race that a trace ends in; nothing for another end."""
    if len(trace.race) != 2:
        return []
    did = " and ".join(_does(a) for a in trace.race)
    lines = [f"Why: {did}; both steps are possible now, in either order."]
    lines += [_way(trace, a) for a in trace.race]
    return [*lines, *([ORDERS] if any(_held(trace, a.goroutine) for a in trace.race) else [])]


def _does(a: RacyAccess) -> str:
    at = f" ({a.span.words})" if a.span else ""
    how = ("atomically " if a.atomic else "") + ("write" if a.write else "read")
    return f"{code(a.goroutine)} is about to {how} {code(a.location)}{at}"


def _way(trace: Trace, a: RacyAccess) -> str:
    """What locks a goroutine holds, or had and has let go."""
    who = code(a.goroutine)
    if a.holds:
        held = " and ".join(f"{code(lock)} for {_WAY[mode]}, since step {row}" for lock, mode, row in a.holds)
        return f"{who} holds {held}."
    earlier = _held(trace, a.goroutine)
    if not earlier:
        return f"{who} takes no lock on the way there."
    said = [
        f"{code(lock)}{f' for {_WAY[mode]}' if mode else ''} from step {first} on and let it go in step {last}"
        for lock, mode, first, last in earlier
    ]
    return f"{who} held {' and '.join(said)}, before that access."


_WAY = {"W": "writing", "R": "reading"}


def _held(trace: Trace, goroutine: str) -> list[tuple[str, str, int, int]]:
    """Locks a goroutine has had: name, mode, the rows in which it got and lost it; the last time for each."""
    found: dict[str, tuple[str, str, int, int]] = {}
    for i, name in enumerate(trace.columns):
        modes = [_mode(trace, state[i], goroutine) for state in (trace.start, *(s.objects for s in trace.steps))]
        if None in modes:
            continue
        since = 0
        for row, (before, now) in enumerate(pairwise(modes), 1):
            if now and not before:
                since = row
            if before and not now:
                found[name] = (name, (before or "").strip("?"), since, row)
    return list(found.values())


def _mode(trace: Trace, shown: str, goroutine: str) -> str | None:
    """How a goroutine holds a lock that is shown so (W, R, `?` for a Mutex), empty when it does not; None: no lock."""
    if shown in FREE:
        return ""
    mine: str | None = ""
    for part in shown.split():
        mode, colon, names = part.partition(":")
        listed = (names if colon else part).split(",")
        if (colon and mode not in ("W", "R", "next")) or not set(listed) <= set(trace.goroutines):
            return None
        if goroutine in listed and mode != "next":
            mine = mode if colon else "?"
    return mine
