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

Some objects belong to whoever holds a mutex: those that one cell of the package alone refers to, a cell that everybody
reads and writes under that mutex only, and leaves so when it is unlocked (the resource invariant of a lock, O'Hearn,
"Resources, concurrency, and local reasoning", TCS 2007). Whoever locks it takes the object over as its own. It may be
published while the mutex is held, and is not written any more from then on, if the cell is given something else before
the mutex is unlocked: so the dirty map of sync.Map until Go 1.23 becomes its read-only map.

Everything is judged for all steps of all goroutines, without regard to which of them can be reached (the discipline
that Stoller and Cohen, "Optimistic synchronization-based state-space reduction", TACAS 2003, check while searching).
"""

from __future__ import annotations

from verifier.program.concrete import Concrete
from verifier.program.expr import ZERO, At, Cell, Const, Expr, Fresh, Op, Read, Ref
from verifier.program.passes.footprint import Bits, Footprint, bits, conjuncts, numbers, root
from verifier.program.passes.naming import Naming, accesses, all_refs, indexed
from verifier.program.passes.tokens import Guarded, Known, Named, New, Nothing, Result, Token, joined, lasting
from verifier.program.program import Program, Reference, Union
from verifier.records import replace

VISITS = 64
"""How often locations are looked at, for each step of a goroutine, before nothing is known of the program."""


NOTHING = Known({}, {}, frozenset(), {}, frozenset(), frozenset())
"""What is known at first."""


class Ownership:
    """The accesses of one program that nobody can interfere with. `steps`: the concrete steps of all its instances.

    `alone` has the cells whose objects belong to whoever holds the mutex beside them.
    """

    def __init__(self, program: Program, footprint: Footprint, steps: list[Concrete]) -> None:
        self._program = program
        self._footprint = footprint
        self._possible = bool(program.pools) and all(c.child is None and c.partner is None for c in steps)
        self._names = Naming(program, footprint)
        self._pooled = self._names.pooled
        self._indexed = indexed(footprint, steps)
        self._pointing = bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
        self._known: dict[tuple[int, int], Known] = {}
        self._settled: Bits = 0
        self._mutexes: set[Bits] = set()
        self._changed = self._unguarded = self._looked = 0
        self._guards: dict[int, tuple[Bits, Bits, Bits]] = {}
        self.alone: dict[int, Bits] = {}
        """Cells of the package that alone refer to their objects while a mutex is free, and the mutex."""
        self._leaked: set[int] = set()
        if self._possible:
            self._mutexes = self._locks(steps)
            by_instance: dict[int, list[Concrete]] = {}
            for c in steps:
                by_instance.setdefault(c.instance, []).append(c)
            self._follow_all(by_instance)
            while wrong := self._released_by_others(steps):
                self._mutexes -= wrong
                self._follow_all(by_instance)
            self.alone = self._guarded(steps)
            while self.alone:
                self._leaked = set()
                self._follow_all(by_instance)
                if not self._leaked:
                    break
                self.alone = {n: m for n, m in self.alone.items() if n not in self._leaked}
                if not self.alone:
                    self._follow_all(by_instance)
            self._settle(by_instance, steps)
            self._sum_up(steps)

    def _settle(self, by_instance: dict[int, list[Concrete]], steps: list[Concrete]) -> None:
        """Find the cells that everybody only ever makes 0 where others see them, if anybody does, and what follows."""
        zeroed, quiet = self._zeroed(steps)
        self._settled = zeroed & quiet
        while self._settled:
            self._leaked = set()
            self._follow_all(by_instance)
            good = self._settled & self._zeroed(steps)[1]
            if self._leaked or self._released_by_others(steps):
                # Nothing should follow from numbers about that; then nothing is to follow from them.
                good = 0
            elif good == self._settled:
                return
            self._settled = good
            if not good:
                self._follow_all(by_instance)

    def quiet(self, c: Concrete, ref: Ref, write: bool) -> bool:
        """Whether nobody can interfere with this access of a step, which may be a read for an index or a value."""
        cells = self._footprint.cells(ref)
        if not self._possible or not cells or cells & ~self._pooled:
            return False
        known = self._known.get((c.instance, c.step.src))
        if known is None:
            return False
        token = self._names.object(known, ref)
        if token in known.own or isinstance(token, New):
            return True
        if not write and (not cells & self._changed or (cells, token) in known.held):
            # What never changes; or a mutex that only this goroutine can unlock now.
            return True
        for mutex, (unguarded, looked, _) in zip(sorted(self._mutexes), self._guards.values(), strict=True):
            if self._holds(known, mutex, token) and not cells & unguarded and not (write and cells & looked):
                return True
        return False

    def releases(self, c: Concrete) -> Bits:
        """The cells of the mutexes that a step releases as their holder: nobody else waits for anything but that."""
        known = self._known.get((c.instance, c.step.src))
        found = 0
        for s in c.step.sync:
            cells = self._footprint.cells(s.ref)
            if known is not None and s.op == "unlock" and (cells, self._names.object(known, s.ref)) in known.held:
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
        found = None if known is None else self._names.inside(known, e)
        return found if isinstance(found, int) else None

    def apart(self, instance: int, location: int, a: Expr, b: Expr) -> bool:
        """Whether two references, computed where a goroutine stands, lead to two objects for certain."""
        known = self._known.get((instance, location)) if self._possible else None
        if known is None:
            return False
        one, two = self._names.value(known, a), self._names.value(known, b)
        return one is not None and two is not None and known.distinct(one, two)

    def never_nil(self, instance: int, location: int) -> frozenset[int]:
        """The cells of a goroutine that hold references to objects of its own where it stands."""
        known = self._known.get((instance, location)) if self._possible else None
        return frozenset() if known is None else frozenset(n for n, t in known.values.items() if t in known.made)

    # ---- mutexes

    def _locks(self, steps: list[Concrete]) -> set[Bits]:
        """The mutexes that are only locked and unlocked: one of the package, or the cells of a field in all objects."""
        marks = [(c, s, self._footprint.cells(s.ref)) for c in steps for s in c.step.sync]
        found = {cells for _, s, cells in marks if isinstance(s.ref, At) and not cells & ~self._pooled}
        named = {s.ref.number for _, s, _ in marks if isinstance(s.ref, Cell)}
        found |= {1 << n for n in named if self._names.is_shared(n) and self._program.initial[n] == 0}
        odd = {cells for _, s, cells in marks if s.op not in ("lock", "unlock")}
        alone = {m for m in found if not any(m != x and m & x for _, _, x in marks)}
        return {m for m in alone - odd if not any(self._meddles(c, m) for c in steps)}

    def _meddles(self, c: Concrete, mutex: Bits) -> bool:
        """Whether a step is no Lock or Unlock of a mutex but touches it, other than in an object it makes."""
        if c.step.fail is not None or any(self._footprint.cells(s.ref) == mutex for s in c.step.sync):
            return False
        if any(self._footprint.cells(ref) & mutex for ref in all_refs(c)):
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
                if (cells, self._names.object(known, s.ref)) not in known.held:
                    wrong.add(cells)
        return wrong

    def _holds(self, known: Known, mutex: Bits, token: Token) -> bool:
        """Whether a goroutine holds a mutex of the package, or that of an object."""
        named = not mutex & self._pooled
        return (mutex, Named(mutex.bit_length() - 1) if named else token) in known.held

    # ---- objects that belong to whoever holds a mutex

    def _guarded(self, steps: list[Concrete]) -> dict[int, Bits]:
        """References of the package, nil at first, that are only touched under a mutex of the package, and which."""
        found = {
            n: {m for m in self._mutexes if not m & self._pooled}
            for n, decl in enumerate(self._program.cells)
            if isinstance(decl.domain, Reference) and self._names.is_shared(n) and self._program.initial[n] == 0
        }
        every = bits(found)
        for c in steps:
            known = self._known.get((c.instance, c.step.src))
            if known is None:
                continue
            held = {m for m, t in known.held if isinstance(t, Named)} | set(self._marked(c, "lock"))
            for ref, _ in accesses(c):
                for n in numbers(self._footprint.cells(ref) & every):
                    # Through an index it is not followed.
                    found[n] &= held if isinstance(ref, Cell) else set()
        return {n: min(mutexes) for n, mutexes in found.items() if mutexes}

    def _marked(self, c: Concrete, op: str) -> list[Bits]:
        """The mutexes of the package that a step locks, or unlocks."""
        marks = [self._footprint.cells(s.ref) for s in c.step.sync if s.op == op]
        return [m for m in marks if m in self._mutexes and not m & self._pooled]

    def _with_guarded(self, c: Concrete, known: Known) -> Known:
        """What a goroutine knows once it has taken the mutexes that a step locks."""
        locked = set(self._marked(c, "lock"))
        taken = {n: Guarded(n) for n, m in self.alone.items() if m in locked}
        if not taken:
            return known
        return replace(known, values=known.values | taken, own=known.own | dict.fromkeys(taken.values(), False))

    def _without_nil(self, c: Concrete, known: Known) -> Known | None:
        """What a goroutine knows of the references that are nil where it takes a step: they are no object's.

        None where it cannot take it, as the object is there.
        """
        values, own = known.values, known.own
        for g in conjuncts(c.step.guard):
            match g:
                case Op(name="==", args=(Read(ref=Cell(number=n)), Const(value=0))) if n in values:
                    gone = values[n]
                    if gone in known.made:
                        return None
                    nothing: dict[int, Token] = {
                        m: Nothing(c.index, m) if m in self.alone else 0 for m, t in values.items() if t == gone
                    }
                    own = {t: stored for t, stored in own.items() if t != gone}
                    own |= {t: False for m, t in nothing.items() if m in self.alone}
                    values = values | nothing
        return replace(known, values=values, own=own)

    def _given_up(self, c: Concrete, values: dict[int, Token], own: dict[Token, bool]) -> dict[Token, bool]:
        """What is its own after the mutexes that a step unlocks are free; what they guard is not in `values` any more.

        The cells they guard must alone refer to what is in them by then.
        """
        unlocked = set(self._marked(c, "unlock"))
        for n in [n for n, m in self.alone.items() if m in unlocked]:
            t = values.pop(n, None)
            if own.pop(t, True) or t in values.values():
                self._leaked.add(n)
            # What is stored in an object that others may have now they have with it.
            own = {t: stored for t, stored in own.items() if not stored}
        return own

    # ---- following references

    def _give_up(self) -> None:
        """Know nothing: then nothing is left out."""
        self._possible, self._known, self._mutexes, self.alone, self._settled = False, {}, set(), {}, 0

    def _follow_all(self, by_instance: dict[int, list[Concrete]]) -> None:
        self._known = {}
        for number, mine in by_instance.items():
            if self._possible:
                self._follow(number, mine)

    def _follow(self, instance: int, steps: list[Concrete]) -> None:
        """What is known at every location of a goroutine: what holds however it came there."""
        leaving: dict[int, list[Concrete]] = {}
        for c in steps:
            leaving.setdefault(c.step.src, []).append(c)
        start = self._program.starts[instance]
        arrivals: dict[int, dict[object, Known]] = {start: {"start": NOTHING}}
        todo = [start]
        visits = 0
        while todo:
            location = todo.pop()
            visits += 1
            if visits > VISITS * (len(steps) + 1):
                self._give_up()
                return
            known = joined(location, list(arrivals[location].values()), self._settled)
            if self._known.get((instance, location)) == known:
                continue
            self._known[instance, location] = known
            for c in leaving.get(location, ()):
                here = self._without_nil(c, self._with_guarded(c, known)) if c.step.fail is None else None
                if here is not None:
                    arrivals.setdefault(c.step.dst, {})[c.index] = self._after(c, here)
                    todo.append(c.step.dst)

    def _after(self, c: Concrete, known: Known) -> Known:
        """What is known after a step, with tokens that name its own results. `known`: what is where it can be taken."""
        own, held, values = dict(known.own), set(known.held), dict(known.values)
        mine = self._mine(c)
        if c.step.alloc is not None:
            own[New()] = False
        made = known.made | {New()}
        inside = self._names.written(c, replace(known, own=dict(own)), self._settled)
        outside = set(known.outside)
        lost = False
        for ref, value in c.step.updates:
            given = self._names.tokens(known, value)
            if isinstance(ref, Cell) and 1 << ref.number & mine & ~self._pooled:
                exact = self._names.value(known, value)
                if value == ZERO and ref.number in self.alone:
                    exact = Nothing(c.index, ref.number)
                    own[exact] = False
                if exact is None:
                    # The same object under a name that is not followed.
                    for t in given:
                        own.pop(t, None)
                    values[ref.number] = Result(c.index, ref.number)
                else:
                    values[ref.number] = exact
                    if self._names.from_outside(known, value, mine):
                        outside.add(exact)
                continue
            target = self._names.object(known, ref)
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
                entry = (cells, self._names.object(known, s.ref))
                if s.op == "lock":
                    held.add(entry)
                else:
                    held.discard(entry)
        own = self._given_up(c, values, own)
        return Known(values, own, frozenset(held), lasting(inside, own, self._settled), frozenset(outside), made)

    def _mine(self, c: Concrete) -> Bits:
        """The cells that only this goroutine reaches, when it does, and by their names: no elements of arrays."""
        instance = self._program.instances[c.instance]
        first = instance.lineage[0][1]
        block = (1 << len(self._program.templates[instance.template].cells)) - 1 << first
        return (bits(self.alone) | block) & ~self._indexed

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
                token = self._names.object(known, ref)
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
            for ref, write in accesses(c):
                cells = self._footprint.cells(ref) & self._pooled
                token = self._names.object(known, ref)
                if not cells or token in known.own or isinstance(token, New):
                    continue
                self._changed |= cells if write else 0
                for n, mutex in enumerate(order):
                    if not self._holds(known, mutex, token):
                        unguarded, looked = guards[n]
                        guards[n] = (unguarded | (cells if write else 0), looked | (0 if write else cells))
        self._guards = {n: (a, b, order[n]) for n, (a, b) in guards.items()}
