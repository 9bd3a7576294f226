"""Which accesses to objects nobody can interfere with: to objects of one's own, to what never changes, under a lock.

What the locks of the package protect is known by name (`locks`). Objects that goroutines allocate, and the locks in
them, are told apart here by following references through a goroutine's own cells, step by step: an object is *its own*
from the allocation until a reference to it is stored where others may find it, and a mutex in an object is *held* from
its Lock until its Unlock. From that follows, for the cells of a type,

* they never change once others can see them, if everybody writes them in objects of its own only;
* who holds the mutex of the object reads what nobody else writes meanwhile, if everybody writes them in objects of its
  own or holding that mutex;
* who holds it also writes what nobody else reads, if that is so for every read as well;
* who has written 0 there finds 0, if nobody writes anything else in objects that others can see.

Everything is judged for all steps of all goroutines, without regard to which of them can be reached (the discipline
that Stoller and Cohen, "Optimistic synchronization-based state-space reduction", TACAS 2003, check while searching).
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Const, Expr, Fresh, Op, Read, Ref, Table, children, refs
from verifier.program.passes.footprint import Bits, Footprint, bits, conjuncts, root
from verifier.program.passes.known import Computed, Known, New, Result, Slot, Token, Unknown, joined, lasting
from verifier.program.program import Program, Reference, Union
from verifier.program.semantics import recycled_blocks
from verifier.records import replace

VISITS = 64
"""How often locations are looked at, for each step of a goroutine, before nothing is known of the program."""


class Ownership:
    """The accesses of one program that nobody can interfere with. `steps`: the concrete steps of all its instances."""

    def __init__(self, program: Program, footprint: Footprint, steps: list[Concrete]) -> None:
        self._program = program
        self._footprint = footprint
        self._possible = bool(program.pools) and all(c.child is None and c.partner is None for c in steps)
        self._pooled = bits(n for block in recycled_blocks(program) for n in block)
        self._pointing = bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
        self._known: dict[tuple[int, int], Known] = {}
        self._settled: Bits = 0
        self._mutexes: set[Bits] = set()
        self._changed = self._unguarded = self._looked = 0
        self._guards: dict[int, tuple[Bits, Bits, Bits]] = {}
        if self._possible:
            self._mutexes = self._locks(steps)
            by_instance: dict[int, list[Concrete]] = {}
            for c in steps:
                by_instance.setdefault(c.instance, []).append(c)
            tried = False
            while self._possible:
                self._known = {}
                for number, mine in by_instance.items():
                    self._follow(number, mine)
                wrong = self._released_by_others(steps)
                zeroed, quiet = self._zeroed(steps)
                settled = self._settled & quiet if tried else zeroed & quiet
                if not wrong and settled == self._settled:
                    break
                self._mutexes -= wrong
                self._settled, tried = settled, True
            self._sum_up(steps)

    def quiet(self, c: Concrete, ref: Ref, write: bool) -> bool:
        """Whether nobody can interfere with this access of a step, which may be a read for an index or a value."""
        cells = self._footprint.cells(ref)
        if not self._possible or not cells or cells & ~self._pooled:
            return False
        known = self._known.get((c.instance, c.step.src))
        if known is None:
            return False
        token = self._object(known, ref)
        if token in known.own or isinstance(token, New):
            return True
        if not write and (not cells & self._changed or (cells, token) in known.held):
            # What never changes; or a mutex that only this goroutine can unlock now.
            return True
        for mutex, (unguarded, looked, _) in zip(sorted(self._mutexes), self._guards.values(), strict=True):
            if (mutex, token) in known.held and not cells & unguarded and not (write and cells & looked):
                return True
        return False

    def releases(self, c: Concrete) -> Bits:
        """The cells of the mutexes that a step releases as their holder: nobody else waits for anything but that."""
        known = self._known.get((c.instance, c.step.src))
        found = 0
        for s in c.step.sync:
            cells = self._footprint.cells(s.ref)
            if known is not None and s.op == "unlock" and (cells, self._object(known, s.ref)) in known.held:
                found |= cells
        return found

    def acquires(self, c: Concrete) -> Bits:
        """The cells of the mutexes that a step locks, of those that only their holder unlocks."""
        found = 0
        for s in c.step.sync:
            cells = self._footprint.cells(s.ref)
            found |= cells if s.op == "lock" and cells in self._mutexes else 0
        return found

    def value(self, c: Concrete, e: Expr) -> int | None:
        """The number that a read of a step finds in any case; None if it may find different ones."""
        known = self._known.get((c.instance, c.step.src)) if self._possible else None
        found = None if known is None else self._inside(known, e)
        return found if isinstance(found, int) else None

    def apart(self, instance: int, location: int, a: Expr, b: Expr) -> bool:
        """Whether two references, computed where a goroutine stands, lead to two objects for certain."""
        known = self._known.get((instance, location)) if self._possible else None
        if known is None:
            return False
        one, two = self._value(known, a), self._value(known, b)
        return one is not None and two is not None and known.distinct(one, two)

    def never_nil(self, instance: int, location: int) -> frozenset[int]:
        """The cells of a goroutine that hold references to objects of its own where it stands."""
        known = self._known.get((instance, location)) if self._possible else None
        return frozenset() if known is None else frozenset(n for n, t in known.values.items() if t in known.own)

    # ---- mutexes

    def _locks(self, steps: list[Concrete]) -> set[Bits]:
        """The mutexes of pooled objects that are only locked and unlocked: the cells of a field in all objects."""
        marks = [(c, s, self._footprint.cells(s.ref)) for c in steps for s in c.step.sync]
        found = {cells for _, s, cells in marks if isinstance(s.ref, At) and not cells & ~self._pooled}
        odd = {cells for _, s, cells in marks if s.op not in ("lock", "unlock")}
        alone = {m for m in found if not any(m != x and m & x for _, _, x in marks)}
        return {m for m in alone - odd if not any(self._meddles(c, m) for c in steps)}

    def _meddles(self, c: Concrete, mutex: Bits) -> bool:
        """Whether a step is no Lock or Unlock of a mutex but touches it, other than in an object it makes."""
        if c.step.fail is not None or any(self._footprint.cells(s.ref) == mutex for s in c.step.sync):
            return False
        if any(self._footprint.cells(ref) & mutex for ref in _all_refs(c)):
            return True
        return any(
            self._footprint.cells(ref) & mutex and not (isinstance(ref, At) and root(ref) == Fresh())
            for ref, _ in c.step.updates
        )

    def _released_by_others(self, steps: list[Concrete]) -> set[Bits]:
        """The mutexes that somebody may unlock who is not known to hold them."""
        wrong: set[Bits] = set()
        for c in steps:
            known = self._known.get((c.instance, c.step.src))
            for s in c.step.sync:
                cells = self._footprint.cells(s.ref)
                if s.op != "unlock" or cells not in self._mutexes or c.step.fail is not None or known is None:
                    continue
                if (cells, self._object(known, s.ref)) not in known.held:
                    wrong.add(cells)
        return wrong

    # ---- following references

    def _follow(self, instance: int, steps: list[Concrete]) -> None:
        """What is known at every location of a goroutine: what holds however it came there."""
        leaving: dict[int, list[Concrete]] = {}
        for c in steps:
            leaving.setdefault(c.step.src, []).append(c)
        start = self._program.starts[instance]
        arrivals: dict[int, dict[object, Known]] = {start: {"start": Known({}, {}, frozenset(), {}, frozenset())}}
        todo = [start]
        visits = 0
        while todo:
            location = todo.pop()
            visits += 1
            if visits > VISITS * (len(steps) + 1):
                self._possible, self._known, self._mutexes = False, {}, set()
                return
            known = joined(location, list(arrivals[location].values()), self._settled)
            if self._known.get((instance, location)) == known:
                continue
            self._known[instance, location] = known
            for c in leaving.get(location, ()):
                here = _where(known, c.step.guard) if c.step.fail is None else None
                if here is not None:
                    arrivals.setdefault(c.step.dst, {})[c.index] = self._after(c, here)
                    todo.append(c.step.dst)

    def _after(self, c: Concrete, known: Known) -> Known:
        """What is known after a step, with tokens that name its own results."""
        own = dict(known.own)
        held = set(known.held)
        values = dict(known.values)
        if c.step.alloc is not None:
            own[New()] = False
        inside = self._written(c, replace(known, own=dict(own)))
        outside = set(known.outside)
        lost = False
        for ref, value in c.step.updates:
            given = self._tokens(known, value)
            if isinstance(ref, Cell) and not 1 << ref.number & self._pooled and self._is_mine(c, ref.number):
                exact = self._value(known, value)
                if exact is None:
                    # The same object under a name that is not followed.
                    for t in given:
                        own.pop(t, None)
                    values[ref.number] = Result(c.index, ref.number)
                else:
                    values[ref.number] = exact
                    if self._from_outside(c, known, value):
                        outside.add(exact)
                continue
            target = self._object(known, ref)
            hidden = target in own
            pointing = bool(self._footprint.cells(ref) & self._pointing)
            for t in given:
                if t in own:
                    if hidden:
                        own[t] = True
                    else:
                        del own[t]
                        lost = True
            if not hidden and pointing and not isinstance(value, Const):
                lost = True
        if lost:
            # What was stored in an object that others may see now is seen with it.
            own = {t: stored for t, stored in own.items() if not stored}
        for s in c.step.sync:
            cells = self._footprint.cells(s.ref)
            if cells in self._mutexes:
                entry = (cells, self._object(known, s.ref))
                if s.op == "lock":
                    held.add(entry)
                else:
                    held.discard(entry)
        return Known(values, own, frozenset(held), lasting(inside, own, self._settled), frozenset(outside))

    def _from_outside(self, c: Concrete, known: Known, value: Expr) -> bool:
        """Whether a value is read where no object of one's own is stored."""
        match value:
            case Read(ref=Cell(number=n)):
                return not self._is_mine(c, n) and not 1 << n & self._pooled
            case Read(ref=At() as ref):
                return known.others(self._object(known, ref))
        return False

    def _written(self, c: Concrete, known: Known) -> dict[Slot, Token]:
        """What is known of fields once a step has written some, before anything is lost by that."""
        out = dict(known.inside)
        for ref, value in c.step.updates:
            cells = self._footprint.cells(ref) & self._pooled
            if not cells:
                continue
            target, new = self._object(known, ref), self._value(known, value)
            for slot in [s for s in out if s[1] & cells and not known.distinct(s[0], target)]:
                # Writing 0 changes no 0, whosever it is.
                if not (new == 0 and out[slot] == 0):
                    del out[slot]
            exact = isinstance(ref, At) and isinstance(ref.index, Read | Fresh) and ref.family.cells[0] < 0
            # What is neither a number nor a copy of a reference is of no use, and would be known of less the more is.
            useful = isinstance(new, int) or (new is not None and not isinstance(new, Computed))
            if exact and useful and (target in known.own or (new == 0 and not cells & ~self._settled)):
                out[target, cells] = new
        return out

    def _is_mine(self, c: Concrete, cell: int) -> bool:
        instance = self._program.instances[c.instance]
        first = instance.lineage[0][1]
        return first <= cell < first + len(self._program.templates[instance.template].cells)

    def _value(self, known: Known, e: Expr) -> Token | None:
        """The token of a value that is a copy of something followed; None for a reference computed in another way."""
        match e:
            case Read(ref=Cell(number=n)) if n in known.values:
                return known.values[n]
            case Read(ref=At()):
                found = self._inside(known, e)
                return Computed(e) if found is None else found
            case Fresh():
                return New()
            case Const(value=v):
                return v
        # All values of a step are computed in one state: where they are written alike they are one.
        return None if self._tokens(known, e) else Computed(e)

    def _inside(self, known: Known, e: Expr) -> Token | None:
        """What is in a field of an object, where that is known."""
        if not isinstance(e, Read) or not isinstance(e.ref, At) or not isinstance(e.ref.index, Read):
            return None
        return known.inside.get((self._object(known, e.ref), self._footprint.cells(e.ref)))

    def _tokens(self, known: Known, e: Expr) -> set[Token]:
        """The objects that a value may be a reference to, of those that are followed."""
        match e:
            case Read(ref=Cell(number=n)):
                return {known.values[n]} if n in known.values else set()
            case Read(ref=At()):
                inside = self._inside(known, e)
                return set() if inside is None or isinstance(inside, int) else {inside}
            case Fresh():
                return {New()}
            case Op(name="ite", args=(_, a, b)):
                return self._tokens(known, a) | self._tokens(known, b)
            case Op(name="==" | "!=" | "<" | "<=" | "and" | "or" | "not"):
                return set()
            case Read() | Const():
                return set()
            case Table(index=index):
                return self._tokens(known, index)
        found: set[Token] = set()
        for x in children(e):
            found |= self._tokens(known, x)
        return found

    def _object(self, known: Known, ref: Ref) -> Token:
        """The object that a computed cell is in."""
        if not isinstance(ref, At):
            return Unknown()
        base = root(ref)
        found = None if base is None else self._value(known, base)
        return Unknown() if found is None else found

    # ---- what everybody does

    def _zeroed(self, steps: list[Concrete]) -> tuple[Bits, Bits]:
        """The cells that somebody makes 0 in an object of others, and those that nobody makes anything else there."""
        zeroed, other = 0, 0
        for c in steps:
            known = self._known.get((c.instance, c.step.src))
            if known is None or c.step.fail is not None:
                continue
            for ref, value in c.step.updates:
                cells = self._footprint.cells(ref) & self._pooled
                token = self._object(known, ref)
                if cells and token not in known.own and not isinstance(token, New):
                    zeroed |= cells if value == Const(0) else 0
                    other |= 0 if value == Const(0) else cells
        return zeroed, self._pooled & ~other

    def _sum_up(self, steps: list[Concrete]) -> None:
        """Which cells somebody changes in an object of others, and which without the mutex, or looks at without it."""
        order = sorted(self._mutexes)
        guards = dict.fromkeys(range(len(order)), (0, 0))
        for c in steps:
            known = self._known.get((c.instance, c.step.src))
            if known is None:
                continue
            for ref, write in _accesses(c):
                cells = self._footprint.cells(ref) & self._pooled
                token = self._object(known, ref)
                if not cells or token in known.own or isinstance(token, New):
                    continue
                self._changed |= cells if write else 0
                for n, mutex in enumerate(order):
                    if (mutex, token) not in known.held:
                        unguarded, looked = guards[n]
                        guards[n] = (unguarded | (cells if write else 0), looked | (0 if write else cells))
        self._guards = {n: (a, b, order[n]) for n, (a, b) in guards.items()}


def _where(known: Known, guard: Expr) -> Known | None:
    """What is known where a condition holds: some references are nil, but none to an object of one's own."""
    values = dict(known.values)
    for part in conjuncts(guard):
        match part:
            case Op(name="==", args=(Read(ref=Cell(number=n)), Const(value=0))) if n in values:
                if values[n] in known.own:
                    return None
                values = {m: 0 if t == known.values[n] else t for m, t in values.items()}
    return replace(known, values=values)


def _accesses(c: Concrete) -> Iterator[tuple[Ref, bool]]:
    """Every cell that a step reads or writes in order to do what it does."""
    for ref in _all_refs(c):
        yield ref, False
    for a in c.step.accesses:
        yield a.ref, a.write
    if c.step.fail is None:
        for ref, _ in c.step.updates:
            yield ref, True


def _all_refs(c: Concrete) -> Iterator[Ref]:
    """Every cell that a step reads: in its guard, its values and its indices."""
    step = c.step
    for e in (step.guard, *(v for _, v in step.updates), *(a.when for a in step.accesses)):
        yield from refs(e)
    for ref in (*(r for r, _ in step.updates), *(a.ref for a in step.accesses)):
        if isinstance(ref, At):
            yield from refs(ref.index)
