"""What a whole run came to: models that could not be read beside those that were judged, and one exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from verifier.records import dataclass
from verifier.source import Span
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, EXIT_UNSAFE, EXIT_USAGE, Verdict, judge

if TYPE_CHECKING:
    # Not imported here: every command line needs this module, `verify --help` too, and results only who has one.
    from verifier.evidence.result import Property, Result


@dataclass(frozen=True, slots=True)
class Failed:
    """A model that never got a verdict: `message` is the located error, `exit_code` 2 (the model) or 4 (our bug).

    `span` is where the first thing stands that is wrong; None when it is nowhere in particular.
    """

    model: str
    path: str
    message: str
    exit_code: int = EXIT_USAGE
    span: Span | None = None

    @property
    def verdict(self) -> Verdict:
        """What stands for it where a verdict would: only a run that was cut short is UNKNOWN."""
        return Verdict.UNKNOWN if self.exit_code == EXIT_UNKNOWN else Verdict.ERROR

    @property
    def cell(self) -> str:
        """The same in a cell of a table: interrupted is not in error, nothing is known yet."""
        return "???" if self.verdict is Verdict.UNKNOWN else self.verdict.value

    @property
    def first(self) -> str:
        """The first line of the message."""
        return self.message.splitlines()[0] if self.message else "no verdict was reached"


Entry: TypeAlias = "Result | Failed"

# The gravest first. A model that could not be read outranks one that was refuted: nothing is known about it.
_GRAVITY = (EXIT_INTERNAL, EXIT_USAGE, EXIT_UNSAFE, EXIT_UNKNOWN, EXIT_OK)


def exit_code(entries: Iterable[Entry]) -> int:
    """The exit code of a run over several models; a run over none is UNKNOWN.

    >>> exit_code([]), exit_code([Failed("a", "a.yaml", "no such file")])
    (3, 2)
    """
    codes = {e.exit_code for e in entries}
    return next((code for code in _GRAVITY if code in codes), EXIT_UNKNOWN)


def judged(prop: Property) -> Verdict:
    """The verdict in the light of the expectation: SAFE means "as it should be"."""
    return judge(prop.verdict, prop.expected)


def subject(prop: Property) -> str:
    """How a property is called in a sentence: a check by its name, a clause by kind and name.

    >>> from verifier.evidence.result import Property
    >>> subject(Property("stored", "finally", Verdict.SAFE, None, "", "", 0))
    'finally stored'
    """
    return prop.name if prop.kind == prop.name else f"{prop.kind} {prop.name}"
