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

_NOWHERE: frozenset[int] = frozenset()


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
    names: dict[int, int]
    """What the identities of its view are called here."""
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


@dataclass(frozen=True, slots=True)
class _Setting:
    """A package in the names of a pair, which many views share."""

    package: tuple[Value, ...]
    place: int
    reaches: bool
    into: frozenset[int]


class Single:
    """The view of one goroutine, made ready for pairs. `kind`: the same for views that are matched in the same ways."""

    __slots__ = ("halves", "kind", "part", "place")

    def __init__(self, part: Part, kind: int, place: int) -> None:
        self.part = part
        self.kind = kind
        self.place = place
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
        self._settings: dict[tuple[int, int], _Setting] = {}
        self._ways: dict[tuple[int, int], tuple[tuple[Calling, Calling], ...]] = {}

    def number(self, x: Any) -> int:
        """The number of a value, which is quicker to look up than the value. Different kinds need different forms."""
        return self._numbers.setdefault(x, len(self._numbers))

    def single(self, view: Configuration) -> Single:
        """A view made ready."""
        part = self._joiner.part(view, 0, ())
        # All that a matching depends on: templates of outsiders are in their identities.
        kind = self.number((view.members[0].template, part.shared, part.free))
        return Single(part, kind, self.number(view.package))

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
            found = s.halves[calling.number] = self._half(s, calling)
        return found

    def _half(self, s: Single, calling: Calling) -> Half:
        view, other, names = s.part.view, 2 - calling.position, self._keeper.ghosts.names
        setting = self._settings.get((s.place, calling.number))
        if setting is None:
            setting = self._settings[s.place, calling.number] = self._setting(view.package, calling)
        member = self._names.member(view.members[0], calling.names)
        in_cells, beyond = self._into(member.cells, member.template, other, calling.partner)
        inside = self._names.references(member.cells, member.template) if names else ()
        locks = member.reads or member.held
        mine = self.number(member)
        return Half(
            self.number((calling.position, setting.place, mine)),
            setting.place,
            mine,
            self.number((member.template, member.reads, member.held)) if locks else -member.template,
            setting.package,
            member,
            calling.names,
            in_cells,
            in_cells or setting.reaches or any(who(lock) == other for lock in (*member.reads, *member.held)),
            setting.into | beyond if beyond else setting.into,
            frozenset(member.published),
            names and bool(member.held or (inside and any(local(v) == NAME for v in inside))),
            # The package cell two after that of a lock held for reading says who holds it exclusively.
            names
            and any(who(lock) == 0 and setting.package[local(lock + 2)] not in (0, None) for lock in member.reads),
        )

    def _setting(self, package: tuple[Value, ...], calling: Calling) -> _Setting:
        called = self._names.cells(package, 0, calling.names)
        return _Setting(called, self.number(called), *self._into(called, 0, 2 - calling.position, calling.partner))

    def _into(self, cells: tuple[Value, ...], template: int, other: int, partner: int) -> tuple[bool, frozenset[int]]:
        """Whether cells refer to objects of the other one, and to which regions."""
        if other not in self._names.met(cells, template):
            return False, _NOWHERE
        found = [
            (o, v)
            for o in self._names.named(template)
            if (v := cells[o]) is not None and v >= HALF and who(v) == other and local(v) != NAME
        ]
        if not found or not self._keeper.ghosts.published:
            return bool(found), _NOWHERE
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
