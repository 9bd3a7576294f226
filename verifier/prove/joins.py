"""Joining two views that agree on all but one goroutine each into one configuration that contains them both."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.prove.context import Configuration, outside_template
from verifier.prove.renaming import Renamer
from verifier.prove.shape import NotCovered
from verifier.prove.values import CLASSES, OUTSIDE, is_lost, outsider
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A view to be joined with others: all its members but `extra` are common, in the order of `rest`.

    `shared`: whose the references and names in the common cells are, one by one. `free`: the identities that may have
    to be matched, ascending. A view takes part in many joins, so this is found out once.
    """

    view: Configuration
    extra: int
    rest: tuple[int, ...]
    shared: tuple[int, ...]
    free: tuple[int, ...]


class Joiner:
    """Joins views of one program."""

    def __init__(self, names: Renamer) -> None:
        self._names = names

    def part(self, view: Configuration, extra: int, rest: tuple[int, ...]) -> Part:
        """A view made ready for `joins`."""
        met = self._names.met
        shared = sum([met(view.members[p].cells, view.members[p].template) for p in rest], met(view.package, 0))
        free = {x for x in self._names.identities(view) if x >= OUTSIDE} | {extra + 1}
        return Part(view, extra, rest, shared, tuple(sorted(free)))

    def joins(self, a: Part, b: Part) -> Iterator[Configuration]:
        """Configurations with the members of both views, `rest` being the same goroutines in the same order.

        The common cells must be alike. Outside owners of one view may be outside owners of the other, or the other's
        extra member: every consistent way to match them gives a configuration.
        """
        for names_a, names_b in self.matchings(a, b):
            members = [*(a.view.members[p] for p in a.rest), a.view.members[a.extra]]
            first = self._names.renamed(a.view, members, names_a)
            last = self._names.member(b.view.members[b.extra], names_b)
            yield Configuration(first.package, (*first.members, last))

    def matchings(self, a: Part, b: Part) -> Iterator[tuple[dict[int, int], dict[int, int]]]:
        """Every consistent way to match them: what the identities of either view are called in the configuration."""
        same = _matched(a, b)
        if same is None:
            return
        taken = set(same.values())
        left = [x for x in a.free if x not in same]
        right = [x for x in b.free if x not in taken]
        for more in _pairings(a.view, left, b.view, right):
            yield self._called(a, b, {**same, **more} if more else same, left, right)

    def _called(
        self, x: Part, y: Part, same: dict[int, int], left: list[int], right: list[int]
    ) -> tuple[dict[int, int], dict[int, int]]:
        a, i, rest_a = x.view, x.extra, x.rest
        b, j, rest_b = y.view, y.extra, y.rest
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

        for old in (*left, *same):
            if old not in names_a:
                names_a[old] = k + 1 if same.get(old) == j + 1 else fresh(outside_template(old, a))
        for old in (*right, *same.values()):
            if old not in names_b:
                known = back.get(old)
                names_b[old] = names_a[known] if known is not None else fresh(outside_template(old, b))
        return names_a, names_b


def _matched(a: Part, b: Part) -> dict[int, int] | None:
    """Which identity of `a` must be which of `b`, because both stand in the same common cell; None: contradiction."""
    here = {p + 1: n for n, p in enumerate(a.rest)}
    there = {p + 1: n for n, p in enumerate(b.rest)}
    forth: dict[int, int] = {}
    back: dict[int, int] = {}
    for x, y in zip(a.shared, b.shared, strict=True):
        if is_lost(x):
            continue
        if x in here or y in there:
            if here.get(x, -1) != there.get(y, -2):
                return None
            continue
        if x == a.extra + 1 and y == b.extra + 1:
            return None
        if forth.setdefault(x, y) != y or back.setdefault(y, x) != x:
            return None
    return forth


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
