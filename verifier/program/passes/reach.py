"""What one goroutine's values can be and come from: which reads, and which places, followed along its raw steps."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.program.concrete import bind
from verifier.program.expr import At, Cell, Const, Expr, Fresh, Op, Own, Read, Ref, Table, op, refs
from verifier.program.passes.control import control_dependences
from verifier.program.program import Alloc, Domain, Instance, Program, Reference, Step, Union, high, low
from verifier.program.semantics import zero
from verifier.records import dataclass, replace

Sites = frozenset[int]
"""Places in the code of a role where memory is read: the locations the reading steps start from."""

MANY = 64
"""Values followed of one cell; beyond that it may hold any."""

_NONE: Sites = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the reads it was computed from (`data`), those that decided that it is this value and
    no other (`control`), and what it can be (None: anything its cell can hold)."""

    data: Sites = _NONE
    control: Sites = _NONE
    values: frozenset[int] | None = None

    def joined(self, other: Origin) -> Origin:
        """The origin of a value that is one or the other."""
        known = None if self.values is None or other.values is None else self.values | other.values
        if known is not None and len(known) > MANY:
            known = None
        return Origin(self.data | other.data, self.control | other.control, known)


ANYTHING = Origin()

Store = dict[int, Origin]
"""What is known of the followed cells at a location; a cell that is missing may hold anything, read from nowhere."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: cells only this goroutine writes (`tracked`), and those others write too (`contended`)."""

    tracked: frozenset[int]
    contended: frozenset[int]


class Flow:
    """The origins of one goroutine's values at each of its locations, as the least fixpoint over its raw steps."""

    def __init__(self, program: Program, instance: Instance, followed: Followed) -> None:
        self.program = program
        self.instance = instance
        self.followed = followed
        template = program.templates[instance.template]
        self._leaving: dict[int, list[Step]] = {}
        self.steps: list[Step] = []
        for s in template.steps:
            step = bound(s, instance)
            self.steps.append(step)
            if s.fail is None:
                self._leaving.setdefault(s.src, []).append(step)
        self.deciding = control_dependences(template)
        self.sites: dict[int, frozenset[int]] = {}
        """For each reading location the contended cells read from there."""
        self.guards: dict[int, Sites] = {}
        """For each location the reads that decide which way to go there."""
        start = program.starts[instance.number]
        first = template.entry
        own = range(instance.lineage[0][1], instance.lineage[0][1] + len(template.cells))
        begun: Store = {}
        if instance.parent is None:
            begun = {n: Origin(values=frozenset((program.initial[n],))) for n in own if n in followed.tracked}
            first = start
        self.at: dict[int, Store] = {first: begun}
        self._fixpoint()

    def _fixpoint(self) -> None:
        # What is known at a location depends on what was known where its steps begin, on the guards that decide about
        # it and on what is read where: only where one of them changed is there anything to do again.
        decides: dict[int, list[int]] = {}
        for location, by in self.deciding.items():
            for b in by:
                decides.setdefault(b, []).append(location)
        new = set(self.at)
        while new:
            # In the order of the code, or what is behind a loop is looked at once per round of it.
            for location in sorted(new):
                new.discard(location)
                leaving = self._leaving.get(location, [])
                read, decided = self.sites.get(location), self.guards.get(location)
                for s in leaving:
                    self._look(location, s)
                if read != self.sites.get(location):
                    new |= self.at.keys()
                elif decided != self.guards.get(location):
                    new |= self.at.keys() & {location, *decides.get(location, ())}
                new.update(s.dst for s in leaving if self._arrive(s.dst, self.after(s)))

    def _look(self, location: int, s: Step) -> None:
        """Note what a step reads and decides."""
        seen = frozenset(n for r in _read(s) for n in self.cells(r, s) if n in self.followed.contended)
        if seen:
            self.sites[location] = self.sites.get(location, frozenset()) | seen
        if len(self._leaving[location]) > 1:
            o = self.origin(s.guard, s)
            self.guards[location] = self.guards.get(location, _NONE) | o.data | o.control

    def _arrive(self, location: int, store: Store) -> bool:
        known = self.at.get(location)
        if known is None:
            self.at[location] = store
            return True
        changed = False
        for n in {*known, *store}:
            a, b = known.get(n, ANYTHING), store.get(n, ANYTHING)
            if a is b:
                continue
            joined = a.joined(b)
            if joined != a:
                known[n] = joined
                changed = True
        return changed

    def decided(self, location: int) -> Sites:
        """The reads that decided that the goroutine is at a location."""
        return _NONE.union(*(self.guards.get(b, _NONE) for b in self.deciding.get(location, ())))

    def after(self, s: Step) -> Store:
        """What is known after a step."""
        store = dict(self.at[s.src])
        for n in self._renewed(s):
            blank = Origin(values=frozenset((zero(self.program.cells[n].domain, self.program.sorts),)))
            store[n] = store.get(n, ANYTHING).joined(blank)
        why = self.decided(s.src) | (self.guards.get(s.src, _NONE))
        for ref, value in s.updates:
            o = self.origin(value, s)
            o = Origin(o.data, o.control | why, o.values)
            targets = self.cells(ref, s)
            for n in targets:
                if n in self.followed.tracked:
                    alone = len(targets) == 1
                    store[n] = o if alone else o.joined(self.at[s.src].get(n, ANYTHING))
        return store

    def _renewed(self, s: Step) -> Iterable[int]:
        """The followed cells of the blocks that an allocation may take: it finds them zeroed."""
        if s.alloc is not None:
            places = self.program.sorts[s.alloc.sort].places
            for place in self._candidates(s.alloc):
                yield from (n for n in places[place - 1].cells if n in self.followed.tracked)

    def _candidates(self, alloc: Alloc) -> tuple[int, ...]:
        """The places an allocation of this goroutine may take."""
        return next(alloc.candidates[o] for t, _, o in self.instance.lineage if t == alloc.template)

    def origin(self, e: Expr, s: Step) -> Origin:
        """Where the value of an expression comes from in a step."""
        data: set[int] = set()
        control: set[int] = set()
        for r in refs(e):
            o = self._read(r, s)
            data |= o.data
            control |= o.control
        return Origin(frozenset(data), frozenset(control), self.values(e, s))

    def _read(self, r: Ref, s: Step) -> Origin:
        """What reading one reference brings along, its index left out."""
        cells = self.cells(r, s)
        data: set[int] = set()
        control: set[int] = set()
        store = self.at[s.src]
        newer = self.origin(r.index, s).data if isinstance(r, At) else _NONE
        if any(n in self.followed.contended for n in cells):
            newer |= {s.src}
            data.add(s.src)
        fresh = {n for site in newer for n in self.sites.get(site, ())}
        for n in cells:
            o = store.get(n)
            if o is not None:
                # What is read through a newer read of a location does not come from an older read of it.
                data |= {x for x in o.data if x in newer or not fresh & self.sites.get(x, frozenset())}
                control |= o.control
        return Origin(frozenset(data), frozenset(control))

    def cells(self, ref: Ref, s: Step) -> frozenset[int]:
        """The cells a reference of a step may be."""
        match ref:
            case Cell(number=n):
                return frozenset((n,))
            case At(family=f, index=i):
                values = self.values(i, s)
                if values is None:
                    return frozenset(n for n in f.cells if n >= 0)
                return frozenset(f.cells[v] for v in values if 0 <= v < len(f.cells) and f.cells[v] >= 0)
            case _:
                return frozenset()

    def values(self, e: Expr, s: Step) -> frozenset[int] | None:
        """What an expression can be in a step; None when that is not known."""
        match e:
            case Const(value=v):
                return frozenset((v,))
            case Fresh():
                return frozenset(self._candidates(s.alloc)) if s.alloc is not None else None
            case Table(values=table, index=i):
                inner = self.values(i, s)
                return None if inner is None else frozenset(table[v] for v in inner if 0 <= v < len(table))
            case Read(ref=r):
                return self._held(r, s)
            case Op(name=name, args=args):
                return self._computed(name, args, s)
            case _:
                return None

    def _held(self, r: Ref, s: Step) -> frozenset[int] | None:
        out: set[int] = set()
        for n in self.cells(r, s):
            o = self.at[s.src].get(n)
            domain = self.program.cells[n].domain
            if o is not None and o.values is not None:
                out |= o.values
            elif high(domain, self.program.sorts) - low(domain) < MANY:
                out |= set(range(low(domain), high(domain, self.program.sorts) + 1))
            else:
                return None
        return frozenset(out) if len(out) <= MANY else None

    def _computed(self, name: str, args: tuple[Expr, ...], s: Step) -> frozenset[int] | None:
        if name in ("==", "!=", "<", "<=", "and", "or", "not"):
            return frozenset((0, 1))
        if name == "ite":
            a, b = self.values(args[1], s), self.values(args[2], s)
            return None if a is None or b is None else a | b
        if name not in ("+", "-", "*", "/", "%") or len(args) != 2:
            return None
        a, b = self.values(args[0], s), self.values(args[1], s)
        if a is None or b is None or len(a) * len(b) > MANY * MANY or (name in "/%" and 0 in b):
            return None
        out = frozenset(_arithmetic(name, x, y) for x in a for y in b)
        return out if len(out) <= MANY else None

    def behind(self, domain: Domain, values: frozenset[int] | None, s: Step) -> Origin:
        """What stands in the objects of this goroutine that a value of `domain` leads to, directly or not."""
        found = Origin()
        seen: set[int] = set()
        todo = [(domain, values)]
        while todo:
            d, known = todo.pop()
            for n in _objects(self.program, d, known):
                if n in seen or n not in self.followed.tracked:
                    continue
                seen.add(n)
                o = self.at[s.src].get(n, ANYTHING)
                found = found.joined(o)
                todo.append((self.program.cells[n].domain, o.values))
        return found


def _arithmetic(name: str, a: int, b: int) -> int:
    result = op(name, Const(a), Const(b))
    assert isinstance(result, Const)
    return result.value


def _objects(program: Program, domain: Domain, values: frozenset[int] | None) -> Iterable[int]:
    """The cells of the places that values of a domain refer to."""
    match domain:
        case Reference(sort=sort):
            places = program.sorts[sort].places
            for n, p in enumerate(places, 1):
                if values is None or n in values:
                    yield from p.cells
        case Union(alternatives=alternatives):
            for _, first, inner in alternatives:
                by = first - low(inner)
                known = None if values is None else frozenset(v - by for v in values)
                yield from _objects(program, inner, known)


def bound(s: Step, instance: Instance) -> Step:
    """A step with absolute cells; what a `go` statement gives to the new goroutine is left out."""
    if s.spawn is not None:
        inside = {t for t, _, _ in instance.lineage}
        kept = tuple(u for u in s.updates if not isinstance(u[0], Own) or u[0].template in inside)
        s = replace(s, updates=kept, accesses=())
    return bind(s, instance, instance)


def _read(s: Step) -> Iterable[Ref]:
    """Every reference a step reads."""
    yield from refs(s.guard)
    for ref, value in s.updates:
        yield from refs(value)
        if isinstance(ref, At):
            yield from refs(ref.index)
