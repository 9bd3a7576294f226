"""Random small programs, run by the model and by the real toolchain: nothing may be observed that is not allowed.

The programs are those of `tests/property` (locks, atomics, maps, Once, WaitGroup) and of `tests/channels`. With a data
race Go promises no interleaving of what is written: of such a program only the race itself is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.channels import programs as channels
from tests.lowering.models import Go
from tests.property.generate import FAMILIES, GROUP_FAMILIES, TRY_FAMILIES, TWIN_FAMILIES, from_seed
from tests.property.text import to_go

from .allowed import Undecided, outcomes
from .case import RACE
from .record import Effort, Wanted, build, observe

EFFORT = Effort(rounds=40, race_rounds=12, most_deaths=1)
STATES = 6_000
"""Programs with more states are left out."""


@dataclass(frozen=True)
class Random:
    """A program: where it is from, its declarations, and (count, body) of each of its goroutines."""

    name: str
    declare: str
    roles: tuple[tuple[int, str], ...]

    @property
    def bodies(self) -> list[str]:
        """The body of every goroutine."""
        return [body for count, body in self.roles for _ in range(count)]

    @property
    def shows(self) -> tuple[str, ...]:
        """The variables in which goroutines leave what they have seen, and x."""
        outs = [f"out{n}" for n in range(4) if f"out{n} = " in "".join(self.bodies)]
        return ("x", *outs)

    def __str__(self) -> str:
        return "\n--\n".join([self.declare.strip(), *(f"{count} x\n{body}" for count, body in self.roles)])


def programs(first: int) -> Iterator[Random]:
    """Programs of all kinds in turn, for ever; equal for equal `first`."""
    families = {**FAMILIES, **TRY_FAMILIES, **GROUP_FAMILIES, **TWIN_FAMILIES}
    seed = first
    while True:
        for family, features in families.items():
            made = from_seed(seed, features)
            declare, bodies = to_go(made)
            counts = [made.twins if role == "g0" else 1 for role in bodies]
            yield Random(f"{family} {seed}", declare, tuple(zip(counts, bodies.values(), strict=True)))
        for n in range(len(families) // 2):
            mixed = channels.random_program(seed * 100 + n)
            roles = tuple((1, channels.body(mixed, g)) for g in range(len(mixed.goroutines)))
            yield Random(f"channels {seed * 100 + n}", channels.declare(mixed), roles)
        seed += 1


@dataclass(frozen=True)
class Compared:
    """What a comparison came to. `told`: each difference with its program; races: foreseen, and seen of those."""

    programs: int
    calm: int
    told: tuple[str, ...]
    foreseen: int
    seen: int


def compare(count: int, first: int, folder: Path, effort: Effort = EFFORT) -> Compared:
    """Compare `count` programs that the model can decide."""
    chosen: dict[str, tuple[Random, frozenset[str]]] = {}
    for made in programs(first):
        if len(chosen) == count:
            break
        if "range c" in str(made):
            continue  # may go on for ever
        model = Go({f"g{n}": role for n, role in enumerate(made.roles)}, made.declare)
        try:
            chosen[made.name] = made, outcomes(model, made.shows, limit=STATES).outcomes
        except Undecided:
            continue
    binary = build([(m.name, m.declare, m.bodies, m.shows) for m, _ in chosen.values()], folder)
    nothing: frozenset[str] = frozenset()
    asked = {name: Wanted(allowed, nothing, repeat=effort.rounds) for name, (_, allowed) in chosen.items()}
    observed = observe(binary, asked, effort)
    told = []
    for name, (made, allowed) in chosen.items():
        wrong = set() if RACE in allowed else observed[name] - allowed
        told += [f"{name}: observed, not allowed: {o}\n{made}\nallowed: {sorted(allowed)}" for o in sorted(wrong)]
    racy = [name for name, (_, allowed) in chosen.items() if RACE in allowed and binary.race is not None]
    calm = sum(w.calm for w in asked.values())
    return Compared(len(chosen), calm, tuple(told), len(racy), sum(RACE in observed[n] for n in racy))


def compare_many(count: int, first: int = 10_000, *, folder: Path, batch: int = 60) -> int:
    """Compare in batches and print; the number of differences."""
    wrong = done = foreseen = seen = 0
    while done < count:
        found = compare(min(batch, count - done), first + done, folder / str(done))
        done += found.programs
        wrong, foreseen, seen = wrong + len(found.told), foreseen + found.foreseen, seen + found.seen
        print(*found.told, sep="\n\n", end="\n\n" if found.told else "")
        print(f"{done} programs, {wrong} differences; races: {seen} of {foreseen} foreseen ones seen", flush=True)
    return wrong
