"""A protective step taken away: what the model is worth without it."""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span
from verifier.verdict import Verdict

IDLE = "no goroutine of this model runs it"
"""Why an edit of code that the model never runs breaks nothing."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """The model with one edit, such as `mu.Lock() removed`, and its verdict.

    `broken` names the properties that hold in the model and not any more, `steps` is the length of the shortest
    schedule that shows it. Nothing broken: the step is not needed, or the model cannot tell. `note` says why there is
    no verdict, where there is none.
    """

    edit: str
    span: Span | None
    verdict: Verdict
    broken: tuple[str, ...] = ()
    steps: int = 0
    note: str = ""
    step: str = ""
    """The Go words of what was edited."""
    what: str = ""
    """What was done to it: `edit` without them."""
    why: str = ""
    """Of a mutant that breaks nothing: why not, as far as that could be worked out."""

    @property
    def needed(self) -> bool:
        """Whether the step is load-bearing: without it some property does not hold."""
        return bool(self.broken)
