"""How often the verdict and brute force agree on client programs.

`cd tests && python -m linearizable.programs [PROGRAMS [SEED [SECONDS]]]`: schemes and types at random, and for each
client programs: which calls every client makes, after which calls of one alone. Brute force runs the unreduced program
in every interleaving and tries every order of the calls in every history (`naive`). The other side is the judge in the
reduced program, with steps fused. A difference is an AssertionError with the model and the client program.

Most are of the schemes with a broken part, as chance seldom finds what is wrong with one: few client programs show it,
after few beginnings. So `BROKEN` says with which calls to look. Whether a program shows it both sides find out.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from linearizable.campaign import Case, random_case
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
OFTEN = 200
"""Client programs tried of a scheme with a broken part, most of which show nothing."""


@dataclass(frozen=True)
class Broken:
    """Where to look for what is wrong with a scheme: two calls that meet, some of `more`, after how many calls."""

    meeting: tuple[str, str]
    more: tuple[str, ...]
    keys: tuple[int, ...]
    before: tuple[int, ...]
    shapes: tuple[tuple[int, int], ...] = ((2, 1),)


_OTHERS = ("Load", "Store", "Swap", "LoadAndDelete")
BROKEN = {
    "copyonwrite store": Broken(("LoadOrStore", "LoadOrStore"), _OTHERS, (1, 2), (0, 0, 1, 2), SHAPES),
    "rwmutex unchecked": Broken(("LoadOrStore", "LoadOrStore"), _OTHERS, (1, 2), (0, 0, 1, 2), SHAPES),
    "syncmap127 inplace": Broken(("CompareAndSwap", "LoadAndDelete"), ("Store", "Swap"), (1,), (1, 1, 2)),
    "syncmap127 nodead": Broken(("Store", "LoadAndDelete"), ("Load", "LoadOrStore"), (2,), (3, 3, 4)),
    "syncmap123 unmarked": Broken(("Store", "Store"), ("LoadAndDelete", "Load"), (2,), (3, 4, 4)),
}


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

    def some(
        self, rng: random.Random, count: int, often: str = "", where: Broken | None = None
    ) -> Iterator[ClientProgram]:
        """Client programs at random, no two alike; some clients make fewer calls than they could.

        `often`: a method to call often. `where`: where to look, in most of them.
        """
        favoured = self._calls(often)
        seen: set[ClientProgram] = set()
        for _ in range(count):
            # Calls that have to do with each other are few.
            pool = rng.sample(self.operations, min(len(self.operations), rng.choice((2, 2, 3, 4))))
            pool += rng.choices(favoured, k=2) if favoured else []
            before = rng.choices(pool, k=rng.choice((0, 1, 1, 2)))
            most = self.clients.calls
            calls = [
                rng.choices(pool, k=most if rng.random() < 0.8 else rng.randint(0, most))
                for _ in self.clients.instances
            ]
            if where is not None and rng.random() < 0.8:
                before = rng.choices(self.operations, k=rng.choice(where.before))
                for n, method in zip(rng.sample(range(len(calls)), 2), where.meeting, strict=True):
                    calls[n] = [rng.choice(self._calls(method)), *calls[n][1:]]
            program = ClientProgram(tuple(before), tuple(map(tuple, calls)))
            if program not in seen:
                seen.add(program)
                yield program

    def _calls(self, method: str) -> list[int]:
        return [n for n in self.operations if self.clients.operations[n - 1].method == method]

    def compare(self, program: ClientProgram) -> bool:
        """Whether brute force finds a history that no order explains. Raises AssertionError where the judge differs."""
        wrong = self.naive.violates(program) is not None
        assert self.judged.violates(program) == wrong, (wrong, program, self.text)
        return wrong


@dataclass(frozen=True)
class Type:
    """A model, under the name of a scheme or `toy`; the method that may be wrong in it, or where else to look."""

    name: str
    text: str
    often: str = ""
    programs: int = EACH
    where: Broken | None = None


def random_type(rng: random.Random) -> Type:
    """A scheme with a broken part, more often than any scheme or a type made at random."""
    dice = rng.random()
    if dice < 0.4:
        text, often = toy(rng, *rng.choice(SHAPES))
        return Type("toy", text, often)
    if dice < 0.7:
        case = random_case(rng)
        return Type(case.scheme, case.text())
    scheme = rng.choice(list(BROKEN))
    known = BROKEN[scheme]
    # The first of `more` is what the beginning of most of them needs.
    operations = tuple(dict.fromkeys([*known.meeting, known.more[0], *rng.sample(known.more, rng.choice((0, 1, 1)))]))
    values = 2 if "CompareAndSwap" in operations else rng.choice((1, 2))
    case = Case(scheme, operations, rng.choice(known.keys), values, *rng.choice(known.shapes))
    return Type(scheme, case.text(), "", OFTEN, known)


def campaign(rng: random.Random, wanted: int, stop: float = float("inf")) -> Counter[tuple[str, str]]:
    """Compare client programs until so many are done or the clock says `stop`: how many of which type are wrong."""
    out: Counter[tuple[str, str]] = Counter()
    done = 0
    while done < wanted and time.monotonic() < stop:
        made = random_type(rng)
        name, both = made.name, Both(made.text)
        for program in both.some(rng, made.programs, made.often, made.where):
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
