"""Rules made wrong, one by one: the conformance programs notice each, held against the same record of real runs."""

from __future__ import annotations

import pytest

from . import rules, wrong_channels, wrong_locks, wrong_maps, wrong_values
from .conformance.allowed import allowed
from .conformance.cases import BY_NAME
from .conformance.session import different
from .wrong import WRONG, Swap

_ = (wrong_channels, wrong_locks, wrong_maps, wrong_values)


@pytest.mark.parametrize("name", WRONG)
def test_it_is_noticed(name: str, observed: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    made = WRONG[name]
    made.apply(Swap(monkeypatch))
    differences = [d for c in made.cases for d in different(BY_NAME[c], allowed(BY_NAME[c]).outcomes, observed[c])]
    assert differences, f"{made.cases} conform although {name}"


def test_nearly_every_rule_is_made_wrong() -> None:
    stated = {r for r in rules.every() if not r.startswith("hmap.")}
    assert stated - {w.rule for w in WRONG.values()} == set(rules.UNNOTICED)
    assert {c for w in WRONG.values() for c in w.cases} <= set(BY_NAME)
