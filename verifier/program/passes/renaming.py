"""Whether the two values that clients use are interchangeable: proved by exchanging them and comparing every step.

A map only copies and compares values. Which cells hold them is found by following what is copied into, and compared
with, the outcomes of calls. Then both values are exchanged in these cells, in the calls that clients are in and in the
outcomes; if that maps the steps of a goroutine onto each other, and the start onto itself, it maps runs onto runs, and
the judge's sequential map is indifferent to it anyway (Ip and Dill, "Better verification through symmetry", FMSD 1996:
a scalarset of two values). What cannot be followed is not interchangeable: the search is larger then, never wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from itertools import product

from verifier.program.concrete import Concrete, concrete
from verifier.program.expr import FALSE, At, Cell, Const, Expr, Judge, Op, Read, Ref, children
from verifier.program.intervals import Ranges
from verifier.program.monitor import VALUED, Clients, Renaming, apply
from verifier.program.passes.cases import Cases
from verifier.program.passes.exchange import Exchange, Moves, exchange
from verifier.program.passes.forms import Forms, Refused, Scope
from verifier.program.program import Program, Step
from verifier.program.semantics import paired, recycled_blocks
from verifier.records import replace


def renamable(program: Program) -> Program:
    """`program` with `clients.renaming` set if its two values were shown to be interchangeable.

    Only for programs with interchangeable goroutines (`classes`): engines then bring states into a canonical form.
    """
    clients = program.clients
    if clients is None or not program.classes or len(clients.constants) != 2 or paired(program):
        return program
    operations = _operations(clients)
    if operations is None:
        return program
    members = {c[0] for c in program.classes} | {i.number for i in program.goroutines}.difference(*program.classes)
    steps = [c for n in sorted(members) for c in concrete(program, n) if c.step.guard != FALSE]
    a, b = clients.constants
    moves = {a: b, b: a}
    cells = _cells(program, clients, steps)
    renaming = Renaming(tuple(sorted(cells)), tuple(moves.items()), operations)
    if not cells or not _harmless(program, clients, renaming, steps):
        return program
    return replace(program, clients=replace(clients, renaming=renaming))


def _operations(clients: Clients) -> tuple[int, ...] | None:
    """What becomes of every call, if the sequential map does after the exchange what it does before."""
    swap = (0, 2, 1)
    out = [0]
    for o in clients.operations:
        image = (o.method, o.key, swap[o.value], swap[o.old])
        found = [n for n, p in enumerate(clients.operations, 1) if (p.method, p.key, p.value, p.old) == image]
        if len(found) != 1:
            return None
        other = clients.operations[found[0] - 1]
        for contents in product(range(3), repeat=len(clients.keys)):
            after, outcome = apply(contents, o)
            wanted = tuple(swap[v] for v in after), swap[outcome] if o.method in VALUED else outcome
            if apply(tuple(swap[v] for v in contents), other) != wanted:
                return None
        out.append(found[0])
    return tuple(out)


# ---- which cells hold values


def _cells(program: Program, clients: Clients, steps: list[Concrete]) -> frozenset[int]:
    """All cells that are copied to or from, or compared with, what calls return as values."""
    groups = _Groups(program)
    seeds: list[int] = []
    for c in steps:
        for ref, value in c.step.updates:
            if isinstance(value, Judge):
                if value.valued:
                    seeds += _compared(groups, value.result, clients.constants)
            else:
                groups.join([*groups.of(ref), *_copied(groups, value)])
        for e in _expressions(c.step):
            _equate(groups, e)
    return groups.members(seeds)


class _Groups:
    """Cells in groups that are joined (union-find). Goroutines of one role, and objects of one pool, are all alike."""

    def __init__(self, program: Program) -> None:
        self._parent = list(range(len(program.cells)))
        by_offset: dict[tuple[int, int], list[int]] = {}
        for i in program.instances:
            number, first, _ = i.lineage[0]
            for offset in range(len(program.templates[number].cells)):
                by_offset.setdefault((number, offset), []).append(first + offset)
        groups = list(by_offset.values())
        blocks = recycled_blocks(program)
        for pool in program.pools:
            groups += [list(same) for same in zip(*(blocks[n] for n in pool), strict=True)]
        for group in groups:
            self.join(group)

    def of(self, ref: Ref) -> list[int]:
        match ref:
            case Cell(number=n):
                return [n]
            case At(family=f):
                return [n for n in f.cells if n >= 0]
        return []

    def join(self, cells: list[int]) -> None:
        for n in cells[1:]:
            self._parent[self._root(n)] = self._root(cells[0])

    def members(self, seeds: list[int]) -> frozenset[int]:
        roots = {self._root(n) for n in seeds}
        return frozenset(m for m in range(len(self._parent)) if self._root(m) in roots)

    def _root(self, n: int) -> int:
        while self._parent[n] != n:
            self._parent[n] = self._parent[self._parent[n]]
            n = self._parent[n]
        return n


def _copied(groups: _Groups, e: Expr) -> list[int]:
    """The cells that a value may be a copy of."""
    match e:
        case Read(ref=ref):
            return groups.of(ref)
        case Op(name="ite", args=(_, a, b)):
            return [*_copied(groups, a), *_copied(groups, b)]
    return []


def _equate(groups: _Groups, e: Expr) -> None:
    """Join what is compared somewhere in an expression."""
    if isinstance(e, Op) and e.name in ("==", "!="):
        groups.join([n for a in e.args for n in _copied(groups, a)])
    for x in children(e):
        _equate(groups, x)


def _compared(groups: _Groups, e: Expr, constants: tuple[int, ...]) -> list[int]:
    """The cells that an outcome compares with a value."""
    found = [n for x in children(e) for n in _compared(groups, x, constants)]
    match e:
        case Op(name="==", args=(x, Const(value=v))) | Op(name="==", args=(Const(value=v), x)) if v in constants:
            found += _copied(groups, x)
    return found


def _expressions(step: Step) -> list[Expr]:
    out = [step.guard, *(v for _, v in step.updates), *(a.when for a in step.accesses)]
    out += [e.result for e in out if isinstance(e, Judge)]
    places = [*(r for r, _ in step.updates), *(a.ref for a in step.accesses)]
    return [*out, *(r.index for r in places if isinstance(r, At))]


# ---- the proof


def _harmless(program: Program, clients: Clients, renaming: Renaming, steps: list[Concrete]) -> bool:
    same = exchange(program, {})
    if same is None:
        return False
    moves = dict(renaming.moves)
    calls = {n: to for n, to in enumerate(renaming.operations) if n != to}
    held: dict[int, Moves] = dict.fromkeys(renaming.cells, moves)
    if not held.keys().isdisjoint((*clients.pending, *clients.ghosts, clients.phase)):
        return False
    held |= dict.fromkeys(clients.pending, calls)
    made = Exchange(program, same.instances, same.cells, same.sorts, calls=calls, results={1: 2, 2: 1}, held=held)
    if any(program.initial[n] in held[n] for n in held):
        return False
    forms, ranges = Forms(made, Cases()), Ranges(program)
    try:
        before, after = Scope(ranges, True), Scope(ranges, False)
        if any(forms.test(c.expr, before) != forms.test(c.expr, after) for c in program.clauses):
            return False
        return _all(forms, ranges, steps, True) == _all(forms, ranges, steps, False)
    except Refused:
        return False


def _all(forms: Forms, ranges: Ranges, steps: list[Concrete], image: bool) -> Counter[Hashable]:
    """The forms of all steps, how often there is each."""
    return Counter(_form(forms, Scope(ranges, image, c.step.guard, c.step.alloc, c.candidates), c) for c in steps)


def _form(forms: Forms, scope: Scope, c: Concrete) -> Hashable:
    step = c.step
    return (
        (c.instance, step.src, step.dst, step.kind, step.spawn, c.candidates, step.symptom),
        None if step.fail is None else (step.fail.kind, step.fail.message),
        None if step.alloc is None else step.alloc.sort,
        forms.test(step.guard, scope),
        tuple((forms.place(r, scope), forms.value(v, forms.moves(r), scope)) for r, v in step.updates),
        tuple((forms.place(a.ref, scope), forms.test(a.when, scope), a.write, a.atomic) for a in step.accesses),
        tuple((k.op, forms.place(k.ref, scope)) for k in step.sync),
    )
