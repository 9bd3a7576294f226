"""Whether a step of one goroutine and a step of another can be told apart by their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from verifier.program.concrete import Concrete
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.expr import At, Expr, Judge, Ref, refs
from verifier.program.passes.footprint import (
    Bits,
    Footprint,
    conjuncts,
    mentions_fresh,
    numbers,
    reads_more,
    touched,
)
from verifier.program.passes.locks import Joint
from verifier.program.program import Access, Kind, Program, Step, high, low
from verifier.program.semantics import ProgramFault
from verifier.records import dataclass, replace

VALUATIONS = 4_096
"""Values of the cells two steps share that are tried at most; with more, the steps count as dependent."""


Alone = Callable[[Ref, bool], bool]
"""Whether nobody can interfere with reading, or writing, a cell in a step."""


@dataclass(frozen=True, slots=True)
class Action:
    """A concrete step with the cells it touches, as a whole and by part. `places`: what decides its accesses."""

    concrete: Concrete
    reads: Bits
    writes: Bits
    places: Bits
    guards: tuple[tuple[Expr, Bits], ...]
    updates: tuple[tuple[Ref, Expr, Bits, Bits], ...]
    accesses: tuple[tuple[Access, Bits, Bits], ...]
    told: Bits = 0
    """What the outcome of a call is worked out from, where the judge is told of it: in the judge's state no order of
    steps shows, in the outcome it does."""
    partial: bool = False
    """Whether reads were left out that nobody can interfere with: then only what is left can be compared."""

    @property
    def fails(self) -> bool:
        """Whether it ends in a failure, not in a state."""
        return self.concrete.step.fail is not None

    @property
    def private(self) -> bool:
        """Whether nobody else can see it."""
        return self.concrete.step.kind is Kind.LOCAL


def action(footprint: Footprint, c: Concrete, alone: Alone = lambda ref, write: False, unseen: Bits = 0) -> Action:
    """The parts of a concrete step, each with the cells it reads and writes.

    Left out are accesses with which nobody can interfere (`alone`), and writes of cells that no order of steps shows in
    (`unseen`).
    """
    made = _whole(footprint, c)
    if not unseen and not any(alone(ref, write) for ref, write in _touches(c)):
        return made
    step = c.step

    def reads(e: Expr) -> Bits:
        found = 0
        for ref in refs(e):
            found |= 0 if alone(ref, False) else footprint.cells(ref)
        return found

    def index(ref: Ref) -> Bits:
        return reads(ref.index) if isinstance(ref, At) else 0

    def written(ref: Ref) -> Bits:
        return 0 if alone(ref, True) else footprint.cells(ref) & ~unseen

    read, wrote, places = reads(step.guard), 0, 0
    for ref, value in step.updates if step.fail is None else ():
        read |= reads(value) | index(ref)
        wrote |= written(ref)
    kept = tuple(x for x in made.accesses if not alone(x[0].ref, x[0].write) and x[1] & ~unseen)
    for a, _, _ in kept:
        places |= reads(a.when) | index(a.ref)
    return replace(
        made,
        reads=read & ~unseen,
        writes=wrote,
        places=places,
        updates=tuple(x for x in made.updates if written(x[0])),
        accesses=kept,
        told=_told(step, reads),
        partial=any(alone(ref, write) for ref, write in _touches(c)),
    )


def _touches(c: Concrete) -> Iterator[tuple[Ref, bool]]:
    for e in (c.step.guard, *(v for _, v in c.step.updates), *(a.when for a in c.step.accesses)):
        for ref in refs(e):
            yield ref, False
    for ref, write in (*((r, True) for r, _ in c.step.updates), *((a.ref, a.write) for a in c.step.accesses)):
        yield ref, write
        if isinstance(ref, At):
            for inner in refs(ref.index):
                yield inner, False


def _whole(footprint: Footprint, c: Concrete) -> Action:
    step = c.step
    cells = touched(footprint, step)
    # What conditions say about locations, another goroutine's step to a new one leaves as it is (see `fuse`).
    guards = tuple((g, footprint.reads(g)) for g in conjuncts(step.guard) if not reads_more(g))
    updates = tuple(
        (ref, value, footprint.cells(ref), footprint.reads(value) | footprint.index(ref))
        for ref, value in (step.updates if step.fail is None else ())
    )
    accesses = tuple(
        (a, footprint.cells(a.ref), footprint.reads(a.when) | footprint.index(a.ref)) for a in step.accesses
    )
    told = _told(step, footprint.reads)
    return Action(c, cells.reads, cells.writes, cells.places, guards, updates, accesses, told)


def _told(step: Step, reads: Callable[[Expr], Bits]) -> Bits:
    found = 0
    for _, value in step.updates if step.fail is None else ():
        if isinstance(value, Judge):
            found |= reads(value.result)
    return found


def racing(a: Action, b: Action) -> bool:
    """Whether the two may be a race if both are enabled."""
    return any(
        (x.write or y.write) and not (x.atomic and y.atomic) and mine & theirs
        for x, mine, _ in a.accesses
        for y, theirs, _ in b.accesses
    )


class Movers:
    """Judges pairs of steps of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def independent(self, here: Sequence[Action], other: Action, joint: tuple[Joint, ...]) -> bool:
        """Whether a goroutine that can take one of the steps `here` may take it before `other`, whatever comes.

        `here` are all steps out of one location, `other` is a step of another goroutine, `joint` what locks can hold
        while both stand there. In every state where both could move: `other` leaves each of `here` as possible or
        impossible as it was, none of `here` takes `other` away or changes its accesses, they do not race, and either
        order ends in the same state. A failing step of `here` never moves: only `other` must not bring it about.
        """
        if other.private:
            return True
        for a in here:
            if a.private:
                continue
            if racing(a, other) or a.told & other.writes or other.told & a.writes:
                return False
            conflict = a.writes & (other.reads | other.places | other.writes) or other.writes & a.reads
            if conflict and (a.partial or other.partial):
                return False
            if conflict and not self._commute(a, other, [x for x in here if x is not a and not x.fails], joint):
                return False
        return True

    def _commute(self, a: Action, b: Action, siblings: list[Action], joint: tuple[Joint, ...]) -> bool:
        try:
            enabling = self._orders(a, b, joint)
            return enabling is not None and (
                not enabling or all(self._apart(a, b, sibling, joint) for sibling in siblings)
            )
        except ProgramFault:
            # A condition that protects a read may have been left out.
            return False

    def _orders(self, a: Action, b: Action, joint: tuple[Joint, ...]) -> bool | None:
        """None when order matters; else whether `b` can make `a` possible."""
        pair = _Pair(self._program, a, b, 0)
        enabling = False
        states = pair.states(joint)
        if states is None:
            return None
        for state in states:
            after_b = pair.second.run(state)
            before = pair.first.run(state)
            if after_b is None or isinstance(before, _Failed):
                # A goroutine that can fail rests, and is seen there by everyone.
                continue
            if before is None:
                enabling = enabling or (not isinstance(after_b, _Failed) and pair.first.run(after_b) is not None)
                continue
            last = pair.second.run(before)
            if pair.second.touches(state) != pair.second.touches(before):
                return None
            if isinstance(after_b, _Failed):
                if not isinstance(last, _Failed):
                    return None
                continue
            if last is None or isinstance(last, _Failed) or pair.first.run(after_b) != last:
                return None
        return enabling

    def _apart(self, a: Action, b: Action, sibling: Action, joint: tuple[Joint, ...]) -> bool:
        """Whether `b` never makes `a` possible where `sibling`, out of the same location, was possible already."""
        extra = 0
        for _, read in sibling.guards:
            extra |= read
        pair = _Pair(self._program, a, b, extra)
        states = pair.states(joint)
        if states is None:
            return False
        possible = [g for g, _ in sibling.guards]
        for state in states:
            valuation = Valuation(state, ())
            if not all(evaluate(g, valuation) for g in possible) or pair.first.run(state) is not None:
                continue
            after_b = pair.second.run(state)
            if isinstance(after_b, list) and pair.first.run(after_b) is not None:
                return False
        return True


@dataclass(frozen=True, slots=True)
class _Failed:
    """The outcome of a step that fails, by itself or by leaving a range."""


_FAILED = _Failed()


class _Pair:
    """Two steps cut down to what they have in common, and the values of the cells that matters to.

    A condition or value that the other step cannot change is the same in both orders. A condition of that kind is
    left out, which only adds states to try; unless its cells are tried anyway.
    """

    def __init__(self, program: Program, a: Action, b: Action, extra: Bits) -> None:
        self._program = program
        conflicts = ((a, b), (b, a))
        cells = extra
        for mine, other in conflicts:
            cells |= _changed(mine, other)
        before = -1
        while before != cells:
            before = cells
            for mine, other in conflicts:
                for _, _, written, read in mine.updates:
                    if _matters(written, read, other, cells):
                        cells |= read
        self._cells = cells
        self.first = _Part(program, a, b, cells)
        self.second = _Part(program, b, a, cells)

    def states(self, joint: Iterable[Joint]) -> Iterator[list[int]] | None:
        """Every valuation to try; None when there are too many. The lists are used again."""
        left = self._cells
        groups: list[tuple[list[int], list[tuple[int, ...]]]] = []
        for lock in joint:
            chosen = [k for k, n in enumerate(lock.cells) if left >> n & 1]
            if chosen:
                seen = dict.fromkeys(tuple(v[k] for k in chosen) for v in lock.values)
                groups.append(([lock.cells[k] for k in chosen], list(seen)))
                for k in chosen:
                    left &= ~(1 << lock.cells[k])
        count = 1
        for _, options in groups:
            count *= len(options)
        for n in numbers(left):
            domain = self._program.cells[n].domain
            least, most = low(domain), high(domain, self._program.sorts)
            count *= most - least + 1
            if count > VALUATIONS:
                return None
            groups.append(([n], [(v,) for v in range(least, most + 1)]))
        return self._all(groups) if count <= VALUATIONS else None

    def _all(self, groups: list[tuple[list[int], list[tuple[int, ...]]]]) -> Iterator[list[int]]:
        for values in product(*(options for _, options in groups)):
            state = list(self._program.initial)
            for (cells, _), chosen in zip(groups, values, strict=True):
                for n, value in zip(cells, chosen, strict=True):
                    state[n] = value
            yield state


def _changed(mine: Action, other: Action) -> Bits:
    """The cells read by those conditions, values and places of `mine` that `other` may change."""
    cells = 0
    for read in (*(r for _, r in mine.guards), *(r for _, _, r in mine.accesses)):
        if read & other.writes:
            cells |= read
    return cells


def _matters(written: Bits, read: Bits, other: Action, cells: Bits) -> bool:
    """Whether an update must be followed: the other step changes its value, or somebody looks at what it writes."""
    return bool(read & other.writes or written & (cells | other.writes | other.reads | other.places))


class _Part:
    """What of one step is tried together with another one."""

    def __init__(self, program: Program, mine: Action, other: Action, cells: Bits) -> None:
        self._program = program
        self._fails = mine.fails
        self._guards = [g for g, read in mine.guards if not read & ~cells]
        self._updates = [(ref, v) for ref, v, written, read in mine.updates if _matters(written, read, other, cells)]
        self._fresh = any(mentions_fresh(v) for _, v in self._updates)
        self._accesses = [a for a, _, read in mine.accesses if read & other.writes]

    def run(self, state: list[int]) -> list[int] | _Failed | None:
        """The values after the step; None when it is not enabled."""
        valuation = Valuation(state, ())
        if not all(evaluate(g, valuation) for g in self._guards):
            return None
        if self._fails:
            return _FAILED
        if self._fresh:
            raise ProgramFault("which place is picked depends on more than these cells")
        after = list(state)
        for ref, value in self._updates:
            n, new = place(ref, valuation), evaluate(value, valuation)
            domain = self._program.cells[n].domain
            if not low(domain) <= new <= high(domain, self._program.sorts):
                return _FAILED
            after[n] = new
        return after

    def touches(self, state: list[int]) -> list[int | None]:
        """The cells it accesses, of those that the other step may change."""
        valuation = Valuation(state, ())
        return [place(a.ref, valuation) if evaluate(a.when, valuation) else None for a in self._accesses]
