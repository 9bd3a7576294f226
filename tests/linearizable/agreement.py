"""How often the judge and brute force agree: `cd tests && python -m linearizable.agreement [HISTORIES [SEED]]`.

Clients of a sequential map take their steps in a random order, each call taking effect somewhere between its beginning
and its end; in half of the histories one outcome is changed. After every return the judge is asked, and every order of
the calls is tried.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

from verifier.explore.orders import Orders
from verifier.program.monitor import REFUTED, START, Clients, Operation, apply

Call = tuple[int, int, int | None, int | None]
"""Operation, moment of the call, moment of the return, outcome."""


def history(rng: random.Random, operations: tuple[Operation, ...], clients: int, calls: int) -> list[list[Call]]:
    """The calls known after each return of one random run; a wrong outcome may be among them."""
    contents: tuple[int, ...] = (0, 0)
    left, time = [calls] * clients, 0
    running: dict[int, tuple[int, int]] = {}
    outcome: dict[int, int] = {}
    known: list[Call] = []
    wrong = rng.randrange(clients * calls) if rng.random() < 0.5 else -1
    out: list[list[Call]] = []
    while running or any(left):
        time += 1
        client = rng.choice([c for c in range(clients) if c in running or left[c]])
        if client not in running:
            left[client] -= 1
            running[client] = len(known), client
            known.append((rng.randrange(len(operations)), time, None, None))
        elif client not in outcome:
            contents, outcome[client] = apply(contents, operations[known[running[client][0]][0]])
        else:
            n, _ = running.pop(client)
            given = outcome.pop(client)
            given = (given + 1) % 3 if n == wrong else given
            known[n] = (known[n][0], known[n][1], time, given)
            out.append(list(known))
    return out


def agree(
    rng: random.Random, count: int, operations: tuple[Operation, ...], fits: Callable[[list[Call]], bool]
) -> tuple[int, int]:
    """(histories that fit, histories that do not); AssertionError where the judge says otherwise."""
    good = bad = 0
    for _ in range(count):
        clients = rng.choice((2, 3))
        cells = tuple(range(clients))
        judge = Orders(Clients(cells, 2, operations, ("a", "b"), ("1", "2"), 99, cells, 98, frozenset()))
        state = START
        before: list[Call] = []
        owner: dict[int, int] = {}
        for known in history(rng, operations, clients, 5 // clients):
            state, before = _told(judge, state, before, known, owner, clients)
            right = fits(known)
            assert (state != REFUTED) == right, known
            if not right:
                break
        good, bad = (good + 1, bad) if state != REFUTED else (good, bad + 1)
    return good, bad


def _told(
    judge: Orders, state: int, before: list[Call], known: list[Call], owner: dict[int, int], clients: int
) -> tuple[int, list[Call]]:
    """Tell the judge of the one call that has returned. A free client number stands for whoever makes a call."""
    (n,) = [n for n, c in enumerate(known) if c[2] is not None and (n >= len(before) or before[n][2] is None)]
    for m in sorted(range(len(known)), key=lambda m: known[m][1]):
        open_ = m >= len(before) or before[m][2] is None
        if open_ and m not in owner:
            owner[m] = next(c for c in range(clients) if c not in owner.values())
    pending = [0] * clients
    for m, c in owner.items():
        pending[c] = known[m][0] + 1
    outcome = known[n][3]
    assert outcome is not None
    state = judge.returned(state, owner[n], outcome, tuple(pending))
    del owner[n]
    return state, list(known)


def main() -> None:
    """Print the counts."""
    from linearizable.test_orders import OPERATIONS, fits

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    good, bad = agree(random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1), count, OPERATIONS, fits)
    print(f"{good:,} histories fit, {bad:,} do not: the judge and brute force agree on all of them")


if __name__ == "__main__":
    main()
