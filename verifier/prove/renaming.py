"""Views: what a few goroutines see, with everybody else anonymous, in a form equal for equal situations.

Renaming is what makes the abstraction finite and `this/other` modelling unnecessary: identities are numbers in order of
first occurrence, and the smallest form over the orders of goroutines that look alike is *the* view. The form has to be
exact: a situation with two forms would be missed when candidates are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, groupby, permutations, product
from operator import itemgetter
from typing import Any

from verifier.prove.context import Configuration, Member, outside_template
from verifier.prove.shape import NotCovered, Shape
from verifier.prove.values import BITS, CLASSES, HALF, Value, is_lost, local, outsider, owned, who

Names = Mapping[int, int]
"""Old identity → new identity; identities that are missing (lost ones) stay."""


class Renamer:
    """Renames identities in configurations of one program."""

    def __init__(self, shape: Shape) -> None:
        self._named = shape.named
        self._met: dict[int, dict[tuple[Value, ...], tuple[int, ...]]] = {t: {} for t in shape.named}
        self._sorted: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def view(self, c: Configuration, keep: Sequence[int]) -> Configuration:
        """The view of the members in `keep` (positions from 0), smallest over the orders of those that look alike."""
        if len(keep) == 1:
            return self._single(c, keep[0])
        looks = dict(zip(keep, _keys([self.mask(c.members[i], c) for i in keep], self._sorted), strict=True))
        ordered = sorted(keep, key=looks.__getitem__)
        groups = [list(g) for _, g in groupby(ordered, key=looks.__getitem__)]
        if all(len(g) == 1 for g in groups):
            return self._ordered(c, tuple(ordered))
        made = [self._ordered(c, sum(orders, ())) for orders in product(*[permutations(g) for g in groups])]
        return min(zip(_keys(made, self._sorted), made, strict=True), key=itemgetter(0))[1]

    def _single(self, c: Configuration, i: int) -> Configuration:
        """As `_ordered`, for one member; mostly it refers to nobody else, and the lock it holds is the package's."""
        m = c.members[i]
        foreign = [x for x in self.met(c.package, 0) + self.met(m.cells, m.template) if x != 1 or i]
        if not foreign and not any(who(lock) > (0 if i else 1) for lock in m.reads + m.held):
            return Configuration(c.package, (m,))
        return self._ordered(c, (i,))

    def _ordered(self, c: Configuration, order: tuple[int, ...]) -> Configuration:
        names: dict[int, int] = {i + 1: p + 1 for p, i in enumerate(order)}
        members = [c.members[i] for i in order]
        new = [x for x in self.met(c.package, 0) if x not in names]
        for m in members:
            new += [x for x in self.met(m.cells, m.template) if x not in names]
        locks = any(m.reads or m.held for m in members)
        if new or locks:
            count: dict[int, int] = {}
            self._outsiders(c, new, names, count)
            if locks:
                self._outsiders(c, self._only_in_sets(c, members, names), names, count)
        return self.renamed(c, members, names)

    @staticmethod
    def _outsiders(c: Configuration, met: Sequence[int], names: dict[int, int], count: dict[int, int]) -> None:
        """Numbers identities, in the order in which they are met."""
        for identity in met:
            if identity not in names and not is_lost(identity):
                template = outside_template(identity, c)
                n = count[template] = count.get(template, -1) + 1
                if n >= CLASSES:
                    raise NotCovered("more outside owners than can be told apart")
                names[identity] = outsider(template, n)

    @staticmethod
    def _only_in_sets(c: Configuration, members: Sequence[Member], names: Names) -> list[int]:
        """Owners of locks that nothing else mentions, those with the same template and locks interchangeable."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        for p, m in enumerate(members):
            for kind, locks in enumerate((m.reads, m.held)):
                for lock in locks:
                    if who(lock) and who(lock) not in names:
                        found.setdefault(who(lock), []).append((p, kind, local(lock)))
        return sorted(found, key=lambda i: (0 if is_lost(i) else outside_template(i, c), sorted(found[i])))

    def met(self, cells: tuple[Value, ...], template: int) -> tuple[int, ...]:
        """Whose the references to objects, and the names, among the cells of a template are, one by one.

        Most cells are met again and again, and most have none.
        """
        known = self._met[template]
        found = known.get(cells)
        if found is None:
            found = known[cells] = tuple([(v + HALF) >> BITS for v in self.references(cells, template)])
        return found

    def named(self, template: int) -> tuple[int, ...]:
        """The cells of a template (0: the package) that can hold an identity."""
        return self._named[template]

    def references(self, cells: tuple[Value, ...], template: int) -> list[int]:
        """The references to somebody's objects, and the names, among the cells of a template."""
        return [v for o in self._named[template] if (v := cells[o]) is not None and v >= HALF]

    def renamed(self, c: Configuration, members: Sequence[Member], names: Names) -> Configuration:
        """The package and the given members with every identity renamed."""
        if all(old == new for old, new in names.items()):
            return Configuration(c.package, tuple(members))
        return Configuration(self.cells(c.package, 0, names), tuple([self.member(m, names) for m in members]))

    def member(self, m: Member, names: Names) -> Member:
        """A member with every identity renamed."""
        cells = self.cells(m.cells, m.template, names)
        if not m.reads and not m.held:
            return m if cells is m.cells else Member(m.template, m.location, cells, (), m.published)
        return Member(m.template, m.location, cells, _locks(m.reads, names), m.published, _locks(m.held, names))

    def cells(self, cells: tuple[Value, ...], template: int, names: Names) -> tuple[Value, ...]:
        """The cells of a template (0: the package) with every identity renamed."""
        for identity in self.met(cells, template):
            if names.get(identity, identity) != identity:
                break
        else:
            return cells
        out = list(cells)
        for o in self._named[template]:
            v = cells[o]
            if v is not None and v >= HALF:
                identity = (v + HALF) >> BITS
                out[o] = v + ((names.get(identity, identity) - identity) << BITS)
        return tuple(out)

    def mask(self, m: Member, c: Configuration) -> tuple[Any, ...]:
        """A member with identities hidden: what is left is the same in every renaming."""
        reads, held = (tuple(sorted(_hidden(x, c) for x in locks)) for locks in (m.reads, m.held))
        return m.template, m.location, self._masked(m.cells, m.template, c), reads, m.published, held

    def masked_package(self, c: Configuration) -> tuple[Any, ...]:
        """The package with identities hidden."""
        return self._masked(c.package, 0, c)

    def _masked(self, cells: tuple[Value, ...], template: int, c: Configuration) -> tuple[Any, ...]:
        if not self.met(cells, template):
            return cells
        out: list[Any] = list(cells)
        for o in self._named[template]:
            v = cells[o]
            if v is not None and v >= HALF:
                out[o] = _hidden(v, c)
        return tuple(out)

    def identities(self, c: Configuration) -> set[int]:
        """Identities that occur in a configuration, lost ones left out."""
        out = set(self.met(c.package, 0))
        for m in c.members:
            out.update(self.met(m.cells, m.template))
            out.update([who(v) for v in (*m.reads, *m.held) if v >= HALF])
        return {x for x in out if not is_lost(x)}


def beside(entries: Sequence[Member], package: tuple[Value, ...]) -> Configuration:
    """Goroutines at their entry, side by side. An entry refers to itself as identity 1."""
    members = []
    for n, m in enumerate(entries):

        def moved(v: Value, n: int = n) -> Value:
            return v if v is None or who(v) == 0 else owned(local(v), n + 1)

        members.append(m._replace(cells=tuple(map(moved, m.cells))))
    return Configuration(package, tuple(members))


def _hidden(v: int, c: Configuration) -> tuple[int, int, int]:
    """A reference or name without its owner's identity."""
    if v < HALF:
        return v, 0, 0
    identity = who(v)
    return local(v), outside_template(identity, c), int(is_lost(identity))


def _locks(locks: tuple[int, ...], names: Names) -> tuple[int, ...]:
    if not locks:
        return locks
    return tuple(sorted(owned(local(x), names.get(who(x), who(x))) for x in locks))


_LEAST = -(1 << 200)
"""Sorts before every number."""


def _keys(forms: Sequence[tuple[Any, ...]], known: dict[tuple[Any, ...], tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Keys that order forms. A value can be a number in one and a tuple in another: then every number gets a tag.

    Whether it does must not depend on the order the forms come in, which would give one view two forms: all pairs.
    `known` remembers keys, as most forms come again.
    """
    keys = []
    for form in forms:
        key = known.get(form)
        if key is None:
            key = known[form] = _sortable(form)
        keys.append(key)
    try:
        for a, b in combinations(keys, 2):
            _ = a < b
    except TypeError:
        return [_tagged(x) for x in forms]
    return keys


def _tagged(x: Any) -> Any:
    if x is None:
        return (0,)
    return (2, *map(_tagged, x)) if isinstance(x, tuple) else (1, x)


def _sortable(x: tuple[Any, ...]) -> tuple[Any, ...]:
    """Nested tuples of numbers in a form that Python can order: any value sorts before every number."""
    return tuple([_LEAST if v is None else _sortable(v) if isinstance(v, tuple) else v for v in x])
