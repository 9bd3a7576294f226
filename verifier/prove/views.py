"""The fixpoint of views: which situations of k goroutines can arise among any number of them.

A candidate is a configuration of k + 1 goroutines every k of which form a known view. What k goroutines see after one
of them moved follows from their own view, unless the step went through an object of somebody outside it; what they see
after somebody else moved follows from the candidate that contains the mover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, combinations_with_replacement, permutations
from typing import Any

from verifier.prove.context import Configuration, Member
from verifier.prove.joins import Joiner, Part
from verifier.prove.machine import Machine, Outcome
from verifier.prove.pairs import Half, Pairs, Single, strangers, whole
from verifier.prove.renaming import Renamer, beside
from verifier.prove.shape import NotCovered
from verifier.prove.values import Value, is_lost
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class BadView:
    """A situation the abstraction could not exclude; not a bug by itself.

    `members` are the goroutines of `configuration` that clash: the two that race; the one that fails, then the owner of
    the object it failed on.
    """

    configuration: Configuration
    kind: str
    message: str
    step: str = ""
    members: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fixpoint:
    """What the fixpoint came to: proved, a bad view, or why it stopped. `posts`: steps taken with an effect."""

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


Access = tuple[int, bool, bool]
"""A touch, whoever owns the cell: (absolute cell, write, plain)."""


@dataclass(frozen=True, slots=True)
class _Alone:
    """What one goroutine can do, seen alone: everything, what others may notice, and what it touches."""

    outcomes: tuple[Outcome, ...]
    active: frozenset[int]
    touches: frozenset[Access]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step of one of a pair: the package, itself, and the locks of the other one, None when it has still the same."""

    place: int
    package: tuple[Value, ...]
    member: Member
    locks: tuple[tuple[int, ...], tuple[int, ...]] | None


class _Run:
    def __init__(
        self, machine: Machine, k: int, limit: int, out_of_time: Callable[[], bool], exactly: dict[int, int]
    ) -> None:
        self.machine, self.k, self.limit, self.out_of_time, self.exactly = machine, k, limit, out_of_time, exactly
        self.names = Renamer(machine.shape)
        self.joiner = Joiner(self.names)
        self.known: set[Configuration] = set()
        self.done: set[Configuration] = set()
        self.work: list[Configuration] = []
        self.index: dict[Any, list[Part]] = {}
        self.pairs = Pairs(self.names, self.joiner, machine.keeper)
        self.singles: dict[Any, list[tuple[Single, _Alone]]] = {}
        self.alone: dict[Configuration, _Alone] = {}
        self.glimpses: set[tuple[int, int, int, int]] = set()
        self.beside: dict[tuple[int, int], list[_Taken]] = {}
        self.clashes: dict[tuple[frozenset[Access], frozenset[Access]], bool] = {}
        self.posts = 0

    def go(self) -> None:
        entries = [self.machine.entry(r.template) for r in self.machine.shape.roles]
        for chosen in combinations_with_replacement(entries, self.k):
            c = beside(chosen, self.machine.package)
            if self._allowed(c.members):
                self._add(self.names.view(c, range(self.k)))
        while self.work:
            v = self.work.pop()
            self._inside(v)
            if self.k == 1:
                self._paired(v)
            else:
                for c, singles in self._wholes(v):
                    self._expand(c, singles)
                    self._watch_the_clock()
            self._watch_the_clock()

    def _watch_the_clock(self) -> None:
        if self.out_of_time():
            raise _Stop("time")

    def _allowed(self, members: Sequence[Member]) -> bool:
        return not self.exactly or all(sum(m.template == t for m in members) <= n for t, n in self.exactly.items())

    def _add(self, v: Configuration) -> None:
        if v in self.known:
            return
        self.known.add(v)
        self.work.append(v)
        if len(self.known) > self.limit:
            raise _Stop(f"more than {self.limit:,} views")

    # ---- what follows from a view alone

    def _inside(self, v: Configuration) -> None:
        """The steps of the goroutines of a view that need nobody outside it."""
        for j in range(self.k):
            outcomes = self._alone(v).outcomes if self.k == 1 else self.machine.moves(v, j)
            for o in outcomes:
                if not o.outside:
                    self._judge(v, j, o)
                    if o.after is not None:
                        self.posts += 1
                        self._add(self.names.view(o.after, range(self.k)))

    def _judge(self, c: Configuration, j: int, o: Outcome) -> None:
        if len(o.outside | o.others) > 1:
            raise NotCovered(f"a step through two other goroutines' objects: {o.step.step.text}")
        # A failure that looked at somebody outside is judged in the candidate that contains them; one that looked
        # at an untracked block in the run where that block is the tracked one.
        if o.after is None and not o.outside and o.lost != 1:
            failure = o.step.fail
            assert failure is not None
            others = tuple(n - 1 for n in sorted(o.others))
            raise _Bad(BadView(c, failure.kind, failure.message, o.step.step.text, (j, *others)))

    def _alone(self, single: Configuration) -> _Alone:
        """What the one goroutine of a view can do, computed once."""
        found = self.alone.get(single)
        if found is None:
            outcomes = tuple(self.machine.moves(single, 0))
            for o in outcomes:
                if len(o.outside) > 1:
                    self._judge(single, 0, o)
            active = frozenset(o.step.number for o in outcomes if o.outside or (o.moved and o.after is not None))
            touches = frozenset(t[1:] for t in self.machine.accesses(single, 0) if not is_lost(t[0]))
            found = self.alone[single] = _Alone(outcomes if self.k == 1 else (), active, touches)
        return found

    # ---- candidates

    def _paired(self, v: Configuration) -> None:
        """For k = 1: the pairs of a view with all known ones, unless neither can do anything to the other."""
        a, x = self.pairs.single(v), self._alone(v)
        known = self.singles.setdefault(self.names.masked_package(v), [])
        known.append((a, x))
        for b, y in tuple(known):
            clash = self._may_clash(x.touches, y.touches)
            if not (clash or x.active or y.active) or not self._allowed((v.members[0], b.part.view.members[0])):
                continue
            for mine, theirs in self.pairs.ways(a, b):
                one, two = self.pairs.half(a, mine), self.pairs.half(b, theirs)
                if self.pairs.impossible(one, two):
                    continue
                if clash:
                    self._race(whole(one, two))
                # Its parts are the two views, so what each can do alone is known.
                if x.active:
                    self._step(one, two, 0, x)
                if y.active:
                    self._step(two, one, 1, y)
            self._watch_the_clock()

    def _wholes(self, v: Configuration) -> Iterator[tuple[Configuration, list[_Alone]]]:
        """For larger k: what two views that share all but one goroutine give, if all the other parts are known too."""
        everybody = range(self.k + 1)
        for c in self._joined(v):
            if not self._allowed(c.members) or self.machine.impossible(c):
                continue
            whole = self.names.view(c, everybody)
            if whole in self.done:
                continue
            if all(self.names.view(whole, [x for x in everybody if x != left]) in self.known for left in everybody):
                self.done.add(whole)
                yield whole, [self._alone(self.names.view(whole, [j])) for j in everybody]

    def _joined(self, v: Configuration) -> Iterator[Configuration]:
        for i in range(self.k):
            rest = tuple(x for x in range(self.k) if x != i)
            for order in permutations(rest):
                self.index.setdefault(self._common(v, order), []).append(self.joiner.part(v, i, order))
        for i in range(self.k):
            rest = tuple(x for x in range(self.k) if x != i)
            part = self.joiner.part(v, i, rest)
            for other in tuple(self.index.get(self._common(v, rest), ())):
                yield from self.joiner.joins(part, other)

    def _common(self, v: Configuration, order: tuple[int, ...]) -> Any:
        """What two views must share to be joined: the package and common members, identities hidden."""
        return self.names.masked_package(v), tuple(self.names.mask(v.members[i], v) for i in order)

    def _may_clash(self, a: frozenset[Access], b: frozenset[Access]) -> bool:
        """Whether two goroutines with these accesses might race, whoever owns the cells."""
        if not a or not b:
            return False
        found = self.clashes.get((a, b))
        if found is None:
            found = any(x[0] == y[0] and (x[1] or y[1]) and (x[2] or y[2]) for x in a for y in b)
            self.clashes[a, b] = found
        return found

    def _expand(self, c: Configuration, singles: list[_Alone]) -> None:
        if any(self._may_clash(x.touches, y.touches) for x, y in combinations(singles, 2)):
            self._race(c)
        for j, single in enumerate(singles):
            if single.active:
                self._moved(c, j, single.active)

    def _race(self, c: Configuration) -> None:
        found = self.machine.race(c, outside_too=self.k == 1)
        if found is not None:
            name = self.machine.shape.program.cells[found.cell].name
            raise _Bad(BadView(c, "race", name, "", found.members))

    def _moved(self, c: Configuration, j: int, active: frozenset[int]) -> list[Configuration]:
        """Every step of member `j` that others may notice: what it leads to."""
        out = []
        for o in self.machine.moves(c, j, active):
            self._judge(c, j, o)
            if o.after is not None:
                self._seen(j, o.after, o)
                out.append(o.after)
        return out

    def _step(self, me: Half, other: Half, j: int, single: _Alone) -> None:
        """The steps of one of a pair, taken once for all strangers that look alike (`single` follows from the half)."""
        if not strangers(me, other):
            self._moved(whole(other, me) if j else whole(me, other), j, single.active)
            return
        key = me.number, other.looks
        known = self.beside.get(key)
        if known is None:
            if not other.member.reads and not other.member.held:
                known = self.beside[key] = list(self._as_alone(me, single))
            else:
                self.beside[key] = list(self._first(me, other, j, single.active))
                return
        for t in known:
            self.posts += 1
            mate, number = other.member, other.who
            if t.locks is not None:
                mate = mate._replace(reads=t.locks[0], held=t.locks[1])
                number = self.pairs.number(mate)
            seen = t.place, number, 1 - j, t.member.template
            if seen not in self.glimpses:
                self.glimpses.add(seen)
                pair = Configuration(t.package, (mate, t.member) if j else (t.member, mate))
                self._add(self.names.view(pair, (1 - j,)))

    def _as_alone(self, me: Half, single: _Alone) -> Iterator[_Taken]:
        """Beside a stranger without locks, a goroutine does what it does alone."""
        for o in single.outcomes:
            if o.after is not None and o.step.number in single.active:
                package = self.names.cells(o.after.package, 0, me.names)
                member = self.names.member(o.after.members[0], me.names)
                yield _Taken(self.pairs.number(package), package, member, None)

    def _first(self, me: Half, other: Half, j: int, active: frozenset[int]) -> Iterator[_Taken]:
        """The steps beside the first one of those that look alike."""
        for after in self._moved(whole(other, me) if j else whole(me, other), j, active):
            mate = after.members[1 - j]
            unlocked = None if mate == other.member else (mate.reads, mate.held)
            yield _Taken(self.pairs.number(after.package), after.package, after.members[j], unlocked)

    def _seen(self, j: int, after: Configuration, o: Outcome) -> None:
        """What k goroutines see after a step of member `j`; if nobody but them was involved, `_inside` knows it."""
        self.posts += 1
        for left in range(self.k + 1):
            if left == j or (o.others and not o.outside):
                if self.k == 1:
                    self._glimpsed(after, 1 - left)
                else:
                    self._add(self.names.view(after, [x for x in range(self.k + 1) if x != left]))

    def _glimpsed(self, pair: Configuration, i: int) -> None:
        """What one of two sees: most steps leave what an earlier one has left, whoever took it."""
        # All that the view is made from: of the other one, identities tell no more than the template.
        number = self.pairs.number
        seen = number(pair.package), number(pair.members[i]), i, pair.members[1 - i].template
        if seen not in self.glimpses:
            self.glimpses.add(seen)
            self._add(self.names.view(pair, (i,)))
