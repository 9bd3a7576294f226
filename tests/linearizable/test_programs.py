"""Client programs one by one: brute force on the unreduced program, the judge on the reduced one, `verify` on all."""

from __future__ import annotations

from random import Random

import pytest

from linearizable.campaign import FILES, Case
from linearizable.naive import ClientProgram, Naive, explained
from linearizable.programs import BROKEN, Both, campaign
from verifier.explore.orders import Orders
from verifier.model.read import read_text
from verifier.pipeline import Options
from verifier.pipeline.explore import load
from verifier.program.monitor import Operation

from .test_models import ATOMIC, TWICE, judged, linearizable, model
from .test_shortest import LONGER

NAMES = ["toy", *FILES]


def test_brute_force_and_the_judge_agree_on_client_programs() -> None:
    found = campaign(Random(3), 150)
    sums = {kind: sum(n for (_, k), n in found.items() if k == kind) for kind in ("violating", "correct")}
    assert sum(sums.values()) == 150 and min(sums.values()) >= 10


@pytest.mark.slow
def test_brute_force_and_the_judge_agree_on_many_client_programs() -> None:
    """The campaign of docs/linearizable.md with another seed."""
    found = campaign(Random(11), 13_000)
    toys, all_ = (sum(n for (t, k), n in found.items() if k == "violating" and t in w) for w in (["toy"], NAMES))
    assert all_ >= 1_000 and all_ > 2 * toys
    assert sum(n for (_, k), n in found.items() if k == "correct") >= 10_000
    assert all(found[name, "violating"] for name in BROKEN)


def test_another_judge_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a judge that takes every "absent" for granted is found out."""
    right = Orders.returned

    def wrong(self: Orders, state: int, client: int, outcome: int, pending: tuple[int, ...]) -> int:
        return right(self, state, client, outcome, pending) if outcome else state

    monkeypatch.setattr(Orders, "returned", wrong)
    with pytest.raises(AssertionError):
        campaign(Random(3), 400)


@pytest.mark.parametrize(
    "text", [model(ATOMIC), model(TWICE), LONGER], ids=["linearizable", "published twice", "after a store"]
)
def test_all_clients_at_once_are_what_each_of_them_is(text: str) -> None:
    """Every client program after at most one call: the shortest history of all is what `verify` shows."""
    both = Both(text)
    lengths = [n for p in both.all(before=1) if (n := both.naive.violates(p)) is not None]
    found = linearizable(judged(text))
    assert (found.trace is None) == (not lengths)
    if found.trace is not None and found.trace.history is not None:
        assert found.trace.history.fewest and len(found.trace.history.atomic) == min(lengths)


def test_what_counts_as_a_step_is_a_matter_of_counting() -> None:
    """The numbers of docs/linearizable.md: atomic steps, those that touch memory, all of them."""
    case = Case("copyonwrite store", ("LoadOrStore",), 1, 1)
    program = load(read_text("m.yaml", case.text()), Options())
    both = ClientProgram((), ((1,), (1,)))
    counts = []
    for counted in (None, lambda c: bool(c.step.accesses), lambda c: True):
        naive = Naive(program)
        if counted is not None:
            naive.steps.atomic = [int(counted(c)) for c in naive.steps.machine.steps]
        counts.append(naive.violates(both))
    assert counts == [4, 18, 24]


def test_brute_force_knows_a_map() -> None:
    store, load = Operation("Store", 0, 1, 0, "Store"), Operation("Load", 0, 0, 0, "Load")
    overlapping = ((0, 1, -1), (1, 2, -1), (1, 0, 0), (0, 0, 0))
    assert explained(overlapping, (store, load))
    assert not explained(((0, 1, -1), (0, 0, 0), (1, 2, -1), (1, 0, 0)), (store, load))
    assert ClientProgram((), ((1,), (2,))).calls == ((1,), (2,))
