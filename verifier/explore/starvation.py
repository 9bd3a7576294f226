"""Starvation: a fair cycle of the state graph on which a goroutine never gets on (`passes/progress.py`).

Emerson and Lei's nested search (1985) for the strong part: states in which a goroutine could be served, but is not
served anywhere in the component, are taken away until nothing is left or what is left is fair.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from verifier.explore.canonical import apart
from verifier.explore.components import components
from verifier.explore.outcome import Exploration
from verifier.explore.reference import successors
from verifier.explore.search import choices_to
from verifier.program.concrete import Concrete
from verifier.program.passes.progress import PICKS, Progress
from verifier.program.semantics import at_rest
from verifier.records import dataclass

Edge = tuple[int, int, int]
"""From state, to state, by step."""
Case = tuple[int, int, int]
"""A case of a `select`: goroutine, location, raw step."""


@dataclass(frozen=True, slots=True)
class Lasso:
    """A run that repeats: `stem` leads to the loop, `loop` back to where it began. `goroutine` starves in it."""

    stem: tuple[int, ...]
    loop: tuple[int, ...]
    goroutine: int


@dataclass(frozen=True, slots=True)
class _Fair:
    """States and edges that a run can stay on for ever, every goroutine getting its turn as often as it must."""

    nodes: frozenset[int]
    edges: tuple[Edge, ...]
    moving: frozenset[int]


def starving(found: Exploration) -> Lasso | None:
    """The lasso with the fewest steps found for any goroutine; None when every goroutine always gets on again.

    `found` must be complete and of a program without interchangeable goroutines.
    """
    search = _Starvation(found)
    lassos = [x for i in found.machine.program.goroutines if (x := search.of(i.number)) is not None]
    return min(lassos, key=lambda x: (len(x.stem) + len(x.loop), x.goroutine), default=None)


class _Starvation:
    def __init__(self, found: Exploration) -> None:
        self._found = found
        self._steps = found.machine.steps
        self._progress = Progress(found.machine.program)
        order = found.store.order
        number = {state: n for n, state in enumerate(order)}
        self._after = successors(apart(found.machine))
        self._out: dict[int, list[Edge]] = {n: [] for n in range(len(order))}
        self._able: dict[int, set[int]] = {n: set() for n in self._out}
        self._cases: dict[int, set[Case]] = {n: set() for n in self._out}
        for a, state in enumerate(order):
            for k, target in self._after(state):
                self._able[a].update(self._steps[k].movers)
                self._cases[a].update(self._picked(k))
                if target >= 0:
                    self._out[a].append((a, number[target], k))

    def _picked(self, k: int) -> Iterator[Case]:
        """The cases of `select` that a step takes."""
        c: Concrete | None = self._steps[k]
        while c is not None:
            if c.step.cite.split(":")[0] == PICKS:
                yield c.instance, c.step.src, min(c.step.origin, default=c.index)
            c = c.partner

    def _location(self, n: int, goroutine: int) -> int:
        return self._found.machine.layout.location(self._found.store.order[n], goroutine)

    def of(self, g: int) -> Lasso | None:
        """A lasso on which goroutine `g` does not get on."""
        inside = [n for n in self._out if not at_rest(self._location(n, g))]
        edges = [
            e
            for n in inside
            for e in self._out[n]
            if not (g in self._steps[e[2]].movers and self._progress.made(self._steps[e[2]], g))
        ]
        fair = next(self._fair(frozenset(inside), edges), None)
        return None if fair is None else self._lasso(self._fewest(fair), g)

    def _fair(self, nodes: frozenset[int], edges: Iterable[Edge]) -> Iterator[_Fair]:
        """The parts of a graph that a fair run can stay in, the earliest first."""
        for part in _components(nodes, edges):
            inner = tuple(e for e in edges if e[0] in part and e[1] in part)
            if not inner:
                continue
            moving = frozenset(g for e in inner for g in self._steps[e[2]].movers)
            verdict = self._unfair(part, inner, moving)
            if verdict is None:
                yield _Fair(part, inner, moving)
            elif verdict and len(verdict) < len(part):
                yield from self._fair(part - verdict, [e for e in inner if not {e[0], e[1]} & verdict])

    def _unfair(self, part: frozenset[int], inner: tuple[Edge, ...], moving: frozenset[int]) -> frozenset[int] | None:
        """The states that a fair run in `part` cannot come back to, all if there is no such run; None if it is fair."""
        some = next(iter(part))
        for i in self._found.machine.program.goroutines:
            h, at = i.number, self._location(some, i.number)
            if h in moving or at_rest(at):
                continue
            able = frozenset(n for n in part if h in self._able[n])
            if len(able) == len(part):
                return part
            standing = [self._steps[k] for k in self._found.machine.leaving[h].get(at, ())]
            if able and self._progress.served(standing or self._halves(h, at)):
                return able
        taken = {case for e in inner for case in self._picked(e[2])}
        missed = {case for n in part for case in self._cases[n]} - taken
        return frozenset(n for n in part if self._cases[n] & missed) if missed else None

    def _halves(self, goroutine: int, at: int) -> list[Concrete]:
        """The receives a goroutine stands at: they are parts of the steps of those that send."""
        partners = [c.partner for c in self._steps if c.partner is not None]
        return [p for p in partners if p.instance == goroutine and p.step.src == at]

    def _fewest(self, fair: _Fair) -> _Fair:
        """A fair part in which as few goroutines move as can be."""
        for h in sorted(fair.moving, reverse=True):
            less = [e for e in fair.edges if h not in self._steps[e[2]].movers]
            smaller = next(self._fair(fair.nodes, less), None)
            if smaller is not None:
                return self._fewest(smaller)
        return fair

    def _lasso(self, fair: _Fair, g: int) -> Lasso:
        start = min(fair.nodes)
        out: dict[int, list[Edge]] = {n: [] for n in fair.nodes}
        for e in fair.edges:
            out[e[0]].append(e)
        walk: list[Edge] = []
        for wanted in self._wanted(fair):
            if not any(e in wanted for e in walk) and wanted:
                at = walk[-1][1] if walk else start
                walk += _way(at, out, wanted)
        if walk[-1][1] != start:
            walk += _way(walk[-1][1], out, {e for e in fair.edges if e[1] == start})
        return Lasso(choices_to(self._found, start), self._choices(walk), g)

    def _wanted(self, fair: _Fair) -> Iterator[set[Edge]]:
        """What the loop has to come by, each time one of these edges, so that it is fair."""
        for h in sorted(fair.moving):
            yield {e for e in fair.edges if h in self._steps[e[2]].movers}
        for i in self._found.machine.program.goroutines:
            if i.number not in fair.moving:
                # It cannot move in one of the states, so nobody owes it a turn.
                yield {e for e in fair.edges if i.number not in self._able[e[1]]}
        for case in sorted({case for e in fair.edges for case in self._picked(e[2])}):
            yield {e for e in fair.edges if case in self._picked(e[2])}

    def _choices(self, walk: list[Edge]) -> tuple[int, ...]:
        order = self._found.store.order
        return tuple([k for k, _ in self._after(order[a])].index(k) for a, _, k in walk)


def _components(nodes: frozenset[int], edges: Iterable[Edge]) -> list[frozenset[int]]:
    """Strongly connected components, the one with the earliest state first."""
    after: dict[int, list[int]] = {n: [] for n in nodes}
    for a, b, _ in edges:
        after[a].append(b)
    return sorted(components(after), key=min)


def _way(start: int, out: dict[int, list[Edge]], wanted: set[Edge]) -> list[Edge]:
    """The shortest way from a state that ends with one of the wanted edges."""
    came: dict[int, Edge | None] = {start: None}
    todo = deque([start])
    while todo:
        n = todo.popleft()
        for e in out[n]:
            if e in wanted:
                path = [e]
                back = came[n]
                while back is not None:
                    path.append(back)
                    back = came[back[0]]
                return path[::-1]
            if e[1] not in came:
                came[e[1]] = e
                todo.append(e[1])
    raise AssertionError("a strongly connected component has a way from everywhere to everywhere")
