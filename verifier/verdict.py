"""The four verdicts, how they combine, and the exit code of each. Nothing rounds up."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Verdict(Enum):
    """What was decided about a property or a model."""

    SAFE = "SAFE"
    UNSAFE = "UNSAFE"
    UNKNOWN = "UNKNOWN"
    ERROR = "ERROR"


_WEIGHT = {Verdict.SAFE: 0, Verdict.UNKNOWN: 1, Verdict.UNSAFE: 2, Verdict.ERROR: 3}


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several: ERROR over UNSAFE over UNKNOWN over SAFE.

    An empty collection is UNKNOWN: nothing was checked, and saying SAFE then would be a lie.

    >>> combine([Verdict.SAFE, Verdict.UNKNOWN]).name, combine([]).name
    ('UNKNOWN', 'UNKNOWN')
    """
    return max(verdicts, key=_WEIGHT.__getitem__, default=Verdict.UNKNOWN)


EXIT_OK = 0
EXIT_UNSAFE = 1
EXIT_USAGE = 2
EXIT_UNKNOWN = 3
EXIT_INTERNAL = 4

_EXIT = {
    Verdict.SAFE: EXIT_OK,
    Verdict.UNSAFE: EXIT_UNSAFE,
    Verdict.UNKNOWN: EXIT_UNKNOWN,
    Verdict.ERROR: EXIT_INTERNAL,
}


def exit_code(outcomes: Iterable[tuple[Verdict, Verdict | None]]) -> int:
    """The exit code for pairs (verdict, expected verdict or None when nothing was expected).

    A property that meets its expectation counts as fine, an unexpected UNKNOWN never does.

    >>> exit_code([(Verdict.UNSAFE, Verdict.UNSAFE), (Verdict.SAFE, None)])
    0
    >>> exit_code([(Verdict.SAFE, Verdict.UNSAFE)])
    1
    """
    judged = [judge(found, expected) for found, expected in outcomes]
    return _EXIT[combine(judged)]


def judge(found: Verdict, expected: Verdict | None) -> Verdict:
    """One property in the light of its expectation: SAFE means "as it should be"."""
    if found in (Verdict.ERROR, Verdict.UNKNOWN):
        return Verdict.SAFE if found is expected is Verdict.UNKNOWN else found
    if expected is None:
        return found
    return Verdict.SAFE if found is expected else Verdict.UNSAFE
