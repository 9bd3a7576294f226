"""The judge against brute force: random histories, every order of their calls tried."""

from __future__ import annotations

from itertools import permutations
from random import Random

from hypothesis import given, settings, strategies as st

from linearizable.agreement import agree
from verifier.explore.orders import Orders
from verifier.program.monitor import REFUTED, START, Clients, Operation, apply

KEYS, VALUES = 2, 2


def operations() -> tuple[Operation, ...]:
    out = [Operation("Clear", -1, 0, 0, "Clear()")]
    for key in range(KEYS):
        out += [Operation(m, key, 0, 0, m) for m in ("Load", "LoadAndDelete", "Delete")]
        for v in (1, 2):
            out += [Operation(m, key, v, 0, m) for m in ("Store", "LoadOrStore", "Swap")]
            out += [Operation("CompareAndDelete", key, 0, v, "CAD"), Operation("CompareAndSwap", key, v, 3 - v, "CAS")]
    return tuple(out)


OPERATIONS = operations()


def clients(count: int) -> Clients:
    cells = tuple(range(count))
    return Clients(cells, 2, OPERATIONS, ("a", "b"), ("1", "2"), 99, cells, 98, frozenset())


def fits(calls: list[tuple[int, int, int | None, int | None]]) -> bool:
    """Some order of (operation, called, returned, outcome): those that have not returned may be left out."""
    done = [c for c in calls if c[2] is not None]
    pending = [c for c in calls if c[2] is None]
    for n in range(len(pending) + 1):
        for extra in permutations(pending, n):
            for order in permutations((*done, *extra)):
                late = any(b[2] is not None and b[2] < a[1] for i, a in enumerate(order) for b in order[i + 1 :])
                if not late and _runs(order):
                    return True
    return False


def _runs(order: tuple[tuple[int, int, int | None, int | None], ...]) -> bool:
    contents: tuple[int, ...] = (0,) * KEYS
    for o, _, _, outcome in order:
        contents, must = apply(contents, OPERATIONS[o])
        if outcome is not None and must != outcome:
            return False
    return True


EVENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, len(OPERATIONS) - 1), st.integers(0, 2)), max_size=9)


@settings(max_examples=400, deadline=None)
@given(EVENTS)
def test_the_judge_says_what_trying_every_order_says(events: list[tuple[int, int, int]]) -> None:
    """An event starts a call of its client, or returns the one that runs with some outcome."""
    judge = Orders(clients(3))
    state, pending = START, [0, 0, 0]
    calls: list[tuple[int, int, int | None, int | None]] = []
    running: dict[int, int] = {}
    for time, (client, operation, outcome) in enumerate(events):
        if client not in running:
            if len(calls) == 5:
                continue
            running[client] = len(calls)
            calls.append((operation, time, None, None))
            pending[client] = operation + 1
            continue
        n = running.pop(client)
        calls[n] = (calls[n][0], calls[n][1], time, outcome)
        state = judge.returned(state, client, outcome, tuple(pending))
        pending[client] = 0
        assert (state != REFUTED) == fits(calls)


def test_exchanged_clients_exchange_their_outcomes() -> None:
    judge = Orders(clients(2))
    store = 1 + next(n for n, o in enumerate(OPERATIONS) if o.method == "Swap" and o.value == 1)
    load = 1 + next(n for n, o in enumerate(OPERATIONS) if o.method == "Load")
    # Client 0 has seen the value that client 1 is about to have stored.
    seen = judge.returned(START, 0, 1, (load, store))
    other = judge.returned(START, 1, 1, (store, load))
    assert seen != other and judge.permuted(seen, (1, 0)) == other and judge.permuted(seen, (0, 1)) == seen


def test_no_order_is_for_ever() -> None:
    judge = Orders(clients(2))
    load = 1 + next(n for n, o in enumerate(OPERATIONS) if o.method == "Load")
    assert judge.returned(START, 0, 1, (load, 0)) == REFUTED
    assert judge.returned(REFUTED, 1, 0, (0, load)) == REFUTED


def test_the_judge_agrees_on_runs_of_a_map_and_on_such_with_a_wrong_outcome() -> None:
    good, bad = agree(Random(7), 300, OPERATIONS, fits)
    assert good > 100 and bad > 50
