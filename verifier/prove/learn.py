"""Candidate facts from samples: what happens to hold in small instances of a counter abstraction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, product, repeat
from math import gcd
from operator import mul
from random import Random

from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Expr
from verifier.program.program import PACKAGE
from verifier.prove.counters import Counters, Rule, Tracked
from verifier.prove.facts import AtMostOne, Equation, Fact, Never, Quantity

MOST_GOROUTINES = 3
"""Goroutines of each role in the largest sampled instance."""
MOST_SAMPLES = 250
"""States of one instance looked at breadth first; facts that hold in fewer are only weaker guesses."""
MOST_STEPS = 600
"""Steps on random walks through an instance that has more states."""

Sample = tuple[tuple[int, ...], tuple[int, ...]]
"""Goroutines in each stretch, value of each tracked cell."""


def samples(c: Counters, out_of_time: Callable[[], bool]) -> tuple[Sample, ...]:
    """States of the abstraction with 1, 2 and 3 goroutines per role: the same ones every time."""
    found: dict[Sample, None] = {}
    roles = [t.parent is None for t in c.program.templates]
    moves = [_Move(c, rule) for rule in c.rules]
    for n in range(1, MOST_GOROUTINES + 1):
        counts = tuple(n if s.starting and roles[s.template] else 0 for s in c.stretches)
        found |= _reached(moves, (counts, tuple(t.initial for t in c.tracked)), out_of_time)
    return tuple(found)


def _reached(moves: Sequence[_Move], start: Sample, out_of_time: Callable[[], bool]) -> dict[Sample, None]:
    """States reached from one: all of them, or the nearest ones and those met on random walks."""
    seen = {start: None}
    todo = [start]
    for state in todo:
        if len(seen) >= MOST_SAMPLES or out_of_time():
            break
        new = [after for move in moves for after in move.fire(state) if after not in seen]
        todo += dict.fromkeys(new)
        seen |= dict.fromkeys(new)
    else:
        return seen
    order = Random(0)
    at = start
    for _ in range(MOST_STEPS):
        if out_of_time():
            break
        at = next((after for move in _shuffled(moves, at, order) for after in move.fire(at)), start)
        seen[at] = None
    return seen


def _shuffled(moves: Sequence[_Move], at: Sample, order: Random) -> Iterator[_Move]:
    """The rules that have a goroutine to move, in random order; one that fires is soon among them."""
    counts = at[0]
    left = [move for move in moves if counts[move.src]]
    while left:
        n = int(order.random() * len(left))
        left[n], last = left[-1], left[n]
        left.pop()
        yield last


class _Move:
    """A rule ready to be fired. What it does to the cells depends on the cells alone, of which there are few."""

    def __init__(self, c: Counters, rule: Rule) -> None:
        self._c, self._rule = c, rule
        self.src = rule.src
        self._known: dict[tuple[int, ...], tuple[tuple[int, ...], ...]] = {}

    def fire(self, state: Sample) -> Sequence[Sample]:
        """The states the rule leads to from one."""
        counts, cells = state
        rule = self._rule
        if counts[rule.src] == 0:
            return ()
        new = self._known.get(cells)
        if new is None:
            new = self._known[cells] = tuple(self._written(cells))
        if not new:
            return ()
        moved = list(counts)
        moved[rule.src] -= 1
        for stretch in (rule.dst, rule.spawn):
            if stretch is not None:
                moved[stretch] += 1
        after = tuple(moved)
        return [(after, written) for written in new]

    def _written(self, cells: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        tracked = self._c.tracked
        values = [0] * (max((t.cell for t in tracked), default=PACKAGE) + 1)
        for t, v in zip(tracked, cells, strict=True):
            values[t.cell] = v
        before = Valuation(values, ())
        if not evaluate(self._rule.guard, before):
            return
        new = dict(self._rule.updates)
        followed = zip(tracked, cells, strict=True)
        yield from product(*[_values(t, new[t.cell], before) if t.cell in new else (v,) for t, v in followed])


def _values(t: Tracked, value: Expr | None, before: Valuation) -> Sequence[int]:
    if value is None:
        return range(t.least, 1 + (MOST_GOROUTINES if t.most is None else t.most))
    new = evaluate(value, before)
    # Outside its domain a value is a failure, and no state follows.
    return (new,) if new >= t.least and (t.most is None or new <= t.most) else ()


def candidates(c: Counters, seen: Sequence[Sample]) -> tuple[Fact, ...]:
    """Every equality, exclusion and "at most one" that no sample contradicts; the more telling ones first."""
    counts = tuple(Quantity("count", n) for n in range(len(c.stretches)))
    written = [(n, t) for n, t in enumerate(c.tracked) if t.cell in c.written]
    numbers = tuple(q for n, t in written for q in _numbers(n, t))
    conditions = tuple(q for n, t in written for q in _conditions(n, t))
    columns = {q: _column(q, seen) for q in (*counts, *numbers, *conditions)}
    where = {q: _samples_with(columns[q], 1) for q in (*counts, *conditions)}
    live = [q for q in counts if where[q]]
    holding = [q for q in conditions if where[q]]
    equations = tuple(_equations(numbers, {q: columns[q] for q in (*live, *numbers)}))
    summed: dict[Quantity, set[str]] = {}
    for e in equations:
        for _, q in e.terms[:-1]:
            summed.setdefault(q, set()).add(c.tracked[e.terms[-1][1].index].name)
    # Where a stretch is part of a lock's equation, that says all there is to say, but for the other states of the lock.
    pairs = (
        *(
            (a, q)
            for a, q in product(holding, live)
            if c.tracked[a.index].name in summed.get(q, {c.tracked[a.index].name})
        ),
        *((a, b) for a, b in combinations(holding, 2) if a.index != b.index),
        *combinations([q for q in live if q not in summed], 2),
    )
    return (
        *equations,
        *(Never((q,)) for q in where if not where[q]),
        *(AtMostOne(q) for q in live if not c.stretches[q.index].starting and not _samples_with(columns[q], 2)),
        *(Never(pair) for pair in pairs if not where[pair[0]] & where[pair[1]]),
    )


def _column(q: Quantity, seen: Sequence[Sample]) -> list[int]:
    """`q.of` every sample."""
    n = q.index
    if q.kind == "count":
        return [counts[n] for counts, _ in seen]
    if q.kind == "cell":
        return [cells[n] for _, cells in seen]
    value, wanted = q.value, q.kind == "is"
    return [int((cells[n] == value) == wanted) for _, cells in seen]


def _samples_with(column: list[int], least: int) -> int:
    """The samples where a quantity is `least` or more, as bits."""
    bits = ["1" if v >= least else "0" for v in reversed(column)]
    return int("".join(bits) or "0", 2)


def _numbers(n: int, t: Tracked) -> tuple[Quantity, ...]:
    """What equations are about: the cell's value, or whether it has one of the values that are no number."""
    if t.part == "once":
        return (Quantity("is", n, 1), Quantity("is", n, 2))
    return (Quantity("cell", n),)


def _conditions(n: int, t: Tracked) -> tuple[Quantity, ...]:
    if t.part == "once":
        return (Quantity("is", n, 1), Quantity("isnot", n, 2))
    if t.part == "readers":
        return (Quantity("cell", n), Quantity("is", n, 0))
    return (Quantity("is", n, 1), Quantity("is", n, 0))


def _equations(numbers: Sequence[Quantity], columns: dict[Quantity, list[int]]) -> Iterator[Equation]:
    """The equalities of the samples that give a cell as a sum over stretches: all of them are in `columns`."""
    rows = zip(repeat(1), *columns.values()) if columns else ()
    for solution in nullspace(rows, len(columns) + 1):
        terms = tuple((a, q) for a, q in zip(solution[1:], columns, strict=True) if a)
        if [q in numbers for _, q in terms].count(True) == 1:
            yield Equation(terms, solution[0])


def nullspace(rows: Iterable[Sequence[int]], width: int) -> list[list[int]]:
    """A basis, in whole numbers, of the vectors orthogonal to all rows.

    Each vector has a last column that no other vector uses: what comes late is expressed by what comes early.
    """
    rows = list(rows)
    basis = [[int(n == m) for n in range(width)] for m in range(width)]
    largest = max((max(map(abs, row), default=0) for row in rows), default=0)
    at_once = _at_once(basis, largest)
    for row in rows:
        if not sum(map(mul, at_once, row)):
            continue
        products = [sum(map(mul, vector, row)) for vector in basis]
        pivot = next((n for n, product in enumerate(products) if product), None)
        if pivot is not None:
            scale, by = products.pop(pivot), basis.pop(pivot)
            basis = [_combined(v, scale, by, d) if d else v for v, d in zip(basis, products, strict=True)]
            at_once = _at_once(basis, largest)
    return _reduced(basis)


def _at_once(basis: list[list[int]], largest: int) -> list[int]:
    """One vector whose product with a row of numbers up to `largest` is 0 exactly when those of all vectors are.

    The products are its digits: each is smaller than half the base, so the last one that is not 0 leaves a rest.
    """
    base = 2 * largest * max((sum(map(abs, v)) for v in basis), default=0) + 2
    out = [0] * (len(basis[0]) if basis else 0)
    for v in basis:
        out = [base * x + y for x, y in zip(out, v, strict=True)]
    return out


def _reduced(basis: list[list[int]]) -> list[list[int]]:
    """Gauss-Jordan elimination from the last column on."""
    done: list[list[int]] = []
    for column in reversed(range(len(basis[0]) if basis else 0)):
        pivot = next((v for v in basis if v[column]), None)
        if pivot is not None:
            basis = [_combined(v, pivot[column], pivot, v[column]) for v in basis if v is not pivot]
            done = [_combined(v, pivot[column], pivot, v[column]) for v in done]
            done.append(pivot)
    return done[::-1]


def _combined(v: list[int], scale: int, by: list[int], factor: int) -> list[int]:
    """`scale × v - factor × by` without common divisors."""
    new = [scale * x - factor * y for x, y in zip(v, by, strict=True)]
    divisor = gcd(*new) or 1
    return [x // divisor for x in new]
