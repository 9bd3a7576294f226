"""One conformance program: its Go, what it shows at the end, and which of its outcomes are not to be expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.lowering.models import Go
from verifier.model.document import Bounds

DEADLOCK = "fatal error: all goroutines are asleep - deadlock!"
"""What Go says when every goroutine waits, and what the model calls a state without a step."""
RACE = "race"


@dataclass(frozen=True)
class Case:
    """A program about one rule of `verifier/gosem`.

    The bodies are goroutines that start together; when all have returned the values of `shows` are told. A statement
    stands on lines of its own: the real run may pause before each of them. Every outcome the model allows must be
    observed on the real toolchain, but for those in `rare`, which say why not; nothing else may be observed.

    `unmodelled`: outcomes that Go may show and the model leaves out, knowingly, and why; `docs/limits.md` says so too.

    `lowering`: abstract, or runtime where the map's own steps are the rule. `races`: whether data races are compared.
    `repeat`: how often the bodies of this case run, at most, until all is seen that is expected. `tight`: without
    pauses, where two goroutines must be inside the runtime at a time.
    """

    rule: str
    name: str
    bodies: Mapping[str, str]
    declare: str = ""
    shows: tuple[str, ...] = ()
    rare: Mapping[str, str] = field(default_factory=dict)
    unmodelled: Mapping[str, str] = field(default_factory=dict)
    lowering: str = "abstract"
    races: bool = True
    bounds: Bounds = field(default_factory=Bounds)
    repeat: int = 4000
    tight: bool = False
    go: str = "1.27"

    def unlikely(self, outcomes: Iterable[str]) -> frozenset[str]:
        """Those of the outcomes that are not to be expected: `rare` names them, with `*` for anything."""
        return frozenset(o for o in outcomes if any(fnmatchcase(o, pattern) for pattern in self.rare))

    @property
    def model(self) -> Go:
        """The program as a model."""
        return Go(dict(self.bodies), self.declare, go=self.go, bounds=self.bounds)


def case(rule: str, name: str, declare: str, *bodies: str, shows: str = "", **more: object) -> Case:
    """A case whose goroutines are called a, b, c, …; `shows` is a list of variables in one string."""
    named = {chr(ord("a") + n): body.strip("\n") + "\n" for n, body in enumerate(map(dedented, bodies))}
    return Case(rule, name, named, dedented(declare), tuple(shows.split()), **more)  # type: ignore[arg-type]


def dedented(text: str) -> str:
    """Go text without the indentation of the Python around it; one line may hold several statements."""
    import textwrap

    return textwrap.dedent(text).strip("\n")
