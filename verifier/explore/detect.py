"""What a race detector sees of each schedule: accesses that nothing has ordered when the second one happens.

Happens-before as in `program.passes.ordered`, kept as who knows of an access: the goroutines, and the locks and atomics
that pass it on. That is finite and forgets when there was what, so schedules that differ in nothing else are one
(after Elmas, Qadeer and Tasiran, Goldilocks, PLDI 2007). The detector is one that forgets nothing; the one of Go keeps
the last few accesses of each word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.explore.chances import NotCounted, graph, passing_states, turns
from verifier.explore.outcome import Exploration
from verifier.explore.races import cells_of, shared_cells
from verifier.explore.walks import FAILED, millionths, part
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.expr import TRUE
from verifier.program.passes.ordered import ACQUIRE, BOTH, RELEASE, REPLACE, NotCovered, edges as ordering
from verifier.program.semantics import at_rest
from verifier.records import dataclass, replace

MOST = 60_000
"""Situations (a state, and who knows of which access) followed at most: some three seconds."""
KEPT = 40
"""Silent schedules looked at for a reason."""


@dataclass(frozen=True, slots=True)
class Known:
    """An access that happened, by step `step`, and who knows of it, as bits: goroutines, then what passes it on."""

    cell: int
    write: bool
    atomic: bool
    goroutine: int
    step: int
    by: int


Memory = frozenset[Known]


@dataclass(frozen=True, slots=True)
class Order:
    """What orders two accesses by accident: a release after the first one, an acquire before the second one.

    Each is (goroutine, step). `second` is the access that came second, `first` the one before it.
    """

    first: tuple[int, int]
    release: tuple[int, int]
    acquire: tuple[int, int]
    second: tuple[int, int]
    direct: bool
    """Whether the acquire takes what that release passed on; else other goroutines are in between."""
    choices: tuple[int, ...] = ()
    """The schedule, as `verify replay` takes it."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The share of schedules in which some race is reported, in millionths, and an order that hides a race in another.

    None for that: of the silent schedules that were looked at none has both accesses of a race.
    """

    share: int
    ordered: Order | None


@dataclass(frozen=True, slots=True)
class _Move:
    """What a step does in a state."""

    goroutine: int
    step: int
    touches: tuple[tuple[int, bool, bool], ...]
    acquires: tuple[int, ...]
    releases: tuple[int, ...]
    replaces: tuple[int, ...]
    child: int | None


@dataclass
class _Run:
    """Where a walk is: `came` leads back to the start."""

    mass: float
    depth: int
    came: tuple[int, Memory, int] | None


def detected(found: Exploration) -> Detected:
    """What a detector reports over all schedules. Raises NotCounted."""
    return _Detector(found).detected()


def meeting(found: Exploration) -> int:
    """The share of schedules that come to a moment when two goroutines are about to access one location, one writing.

    In millionths. That needs no order of events, so it can be said where `detected` cannot. Raises NotCounted.
    """

    def together(n: int) -> bool:
        locations, cells = found.machine.layout.unpack(found.store.order[n])
        now = Valuation(cells, locations)
        able = {k for k, _ in edges[n]}
        return any(
            a < b
            and not set(found.machine.steps[a].movers) & set(found.machine.steps[b].movers)
            and any(_conflict(x, y) for x in _touched(found, a, now) for y in _touched(found, b, now))
            for a in able
            for b in able
        )

    edges, _ = graph(found)
    return passing_states(found, together)


def _touched(found: Exploration, k: int, now: Valuation) -> list[tuple[int, bool, bool]]:
    accesses = found.machine.steps[k].step.accesses
    return [(place(a.ref, now), a.write, a.atomic) for a in accesses if a.when == TRUE or evaluate(a.when, now)]


class _Detector:
    def __init__(self, found: Exploration) -> None:
        self._found = found
        self._machine = found.machine
        self._edges, self._order = graph(found)
        self._cells = _interesting(found)
        self._waiters = _waiters(found)
        self._races = [v for v in found.violations if v.kind == "race"]
        self._bits: dict[tuple[int, int], int] = {}
        self._moves: dict[tuple[int, int], _Move] = {}
        self._goroutines = len(self._machine.program.instances)
        self._check()

    def _check(self) -> None:
        program = self._machine.program
        recycled = {n for sort, p in program.recycled for n in program.sorts[sort].places[p - 1].cells}
        if recycled & self._cells:
            raise NotCounted("memory that is allocated again and again is raced on")
        for c in self._machine.steps:
            if c.partner is not None:
                raise NotCounted("what a channel orders is not followed here")
            try:
                found = list(ordering(c.step))
            except NotCovered as error:
                raise NotCounted(f"what `{error}` orders is not followed here") from None
            for e in found:
                refs = getattr(e.ref, "family", None)
                if refs is not None and recycled & set(refs.cells):
                    raise NotCounted("a lock is in memory that is allocated again and again")

    def detected(self) -> Detected:
        runs: list[dict[Memory, _Run]] = [{} for _ in self._edges]
        runs[0][frozenset()] = _Run(1.0, 0, None)
        seen = unseen = 0.0
        count = 1
        silent: list[tuple[int, int, Memory]] = []
        for n in self._order:
            for memory, run in runs[n].items():
                if not self._edges[n]:
                    unseen += run.mass
                    silent.append((run.depth, n, memory))
                for share, k, to in turns(self._found, self._edges[n]):
                    after = self._after(n, memory, k, to)
                    if after is None:
                        seen += part(run.mass, share)
                    elif to == FAILED:
                        unseen += part(run.mass, share)
                    else:
                        known = runs[to].get(after)
                        if known is None:
                            count += 1
                            known = runs[to][after] = _Run(0.0, run.depth + 1, (n, memory, k))
                        known.mass += part(run.mass, share)
            if count > MOST:
                raise NotCounted(f"there are more than {MOST:,} situations to tell apart")
        silent.sort(key=lambda s: s[0])
        reasons = (self._hidden(runs, n, memory) for _, n, memory in silent[:KEPT])
        return Detected(millionths(seen, unseen), next((r for r in reasons if r is not None), None))

    def _after(self, n: int, memory: Memory, k: int, to: int) -> Memory | None:
        """What is known after a step; None when a race is reported."""
        move = self._move(n, k)
        cells = {t[0] for h in memory for t in move.touches if _unordered(h, move.goroutine, t)}
        if cells - self._waiters:
            return None
        if cells:
            raise NotCounted("whether it notices an Add beside a Wait depends on who has to wait")
        alive = self._alive(to) if to != FAILED else 0
        return frozenset(self._kept(_told(memory, move), alive))

    def _alive(self, n: int) -> int:
        locations, _ = self._machine.layout.unpack(self._found.store.order[n])
        return sum(1 << i.number for i in self._machine.program.goroutines if not at_rest(locations[i.number]))

    def _kept(self, memory: Iterator[Known], alive: int) -> Iterator[Known]:
        goroutines = (1 << self._goroutines) - 1
        for h in memory:
            by = h.by & (alive | ~goroutines)
            # What everybody knows who can still move can race with nothing.
            if alive & ~by:
                yield Known(h.cell, h.write, h.atomic, h.goroutine, h.step, by)

    def _move(self, n: int, k: int) -> _Move:
        """What step `k` does in state `n`: asked once for every memory that comes there."""
        known = self._moves.get((n, k))
        if known is None:
            known = self._moves[n, k] = self._moved(n, k)
        return known

    def _moved(self, n: int, k: int) -> _Move:
        c = self._machine.steps[k]
        locations, cells = self._machine.layout.unpack(self._found.store.order[n])
        now = Valuation(cells, locations)
        taken: dict[str, list[int]] = {ACQUIRE: [], RELEASE: [], REPLACE: [], BOTH: []}
        for e in ordering(c.step):
            taken[e.action].append(self._bit(place(e.ref, now), e.channel))
        return _Move(
            c.instance,
            k,
            tuple(t for t in _touched(self._found, k, now) if t[0] in self._cells),
            (*taken[ACQUIRE], *taken[BOTH]),
            (*taken[RELEASE], *taken[BOTH]),
            tuple(taken[REPLACE]),
            c.child,
        )

    def _bit(self, cell: int, channel: int) -> int:
        return 1 << self._bits.setdefault((cell, channel), self._goroutines + len(self._bits))

    def _hidden(self, runs: Sequence[dict[Memory, _Run]], n: int, memory: Memory) -> Order | None:
        """In the silent schedule that leads here: two accesses that only its order of events has ordered."""
        path: list[tuple[int, int]] = []
        while (came := runs[n][memory].came) is not None:
            n, memory, k = came
            path.append((n, k))
        path.reverse()
        moves = [self._move(n, k) for n, k in path]
        for second, move in enumerate(moves):
            for t in move.touches:
                for first in range(second - 1, -1, -1):
                    before = moves[first]
                    if before.goroutine != move.goroutine and any(_conflict(b, t) for b in before.touches):
                        order = _way(moves, first, second)
                        if order is not None and self._races_elsewhere(before.step, move.step):
                            choices = tuple([j for j, _ in self._edges[n]].index(k) for n, k in path)
                            return replace(order, choices=choices)
        return None

    def _races_elsewhere(self, a: int, b: int) -> bool:
        """Whether the two steps race in some state: then it is only this schedule that orders them."""
        steps = self._machine.steps
        places = {steps[a].step.span, steps[b].step.span}
        return any(places == {steps[k].step.span for k in v.steps} for v in self._races)


def _told(memory: Memory, move: _Move) -> Iterator[Known]:
    """The memory after a step, who knows of its own accesses included."""
    mine = 1 << move.goroutine
    own = {(cell, write, atomic, move.goroutine) for cell, write, atomic in move.touches}
    kept = [h for h in memory if (h.cell, h.write, h.atomic, h.goroutine) not in own]
    new = [Known(cell, write, atomic, move.goroutine, move.step, mine) for cell, write, atomic in move.touches]
    for h in [*kept, *new]:
        by = h.by
        if any(by & bit for bit in move.acquires):
            by |= mine
        for bit in move.releases:
            by |= bit if by & mine else 0
        for bit in move.replaces:
            by = by | bit if by & mine else by & ~bit
        if move.child is not None and by & mine:
            by |= 1 << move.child
        yield Known(h.cell, h.write, h.atomic, h.goroutine, h.step, by)


def _unordered(h: Known, goroutine: int, touch: tuple[int, bool, bool]) -> bool:
    if h.goroutine == goroutine or h.by >> goroutine & 1:
        return False
    return _conflict((h.cell, h.write, h.atomic), touch)


def _conflict(a: tuple[int, bool, bool], b: tuple[int, bool, bool]) -> bool:
    return a[0] == b[0] and (a[1] or b[1]) and not (a[2] and b[2])


def _way(moves: Sequence[_Move], first: int, second: int) -> Order | None:
    """How the goroutine of move `second` came to know of move `first`: the first release and the last acquire."""
    start, end = moves[first], moves[second]
    knows = {1 << start.goroutine}
    release: tuple[int, int] | None = None
    acquire: tuple[int, int] | None = None
    between = False
    for move in moves[first + 1 : second + 1]:
        mine = 1 << move.goroutine
        if mine not in knows and knows & set(move.acquires):
            knows.add(mine)
            if move.goroutine == end.goroutine:
                acquire = (move.goroutine, move.step)
            else:
                between = True
        if mine in knows:
            new = {*move.releases, *move.replaces, *([1 << move.child] if move.child is not None else [])}
            # The last release before the acquire is the one that reads best; what came before it was not needed.
            if new and acquire is None and move.goroutine == start.goroutine:
                release = (move.goroutine, move.step)
            knows |= new
        else:
            knows -= set(move.replaces)
    if release is None or acquire is None:
        return None
    return Order((start.goroutine, start.step), release, acquire, (end.goroutine, end.step), not between)


def _waiters(found: Exploration) -> set[int]:
    """What Add and Wait of a WaitGroup race on. Only a Wait that waits touches it (sync/waitgroup.go:185), and when one
    begins to wait is no step of the model."""
    steps = [c.step for c in found.machine.steps if c.step.cite.startswith("sync/waitgroup.go")]
    return {cell for s in steps for a in s.accesses[1:] for cell in cells_of(a)}


def _interesting(found: Exploration) -> set[int]:
    """The cells that two goroutines may race on."""
    groups: dict[tuple[object, ...], list[int]] = {}
    steps = found.machine.steps
    for n, c in enumerate(steps):
        if c.step.accesses:
            groups.setdefault((c.instance, c.step.accesses), []).append(n)
    firsts = [steps[g[0]] for g in groups.values()]
    return {cell for a in firsts for b in firsts if a.instance < b.instance for cell in shared_cells(a, b)}
