"""Two goroutines beside each other, taken apart into halves: what is found out about a half serves all its pairs.

With one goroutine tracked, every two views with the same package make candidates, and most of what has to be known
about a candidate is known of either half: whether it refers to the other one's objects and to which, and what locks
it holds. So a pair is put together only where its steps have to be taken.
"""

from __future__ import annotations

from typing import Any

from verifier.prove.context import Configuration, Member
from verifier.prove.ghosts import Keeper
from verifier.prove.joins import Joiner, Part
from verifier.prove.renaming import Renamer
from verifier.prove.values import HALF, NAME, Value, local, who
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Calling:
    """What the identities of one view are called in a pair. `number` tells callings apart."""

    number: int
    position: int
    partner: int
    """The template of the other one."""
    names: dict[int, int]


@dataclass(frozen=True, slots=True)
class Half:
    """One of a pair, in the names of the pair: identity 1 for the first one, 2 for the second.

    `number`, `place`, `who`, `looks` tell apart: the half, its package, its member, and what a stranger sees of it.
    """

    number: int
    place: int
    who: int
    looks: int
    package: tuple[Value, ...]
    member: Member
    points: bool
    """Its cells refer to objects of the other one."""
    reaches: bool
    """They or the package do, or it holds locks there."""
    into: frozenset[int]
    """The regions of the other one that they or the package refer to."""
    published: frozenset[int]
    entangled: bool
    """Whether it fits beside the other one depends on locks in objects."""
    torn: bool
    """It holds a lock of the package for reading that somebody holds exclusively."""


class Single:
    """The view of one goroutine, made ready for pairs. `kind`: the same for views that are matched in the same ways."""

    __slots__ = ("halves", "kind", "part")

    def __init__(self, part: Part, kind: int) -> None:
        self.part = part
        self.kind = kind
        self.halves: dict[int, Half] = {}

    @property
    def template(self) -> int:
        """The template of the goroutine."""
        return self.part.view.members[0].template


class Pairs:
    """Makes pairs of views of one goroutine."""

    def __init__(self, names: Renamer, joiner: Joiner, keeper: Keeper) -> None:
        self._names, self._joiner, self._keeper = names, joiner, keeper
        self._numbers: dict[Any, int] = {}
        self._ways: dict[tuple[int, int], tuple[tuple[Calling, Calling], ...]] = {}

    def number(self, x: Any) -> int:
        """The number of a value, which is quicker to look up than the value. Different kinds need different forms."""
        return self._numbers.setdefault(x, len(self._numbers))

    def single(self, view: Configuration) -> Single:
        """A view made ready."""
        part = self._joiner.part(view, 0, ())
        # All that a matching depends on: templates of outsiders are in their identities.
        return Single(part, self.number((view.members[0].template, part.shared, part.free)))

    def ways(self, a: Single, b: Single) -> tuple[tuple[Calling, Calling], ...]:
        """Every consistent way to match two views with the same package."""
        found = self._ways.get((a.kind, b.kind))
        if found is None:
            found = self._ways[a.kind, b.kind] = tuple(
                (self._calling(0, b.template, first), self._calling(1, a.template, second))
                for first, second in self._joiner.matchings(a.part, b.part)
            )
        return found

    def _calling(self, position: int, partner: int, names: dict[int, int]) -> Calling:
        return Calling(self.number((position, partner, tuple(sorted(names.items())))), position, partner, names)

    def half(self, s: Single, calling: Calling) -> Half:
        """A view as one of a pair."""
        found = s.halves.get(calling.number)
        if found is None:
            found = s.halves[calling.number] = self._half(s.part.view, calling)
        return found

    def _half(self, view: Configuration, calling: Calling) -> Half:
        package, (member,) = self._names.renamed(view, view.members, calling.names)
        other = 2 - calling.position
        in_package, above = self._into(package, 0, other, calling.partner)
        in_cells, beyond = self._into(member.cells, member.template, other, calling.partner)
        locks = any(who(lock) == other for lock in (*member.reads, *member.held))
        names = self._keeper.ghosts.names
        inside = names and self._names.references(member.cells, member.template)
        return Half(
            self.number((calling.position, package, member)),
            self.number(package),
            self.number(member),
            self.number((member.template, member.reads, member.held)),
            package,
            member,
            in_cells,
            in_cells or in_package or locks,
            above | beyond,
            frozenset(member.published),
            names and bool(member.held or (inside and any(local(v) == NAME for v in inside))),
            # The package cell two after that of a lock held for reading says who holds it exclusively.
            names and any(who(lock) == 0 and package[local(lock + 2)] not in (0, None) for lock in member.reads),
        )

    def _into(self, cells: tuple[Value, ...], template: int, other: int, partner: int) -> tuple[bool, frozenset[int]]:
        """Whether cells refer to objects of the other one, and to which regions."""
        if other not in self._names.met(cells, template):
            return False, frozenset()
        found = [
            (o, v)
            for o in self._names.named(template)
            if (v := cells[o]) is not None and v >= HALF and who(v) == other and local(v) != NAME
        ]
        if not found or not self._keeper.ghosts.published:
            return bool(found), frozenset()
        regions = [self._keeper.region(template, o, v, partner) for o, v in found]
        return True, frozenset(r for r in regions if r is not None)

    def impossible(self, a: Half, b: Half) -> bool:
        """Whether the ghosts of a pair contradict each other, as `Keeper.impossible` finds out for the whole."""
        if (a.into and not a.into <= b.published) or (b.into and not b.into <= a.published):
            return True
        if a.entangled or b.entangled:
            return self._keeper.impossible(whole(a, b))
        # Without locks in objects, what can be wrong is that one reads what somebody writes.
        return a.torn or b.torn


def whole(a: Half, b: Half) -> Configuration:
    """A pair as a configuration."""
    return Configuration(a.package, (a.member, b.member))


def strangers(me: Half, other: Half) -> bool:
    """Whether the steps of `me` depend on nothing of the other one but its template and locks, and change only these.

    Nothing that `me` can follow leads to the other one, and it refers to no object of `me`: then no read and no write
    has to do with its cells, and none of its references gets lost. Names in locks lead nowhere: guards only compare
    them with 0, and steps that copy them are refused.
    """
    return not (me.reaches or other.points)
