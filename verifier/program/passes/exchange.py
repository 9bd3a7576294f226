"""Exchanging goroutines: what that does to instances, cells, places and values."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.program.program import Domain, Program, Reference, Union, high, low
from verifier.records import dataclass, field

Moves = dict[int, int]
"""The values that an exchange changes, and into what; all others stay as they are."""


@dataclass(frozen=True)
class Exchange:
    """Goroutines exchanged, each with all that it starts.

    `instances[i]` and `cells[n]` say what becomes of instance i and cell n. `sorts[s]` are the places of sort s that
    are exchanged with them: a place goes where its owner goes.
    """

    program: Program
    instances: tuple[int, ...]
    cells: tuple[int, ...]
    sorts: tuple[Moves, ...]
    _known: dict[Domain, Moves] = field(default_factory=dict, compare=False, repr=False)

    calls: Moves = field(default_factory=dict)
    results: Moves = field(default_factory=dict)
    """What becomes of the calls that clients are in, and of values as outcomes."""
    held: Mapping[int, Moves] = field(default_factory=dict)
    """What becomes of the values of some cells, whatever their domain."""

    def stored(self, cell: int) -> Moves:
        """What the exchange does to the values of a cell."""
        return self.held[cell] if cell in self.held else self.moves(self.program.cells[cell].domain)

    def moves(self, domain: Domain) -> Moves:
        """What the exchange does to the values of a domain."""
        if domain not in self._known:
            self._known[domain] = self._moves(domain)
        return self._known[domain]

    def _moves(self, domain: Domain) -> Moves:
        if isinstance(domain, Reference):
            return self.sorts[domain.sort]
        out: Moves = {}
        if isinstance(domain, Union):
            for _, first, inner in domain.alternatives:
                by = first - low(inner) if high(inner, self.program.sorts) >= low(inner) else 0
                out |= {by + a: by + b for a, b in self._moves(inner).items()}
        return out


def subtree(program: Program, root: int) -> tuple[int, ...]:
    """An instance and all that it starts, directly or not, in the order of their numbers."""
    inside = [root]
    for i in program.goroutines:
        if i.parent in inside:
            inside.append(i.number)
    return tuple(inside)


def exchange(program: Program, roots: Mapping[int, int]) -> Exchange | None:
    """What makes `roots[a]` of every root instance a; None when what belongs to one has no counterpart elsewhere."""
    instances = list(range(len(program.instances)))
    for a, b in roots.items():
        mine, others = subtree(program, a), subtree(program, b)
        if len(mine) != len(others):
            return None
        for x, y in zip(mine, others, strict=True):
            instances[x] = y
    if not all(_alike(program, x, instances) for x in range(len(instances))):
        return None
    cells = list(range(len(program.cells)))
    for x, y in enumerate(instances):
        first, other = (program.instances[i].lineage[0][1] for i in (x, y))
        for n in range(len(program.templates[program.instances[x].template].cells)):
            cells[first + n] = other + n
    sorts: list[Moves] = []
    for s in range(len(program.sorts)):
        moved = _places(program, s, instances, cells)
        if moved is None:
            return None
        sorts.append(moved)
    return Exchange(program, tuple(instances), tuple(cells), tuple(sorts))


def _alike(program: Program, x: int, instances: list[int]) -> bool:
    one, other = program.instances[x], program.instances[instances[x]]
    parent = None if one.parent is None else instances[one.parent]
    return one.template == other.template and parent == other.parent


def _places(program: Program, sort: int, instances: list[int], cells: list[int]) -> Moves | None:
    """The places of a sort that are exchanged; None when one of them has no counterpart with corresponding cells."""
    places = program.sorts[sort].places
    moved = [n for n, p in enumerate(places, 1) if instances[p.owner] != p.owner]
    numbers = {(places[n - 1].owner, places[n - 1].site, places[n - 1].block): n for n in moved}
    if len(numbers) != len(moved):
        return None
    out: Moves = {}
    for n in moved:
        p = places[n - 1]
        other = numbers.get((instances[p.owner], p.site, p.block))
        if other is None:
            return None
        out[n] = other
    # The collector follows the cells of a place, wherever it is.
    for n, p in enumerate(places, 1):
        if {cells[c] for c in p.cells} != set(places[out.get(n, n) - 1].cells):
            return None
    return out
