"""Steps that are remembered for all strangers of a goroutine: the fixpoint is the one that takes every step anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.catalogue import CATALOGUE, name
from verifier.prove.machine import Machine
from verifier.prove.shape import NotCovered
from verifier.prove.views import _Run, fixpoint

from .build import front, machine, of_file
from .randoms import CLASSES, case

PROGRAMS = 12
"""Per class."""


def cases() -> Iterator[tuple[str, Machine]]:
    for kind in CLASSES:
        for seed in range(PROGRAMS):
            try:
                yield f"{kind} {seed}", machine(front(case(kind, seed)))
            except NotCovered:
                continue


def models() -> Iterator[tuple[str, Machine]]:
    for path in CATALOGUE:
        try:
            yield name(path), machine(of_file(str(path)))
        except NotCovered:
            continue


@pytest.mark.parametrize("among", [cases, models])
def test_remembered_steps_are_the_steps(
    among: Callable[[], Iterator[tuple[str, Machine]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list(among())
    remembered = [fixpoint(m, 1, limit=150) for _, m in made]
    asked: list[int] = []
    monkeypatch.setattr(_Run, "_strangers", lambda self, c, j: asked.append(1))
    for (which, m), found in zip(made, remembered, strict=True):
        assert fixpoint(m, 1, limit=150) == found, which
    assert len(asked) > 100
