"""Which goroutines can stand where at the same time, by the locks they hold.

Every location gets a label per lock: what a goroutine there holds for certain. Then a small machine is explored that
knows only the cells of the lock and how many goroutines of each template stand at each label. It takes every step of
the program that writes those cells or changes a label, with conditions on anything else dropped, so it covers all that
can happen: labels may be wrong about who owns a lock (Go lets anybody unlock), what follows from them is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verifier.program.concrete import Concrete
from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Cell, Const, Expr, Own, Read, all_of, op
from verifier.program.passes.footprint import (
    Bits,
    Footprint,
    bits,
    collected,
    conjuncts,
    mentions_fresh,
    numbers,
    reads_more,
)
from verifier.program.program import END, IDLE, PACKAGE, Program, high, low
from verifier.program.semantics import ProgramFault
from verifier.records import dataclass, replace

STATES = 20_000
"""States of one lock's machine at most; a lock with more says nothing."""

READERS = 3
"""Read locks of one goroutine told apart at most."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What a goroutine holds of one lock: announced as a writer, inside as one, read locks."""

    announced: bool = False
    inside: bool = False
    readers: int = 0


FREE = Hold()

Values = tuple[int, ...]
"""The values of a lock's cells, in the order of their numbers."""

Where = tuple[int, int]
"""A template and a location of it."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What some lock's cells can hold in the situation asked about."""

    cells: tuple[int, ...]
    values: frozenset[Values]


class Locks:
    """The locks of one program. `steps`: the concrete steps of all its instances."""

    def __init__(self, program: Program, footprint: Footprint, steps: Iterable[Concrete]) -> None:
        self._all = list(steps)
        package = len(program.templates[PACKAGE].cells)
        found = {s.ref.number for c in self._all for s in c.step.sync if isinstance(s.ref, Cell)}
        machines = (_machine(program, footprint, self._all, lock) for lock in sorted(found) if lock < package)
        self._locks = [m for m in machines if m is not None]
        self._known: dict[tuple[Where, Where | None], tuple[Joint, ...] | None] = {}

    def together(self, here: Where, there: Where | None = None) -> tuple[Joint, ...] | None:
        """What locks hold while one goroutine stands `here` and another one `there`; None: they cannot."""
        key = (here, there)
        if key not in self._known:
            self._known[key] = self._judge(here, there)
        return self._known[key]

    def _judge(self, here: Where, there: Where | None) -> tuple[Joint, ...] | None:
        out: list[Joint] = []
        for lock in self._locks:
            found = lock.together([w for w in (here, there) if w is not None])
            if not found.values:
                return None
            out.append(found)
        return tuple(out)

    def known(self, here: Where) -> Expr:
        """A condition on lock cells, as templates name them, that holds whenever a goroutine stands `here`."""
        out: list[Expr] = []
        for joint in self.together(here) or ():
            for position, cell in enumerate(joint.cells):
                seen = [v[position] for v in joint.values]
                value = Read(Own(PACKAGE, cell))
                out += [op("<=", Const(min(seen)), value), op("<=", value, Const(max(seen)))]
        return all_of(*out)


@dataclass(frozen=True, slots=True)
class _Move:
    """A step as one lock sees it: a goroutine of `template` goes from one label to another."""

    template: int
    before: Hold
    after: Hold
    guard: Expr
    updates: tuple[tuple[int, Expr], ...]


@dataclass(frozen=True, slots=True)
class _Lock:
    """The explored machine of one lock: `states` are values of `cells` and how many stand at each of `places`."""

    cells: tuple[int, ...]
    labels: dict[Where, Hold]
    places: dict[tuple[int, Hold], int]
    counts: tuple[int, ...]
    states: tuple[tuple[Values, Values], ...]

    def together(self, where: list[Where]) -> Joint:
        """The values while different goroutines stand at these locations. Unreachable ones leave no value."""
        wanted: dict[tuple[int, Hold], int] = {}
        for template, location in where:
            hold = self.labels.get((template, location))
            if hold is None:
                return Joint(self.cells, frozenset())
            wanted[template, hold] = wanted.get((template, hold), 0) + 1
        return Joint(self.cells, frozenset(v for v, n in self.states if self._stand(n, wanted)))

    def _stand(self, counts: Values, wanted: dict[tuple[int, Hold], int]) -> bool:
        return all(_standing(self.places, self.counts, counts, t, hold) >= n for (t, hold), n in wanted.items())


def _standing(
    places: dict[tuple[int, Hold], int], totals: tuple[int, ...], counts: Values, template: int, hold: Hold
) -> int:
    """How many goroutines of a template stand at a label: those at no other one hold nothing."""
    if hold != FREE:
        return counts[places[template, hold]]
    return totals[template] - sum(counts[n] for (t, _), n in places.items() if t == template)


def _machine(program: Program, footprint: Footprint, steps: list[Concrete], lock: int) -> _Lock | None:
    cells = _cells(program, footprint, steps, lock)
    if not cells:
        return None
    labels = _labels(program, steps, lock)
    moves = list(_moves(program, footprint, steps, cells, labels))
    used = {(m.template, h) for m in moves for h in (m.before, m.after) if h != FREE}
    places = {place: n for n, place in enumerate(sorted(used, key=repr))}
    totals = [0] * len(program.templates)
    for i in program.goroutines:
        totals[i.template] += 1
    states = _explore(program, cells, moves, places, tuple(totals))
    return None if states is None else _Lock(tuple(cells), labels, places, tuple(totals), states)


def _cells(program: Program, footprint: Footprint, steps: list[Concrete], lock: int) -> list[int]:
    """The shared cells that steps marked with the lock write, and that every step computes from such cells alone.

    A write through an index, or of a value from elsewhere (a copied lock), takes a cell out.
    """
    package = (1 << len(program.templates[PACKAGE].cells)) - 1
    marked = 0
    for c in steps:
        if any(s.ref == Cell(lock) for s in c.step.sync):
            for ref, _ in c.step.updates:
                marked |= footprint.cells(ref)
    own = marked & package & ~collected(program)
    writes = [
        (ref, footprint.cells(ref), footprint.reads(value), mentions_fresh(value))
        for c in steps
        if c.step.fail is None
        for ref, value in c.step.updates
        if footprint.cells(ref) & own
    ]
    before = -1
    while before != own:
        before = own
        for ref, written, read, fresh in writes:
            if not isinstance(ref, Cell) or fresh or read & ~own:
                own &= ~written
    return numbers(own)


def _labels(program: Program, steps: list[Concrete], lock: int) -> dict[Where, Hold]:
    """What a goroutine holds for certain at each location it can reach."""
    leaving: dict[Where, dict[tuple[int, tuple[str, ...]], None]] = {}
    roots = {(i.template, program.starts[i.number]) for i in program.goroutines}
    roots |= {(t.number, t.entry) for t in program.templates if t.parent is not None}
    for c in steps:
        if c.step.fail is None:
            ops = tuple(s.op for s in c.step.sync if s.ref == Cell(lock))
            where = (program.instances[c.instance].template, c.step.src)
            leaving.setdefault(where, {})[c.step.dst, ops] = None
    labels = dict.fromkeys(roots, FREE)
    labels |= {(t.number, rest): FREE for t in program.templates for rest in (END, IDLE)}
    todo = list(labels)
    while todo:
        template, location = todo.pop()
        for dst, ops in leaving.get((template, location), ()):
            new = labels[template, location]
            for name in ops:
                new = _after(new, name)
            old = labels.get((template, dst))
            merged = new if old is None else _both(old, new)
            if merged != old:
                labels[template, dst] = merged
                todo.append((template, dst))
    return labels


def _after(hold: Hold, name: str) -> Hold:
    match name:
        case "lock" | "acquire" | "begin":
            return replace(hold, announced=False, inside=True)
        case "announce":
            return replace(hold, announced=True)
        case "unlock" | "finish":
            return replace(hold, inside=False)
        case "rlock":
            return replace(hold, readers=min(hold.readers + 1, READERS))
        case "runlock":
            return replace(hold, readers=max(hold.readers - 1, 0))
    return FREE


def _both(a: Hold, b: Hold) -> Hold:
    """What is held for certain where two ways meet."""
    return Hold(a.announced and b.announced, a.inside and b.inside, min(a.readers, b.readers))


def _moves(
    program: Program, footprint: Footprint, steps: list[Concrete], cells: list[int], labels: dict[Where, Hold]
) -> Iterator[_Move]:
    """Every different move; steps that neither write the lock's cells nor change a label are none."""
    own = bits(cells)
    known: set[_Move] = set()
    for c in steps:
        template = program.instances[c.instance].template
        before, after = labels.get((template, c.step.src)), labels.get((template, c.step.dst))
        if c.step.fail is not None or before is None or after is None:
            continue
        updates = tuple((ref.number, v) for ref, v in c.step.updates if isinstance(ref, Cell) and 1 << ref.number & own)
        if not updates and before == after:
            continue
        guard = all_of(*(g for g in conjuncts(c.step.guard) if _only(footprint, g, own)))
        move = _Move(template, before, after, guard, updates)
        if move not in known:
            known.add(move)
            yield move


def _only(footprint: Footprint, e: Expr, own: Bits) -> bool:
    """Whether `e` reads these cells only, and at least one: locations count as something else."""
    read = footprint.reads(e)
    return bool(read) and not read & ~own and not reads_more(e)


def _explore(
    program: Program,
    cells: list[int],
    moves: list[_Move],
    places: dict[tuple[int, Hold], int],
    totals: tuple[int, ...],
) -> tuple[tuple[Values, Values], ...] | None:
    """All states of the machine from the initial one; None when there are too many or a value cannot be computed."""
    possible: dict[Values, list[tuple[_Move, Values]]] = {}
    start = (tuple(program.initial[n] for n in cells), (0,) * len(places))
    seen = {start}
    todo = [start]
    try:
        while todo:
            values, counts = todo.pop()
            if values not in possible:
                possible[values] = list(_enabled(program, cells, moves, values))
            for move, after in possible[values]:
                if not _standing(places, totals, counts, move.template, move.before):
                    continue
                state = (after, _moved(places, counts, move))
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
            if len(seen) > STATES:
                return None
    except ProgramFault:
        return None
    return tuple(seen)


def _enabled(program: Program, cells: list[int], moves: list[_Move], values: Values) -> Iterator[tuple[_Move, Values]]:
    """The moves possible with these values, and the values after them. One out of range ends in no state."""
    state = list(program.initial)
    for n, value in zip(cells, values, strict=True):
        state[n] = value
    valuation = Valuation(state, ())
    for move in moves:
        if not evaluate(move.guard, valuation):
            continue
        new = dict(zip(cells, values, strict=True)) | {n: evaluate(v, valuation) for n, v in move.updates}
        domains = [(new[n], program.cells[n].domain) for n in cells]
        if all(low(d) <= v <= high(d, program.sorts) for v, d in domains):
            yield move, tuple(new[n] for n in cells)


def _moved(places: dict[tuple[int, Hold], int], counts: Values, move: _Move) -> Values:
    if move.before == move.after:
        return counts
    out = list(counts)
    if move.before != FREE:
        out[places[move.template, move.before]] -= 1
    if move.after != FREE:
        out[places[move.template, move.after]] += 1
    return tuple(out)
