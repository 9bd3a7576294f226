"""What is compared in a test session: the model's outcomes, and one record of real runs shared by all tests."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from .allowed import allowed
from .case import RACE, Case
from .cases import ALL, HMAP
from .record import Effort, build, observe, parts, shared, wanted

SEEN = Path(__file__).with_name("seen.txt")


@cache
def model(case_name: str) -> frozenset[str]:
    """The outcomes that the model allows a case, worked out once."""
    return allowed(next(c for c in (*ALL, *HMAP) if c.name == case_name)).outcomes


def record(folder: Path, effort: Effort, cases: tuple[Case, ...] = ALL) -> dict[str, set[str]]:
    """What the cases really do, from one build."""
    binary = build([parts(c) for c in cases], folder / "program", cases[0].go)
    seen = observe(binary, {c.name: wanted(c, model(c.name)) for c in cases}, effort)
    if binary.race is None:
        # Without a C compiler there is no race detector: nothing is known about races.
        for c in cases:
            seen[c.name] |= model(c.name) & {RACE}
    return seen


def recorded(folder: Path) -> dict[str, set[str]]:
    """The record of this session, which the first process that asks makes, and what rarely happens."""
    made = shared(folder, "conformance", lambda: record(folder, Effort()))
    for name, outcomes in kept().items():
        made.setdefault(name, set()).update(outcomes)
    return made


def kept() -> dict[str, set[str]]:
    """Rare outcomes that were seen on the real toolchain once, in longer runs: `seen.txt`."""
    out: dict[str, set[str]] = {}
    for line in SEEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, _, outcome = line.partition(": ")
            out.setdefault(name, set()).add(outcome)
    return out


def keep(seen: dict[str, set[str]]) -> None:
    """Add the rare outcomes of a record to `seen.txt`."""
    known = kept()
    for c in ALL:
        known.setdefault(c.name, set()).update(c.unlikely(seen.get(c.name, set())))
    head = [line for line in SEEN.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    lines = [f"{name}: {outcome}" for name in sorted(known) for outcome in sorted(known[name])]
    SEEN.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def different(case: Case, outcomes: frozenset[str], seen: set[str]) -> tuple[str, ...]:
    """How a model with these outcomes of a case differs from what was observed; nothing: it conforms."""
    known = {o for o in seen if any(fnmatchcase(o, pattern) for pattern in case.unmodelled)}
    unexpected = [f"observed, not allowed: {o}" for o in sorted(seen - outcomes - known)]
    missing = sorted(outcomes - case.unlikely(outcomes) - seen)
    return (*unexpected, *(f"allowed and common, never observed: {o}" for o in missing))
