"""What a few goroutines reach together no larger view excludes: larger ones need not be tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogue import ALL, document, name

from verifier.prove.anynumber import attempt, in_the_way
from verifier.prove.machine import Machine
from verifier.prove.shape import NotCovered
from verifier.prove.together import reached
from verifier.prove.views import BadView, fixpoint
from verifier.verdict import Verdict

from .build import PROVED_KINDS, Case, for_proof, front, machine, of_file
from .randoms import CLASSES, case
from .schemes import SAFE

PROGRAMS = 5
"""Per class."""


def never() -> bool:
    return False


def stopped_by(m: Machine, k: int = 1) -> BadView | None:
    return fixpoint(m, k, limit=400).bad


def cases() -> Iterator[tuple[str, Machine]]:
    for kind in CLASSES:
        for seed in range(PROGRAMS):
            try:
                yield f"{kind} {seed}", machine(front(case(kind, seed)))
            except NotCovered:
                continue


def test_what_is_reached_is_a_bad_view_of_more_goroutines_too() -> None:
    found = 0
    for which, m in cases():
        bad = stopped_by(m)
        if bad is not None and reached(m, bad, {}, never):
            again = fixpoint(m, 2, limit=400)
            assert not again.proved, which
            found += again.bad is not None
    assert found > 4


@pytest.mark.parametrize("path", ALL, ids=name)
def test_in_the_catalogue(path: Path) -> None:
    """Only what really happens is reached: the model expects it, or it needs more goroutines than the model has."""
    try:
        m = machine(of_file(str(path)))
    except NotCovered:
        return
    bad = stopped_by(m)
    if bad is not None and reached(m, bad, {}, never):
        assert not fixpoint(m, 2, limit=400).proved
        text = in_the_way(attempt(m.shape.program, never))
        expected = any(v is Verdict.UNSAFE for kind, v in document(path).expect if kind in PROVED_KINDS)
        assert expected or "limit" in text or "latest" in text, text


def test_a_bad_view_that_larger_ones_exclude_is_not_reached() -> None:
    for which, made in SAFE.items():
        m = machine(front(made))
        # Never true of these programs, whatever the view is: so all there is to see is looked at.
        invented = BadView(min(fixpoint(m, 1).views, key=str), "panic", "invented", "", (0,))
        assert not reached(m, invented, {}, never), which


def test_a_role_with_a_fixed_count_is_not_repeated() -> None:
    """One janitor may write without a lock; two race. Any number of readers of something else are beside it."""
    roles = {"janitor": "n = 1", "other": "mu.Lock()\nm[1] = 2\nmu.Unlock()"}
    made = Case("var n int\nvar mu sync.Mutex\nvar m = map[int]int{}", roles)
    program = for_proof(front(made))
    m = machine(front(made))
    bad = stopped_by(m)
    assert bad is not None and reached(m, bad, {}, never)
    one = {r.template: 1 for r in m.shape.roles if r.name == "janitor"}
    assert not reached(m, bad, one, never)
    assert attempt(program, never, {"janitor": 1}).proof is not None
    assert attempt(program, never).bad is not None
