"""Views: what a few goroutines see, with everybody else anonymous, in a form equal for equal situations.

Renaming is what makes the abstraction finite and `this/other` modelling unnecessary: identities are numbers in order of
first occurrence, and the smallest form over the orders of goroutines that look alike is *the* view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, permutations, product
from typing import Any

from verifier.prove.context import Configuration, Member, outside_template
from verifier.prove.shape import NotCovered
from verifier.prove.values import CLASSES, HALF, OUTSIDE, Value, is_lost, local, outsider, owned, who

Rename = Callable[[Value], Value]


def renamed(c: Configuration, members: Sequence[Member], rename: Rename) -> Configuration:
    """The package and the given members with every identity renamed."""

    def number(v: int) -> int:
        out = rename(v)
        assert out is not None
        return out

    return Configuration(
        tuple(map(rename, c.package)),
        tuple(
            Member(
                m.template,
                m.location,
                tuple(map(rename, m.cells)),
                tuple(sorted(map(number, m.reads))),
                m.published,
                tuple(sorted(map(number, m.held))),
            )
            for m in members
        ),
    )


def beside(entries: Sequence[Member], package: tuple[Value, ...]) -> Configuration:
    """Goroutines at their entry, side by side. An entry refers to itself as identity 1."""
    members = []
    for n, m in enumerate(entries):

        def moved(v: Value, n: int = n) -> Value:
            return v if v is None or who(v) == 0 else owned(local(v), n + 1)

        members.append(m._replace(cells=tuple(map(moved, m.cells))))
    return Configuration(package, tuple(members))


def mask(m: Member, c: Configuration) -> tuple[Any, ...]:
    """A member with identities hidden: what is left is the same in every renaming."""

    def hidden(v: Value) -> tuple[int, int, int] | int | None:
        if v is None or -HALF <= v < HALF:
            return v
        identity = who(v)
        return local(v), outside_template(identity, c), int(is_lost(identity))

    return (
        m.template,
        m.location,
        tuple(map(hidden, m.cells)),
        tuple(sorted(map(hidden, m.reads), key=repr)),
        m.published,
        tuple(sorted(map(hidden, m.held), key=repr)),
    )


def masked_package(c: Configuration) -> tuple[Any, ...]:
    """The package with identities hidden."""
    return mask(Member(0, 0, c.package), c)[2]  # type: ignore[no-any-return]


def view(c: Configuration, keep: Sequence[int]) -> Configuration:
    """The view of the members in `keep` (positions from 0), smallest over the orders of those that look alike."""
    if len(keep) == 1:
        return _ordered(c, tuple(keep))
    looks = {i: repr(mask(c.members[i], c)) for i in keep}
    ordered = sorted(keep, key=looks.__getitem__)
    groups = [list(g) for _, g in groupby(ordered, key=looks.__getitem__)]
    best: Configuration | None = None
    best_key: list[tuple[int, int]] = []
    for orders in product(*[permutations(g) for g in groups]):
        made = _ordered(c, sum(orders, ()))
        key = _key(made)
        if best is None or key < best_key:
            best, best_key = made, key
    assert best is not None
    return best


def _key(c: Configuration) -> list[tuple[int, int]]:
    """A total order of configurations: any value sorts before every number."""
    flat: list[Value] = list(c.package)
    for m in c.members:
        flat += [m.template, m.location, *m.cells, len(m.reads), *m.reads, *m.published, *m.held]
    return [(0, 0) if v is None else (1, v) for v in flat]


def _ordered(c: Configuration, order: tuple[int, ...]) -> Configuration:
    position = {i + 1: p + 1 for p, i in enumerate(order)}
    count: dict[int, int] = {}
    known = dict(position)

    def rename(v: Value) -> Value:
        if v is None or -HALF <= v < HALF:
            return v
        identity = who(v)
        if identity >= OUTSIDE and is_lost(identity):
            return v
        if identity not in known:
            template = outside_template(identity, c)
            n = count.get(template, 0)
            if n >= CLASSES:
                raise NotCovered("more outside owners than can be told apart")
            count[template] = n + 1
            known[identity] = outsider(template, n)
        return owned(local(v), known[identity])

    # Sets of locks are renamed after the cells, in sorted order of what they were: deterministic for equal inputs.
    return renamed(c, [c.members[i] for i in order], rename)


def identities(c: Configuration, members: Sequence[int]) -> set[int]:
    """Identities that occur in the package or in the given members, lost ones left out."""
    out: set[int] = set()
    for v in c.package:
        if v is not None and v >= HALF:
            out.add(who(v))
    for i in members:
        m = c.members[i]
        for v in (*m.cells, *m.reads, *m.held):
            if v is not None and v >= HALF:
                out.add(who(v))
    return {x for x in out if not is_lost(x)}
