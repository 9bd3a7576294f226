"""The table of docs/proofs.md says what the engine says (times aside)."""

from __future__ import annotations

import re

import pytest

from benchmarks.proofs import HEAD, PAGE, lowered, models
from verifier.prove.anynumber import attempt
from verifier.prove.ghosts import Ghosts

ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if " any N | " in line or " open | " in line
]
MODELS = {d.name: d for d in models()}


def test_every_model_that_can_be_proved_has_a_row() -> None:
    assert {row[0] for row in ROWS} == set(MODELS)
    assert all(len(row) == len(HEAD) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_row_is_true(row: list[str]) -> None:
    made = lowered(MODELS[row[0]])
    if "open" in row:
        assert attempt(made, lambda: False, largest=1).proof is None
        return
    for ghosts, k, views in ((Ghosts(), row[4], row[5]), *_cheap(row)):
        tried = attempt(made, lambda: False, largest=int(k), ghosts=ghosts)
        assert tried.proof is not None
        assert (str(tried.proof.k), f"{len(tried.proof.views):,}") == (k, views)


def _cheap(row: list[str]) -> list[tuple[Ghosts, str, str]]:
    """The ablation where it takes less than half a second."""
    variants = (Ghosts(names=False), Ghosts(published=False), Ghosts(names=False, published=False))
    found = [re.fullmatch(r"k (\d), ([\d,]+) views, (0\.[0-4]\d) s", text) for text in row[7:]]
    return [(g, m[1], m[2]) for g, m in zip(variants, found, strict=True) if m]
