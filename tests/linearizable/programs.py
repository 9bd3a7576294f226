"""How often the verdict and brute force agree on client programs.

`cd tests && python -m linearizable.programs [PROGRAMS [SEED [SECONDS]]]`: types and schemes at random, and for each
client programs: which calls every client makes, after which calls of one alone. Brute force runs the unreduced program
in every interleaving and tries every order of the calls in every history (`naive`). The other side is the judge in the
reduced program, with steps fused. A difference is an AssertionError with the model and the client program.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from linearizable.campaign import random_case
from linearizable.naive import ClientProgram, Naive, Steps
from linearizable.toys import toy
from verifier.explore.orders import Orders
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.monitor import REFUTED
from verifier.program.passes.reduce import reduced
from verifier.program.program import Program

SHAPES = ((2, 1), (2, 1), (2, 2), (3, 1))
"""Goroutines and calls of each."""
EACH = 40
"""Client programs tried of one type."""


class Judged:
    """Verdicts of the judge on client programs, in the reduced program."""

    def __init__(self, program: Program) -> None:
        assert program.clients is not None
        orders = Orders(program.clients)
        self.steps = Steps(reduced(program), orders.returned, orders)

    def violates(self, program: ClientProgram) -> bool:
        """Whether no order is left after some run of a client program."""
        first = (self.steps.start, (0,) * (1 + len(program.calls)))
        todo, seen = [first], {first}
        while todo:
            state, done = todo.pop()
            if self.steps.judged(state) == REFUTED:
                return True
            for _, t, made in self.steps.allowed(state, program, done):
                node = (t, tuple(n + (i == made) for i, n in enumerate(done)))
                if node not in seen:
                    seen.add(node)
                    todo.append(node)
        return False


@dataclass
class Both:
    """One type with its clients, on both sides."""

    text: str

    def __post_init__(self) -> None:
        self.program = load(read_text("m.yaml", self.text), Options())
        self.naive, self.judged = Naive(self.program), Judged(self.program)
        assert self.program.clients is not None
        self.clients = self.program.clients
        self.operations = sorted({o for o, looks in self.naive.steps.called if o and not looks})

    def all(self, before: int) -> Iterator[ClientProgram]:
        """Every client program in which all calls are made, after at most so many by one client."""
        runs = list(product(self.operations, repeat=self.clients.calls))
        for length in range(before + 1):
            for first in product(self.operations, repeat=length):
                for calls in product(runs, repeat=len(self.clients.instances)):
                    yield ClientProgram(first, calls)

    def some(self, rng: random.Random, count: int, often: str = "") -> Iterator[ClientProgram]:
        """Client programs at random, no two alike; some clients make fewer calls than they could. `often`: a method."""
        favoured = [n for n in self.operations if self.clients.operations[n - 1].method == often]
        seen: set[ClientProgram] = set()
        for _ in range(count):
            # Calls that have to do with each other are few.
            pool = rng.sample(self.operations, min(len(self.operations), rng.choice((2, 2, 3, 4))))
            pool += rng.choices(favoured, k=2) if favoured else []
            before = tuple(rng.choices(pool, k=rng.choice((0, 1, 1, 2))))
            most = self.clients.calls
            calls = tuple(
                tuple(rng.choices(pool, k=most if rng.random() < 0.8 else rng.randint(0, most)))
                for _ in self.clients.instances
            )
            program = ClientProgram(before, calls)
            if program not in seen:
                seen.add(program)
                yield program

    def compare(self, program: ClientProgram) -> bool:
        """Whether brute force finds a history that no order explains. Raises AssertionError where the judge differs."""
        wrong = self.naive.violates(program) is not None
        assert self.judged.violates(program) == wrong, (wrong, program, self.text)
        return wrong


def random_text(rng: random.Random) -> tuple[str, str, str]:
    """The name of a scheme or `toy`, a model, and the method that may be wrong in it."""
    if rng.random() < 0.75:
        return "toy", *toy(rng, *rng.choice(SHAPES))
    case = random_case(rng)
    return (
        case.scheme,
        case.text(),
        {"copyonwrite store": "LoadOrStore", "rwmutex unchecked": "LoadOrStore"}.get(case.scheme, ""),
    )


def campaign(rng: random.Random, wanted: int, stop: float = float("inf")) -> Counter[tuple[str, str]]:
    """Compare client programs until so many are done or the clock says `stop`: how many of which type are wrong."""
    out: Counter[tuple[str, str]] = Counter()
    done = 0
    while done < wanted and time.monotonic() < stop:
        name, text, often = random_text(rng)
        both = Both(text)
        for program in both.some(rng, EACH, often):
            out[name, "violating" if both.compare(program) else "correct"] += 1
            done += 1
            if done >= wanted or time.monotonic() > stop:
                break
        out[name, "types"] += 1
        out[name, "histories"] += len(both.naive.explained)
    return out


def main(arguments: list[str]) -> None:
    """Run the campaign and print a line a scheme, then the sums."""
    wanted, seed, seconds = (int(arguments[n]) if len(arguments) > n else (1000, 1, 10**9)[n] for n in range(3))
    found = campaign(random.Random(seed), wanted, time.monotonic() + seconds)
    kinds = ("violating", "correct", "histories", "types")
    print(f"{'':<20}{''.join(f'{k:>11}' for k in kinds)}")
    for name in sorted({n for n, _ in found}):
        print(f"{name:<20}{''.join(f'{found[name, k]:>11,}' for k in kinds)}")
    print(f"{'all':<20}{''.join(f'{sum(v for (_, x), v in found.items() if x == k):>11,}' for k in kinds)}")
    print("the judge and brute force agree on all of them")


if __name__ == "__main__":
    main(sys.argv[1:])
