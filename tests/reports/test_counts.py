"""Goroutines of a role in words."""

from __future__ import annotations

import pytest

from verifier.evidence.counts import counted, listed, several


@pytest.mark.parametrize(
    ("number", "role", "text"),
    [
        (1, "touch", "1 touch"),
        (2, "touch", "2 touches"),
        (2, "reader", "2 readers"),
        (2, "r_1", "2 x r_1"),
        (0, "fix", "0 fixes"),
    ],
)
def test_a_number_of_goroutines(number: int, role: str, text: str) -> None:
    assert counted(number, role) == text


def test_a_name_that_is_a_plural_stays_as_it_is() -> None:
    assert several("stats") == "stats"
    assert counted(2, "stats") == "2 x stats"


def test_several_names_are_one_sentence() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
