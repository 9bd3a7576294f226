"""`ordered:` as a clause of a program: ghosts that follow who can know what has happened (docs/ordered.md).

One bit of knowledge per goroutine and per cell that synchronises, after the Go memory model (June 2022): a release
gives the cell what its goroutine knows, an acquire takes it; an atomic operation learns what the one knew whose effect
it observes, so a store replaces what the cell passes on.
"""

from __future__ import annotations

from collections.abc import Iterable

from verifier.program.expr import (
    FALSE,
    TRUE,
    At,
    Cell,
    Const,
    Expr,
    Family,
    Op,
    Own,
    Read,
    Ref,
    all_of,
    either,
    ite,
    negate,
)
from verifier.program.passes.extend import Extended, extended
from verifier.program.program import END, IDLE, PACKAGE, Bool, CellDecl, Clause, Kind, Program, Step, Template
from verifier.records import dataclass, replace
from verifier.source import Span

ACQUIRE, RELEASE, REPLACE, BOTH = "acquire", "release", "replace", "both"
WRITES, READS = 0, 1
"""What a cell passes on: to everybody, and, from RUnlock, to the next Lock only (sync/rwmutex.go:117)."""

_STORE = "sync/atomic/doc.go:36"
"""What the steps of Load and Store cite (`gosem.atomic`); all other writes of sync/atomic read too."""

_FREE_OF_ORDER = ("", "internal/sync/mutex.go", "sync/rwmutex.go", "sync/once.go")
"""Files of steps that order nothing unless they carry a lock mark: a failed TryLock, an announcement."""


class NotCovered(Exception):
    """A primitive whose happens-before edges are not followed, and where it is used."""

    def __init__(self, text: str, span: Span | None) -> None:
        super().__init__(text)
        self.span = span


class NoSuchPoint(Exception):
    """A point of an `ordered:` property that cannot be used; `which` is its key, such as before."""

    def __init__(self, which: str, reason: str, wrong: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.which = which
        self.wrong = wrong
        self.known = known


@dataclass(frozen=True, slots=True)
class Point:
    """A label of a role."""

    role: str
    label: str


@dataclass(frozen=True, slots=True)
class Order:
    """Once a goroutine has come to `finished`, what it did up to `before` happens before `after`, for every goroutine
    that leaves `start` later."""

    name: str
    before: Point
    finished: Point
    start: Point
    after: Point
    text: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What a step does to the knowledge that one cell passes on."""

    action: str
    ref: Ref
    channel: int


def with_order(program: Program, order: Order) -> Program:
    """A raw program with one clause: `order`. Raises NoSuchPoint and NotCovered."""
    return _Instrumented(program, order).program()


class _Instrumented:
    def __init__(self, program: Program, order: Order) -> None:
        self._order = order
        self._a, self._before = self._point(program, "before", order.before)
        again, self._finished = self._point(program, "finished", order.finished)
        if again is not self._a:
            raise NoSuchPoint("finished", f"'{order.finished.role}' is not the role of `before`, '{order.before.role}'")
        self._b, self._start = self._point(program, "start", order.start)
        other, self._after = self._point(program, "after", order.after)
        if other is not self._b:
            raise NoSuchPoint("start", f"'{order.start.role}' is not the role of `after`, '{order.after.role}'")
        self._check(program)
        synchronising = _synchronising(program)
        cells: list[list[CellDecl]] = [[CellDecl("knows", Bool())] for _ in program.templates]
        cells[PACKAGE] = [CellDecl("passed", Bool()), CellDecl("not ordered", Bool())]
        cells[self._b.number] += [CellDecl("started after", Bool()), CellDecl("starts", Bool())]
        self._passes: dict[tuple[int, int, int], int] = {}
        for t, offset in sorted(synchronising):
            for channel in (WRITES, READS):
                self._passes[t, offset, channel] = len(cells[t])
                cells[t].append(CellDecl(f"passed on by {program.templates[t].cells[offset].name}", Bool()))
        self._offsets = {t.number: len(t.cells) for t in program.templates}
        self._made: Extended = extended(program, [tuple(c) for c in cells])
        self._families: dict[tuple[int, int], tuple[Family, Family]] = {}

    def _point(self, program: Program, which: str, point: Point) -> tuple[Template, int]:
        roles = {t.name: t for t in program.templates[1:] if t.parent is None}
        if point.role not in roles:
            raise NoSuchPoint(which, f"there is no role '{point.role}'", point.role, tuple(roles))
        labels = dict(roles[point.role].labels)
        if point.label not in labels:
            reason = f"role '{point.role}' has no label '{point.label}'"
            raise NoSuchPoint(which, reason, point.label, tuple(labels))
        return roles[point.role], labels[point.label]

    def _check(self, program: Program) -> None:
        if sum(i.template == self._a.number for i in program.instances) != 1:
            raise NoSuchPoint("before", f"there must be one goroutine '{self._a.name}': whose doings, otherwise?")
        if self._before in (END, IDLE):
            raise NoSuchPoint("before", f"nothing stands behind the label '{self._order.before.label}'")
        if self._finished in (END, IDLE, self._a.entry):
            label = self._order.finished.label
            raise NoSuchPoint("finished", f"nothing stands {_side(self._finished)} the label '{label}'")
        if self._after in (END, IDLE, self._b.entry):
            raise NoSuchPoint("after", f"nothing stands {_side(self._after)} the label '{self._order.after.label}'")
        for which, at, point in (
            ("before", self._before, self._order.before),
            ("finished", self._finished, self._order.finished),
        ):
            if at in _reachable(self._a, at):
                raise NoSuchPoint(which, f"'{point.label}' is in a loop: which round is meant?")
        recycled = {n for sort, p in program.recycled for n in program.sorts[sort].places[p - 1].cells}
        for t in program.templates:
            for s in t.steps:
                for e in edges(s):
                    if isinstance(e.ref, At) and recycled & set(e.ref.family.cells):
                        raise NotCovered("a lock or atomic value in memory that is allocated again and again", s.span)

    def program(self) -> Program:
        """The instrumented program; its only clause is the order."""
        made = self._made.program
        templates = tuple(replace(t, steps=tuple(self._step(t, s) for s in t.steps)) for t in made.templates)
        bad = made.instances[PACKAGE].lineage[0][1] + self._made.first[PACKAGE] + 1
        clause = Clause(self._order.name, "always", negate(Read(Cell(bad))), self._order.text, self._order.span)
        initial = list(made.initial)
        for i in made.goroutines:
            # A label at the very beginning: everything before the goroutine is meant, and it knows that.
            if i.template == self._a.number and self._before == self._a.entry:
                initial[i.lineage[0][1] + self._made.first[i.template]] = 1
        return replace(made, templates=templates, clauses=(clause,), initial=tuple(initial))

    def _step(self, t: Template, s: Step) -> Step:
        if s.fail is not None:
            return s
        knows = self._made.own(t.number, 0)
        now: Expr = Read(knows)
        after = now
        updates: list[tuple[Ref, Expr]] = []
        found = list(edges(s))
        for e in found:
            if e.action in (ACQUIRE, BOTH):
                after = either(after, Read(self._passed_on(e.ref, e.channel)))
        for e in found:
            cell = self._passed_on(e.ref, e.channel)
            if e.action in (RELEASE, BOTH):
                updates.append((cell, either(Read(cell), now)))
            elif e.action == REPLACE:
                updates.append((cell, now))
        if s.spawn is not None:
            updates.append((self._made.own(s.spawn, 0), now))
        if t.number == self._a.number and s.dst == self._before:
            after = TRUE
        if t.number == self._a.number and s.dst == self._finished:
            updates.append((self._made.own(PACKAGE, 0), TRUE))
        if t.number == self._b.number:
            updates += self._obligations(t, s, after)
        if after != now:
            updates.append((knows, after))
        return replace(s, updates=(*s.updates, *updates))

    def _obligations(self, t: Template, s: Step, knows: Expr) -> Iterable[tuple[Ref, Expr]]:
        """Whether `before` had been passed when the goroutine set out from `start`, and what is due at `after`."""
        later, starts = self._made.own(t.number, 1), self._made.own(t.number, 2)
        passed, bad = self._made.own(PACKAGE, 0), self._made.own(PACKAGE, 1)
        starting: Expr = TRUE if s.src == self._start else Read(starts)
        owed: Expr = Read(later)
        if s.kind is Kind.LOCAL:
            # Local steps are taken at once; the call begins with the first step that others can see.
            still = starting
        else:
            owed, still = ite(starting, Read(passed), Read(later)), FALSE
        if s.dst == self._after and s.src != self._after:
            yield bad, either(Read(bad), all_of(owed, negate(still), negate(knows)))
            owed = still = FALSE
        if owed != Read(later):
            yield later, owed
        if still != Read(starts):
            yield starts, still

    def _passed_on(self, ref: Ref, channel: int) -> Ref:
        """The ghost beside a cell that synchronises."""
        match ref:
            case Own(template=t, offset=offset):
                return self._made.own(t, self._passes[t, offset, channel])
            case At(family=f, index=index):
                return At(self._beside(f, channel), index)
            case _:
                raise NotCovered("a lock that is no variable", None)

    def _beside(self, f: Family, channel: int) -> Family:
        known = self._families.get((id(f), channel))
        if known is None:
            cells = tuple(-1 if n < 0 else self._ghost(n, channel) for n in f.cells)
            known = self._families[id(f), channel] = (f, Family(f"passed on by {f.name}", cells, f.stride))
        return known[1]

    def _ghost(self, cell: int, channel: int) -> int:
        """The number of the ghost beside a cell of the extended program, -1 if the cell never synchronises."""
        made = self._made.program
        owner = max((i for i in made.instances if i.lineage[0][1] <= cell), key=lambda i: (i.lineage[0][1], i.number))
        first = owner.lineage[0][1]
        number = self._passes.get((owner.template, cell - first, channel))
        return -1 if number is None else first + self._made.first[owner.template] + number


def _side(location: int) -> str:
    return "behind" if location in (END, IDLE) else "before"


def _synchronising(program: Program) -> set[tuple[int, int]]:
    """The cells that order goroutines, as template and offset in its block."""
    found: set[tuple[int, int]] = set()
    for t in program.templates:
        for s in t.steps:
            for e in edges(s):
                if isinstance(e.ref, Own):
                    found.add((e.ref.template, e.ref.offset))
                elif isinstance(e.ref, At):
                    for cell in e.ref.family.cells:
                        if cell >= 0:
                            found.add(_place(program, cell))
    return found


def _place(program: Program, cell: int) -> tuple[int, int]:
    owner = max((i for i in program.instances if i.lineage[0][1] <= cell), key=lambda i: (i.lineage[0][1], i.number))
    return owner.template, cell - owner.lineage[0][1]


def edges(s: Step) -> Iterable[Edge]:
    """What a step does, lock by lock. Raises NotCovered."""
    if s.fail is not None or s.kind is not Kind.SYNC:
        return
    if s.sync:
        for mark in s.sync:
            yield from (Edge(action, mark.ref, channel) for action, channel in _MARKS[mark.op])
        return
    file, _, line = s.cite.partition(":")
    if file.startswith("sync/atomic/") and file != "sync/atomic/value.go":
        for a in s.accesses:
            # A Swap observes what it replaces, also where nobody uses what it returns.
            action = ACQUIRE if not a.write else REPLACE if s.cite == _STORE else BOTH
            yield Edge(action, a.ref, WRITES)
    elif file == "sync/once.go" and line == "67":
        yield Edge(ACQUIRE, s.accesses[0].ref, WRITES)
    elif file == "sync/waitgroup.go":
        yield from _waitgroup(s)
    elif file not in _FREE_OF_ORDER:
        raise NotCovered(s.text, s.span)


_MARKS = {
    "lock": ((ACQUIRE, WRITES), (ACQUIRE, READS)),
    "acquire": ((ACQUIRE, WRITES), (ACQUIRE, READS)),
    "announce": (),
    "unlock": ((RELEASE, WRITES),),
    "rlock": ((ACQUIRE, WRITES),),
    "runlock": ((RELEASE, READS),),
    "begin": (),
    "finish": ((RELEASE, WRITES),),
}
"""What the lock marks of `program.Sync` do."""


def _waitgroup(s: Step) -> Iterable[Edge]:
    """Done comes before the Wait it unblocks; an Add of something positive before nothing (sync/waitgroup.go:172)."""
    ref = s.accesses[0].ref
    if not s.updates:
        yield Edge(ACQUIRE, ref, WRITES)
        return
    added = next((v for r, v in s.updates if r == ref), None)
    if not isinstance(added, Op) or added.name != "+" or not isinstance(added.args[1], Const):
        raise NotCovered(s.text, s.span)
    if added.args[1].value < 0:
        yield Edge(RELEASE, ref, WRITES)


def _reachable(t: Template, start: int) -> set[int]:
    """The locations that can be reached from one, with one step or more."""
    seen: set[int] = set()
    todo = [start]
    while todo:
        n = todo.pop()
        for s in t.steps:
            if s.src == n and s.fail is None and s.dst not in seen:
                seen.add(s.dst)
                todo.append(s.dst)
    return seen
