"""Which accesses to objects nobody can interfere with: to objects of one's own, to what never changes, under a lock.

What the locks of the package protect is known by name (`locks`). Objects that goroutines allocate, and the locks in
them, are told apart here by following references through a goroutine's own cells, step by step: an object is *its own*
from the allocation until a reference to it is stored where others may find it, and a mutex in an object is *held* from
its Lock until its Unlock. From that follows, for the cells of a type,

* they never change once others can see them, if everybody writes them in objects of its own only;
* who holds the mutex of the object reads what nobody else writes meanwhile, if everybody writes them in objects of its
  own or holding that mutex;
* who holds it also writes what nobody else reads, if that is so for every read as well.

Everything is judged for all steps of all goroutines, without regard to which of them can be reached (the discipline
that Stoller and Cohen, "Optimistic synchronization-based state-space reduction", TACAS 2003, check while searching).
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Const, Expr, Fresh, Op, Read, Ref, Table, children, refs
from verifier.program.passes.footprint import Bits, Footprint, bits
from verifier.program.program import Program, Reference, Union
from verifier.program.semantics import recycled_blocks
from verifier.records import dataclass

Token = object
"""A value of a reference as the analysis names it: equal tokens in one state are one object."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known where a goroutine stands: the value of its own cells, objects of its own, mutexes it holds.

    `own` maps an object of its own to whether it is stored in another one of its own; `held` has (mutex cells, object).
    """

    values: dict[int, Token]
    own: dict[Token, bool]
    held: frozenset[tuple[Bits, Token]]


class Ownership:
    """The accesses of one program that nobody can interfere with. `steps`: the concrete steps of all its instances."""

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
        if self._possible:
            self._mutexes = self._locks(steps)
            by_instance: dict[int, list[Concrete]] = {}
            for c in steps:
                by_instance.setdefault(c.instance, []).append(c)
            while True:
                self._known = {}
                for number, mine in by_instance.items():
                    self._follow(number, mine)
                wrong = self._released_by_others(steps)
                if not wrong:
                    break
                self._mutexes -= wrong
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
        if token in known.own or isinstance(token, _New):
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

    # ---- following references

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
            known = _joined(location, list(arrivals[location].values()))
            if self._known.get((instance, location)) == known:
                continue
            self._known[instance, location] = known
            for c in leaving.get(location, ()):
                if c.step.fail is None:
                    arrivals.setdefault(c.step.dst, {})[c.index] = self._after(c, known)
                    todo.append(c.step.dst)

    def _after(self, c: Concrete, known: Known) -> Known:
        """What is known after a step, with tokens that name its own results."""
        own = dict(known.own)
        held = set(known.held)
        values = dict(known.values)
        if c.step.alloc is not None:
            own[_New()] = False
        lost = False
        for ref, value in c.step.updates:
            given = self._tokens(known, value)
            if isinstance(ref, Cell) and not 1 << ref.number & self._pooled and self._is_mine(c, ref.number):
                exact = self._value(known, value)
                if exact is None:
                    # The same object under a name that is not followed.
                    for t in given:
                        own.pop(t, None)
                    values[ref.number] = _Result(c.index, ref.number)
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
        return Known(values, own, frozenset(held))

    def _is_mine(self, c: Concrete, cell: int) -> bool:
        instance = self._program.instances[c.instance]
        first = instance.lineage[0][1]
        return first <= cell < first + len(self._program.templates[instance.template].cells)

    def _value(self, known: Known, e: Expr) -> Token | None:
        """The token of a value that is a copy of something followed; None for a reference computed in another way."""
        match e:
            case Read(ref=Cell(number=n)) if n in known.values:
                return known.values[n]
            case Fresh():
                return _New()
            case Const(value=v):
                return v
        # All values of a step are computed in one state: where they are written alike they are one.
        return None if self._tokens(known, e) else _Computed(e)

    def _tokens(self, known: Known, e: Expr) -> set[Token]:
        """The objects that a value may be a reference to, of those that are followed."""
        match e:
            case Read(ref=Cell(number=n)):
                return {known.values[n]} if n in known.values else set()
            case Fresh():
                return {_New()}
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
            return _Unknown()
        base = _base(ref)
        found = None if base is None else self._value(known, base)
        return _Unknown() if found is None else found

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
                if not cells or token in known.own or isinstance(token, _New):
                    continue
                self._changed |= cells if write else 0
                for n, mutex in enumerate(order):
                    if (mutex, token) not in known.held:
                        unguarded, looked = guards[n]
                        guards[n] = (unguarded | (cells if write else 0), looked | (0 if write else cells))
        self._guards = {n: (a, b, order[n]) for n, (a, b) in guards.items()}


@dataclass(frozen=True, slots=True)
class _New:
    """What the step has just allocated."""


@dataclass(frozen=True, slots=True)
class _Computed:
    """What a step has computed."""

    e: Expr


@dataclass(frozen=True, slots=True)
class _Result:
    """What a step wrote into a cell."""

    step: int
    cell: int


@dataclass(frozen=True, slots=True)
class _Class:
    """The value that some cells have in common at a location, named after the first of them."""

    location: int
    cell: int


class _Unknown:
    """A value nobody else is known to have; equal to itself only."""


def _joined(location: int, arriving: list[Known]) -> Known:
    """What holds at a location, given what is known on every way there. Every value gets a name of its own here."""
    cells = set.intersection(*(set(k.values) for k in arriving))
    classes: dict[tuple[Token, ...], list[int]] = {}
    for n in sorted(cells):
        classes.setdefault(tuple(k.values[n] for k in arriving), []).append(n)
    values: dict[int, Token] = {}
    own: dict[Token, bool] = {}
    held: dict[tuple[Bits, Token], tuple[Token, ...]] = {}
    counts = [_occurrences(tokens[i] for tokens in classes) for i in range(len(arriving))]
    # A cell that is not followed on some way may be another name of what it was there.
    dropped = [{t for n, t in k.values.items() if n not in cells} for k in arriving]
    for tokens, members in classes.items():
        name = _Class(location, members[0])
        values.update(dict.fromkeys(members, name))
        # Where two values that differ here are one object on some way, neither is known to be alone.
        alone = all(counts[i][t] == 1 for i, t in enumerate(tokens))
        if alone and all(t in k.own and t not in d for t, k, d in zip(tokens, arriving, dropped, strict=True)):
            own[name] = any(k.own[t] for t, k in zip(tokens, arriving, strict=True))
        for mutex in {m for m, _ in arriving[0].held}:
            if all((mutex, t) in k.held for t, k in zip(tokens, arriving, strict=True)):
                held[mutex, name] = tokens
    # Of two names that are held here and were one object on some way, one would outlive the Unlock of the other.
    kept = {
        entry
        for entry, tokens in held.items()
        if not any(
            entry[0] == m and entry[1] != other and any(a == b for a, b in zip(tokens, theirs, strict=True))
            for (m, other), theirs in held.items()
        )
    }
    return Known(values, own, frozenset(kept))


def _occurrences(tokens: Iterator[Token]) -> dict[Token, int]:
    out: dict[Token, int] = {}
    for t in tokens:
        out[t] = out.get(t, 0) + 1
    return out


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
