"""Executing steps symbolically: what a run of steps does, in terms of the state before its first one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from verifier.program.expr import (
    FALSE,
    TRUE,
    ZERO,
    At,
    Cell,
    Const,
    Expr,
    Family,
    Fresh,
    Op,
    Own,
    Pc,
    Read,
    Ref,
    all_of,
    at_cell,
    equal,
    ite,
    negate,
    op,
    rewrite,
)
from verifier.program.intervals import Ranges
from verifier.program.passes.footprint import conjuncts, mentions_fresh, root
from verifier.program.program import Access, Alloc, Offer, Program, Step, Sync, high, low
from verifier.records import dataclass, field, replace

Apart = Callable[[int, int, Expr, Expr], bool]


class Inexact(Exception):
    """A substitution cannot be done exactly; composition stops before this step."""


@dataclass(frozen=True, slots=True)
class Path:
    """A run of raw steps. `cells` and `places`: last values written, `guards`: conditions in order.

    Everything is in terms of the state before the run. `visited`: the locations passed, first to last. `known` holds
    before the run in every state that can be reached. `cells` is never changed, only copied: finding out the hashes
    of its references again and again took a tenth of the time.
    """

    visited: tuple[int, ...]
    guards: tuple[Expr, ...] = ()
    cells: Mapping[Own | Cell, Expr] = field(default_factory=dict)
    places: tuple[tuple[At, Expr], ...] = ()
    origin: tuple[int, ...] = ()
    known: Expr = TRUE
    alloc: Alloc | None = None
    template: int = 0

    @property
    def location(self) -> int:
        """Where the run ends."""
        return self.visited[-1]

    @property
    def guard(self) -> Expr:
        """The whole condition."""
        return all_of(*self.guards)

    @property
    def updates(self) -> tuple[tuple[Ref, Expr], ...]:
        """All writes as simultaneous updates; writing a cell's own old value back is left out."""
        kept = tuple((r, v) for r, v in self.cells.items() if v != Read(r))
        return (*kept, *self.places)

    def given(self, condition: Expr) -> Path:
        """The same run under one more condition."""
        return replace(self, guards=(*self.guards, condition))


class Symbolic:
    """Symbolic execution over one program. Methods raise Inexact where cells may alias.

    `apart(template, location, a, b)`: whether two references, in terms of the state in which a goroutine stands there,
    are known to lead to two objects. `arrays`: a run may write an element of a family and read or write one that may be
    the same (McCarthy, "Towards a mathematical science of computation", IFIP 1962); updates then name it perhaps twice,
    and the later one counts.
    """

    def __init__(self, program: Program, *, arrays: bool = False, apart: Apart | None = None) -> None:
        self._program = program
        self._arrays = arrays
        self._known_apart = apart
        self.ranges = Ranges(program)
        self._asked: tuple[Path, Ranges] | None = None
        self._families: dict[int, tuple[Family, frozenset[int]]] = {}
        self._absolute: dict[tuple[int, int], frozenset[int]] = {}
        for instance in program.instances:
            for template, first, _ in instance.lineage:
                for offset in range(len(program.templates[template].cells)):
                    known = self._absolute.get((template, offset), frozenset())
                    self._absolute[template, offset] = known | {first + offset}

    def value(self, path: Path, e: Expr) -> Expr:
        """`e` after the run, in terms of the state before it."""
        if not path.cells and not path.places:
            return e
        written = path.cells

        def leaf(x: Expr) -> Expr | None:
            if not isinstance(x, Read) or isinstance(x.ref, Pc):
                return None
            ref = x.ref
            if not isinstance(ref, At) and ref in written:
                return written[ref]
            if self._arrays and isinstance(ref, At):
                return self._element(ref, path)
            known = self._last(ref, path) if isinstance(ref, At) else None
            if known is not None:
                return known
            self._apart(ref, path)
            return None

        return _summed(_without_nil(rewrite(e, leaf)))

    def extend(self, path: Path, number: int, step: Step, guard: Expr) -> Path:
        """The run followed by a raw step whose guard, substituted already, is `guard`."""
        cells, places = dict(path.cells), list(path.places)
        for ref, value in step.updates:
            new = self.value(path, value)
            target = self.ref(path, ref)
            if isinstance(target, At):
                if self._arrays:
                    self._element(target, path)
                    places = [(other, value_) for other, value_ in places if other != target]
                elif self._last(target, path) is not None:
                    places = [(other, value_) for other, value_ in places if other != target]
                else:
                    self._apart(target, path)
                places.append((target, new))
            elif isinstance(target, Own | Cell):
                if target not in path.cells:
                    self._apart(target, path)
                # Last in the order of writing, so that a range failure names the cell the raw step fails on.
                cells.pop(target, None)
                cells[target] = new
        return Path(
            (*path.visited, step.dst),
            path.guards if guard == TRUE else (*path.guards, guard),
            cells,
            tuple(places),
            (*path.origin, number),
            path.known,
            path.alloc or step.alloc,
            path.template,
        )

    def ref(self, path: Path, ref: Ref) -> Ref:
        """A reference after the run: the index of `At` substituted."""
        return at_cell(ref.family, self.value(path, ref.index)) if isinstance(ref, At) else ref

    def accesses(self, path: Path, step: Step) -> tuple[Access, ...]:
        """The accesses of a step taken after the run, but to what the run has just allocated: no race is about that."""
        made = [Access(self.ref(path, a.ref), a.write, a.atomic, self.value(path, a.when)) for a in step.accesses]
        kept = tuple(a for a in made if not _fresh_only(a.ref))
        if path.origin and any(mentions_fresh(a.when) or mentions_fresh(Read(a.ref)) for a in kept):
            raise Inexact
        return kept

    def sync(self, path: Path, step: Step) -> tuple[Sync, ...]:
        """The lock marks of a step taken after the run."""
        return tuple(Sync(s.op, self.ref(path, s.ref)) for s in step.sync)

    def offer(self, path: Path, step: Step) -> Offer | None:
        """The half of a paired step that a step taken after the run is."""
        if step.offer is None:
            return None
        values = tuple(self.value(path, v) for v in step.offer.values)
        return replace(step.offer, channel=self.value(path, step.offer.channel), values=values)

    def decided(self, path: Path, condition: Expr) -> Expr:
        """TRUE or FALSE where the run's own conditions and the domains decide `condition`, else what is left of it."""
        parts = conjuncts(condition)
        if len(parts) > 1:
            left = [self.decided(path, p) for p in parts]
            return FALSE if FALSE in left else all_of(*left)
        held = {p for g in path.guards for p in conjuncts(g)}
        if isinstance(condition, Const) or condition in held:
            return TRUE if condition != FALSE else FALSE
        if negate(condition) in held:
            return FALSE
        truth = self._held(path).of(condition)
        return {(0, 0): FALSE, (1, 1): TRUE}.get(truth, condition)

    def _held(self, path: Path) -> Ranges:
        """What a run's conditions say of the state before it; asked for every step that may follow the run."""
        if self._asked is None or self._asked[0] is not path:
            self._asked = (path, self.ranges.given(path.known).given(path.guard))
        return self._asked[1]

    def in_range(self, path: Path, step: Step, alloc: Alloc | None) -> Expr:
        """When the last step of the run, `step`, keeps every cell in its domain. `alloc`: what picks `Fresh()`."""
        written: dict[Ref, Expr] = dict(path.cells.items())
        written.update(path.places)
        count = len(step.updates)
        recent = list(written.items())[-count:] if not path.places else list(written.items())
        ranges = self.ranges.for_alloc(alloc)
        # What the path says is worked out only where the domains alone do not settle it.
        doubtful = [(ref, value) for ref, value in recent if count and not ranges.fits(value, ref)]
        if doubtful:
            ranges = ranges.given(path.known).given(path.guard)
        conditions: list[Expr] = []
        for ref, value in doubtful:
            if not ranges.fits(value, ref):
                least, most = self._bounds(ref)
                conditions += [op("<=", Const(least), value), op("<=", value, Const(most))]
        return all_of(*conditions)

    def _bounds(self, ref: Ref) -> tuple[int, int]:
        if not isinstance(ref, At):
            return self.ranges.domain(ref)
        domains = [self._program.cells[n].domain for n in ref.family.cells if n >= 0]
        bounds = {(low(d), high(d, self._program.sorts)) for d in domains}
        if len(bounds) != 1:
            raise Inexact
        return bounds.pop()

    def _element(self, ref: At, path: Path) -> Expr | None:
        """What is in the cell that `ref` is after the run; None if the run does not write it."""
        self._apart(ref, replace(path, places=()))
        later: list[tuple[Expr, Expr]] = []
        found: Expr | None = None
        for other, value in reversed(path.places):
            if other == ref:
                found = value
                break
            same = self._meeting(ref, other, path)
            if same != FALSE:
                later.append((same, value))
        if not later:
            return found
        out = Read(ref) if found is None else found
        for same, value in reversed(later):
            out = ite(same, value, out)
        return out

    def _meeting(self, ref: At, other: At, path: Path) -> Expr:
        """When two names of cells, both in terms of the state before the run, are one cell."""
        if self._cells(ref).isdisjoint(self._cells(other)) or (_fresh_only(other) and not mentions_fresh(ref.index)):
            return FALSE
        if self._known_apart is not None:
            mine, theirs = root(ref), root(other)
            known = mine is not None and theirs is not None and not mentions_fresh(mine) and not mentions_fresh(theirs)
            if known and self._known_apart(path.template, path.visited[0], mine or ZERO, theirs or ZERO):
                return FALSE
        if ref.family == other.family:
            offsets: tuple[Expr, Expr] | None = _offsets(ref.index, other.index)
        else:
            offsets = _within(ref, other) or _within(other, ref)
        if offsets is None:
            raise Inexact
        same = self.decided(path, equal(*offsets))
        if mentions_fresh(same):
            raise Inexact
        return same

    def _last(self, ref: At, path: Path) -> Expr | None:
        """What the run wrote last into the very cell that `ref` is; None if it is another one, or perhaps one."""
        for other, value in reversed(path.places):
            if other == ref:
                rest = replace(path, places=tuple((r, v) for r, v in path.places if r != other))
                self._apart(ref, rest)
                return value
        return None

    def _apart(self, ref: Ref, path: Path) -> None:
        """Raise Inexact if `ref` may be a cell that the run wrote under another name."""
        mine = self._cells(ref)
        for other in (*path.cells, *(r for r, _ in path.places)):
            if _fresh_only(other) and isinstance(ref, At) and not mentions_fresh(ref.index):
                # No reference leads to a block that is about to be taken.
                continue
            if not mine.isdisjoint(self._cells(other)):
                raise Inexact

    def _cells(self, ref: Ref) -> frozenset[int]:
        match ref:
            case Own(template=t, offset=o):
                return self._absolute.get((t, o), frozenset())
            case Cell(number=n):
                return frozenset((n,))
            case At(family=f):
                # By identity, as hashing a long family costs more than all the rest; kept alive by the value.
                known = self._families.get(id(f))
                if known is None:
                    known = self._families[id(f)] = (f, frozenset(n for n in f.cells if n >= 0))
                return known[1]
        return frozenset()


def _fresh_only(ref: Ref) -> bool:
    # A choice between an object and the one that is taken is neither.
    return isinstance(ref, At) and root(ref) == Fresh()


def _offsets(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Two indices without the object both begin with: they are equal when these are."""
    match a, b:
        case Op(name="+", args=(x, i)), Op(name="+", args=(y, j)) if x == y:
            return i, j
    return a, b


def _within(field: At, array: At) -> tuple[Expr, Expr] | None:
    """Which element of an array in an object a field is, and which one is meant, where both are of the same object."""
    match array.index:
        case Op(name="+", args=(Op(name="*", args=(x, Const(value=size))), element)) if x == field.index:
            where = {cell: n for n, cell in enumerate(array.family.cells) if cell >= 0}
            steps = {where[c] - n * size if c in where else -1 for n, c in enumerate(field.family.cells) if c >= 0}
            if len(steps) == 1 and -1 not in steps:
                return Const(steps.pop()), element
    return None


def _without_nil(e: Expr) -> Expr:
    """`e` with comparisons of a fresh reference to nil decided: a place that was picked is never nil."""
    match e:
        case Op(name="==" | "!=" as name, args=(Fresh(), Const(value=0)) | (Const(value=0), Fresh())):
            return FALSE if name == "==" else TRUE
        case Op(name=name, args=args) if mentions_fresh(e):
            return op(name, *(_without_nil(a) for a in args))
    return e


def _summed(e: Expr) -> Expr:
    """`e` with a constant added to a sum with a constant made one sum: what a run takes back is as if never given."""
    match e:
        case Op(name="+" | "-" as outer, args=(Op(name="+" | "-" as inner, args=(x, Const(value=a))), Const(value=b))):
            return op("+", x, Const((a if inner == "+" else -a) + (b if outer == "+" else -b)))
    return e


def exhaustive(guards: Iterable[Expr]) -> bool:
    """Whether one of the guards always holds, as far as can be seen: TRUE, or a condition and its negation."""
    known = set(guards)
    return TRUE in known or any(negate(g) in known for g in known)
