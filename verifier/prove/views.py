"""The fixpoint of views: which situations of k goroutines can arise among any number of them.

A candidate is a configuration of k + 1 goroutines every k of which form a known view. What k goroutines see after one
of them moved follows from their own view, unless the step went through an object of somebody outside it; what they see
after somebody else moved follows from the candidate that contains the mover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, combinations_with_replacement, permutations
from typing import Any

from verifier.prove.context import Configuration, Member
from verifier.prove.joins import Joiner, Part
from verifier.prove.machine import Machine, Outcome
from verifier.prove.renaming import Renamer, beside
from verifier.prove.shape import NotCovered
from verifier.prove.values import BITS, HALF, Value, is_lost, who
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
        self.pairs: dict[Any, list[tuple[Part, _Alone]]] = {}
        self.alone: dict[Configuration, _Alone] = {}
        self.glimpses: set[tuple[tuple[Value, ...], Member, int, int]] = set()
        self.beside: dict[tuple[tuple[Value, ...], Member, int, int], list[tuple[tuple[Value, ...], Member]]] = {}
        self.clashes: dict[tuple[frozenset[Access], frozenset[Access]], bool] = {}
        self.posts = 0

    def go(self) -> None:
        entries = [self.machine.entry(r.template) for r in self.machine.shape.roles]
        for chosen in combinations_with_replacement(entries, self.k):
            c = beside(chosen, self.machine.package)
            if self._allowed(c):
                self._add(self.names.view(c, range(self.k)))
        while self.work:
            v = self.work.pop()
            self._inside(v)
            for c, singles in self._pairs(v) if self.k == 1 else self._wholes(v):
                self._expand(c, singles)
                if self.out_of_time():
                    raise _Stop("time")
            if self.out_of_time():
                raise _Stop("time")

    def _allowed(self, c: Configuration) -> bool:
        return not self.exactly or all(sum(m.template == t for m in c.members) <= n for t, n in self.exactly.items())

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

    def _pairs(self, v: Configuration) -> Iterator[tuple[Configuration, list[_Alone]]]:
        """For k = 1: the pairs of two views, unless neither can do anything to the other."""
        a, x = self.joiner.part(v, 0, ()), self._alone(v)
        known = self.pairs.setdefault(self.names.masked_package(v), [])
        known.append((a, x))
        for b, y in tuple(known):
            if x.active or y.active or self._may_clash(x.touches, y.touches):
                for c in self.joiner.joins(a, b):
                    if self._allowed(c) and not self.machine.impossible(c):
                        # Its parts are the two views, so what each can do alone is known.
                        yield c, [x, y]

    def _wholes(self, v: Configuration) -> Iterator[tuple[Configuration, list[_Alone]]]:
        """For larger k: what two views that share all but one goroutine give, if all the other parts are known too."""
        everybody = range(self.k + 1)
        for c in self._joined(v):
            if not self._allowed(c) or self.machine.impossible(c):
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
            found = self.machine.race(c, outside_too=self.k == 1)
            if found is not None:
                name = self.machine.shape.program.cells[found.cell].name
                raise _Bad(BadView(c, "race", name, "", found.members))
        for j, single in enumerate(singles):
            if single.active:
                if self.k == 1 and self._strangers(c, j):
                    self._beside_stranger(c, j, single.active)
                else:
                    self._moved(c, j, single.active)

    def _moved(self, c: Configuration, j: int, active: frozenset[int]) -> list[Configuration]:
        """Every step of member `j` that others may notice: what it leads to."""
        out = []
        for o in self.machine.moves(c, j, active):
            self._judge(c, j, o)
            if o.after is not None:
                self._seen(j, o.after, o)
                out.append(o.after)
        return out

    def _strangers(self, c: Configuration, j: int) -> bool:
        """Whether the steps of member `j` are the same whoever the other one of two is, and leave it as it is.

        The other one holds no locks, nothing that `j` can follow leads to it, and it refers to nothing of `j`: then
        neither a read, nor a write, nor a ghost, nor references that get lost have to do with it.
        """
        me, other = c.members[j], c.members[1 - j]
        if other.reads or other.held:
            return False
        theirs, mine, named = 2 - j, j + 1, self.machine.shape.named
        for cells, template, owner in (
            (c.package, 0, theirs),
            (me.cells, me.template, theirs),
            (other.cells, other.template, mine),
        ):
            for n in named[template]:
                v = cells[n]
                if v is not None and v >= HALF and (v + HALF) >> BITS == owner:
                    return False
        return all(who(lock) != theirs for lock in (*me.reads, *me.held))

    def _beside_stranger(self, c: Configuration, j: int, active: frozenset[int]) -> None:
        """The steps of member `j`, taken once for all strangers of a template (`active` follows from the key)."""
        other = c.members[1 - j]
        key = c.package, c.members[j], j, other.template
        known = self.beside.get(key)
        if known is None:
            self.beside[key] = [(after.package, after.members[j]) for after in self._moved(c, j, active)]
            return
        for package, member in known:
            self.posts += 1
            self._glimpsed(Configuration(package, (other, member) if j else (member, other)), 1 - j)

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
        seen = pair.package, pair.members[i], i, pair.members[1 - i].template
        if seen not in self.glimpses:
            self.glimpses.add(seen)
            self._add(self.names.view(pair, (i,)))
