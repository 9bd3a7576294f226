"""Which accesses to objects nobody can interfere with: to objects of one's own, to what never changes, under a lock.

What the locks of the package protect is known by name (`locks`). Objects that goroutines allocate, and the locks in
them, are told apart here by following references through a goroutine's own cells, step by step: an object is *its own*
from the allocation until a reference to it is stored where others may find it, and a mutex in an object is *held* from
its Lock until its Unlock. From that follows, for the cells of a type,

* they never change once others can see them, if everybody writes them in objects of its own only;
* who holds the mutex of the object reads what nobody else writes meanwhile, if everybody writes them in objects of its
  own or holding that mutex;
* who holds it also writes what nobody else reads, if that is so for every read as well.

Some objects belong to whoever holds a mutex: those that one cell of the package alone refers to, a cell that everybody
reads and writes under that mutex only, and leaves so when it is unlocked (the resource invariant of a lock, O'Hearn,
"Resources, concurrency, and local reasoning", TCS 2007). Whoever locks it takes the object over as its own. It may be
published while the mutex is held, and is not written any more from then on, if the cell is given something else before
the mutex is unlocked: so the dirty map of sync.Map until Go 1.23 becomes its read-only map.

Everything is judged for all steps of all goroutines, without regard to which of them can be reached (the discipline
that Stoller and Cohen, "Optimistic synchronization-based state-space reduction", TACAS 2003, check while searching).
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.concrete import Concrete
from verifier.program.expr import ZERO, At, Cell, Const, Expr, Fresh, Op, Read, Ref, Table, children, refs
from verifier.program.passes.footprint import Bits, Footprint, bits, conjuncts, numbers
from verifier.program.passes.tokens import Computed, Guarded, Known, Named, New, Nothing, Result, Token, Unknown, joined
from verifier.program.program import PACKAGE, Program, Reference, Union
from verifier.program.semantics import recycled_blocks
from verifier.records import replace


class Ownership:
    """The accesses of one program that nobody can interfere with. `steps`: the concrete steps of all its instances.

    `alone` has the cells whose objects belong to whoever holds the mutex beside them.
    """

    def __init__(self, program: Program, footprint: Footprint, steps: list[Concrete]) -> None:
        self._program = program
        self._footprint = footprint
        self._possible = bool(program.pools) and all(c.child is None and c.partner is None for c in steps)
        self._pooled = bits(n for block in recycled_blocks(program) for n in block)
        self._pointing = bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
        self._known: dict[tuple[int, int], Known] = {}
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
            if self._holds(known, mutex, token) and not cells & unguarded and not (write and cells & looked):
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

    # ---- mutexes

    def _locks(self, steps: list[Concrete]) -> set[Bits]:
        """The mutexes that are only locked and unlocked: one of the package, or the cells of a field in all objects."""
        marks = [(c, s, self._footprint.cells(s.ref)) for c in steps for s in c.step.sync]
        found = {cells for _, s, cells in marks if isinstance(s.ref, At) and not cells & ~self._pooled}
        named = {s.ref.number for _, s, _ in marks if isinstance(s.ref, Cell)}
        found |= {1 << n for n in named if self._is_shared(n) and self._program.initial[n] == 0}
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
            self._footprint.cells(ref) & mutex and not (isinstance(ref, At) and _base(ref) == Fresh())
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

    def _holds(self, known: Known, mutex: Bits, token: Token) -> bool:
        """Whether a goroutine holds a mutex of the package, or that of an object."""
        named = not mutex & self._pooled
        return (mutex, Named(mutex.bit_length() - 1) if named else token) in known.held

    def _is_shared(self, cell: int) -> bool:
        """Whether a cell is one of the package, with a name."""
        return cell < len(self._program.templates[PACKAGE].cells) and not 1 << cell & self._pooled

    # ---- objects that belong to whoever holds a mutex

    def _guarded(self, steps: list[Concrete]) -> dict[int, Bits]:
        """References of the package, nil at first, that are only touched under a mutex of the package, and which."""
        found = {
            n: {m for m in self._mutexes if not m & self._pooled}
            for n, decl in enumerate(self._program.cells)
            if isinstance(decl.domain, Reference) and self._is_shared(n) and self._program.initial[n] == 0
        }
        every = bits(found)
        for c in steps:
            known = self._known.get((c.instance, c.step.src))
            if known is None:
                continue
            held = {m for m, t in known.held if isinstance(t, Named)} | set(self._marked(c, "lock"))
            for ref, _ in _accesses(c):
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

    def _without_nil(self, c: Concrete, known: Known) -> Known:
        """What a goroutine knows of the references that are nil where it takes a step: they are no object's."""
        values, own = known.values, known.own
        for g in conjuncts(c.step.guard):
            match g:
                case Op(name="==", args=(Read(ref=Cell(number=n)), Const(value=0))) if n in values:
                    gone = values[n]
                    nothing: dict[int, Token] = {m: Nothing(c.index, m) for m, t in values.items() if t == gone}
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

    def _follow_all(self, by_instance: dict[int, list[Concrete]]) -> None:
        self._known = {}
        for number, mine in by_instance.items():
            self._follow(number, mine)

    def _follow(self, instance: int, steps: list[Concrete]) -> None:
        """What is known at every location of a goroutine: what holds however it came there."""
        leaving: dict[int, list[Concrete]] = {}
        for c in steps:
            leaving.setdefault(c.step.src, []).append(c)
        start = self._program.starts[instance]
        arrivals: dict[int, dict[object, Known]] = {start: {"start": Known({}, {}, frozenset())}}
        todo = [start]
        while todo:
            location = todo.pop()
            known = joined(location, list(arrivals[location].values()))
            if self._known.get((instance, location)) == known:
                continue
            self._known[instance, location] = known
            for c in leaving.get(location, ()):
                if c.step.fail is None:
                    arrivals.setdefault(c.step.dst, {})[c.index] = self._after(c, known)
                    todo.append(c.step.dst)

    def _after(self, c: Concrete, known: Known) -> Known:
        """What is known after a step, with tokens that name its own results."""
        known = self._without_nil(c, self._with_guarded(c, known))
        own, held, values = dict(known.own), set(known.held), dict(known.values)
        if c.step.alloc is not None:
            own[New()] = False
        lost = False
        for ref, value in c.step.updates:
            given = self._tokens(known, value)
            if isinstance(ref, Cell) and not 1 << ref.number & self._pooled and self._is_mine(c, ref.number):
                exact = self._value(known, value)
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
                continue
            target = self._object(known, ref)
            inside = target in own
            pointing = bool(self._footprint.cells(ref) & self._pointing)
            for t in given:
                if t in own:
                    if inside:
                        own[t] = True
                    else:
                        del own[t]
                        lost = True
            if not inside and pointing and not isinstance(value, Const):
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
        own = self._given_up(c, values, own)
        return Known(values, own, frozenset(held))

    def _is_mine(self, c: Concrete, cell: int) -> bool:
        instance = self._program.instances[c.instance]
        first = instance.lineage[0][1]
        return cell in self.alone or first <= cell < first + len(self._program.templates[instance.template].cells)

    def _value(self, known: Known, e: Expr) -> Token | None:
        """The token of a value that is a copy of something followed; None for a reference computed in another way."""
        match e:
            case Read(ref=Cell(number=n)) if n in known.values:
                return known.values[n]
            case Fresh():
                return New()
            case Const(value=v):
                return v
        # All values of a step are computed in one state: where they are written alike they are one.
        return None if self._tokens(known, e) else Computed(e)

    def _tokens(self, known: Known, e: Expr) -> set[Token]:
        """The objects that a value may be a reference to, of those that are followed."""
        match e:
            case Read(ref=Cell(number=n)):
                return {known.values[n]} if n in known.values else set()
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
            return Named(ref.number) if isinstance(ref, Cell) and self._is_shared(ref.number) else Unknown()
        base = _base(ref)
        found = None if base is None else self._value(known, base)
        return Unknown() if found is None else found

    # ---- what everybody does

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
                    if not self._holds(known, mutex, token):
                        unguarded, looked = guards[n]
                        guards[n] = (unguarded | (cells if write else 0), looked | (0 if write else cells))
        self._guards = {n: (a, b, order[n]) for n, (a, b) in guards.items()}


def _base(ref: At) -> Expr | None:
    """The reference that an index into the cells of objects begins with."""
    e: Expr = ref.index
    while isinstance(e, Op) and e.name in ("+", "*"):
        e = e.args[0]
    return e if isinstance(e, Read | Fresh | Const) else None


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
