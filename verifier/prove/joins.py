"""Joining two views that agree on all but one goroutine each into one configuration that contains them both."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.prove.context import Configuration, outside_template
from verifier.prove.renaming import Renamer
from verifier.prove.shape import NotCovered
from verifier.prove.values import CLASSES, HALF, OUTSIDE, Value, is_lost, outsider, who


class Joiner:
    """Joins views of one program."""

    def __init__(self, names: Renamer) -> None:
        self._names = names

    def joins(
        self, a: Configuration, i: int, rest_a: tuple[int, ...], b: Configuration, j: int, rest_b: tuple[int, ...]
    ) -> Iterator[Configuration]:
        """Configurations with the members of both views, `rest` being the same goroutines in the same order.

        Outside owners of one view may be outside owners of the other, or the other's extra member: every consistent
        way to match them gives a configuration.
        """
        same = _matched(a, i, rest_a, b, j, rest_b)
        if same is None:
            return
        taken = set(same.values())
        left = [x for x in sorted(self._names.identities(a) | {i + 1}) if x not in same]
        right = [x for x in sorted(self._names.identities(b) | {j + 1}) if x not in taken]
        left = [x for x in left if x >= OUTSIDE or x == i + 1]
        right = [x for x in right if x >= OUTSIDE or x == j + 1]
        for more in _pairings(a, left, b, right):
            yield self._joined(a, i, rest_a, b, j, rest_b, {**same, **more}, left, right)

    def _joined(
        self,
        a: Configuration,
        i: int,
        rest_a: tuple[int, ...],
        b: Configuration,
        j: int,
        rest_b: tuple[int, ...],
        same: dict[int, int],
        left: list[int],
        right: list[int],
    ) -> Configuration:
        k = len(a.members)
        names_a = {p + 1: n + 1 for n, p in enumerate(rest_a)} | {i + 1: k}
        names_b = {p + 1: n + 1 for n, p in enumerate(rest_b)} | {j + 1: k + 1}
        count: dict[int, int] = {}
        back = {y: x for x, y in same.items()}

        def fresh(template: int) -> int:
            n = count.get(template, 0)
            if n >= CLASSES:
                raise NotCovered("more outside owners than can be told apart")
            count[template] = n + 1
            return outsider(template, n)

        for x in (*left, *same):
            if x not in names_a:
                y = same.get(x)
                names_a[x] = k + 1 if y == j + 1 else fresh(outside_template(x, a))
        for y in (*right, *same.values()):
            if y not in names_b:
                x2 = back.get(y)
                names_b[y] = names_a[x2] if x2 is not None else fresh(outside_template(y, b))
        first = self._names.renamed(a, [*(a.members[p] for p in rest_a), a.members[i]], names_a)
        last = self._names.renamed(b, [b.members[j]], names_b)
        return Configuration(first.package, (*first.members, *last.members))


def _matched(
    a: Configuration, i: int, rest_a: tuple[int, ...], b: Configuration, j: int, rest_b: tuple[int, ...]
) -> dict[int, int] | None:
    """Which identity of `a` must be which of `b`, because both stand in the same common cell; None: contradiction."""
    here = {p + 1: n for n, p in enumerate(rest_a)}
    there = {p + 1: n for n, p in enumerate(rest_b)}
    forth: dict[int, int] = {}
    back: dict[int, int] = {}
    for v, w in zip(_flat(a, rest_a), _flat(b, rest_b), strict=True):
        if v is None or w is None or v < HALF:
            continue
        x, y = who(v), who(w)
        if is_lost(x):
            continue
        if x in here or y in there:
            if here.get(x, -1) != there.get(y, -2):
                return None
            continue
        if x == i + 1 and y == j + 1:
            return None
        if forth.setdefault(x, y) != y or back.setdefault(y, x) != x:
            return None
    return forth


def _flat(c: Configuration, members: tuple[int, ...]) -> Iterator[Value]:
    yield from c.package
    for p in members:
        yield from c.members[p].cells


def _pairings(a: Configuration, left: list[int], b: Configuration, right: list[int]) -> Iterator[dict[int, int]]:
    """Every way to identify outside owners of one view with those of the other, templates respected."""
    if not left:
        yield {}
        return
    x, *others = left
    yield from _pairings(a, others, b, right)
    for y in right:
        if outside_template(x, a) == outside_template(y, b) and not (x < OUTSIDE and y < OUTSIDE):
            for rest in _pairings(a, others, b, [z for z in right if z != y]):
                yield {x: y, **rest}
