"""Which goroutines are interchangeable: proved by exchanging some and comparing every step and clause.

An exchange of goroutines of one role moves all that belongs to them and renames what refers to them. If it maps the
steps of every goroutine onto those of its image, and the start and the clauses onto themselves, it maps runs onto runs.
What cannot be followed is not interchangeable: the search is larger then, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from verifier.program.concrete import Concrete, concrete
from verifier.program.expr import Const, Expr, Me, Own, PerInstance, Read, Ref, children
from verifier.program.intervals import Ranges
from verifier.program.passes.cases import Cases
from verifier.program.passes.exchange import Exchange, exchange
from verifier.program.passes.forms import Forms, Refused, Scope
from verifier.program.program import Domain, Program, Reference, Step, Union
from verifier.program.semantics import paired
from verifier.records import replace


def symmetric(program: Program) -> Program:
    """`program` with the goroutines that were shown to be interchangeable as `classes`."""
    if program.init_fail is not None or (paired(program) and program.clients is None):
        # Who waits for whom is asked of stuck goroutines, and which of several alike is met is not followed there.
        return program
    roots: dict[int, list[int]] = {}
    for i in program.goroutines:
        if i.parent is None:
            roots.setdefault(i.template, []).append(i.number)
    prover = _Prover(program)
    classes = [c for members in roots.values() for c in _classes(prover, members) if len(c) > 1]
    return replace(program, classes=tuple(tuple(c) for c in classes))


def _classes(prover: _Prover, members: list[int]) -> list[list[int]]:
    """The goroutines of one role in groups of interchangeable ones."""
    around = dict(zip(members, members[1:] + members[:1], strict=True))
    if len(members) > 3 and prover.harmless(around) and prover.harmless(_swap(*members[:2])):
        # Moving everybody on by one and swapping two neighbours makes every permutation.
        return [members]
    out = [members[:1]]
    for a, b in pairwise(members):
        # So do the swaps of all neighbours, which may also hold for some of them only.
        if prover.harmless(_swap(a, b)):
            out[-1].append(b)
        else:
            out.append([b])
    return out


def _swap(a: int, b: int) -> dict[int, int]:
    return {a: b, b: a}


class _Prover:
    """What is needed again for every pair: the concrete steps, and which of them need no closer look."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: tuple[tuple[Concrete, ...], ...] = ((), *(concrete(program, i.number) for i in program.goroutines))
        self._ranges = Ranges(program)
        self._cases = Cases()
        self._known: dict[int, tuple[Scope, Scope]] = {}
        self._obvious = [[self._is_obvious(s) for s in t.steps] for t in program.templates]
        self._same = [[_same_everywhere(s) for s in t.steps] for t in program.templates]

    def harmless(self, roots: dict[int, int]) -> bool:
        """Whether making `roots[a]` of every root instance a is shown to change nothing."""
        made = exchange(self._program, roots)
        if made is None or not self._start(made):
            return False
        forms = Forms(made, self._cases)
        try:
            return self._clauses(forms) and self._all_steps(forms, made)
        except Refused:
            return False

    def _start(self, s: Exchange) -> bool:
        p = self._program
        domains = [d.domain for d in p.cells]
        images = [s.moves(d).get(v, v) for d, v in zip(domains, p.initial, strict=True)]
        prelude = p.prelude or ((),) * len(p.instances)
        return (
            all(p.initial[to] == v and domains[to] == d for to, v, d in zip(s.cells, images, domains, strict=True))
            and all(p.starts[to] == at for to, at in zip(s.instances, p.starts, strict=True))
            and all(prelude[to] == steps for to, steps in zip(s.instances, prelude, strict=True))
            and {(sort, s.sorts[sort].get(n, n)) for sort, n in p.recycled} == set(p.recycled)
        )

    def _all_steps(self, forms: Forms, s: Exchange) -> bool:
        seen: set[tuple[int, int]] = set()
        for i in self._program.goroutines:
            image = s.instances[i.number]
            if image < i.number and s.instances[image] == i.number:
                continue  # the other direction is shown already
            mine, others = self._steps[i.number], self._steps[image]
            if len(mine) != len(others):
                return False
            for x, y in zip(mine, others, strict=True):
                key = (i.template, x.index)
                if self._obvious[i.template][x.index]:
                    continue
                if image == i.number and self._same[i.template][x.index]:
                    # Goroutines of one role that stay where they are have the same step but for their own cells.
                    if key in seen:
                        continue
                    seen.add(key)
                if not self._corresponds(forms, s, x, y):
                    return False
        return True

    def _corresponds(self, forms: Forms, s: Exchange, x: Concrete, y: Concrete) -> bool:
        """Whether y does after the exchange what x does before it."""
        child = None if x.child is None else s.instances[x.child]
        met = None if x.partner is None else (s.instances[x.partner.instance], x.partner.index)
        if met != (None if y.partner is None else (y.partner.instance, y.partner.index)):
            return False
        if (x.index, child) != (y.index, y.child) or (x.step.fail is None) != (y.step.fail is None):
            return False
        if x.step.alloc is not None:
            moved = s.sorts[x.step.alloc.sort]
            if tuple(moved.get(n, n) for n in x.candidates) != y.candidates:
                return False
        return _form(forms, self._scopes(x)[0], x.step) == _form(forms, self._scopes(y)[1], y.step)

    def _scopes(self, c: Concrete) -> tuple[Scope, Scope]:
        """Where the expressions of a step stand: with the exchange applied, and without."""
        if id(c) not in self._known:
            made = Scope(self._ranges, True, c.step.guard, c.step.alloc, c.candidates)
            self._known[id(c)] = made, replace(made, image=False)
        return self._known[id(c)]

    def _clauses(self, forms: Forms) -> bool:
        before, after = Scope(self._ranges, True), Scope(self._ranges, False)
        return all(forms.test(c.expr, before) == forms.test(c.expr, after) for c in self._program.clauses)

    def _is_obvious(self, step: Step) -> bool:
        """Whether a step only computes with plain cells, or copies and clears: then every exchange keeps it."""
        if step.alloc is not None or step.spawn is not None or step.offer is not None:
            return False
        written = [r for r, _ in step.updates] + [a.ref for a in step.accesses] + [k.ref for k in step.sync]
        if not all(isinstance(r, Own) for r in written):
            return False
        conditions = [step.guard, *(a.when for a in step.accesses)]
        return all(self._plain(e) for e in conditions) and all(self._copies(r, v) for r, v in step.updates)

    def _copies(self, ref: Ref, value: Expr) -> bool:
        if self._plain(Read(ref)):
            return self._plain(value)
        return value == Const(0) or (isinstance(value, Read) and self._domain(value.ref) == self._domain(ref))

    def _plain(self, e: Expr) -> bool:
        for x in _leaves(e):
            match x:
                case Const():
                    continue
                case Read(ref=Own() as ref) if (domain := self._domain(ref)) is not None and not self._names(domain):
                    continue
            return False
        return True

    def _domain(self, ref: Ref) -> Domain | None:
        return self._program.templates[ref.template].cells[ref.offset].domain if isinstance(ref, Own) else None

    def _names(self, domain: Domain) -> bool:
        """Whether some value of a domain refers to what belongs to a goroutine."""
        match domain:
            case Reference(sort=sort):
                return any(p.owner for p in self._program.sorts[sort].places)
            case Union(alternatives=alternatives):
                return any(self._names(inner) for _, _, inner in alternatives)
        return False


def _form(forms: Forms, scope: Scope, step: Step) -> object:
    """All that a step reads, does and touches; the rest is that of its template."""
    return (
        forms.test(step.guard, scope),
        tuple((forms.place(r, scope), forms.value(v, forms.moves(r), scope)) for r, v in step.updates),
        tuple((forms.place(a.ref, scope), forms.test(a.when, scope)) for a in step.accesses),
        tuple(forms.place(k.ref, scope) for k in step.sync),
    )


def _leaves(e: Expr) -> Iterator[Expr]:
    """The parts of an expression that are no operator; an index makes the read around it one."""
    below = children(e)
    if below and not isinstance(e, Read):
        for c in below:
            yield from _leaves(c)
    else:
        yield e


def _same_everywhere(step: Step) -> bool:
    """Whether instances of one template have this step with no constants of their own."""
    if step.alloc is not None or step.spawn is not None or step.offer is not None:
        return False
    values = [step.guard, *(v for _, v in step.updates), *(a.when for a in step.accesses)]
    refs = [*(r for r, _ in step.updates), *(a.ref for a in step.accesses), *(k.ref for k in step.sync)]
    return not any(map(_mentions_own, [*values, *(Read(r) for r in refs)]))


def _mentions_own(e: Expr) -> bool:
    return isinstance(e, Me | PerInstance) or any(map(_mentions_own, children(e)))
