"""What a Go test is asked to show: a property that does not hold, its trace, and the words of the test."""

from __future__ import annotations

import re

from verifier.evidence.result import Property, Result
from verifier.evidence.trace import Trace
from verifier.records import dataclass
from verifier.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """A property and its trace. `hammer` says why the schedule cannot be forced; empty when it can."""

    property: Property
    trace: Trace
    hammer: str = ""

    def race(self) -> bool:
        """Whether it takes the race detector to show it."""
        return self.property.kind in ("race", "ordered")


KINDS = (
    "race",
    "fatal",
    "panic",
    "deadlock",
    "always",
    "finally",
    "lost-update",
    "linearizable",
    "starvation",
    "ordered",
)
"""What a run of a Go program can show, the most telling first."""


def candidates(result: Result) -> tuple[Property, ...]:
    """The properties with a counterexample that a Go test can show: those that can be forced, by kind, come first."""
    found = [p for p in result.properties if p.verdict is Verdict.UNSAFE and p.trace is not None and p.kind in KINDS]
    return tuple(sorted(found, key=lambda p: (bool(request(p).hammer), KINDS.index(p.kind))))


def refused(result: Result) -> tuple[Property, ...]:
    """The properties with a counterexample that no Go test can show."""
    return tuple(
        p for p in result.properties if p.verdict is Verdict.UNSAFE and p.trace is not None and p.kind not in KINDS
    )


def request(prop: Property) -> Request:
    """How a counterexample is to be shown."""
    assert prop.trace is not None
    kind = prop.trace.lowering.split(".")[0]
    why = {
        "runtime": "its steps are inside the map code of the runtime, where nothing can hold a goroutine",
        "spurious": "it needs a TryLock that fails although nobody holds the lock",
    }
    return Request(prop, prop.trace, why.get(kind, ""))


def camel(*words: str) -> str:
    """Words as one exported Go name.

    >>> camel("sync-map.v2", "race")
    'SyncMapV2Race'
    """
    parts = [p for word in words for p in re.split(r"[^A-Za-z0-9]+", word) if p]
    return "".join(p[0].upper() + p[1:] for p in parts)
