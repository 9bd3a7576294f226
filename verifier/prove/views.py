"""The fixpoint of views: which situations of k goroutines can arise among any number of them.

A candidate is a configuration of k + 1 goroutines every k of which form a known view; it is made by joining two views
that agree on k - 1 goroutines. Every step in every candidate is taken, and what k goroutines then see is a view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, permutations
from typing import Any

from verifier.prove.context import Configuration, outside_template
from verifier.prove.machine import Machine, Outcome
from verifier.prove.renaming import beside, identities, mask, masked_package, renamed, view
from verifier.prove.shape import NotCovered
from verifier.prove.values import HALF, OUTSIDE, Value, is_lost, local, outsider, owned, who


@dataclass(frozen=True, slots=True)
class BadView:
    """A situation the abstraction could not exclude; not a bug by itself."""

    configuration: Configuration
    kind: str
    message: str
    step: str = ""


@dataclass(frozen=True)
class Fixpoint:
    """What the fixpoint came to: proved, a bad view, or why it stopped."""

    k: int
    views: frozenset[Configuration]
    posts: int
    bad: BadView | None = None
    stopped: str = ""

    @property
    def proved(self) -> bool:
        """No bad view, and nothing was cut off."""
        return self.bad is None and not self.stopped


class _Bad(Exception):
    def __init__(self, bad: BadView) -> None:
        super().__init__(bad.message)
        self.bad = bad


class _Stop(Exception):
    pass


def fixpoint(
    machine: Machine,
    k: int,
    limit: int = 20_000,
    out_of_time: Callable[[], bool] | None = None,
    exactly: dict[int, int] | None = None,
) -> Fixpoint:
    """Compute the views of k goroutines. `exactly` gives the roles (templates) that exist a fixed number of times."""
    run = _Run(machine, k, limit, out_of_time or (lambda: False), exactly or {})
    try:
        run.go()
    except _Bad as found:
        return Fixpoint(k, frozenset(run.known), run.posts, found.bad)
    except _Stop as stop:
        return Fixpoint(k, frozenset(run.known), run.posts, None, str(stop))
    except NotCovered as reason:
        return Fixpoint(k, frozenset(run.known), run.posts, None, str(reason))
    return Fixpoint(k, frozenset(run.known), run.posts)


class _Run:
    def __init__(
        self, machine: Machine, k: int, limit: int, out_of_time: Callable[[], bool], exactly: dict[int, int]
    ) -> None:
        self.machine, self.k, self.limit, self.out_of_time, self.exactly = machine, k, limit, out_of_time, exactly
        self.known: set[Configuration] = set()
        self.done: set[Configuration] = set()
        self.work: list[Configuration] = []
        self.index: dict[Any, list[tuple[Configuration, int, tuple[int, ...]]]] = {}
        self.posts = 0

    def go(self) -> None:
        entries = [self.machine.entry(r.template) for r in self.machine.shape.roles]
        for chosen in combinations_with_replacement(entries, self.k):
            c = beside(chosen, self.machine.package)
            if self._allowed(c):
                self._add(view(c, range(self.k)))
        while self.work:
            v = self.work.pop()
            for c in self._candidates(v):
                self._expand(c)
            if self.out_of_time():
                raise _Stop("time")

    def _allowed(self, c: Configuration) -> bool:
        return all(sum(m.template == t for m in c.members) <= n for t, n in self.exactly.items())

    def _add(self, v: Configuration) -> None:
        if v in self.known:
            return
        self.known.add(v)
        self.work.append(v)
        if len(self.known) > self.limit:
            raise _Stop(f"more than {self.limit:,} views")

    # ---- candidates

    def _candidates(self, v: Configuration) -> Iterator[Configuration]:
        for i in range(self.k):
            rest = [x for x in range(self.k) if x != i]
            for order in permutations(rest):
                self.index.setdefault(_common(v, order), []).append((v, i, order))
        for i in range(self.k):
            rest_ = tuple(x for x in range(self.k) if x != i)
            for other, j, order in list(self.index.get(_common(v, rest_), ())):
                for c in joins(v, i, rest_, other, j, order):
                    if self.machine.impossible(c) or not self._allowed(c):
                        continue
                    whole = view(c, range(self.k + 1))
                    if whole in self.done:
                        continue
                    parts = (view(whole, [x for x in range(self.k + 1) if x != left]) for left in range(self.k + 1))
                    if all(p in self.known for p in parts):
                        self.done.add(whole)
                        yield whole

    def _expand(self, c: Configuration) -> None:
        place = self.machine.race(c, outside_too=self.k == 1)
        if place is not None:
            raise _Bad(BadView(c, "race", self.machine.shape.program.cells[place[1]].name))
        subsets = [[x for x in range(self.k + 1) if x != left] for left in range(self.k + 1)]
        for j in range(self.k + 1):
            for o in self.machine.moves(c, j):
                self._take(c, j, o, subsets)

    def _take(self, c: Configuration, j: int, o: Outcome, subsets: list[list[int]]) -> None:
        if len(o.outside | o.others) > 1:
            raise NotCovered(f"a step through two other goroutines' objects: {o.step.step.text}")
        if o.after is None:
            # A failure that looked at somebody outside is judged in the candidate that contains them.
            if not o.outside:
                failure = o.step.fail
                assert failure is not None
                raise _Bad(BadView(c, failure.kind, failure.message, o.step.step.text))
            return
        self.posts += 1
        for s in subsets:
            if not (o.outside and j in s):
                self._add(view(o.after, s))


def _common(v: Configuration, order: tuple[int, ...]) -> Any:
    """What two views must share to be joined: the package and the members they have in common, identities hidden."""
    return masked_package(v), tuple(mask(v.members[i], v) for i in order)


def joins(
    a: Configuration, i: int, rest_a: tuple[int, ...], b: Configuration, j: int, rest_b: tuple[int, ...]
) -> Iterator[Configuration]:
    """Configurations that contain the members of both views, `rest` being the same goroutines in the same order.

    Outside owners of one view may be outside owners of the other, or the other's extra member.
    """
    matched = _matched(a, i, rest_a, b, j, rest_b)
    if matched is None:
        return
    taken = set(matched.values())
    left = [x for x in sorted(identities(a, range(len(a.members))) | {i + 1}) if x not in matched]
    right = [x for x in sorted(identities(b, range(len(b.members))) | {j + 1}) if x not in taken]
    left = [x for x in left if x >= OUTSIDE or x == i + 1]
    right = [x for x in right if x >= OUTSIDE or x == j + 1]
    for more in _pairings(a, left, b, right):
        yield _joined(a, i, rest_a, b, j, rest_b, {**matched, **more}, left, right)


def _matched(
    a: Configuration, i: int, rest_a: tuple[int, ...], b: Configuration, j: int, rest_b: tuple[int, ...]
) -> dict[int, int] | None:
    """Which identity of `a` must be which of `b`, because both stand in the same common cell; None: contradiction."""
    here = {p + 1: n for n, p in enumerate(rest_a)}
    there = {p + 1: n for n, p in enumerate(rest_b)}
    forth: dict[int, int] = {}
    back: dict[int, int] = {}
    for v, w in zip(_flat(a, rest_a), _flat(b, rest_b), strict=True):
        if v is None or w is None or -HALF <= v < HALF:
            continue
        x, y = who(v), who(w)
        if x >= OUTSIDE and is_lost(x):
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
        m = c.members[p]
        yield from m.cells
        yield from m.reads
        yield from m.held


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


def _joined(
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

    def renamer(names: dict[int, int]) -> Callable[[Value], Value]:
        def rename(v: Value) -> Value:
            if v is None or -HALF <= v < HALF or (is_lost(who(v)) and who(v) >= OUTSIDE):
                return v
            return owned(local(v), names[who(v)])

        return rename

    first = renamed(a, [*(a.members[p] for p in rest_a), a.members[i]], renamer(names_a))
    last = renamed(b, [b.members[j]], renamer(names_b))
    return Configuration(first.package, (*first.members, *last.members))


def seen_by_exploration(
    machine: Machine, n: int, k: int, limit: int = 20_000
) -> tuple[set[Configuration], BadView | None, bool]:
    """Views of size k of every configuration n goroutines (of any roles) reach; a failure; whether it was cut off.

    The oracle of the tests: every view seen must lie in the fixpoint.
    """
    entries = [machine.entry(r.template) for r in machine.shape.roles]
    seen: set[Configuration] = set()
    out: set[Configuration] = set()
    work: list[Configuration] = []
    for chosen in combinations_with_replacement(entries, n):
        c = view(beside(chosen, machine.package), range(n))
        if c not in seen:
            seen.add(c)
            work.append(c)
    for c in work:
        out |= {view(c, s) for s in combinations(range(n), k)}
        place = machine.race(c, outside_too=False)
        if place is not None:
            return out, BadView(c, "race", machine.shape.program.cells[place[1]].name), False
        for j in range(n):
            for o in machine.moves(c, j):
                if o.after is None:
                    assert o.step.fail is not None
                    return out, BadView(c, o.step.fail.kind, o.step.fail.message), False
                d = view(o.after, range(n))
                if d not in seen:
                    seen.add(d)
                    work.append(d)
        if len(seen) > limit:
            return out, None, True
    return out, None, False
