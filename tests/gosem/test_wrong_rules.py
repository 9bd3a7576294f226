"""Rules made wrong, one by one: the conformance programs notice each, held against the same record of real runs."""

from __future__ import annotations

import pytest

from . import rules, wrong_channels, wrong_locks, wrong_maps, wrong_values
from .conformance.allowed import allowed
from .conformance.cases import BY_NAME
from .conformance.session import different
from .wrong import WRONG, Swap

_ = (wrong_channels, wrong_locks, wrong_maps, wrong_values)

UNNOTICED = {
    "channel.select-evaluates": "the front end evaluates operands, no fragment does",
    "swiss.value-outside": "one run in a million shows a value that is not there yet; none is in the record",
    "swiss.empty": "that the flag is not looked at shows only where it is set, which a map that stays empty never does",
}
"""Rules that no test makes wrong, and why not."""


@pytest.mark.parametrize("name", WRONG)
def test_it_is_noticed(name: str, observed: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    made = WRONG[name]
    made.apply(Swap(monkeypatch))
    differences = [d for c in made.cases for d in different(BY_NAME[c], allowed(BY_NAME[c]).outcomes, observed[c])]
    assert differences, f"{made.cases} conform although {name}"


def test_nearly_every_rule_is_made_wrong() -> None:
    stated = {r for r in rules.every() if not r.startswith("hmap.")}
    assert stated - {w.rule for w in WRONG.values()} == set(UNNOTICED)
    assert {c for w in WRONG.values() for c in w.cases} <= set(BY_NAME)
