"""A suggestion: one edit with which a model that is UNSAFE is SAFE, and how far that was checked."""

from __future__ import annotations

from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Fix:
    """One edit. `what` says it in words, `diff` is a unified diff of the files, `scope` what SAFE was shown for.

    `properties` of the model were judged on the edited one, and all are SAFE.
    """

    what: str
    diff: str
    scope: str
    properties: int


@dataclass(frozen=True, slots=True)
class Fixes:
    """The smallest single edits that verify. `tried` of `known` edits were judged; `reason` says why there is none."""

    found: tuple[Fix, ...]
    tried: int
    known: int
    reason: str = ""
