"""Shortcuts of the fixpoint for pairs of goroutines: without any of them, the views and the steps are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.catalogue import CATALOGUE, name
from verifier.prove.context import Configuration
from verifier.prove.ghosts import Ghosts
from verifier.prove.machine import Machine
from verifier.prove.pairs import Half, Pairs, strangers, whole
from verifier.prove.shape import NotCovered
from verifier.prove.views import _Alone, _Run, fixpoint

from .build import front, machine, of_file
from .randoms import CLASSES, case
from .schemes import SAFE, TWINS

PROGRAMS = 12
"""Per class."""

LIMIT = 150
"""Views: a fixpoint that is cut off must be cut off at the same place."""


def randoms() -> Iterator[tuple[str, Machine]]:
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


def schemes() -> Iterator[tuple[str, Machine]]:
    for which, made in {**SAFE, **TWINS}.items():
        yield which, machine(front(made))


def paired_one_by_one(self: _Run, v: Configuration) -> None:
    """Every pair put together and tested as a whole, every step taken in every one of them."""
    names, joiner = self.names, self.joiner
    part, x = joiner.part(v, 0, ()), self._alone(v)
    # The attribute the shortcuts would keep other things in.
    known = self.index.setdefault(names.masked_package(v), [])
    known.append(part)
    for other in tuple(known):
        y = self._alone(other.view)
        if not (x.active or y.active or self._may_clash(x.touches, y.touches)):
            continue
        for c in joiner.joins(part, other):
            if self._allowed(c.members) and not self.machine.impossible(c):
                self._expand(c, [x, y])


@pytest.mark.parametrize("among", [randoms, models, schemes])
def test_the_fixpoint_is_the_same_without_shortcuts(
    among: Callable[[], Iterator[tuple[str, Machine]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list(among())
    short = [fixpoint(m, 1, limit=LIMIT) for _, m in made]
    monkeypatch.setattr(_Run, "_paired", paired_one_by_one)
    for (which, m), found in zip(made, short, strict=True):
        assert fixpoint(m, 1, limit=LIMIT) == found, which


@pytest.mark.parametrize("among", [randoms, models])
def test_halves_tell_what_the_whole_tells(
    among: Callable[[], Iterator[tuple[str, Machine]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages are alike, contradictions are found, and steps beside a stranger leave its cells as they are."""
    seen = {"possible": 0, "impossible": 0, "strangers": 0}
    quick, step = Pairs.impossible, _Run._step

    def impossible(self: Pairs, a: Half, b: Half) -> bool:
        assert a.package == b.package and a.place == b.place
        found = quick(self, a, b)
        assert found == self._keeper.impossible(whole(a, b))
        seen["impossible" if found else "possible"] += 1
        return found

    def stepped(self: _Run, me: Half, other: Half, j: int, single: _Alone) -> None:
        if strangers(me, other):
            seen["strangers"] += 1
            for o in self.machine.moves(whole(other, me) if j else whole(me, other), j, single.active):
                assert not o.others
                if o.after is not None:
                    mate = o.after.members[1 - j]
                    assert mate._replace(reads=(), held=()) == other.member._replace(reads=(), held=())
        step(self, me, other, j, single)

    monkeypatch.setattr(Pairs, "impossible", impossible)
    monkeypatch.setattr(_Run, "_step", stepped)
    for _, m in among():
        fixpoint(m, 1, limit=LIMIT)
    assert min(seen.values()) > 50, seen


@pytest.mark.parametrize("ghosts", [Ghosts(names=False), Ghosts(published=False)])
def test_with_fewer_ghosts_too(ghosts: Ghosts, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Machine(m.shape, ghosts) for _, m in models()]
    short = [fixpoint(m, 1, limit=LIMIT) for m in made]
    monkeypatch.setattr(_Run, "_paired", paired_one_by_one)
    assert [fixpoint(m, 1, limit=LIMIT) for m in made] == short


def test_a_role_with_a_fixed_count_is_paired_with_itself_no_more_than_that() -> None:
    m = machine(front(SAFE["mutex"]))
    fixed = {m.shape.roles[0].template: 1}
    assert fixpoint(m, 1, exactly=fixed).posts < fixpoint(m, 1).posts
