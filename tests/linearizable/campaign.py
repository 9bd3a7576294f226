"""Random sets of operations on the schemes, with reductions and without: the verdicts must be equal.

`cd tests && python -m linearizable.campaign [COMPARISONS [SEED]]` prints every difference and how many there were.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from verifier.evidence.result import Result
from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.records import dataclass
from verifier.verdict import Verdict

SCHEMES = Path(__file__).parents[2] / "models" / "schemes"
FILES = {
    "mutex": ("mutex",),
    "rwmutex": ("rwmutex", "rwmutex-loadorstore"),
    "rwmutex unchecked": ("rwmutex", "rwmutex-loadorstore-unchecked"),
    "sharded": ("sharded",),
    "copyonwrite": ("copyonwrite", "copyonwrite-publish"),
    "copyonwrite store": ("copyonwrite", "copyonwrite-publish-store"),
    "syncmap127": ("syncmap127", "syncmap127-check", "syncmap127-entry"),
    "syncmap127 nodead": ("syncmap127", "syncmap127-check-nodead", "syncmap127-entry"),
    "syncmap127 inplace": ("syncmap127", "syncmap127-check", "syncmap127-entry-inplace"),
    "syncmap123": ("syncmap123", "syncmap123-expunge"),
    "syncmap123 unmarked": ("syncmap123", "syncmap123-expunge-unmarked"),
}
HASHED = ("sharded", "syncmap127")
WRITES = ("Store", "LoadOrStore")
OTHERS = ("Load", "LoadAndDelete", "CompareAndSwap", "CompareAndDelete", "Clear", "Swap", "Delete", *WRITES)
MOST = 400_000
"""States without reductions; more of them is no comparison."""


@dataclass(frozen=True, slots=True)
class Case:
    """Clients of a scheme, two with one call each if nothing else is said."""

    scheme: str
    operations: tuple[str, ...]
    keys: int
    values: int
    goroutines: int = 2
    calls: int = 1

    def text(self) -> str:
        """The model."""
        hashed = "  func hash(key Key) int { return int(key) }\n" if self.scheme.startswith(HASHED) else ""
        files = ", ".join(str(SCHEMES / f"{f}.go") for f in FILES[self.scheme])
        asked = (
            f"type: Map, keys: {self.keys}, values: {self.values}, goroutines: {self.goroutines}, calls: {self.calls}"
        )
        return (
            f"model: m\nsource: [{files}]\ndeclare: |\n  type Key int\n  type Value int\n{hashed}"
            f"linearizable: {{{asked}, operations: [{', '.join(self.operations)}]}}\n"
            "bounds: {int: [0, 3], heap: 4, keys: 2}\n"
        )


def random_case(rng: random.Random) -> Case:
    """At least one operation that puts something in."""
    operations = dict.fromkeys([rng.choice(WRITES), *rng.sample(OTHERS, rng.randint(1, 2))])
    return Case(rng.choice(list(FILES)), tuple(operations), rng.choice((1, 1, 2)), rng.choice((1, 2)))


def verdicts(case: Case, reduce: bool) -> dict[str, Verdict]:
    """What is said of each property."""
    options = Options(any_number=False, reduce=reduce, max_states=None if reduce else MOST)
    result: Result = verify(read_text("m.yaml", case.text()), options)
    return {p.name: p.verdict for p in result.properties}


def differ(a: dict[str, Verdict], b: dict[str, Verdict]) -> bool:
    """Whether two runs contradict each other, or one of them is in error."""
    if Verdict.ERROR in (*a.values(), *b.values()):
        return True
    return any(a[k] != b[k] and Verdict.UNKNOWN not in (a[k], b[k]) for k in a)


def main(arguments: list[str]) -> int:
    """Run the campaign; 1 when there was a difference."""
    wanted, seed = (int(arguments[n]) if len(arguments) > n else (100, 0)[n] for n in range(2))
    rng = random.Random(seed)
    wrong = violating = undecided = 0
    for _ in range(wanted):
        case = random_case(rng)
        a, b = verdicts(case, True), verdicts(case, False)
        violating += a["linearizable"] is Verdict.UNSAFE
        undecided += Verdict.UNKNOWN in (*a.values(), *b.values())
        if differ(a, b):
            wrong += 1
            print(case, a, b)
    print(f"{wanted} comparisons: {wrong} differ; {violating} not linearizable; {undecided} with something undecided")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
