"""`lost-update` as a failure of the program: ghosts remember which reads have been overtaken (docs/lost-update.md).

For every read of a location that a later write of it depends on (`updates`) a ghost says, per goroutine and cell: not
pending, fresh, or stale because another goroutine has changed the cell since. A write that depends on a stale read
fails instead of being done. Everything else stays as it is, so whatever handles programs handles this one.
"""

from __future__ import annotations

from collections.abc import Iterable

from verifier.program.expr import (
    FALSE,
    At,
    Const,
    Expr,
    Family,
    Own,
    PerInstance,
    Read,
    Ref,
    Table,
    all_of,
    any_of,
    equal,
    ite,
    negate,
    refs,
)
from verifier.program.passes.extend import Extended, extended
from verifier.program.passes.footprint import mentions_fresh
from verifier.program.passes.reach import Flow
from verifier.program.passes.updates import Use, dependent_writes, writes_location
from verifier.program.program import CellDecl, Fail, Program, Range, Step, Template, base
from verifier.records import dataclass, replace

LOST_UPDATE = "lost-update"
STALE_READ = "stale read of "
"""How the names of the ghosts begin."""

MESSAGE = "a location is overwritten from a stale read"
"""What the failure says; which location it is, the audit finds out (`audit/overtaken.py`)."""

NOT_PENDING, FRESH, STALE = 0, 1, 2

MANY = 256
"""Ghosts of one program at most."""


class TooMany(Exception):
    """The program has more reads to follow than can be followed; says which limit."""


@dataclass(frozen=True, slots=True)
class _Ghost:
    """What is remembered of the reads at `site` by goroutines of a template: whether `cells[ordinal]` is stale."""

    template: int
    site: int
    cells: tuple[int, ...]


def with_lost_updates(program: Program) -> Program | None:
    """A raw program in which lost updates are failures; None when no write depends on an earlier read.

    Raises TooMany.
    """
    flows, uses = dependent_writes(program)
    if not uses:
        return None
    ghosts = _ghosts(program, uses)
    made = _Instrumented(program, flows, uses, ghosts)
    return made.program()


def _ghosts(program: Program, uses: Iterable[Use]) -> list[_Ghost]:
    """One ghost for every cell a use is about: own cells of corresponding offset are one ghost, others one each."""
    keys: dict[tuple[int, int, int, bool], None] = {}
    for u in uses:
        first = program.instances[u.instance].lineage[0][1]
        size = len(program.templates[u.template].cells)
        for n in sorted(u.cells):
            own = first <= n < first + size
            for site in (u.site, *sorted(u.renewed)):
                keys.setdefault((u.template, site, n - first if own else n, own))
    out = []
    for template, site, n, own in keys:
        mine = sorted((i for i in program.instances if i.template == template), key=lambda i: i.ordinal)
        out.append(_Ghost(template, site, tuple(i.lineage[0][1] + n if own else n for i in mine)))
    if sum(len(g.cells) for g in out) > MANY:
        raise TooMany(f"more than {MANY} reads to follow, counted per goroutine and location")
    return out


class _Instrumented:
    def __init__(self, program: Program, flows: dict[int, Flow], uses: list[Use], ghosts: list[_Ghost]) -> None:
        self._old = program
        self._flows = flows
        self._uses = uses
        self._ghosts = ghosts
        cells: list[list[CellDecl]] = [[] for _ in program.templates]
        self._numbers: dict[int, int] = {}
        for n, g in enumerate(ghosts):
            self._numbers[n] = len(cells[g.template])
            name = f"{STALE_READ}{program.cells[g.cells[0]].name}"
            cells[g.template].append(CellDecl(name, Range(NOT_PENDING, STALE)))
        self._made: Extended = extended(program, [tuple(c) for c in cells])

    def program(self) -> Program:
        """The program with failures in place of lost updates. Its clauses are left out: others judge them."""
        made = self._made.program
        templates = tuple(
            replace(t, steps=tuple(x for n, s in enumerate(t.steps) for x in self._step(t, n, s)))
            for t in made.templates
        )
        return replace(made, templates=templates, clauses=())

    def _step(self, t: Template, n: int, s: Step) -> Iterable[Step]:
        """A step as it is now: what it does to the ghosts, and the failures that it may be instead."""
        if s.fail is not None:
            yield s
            return
        lost = any_of(*self._losses(t, n, s))
        if lost != FALSE:
            fail = Fail(LOST_UPDATE, MESSAGE)
            yield replace(
                s, guard=all_of(s.guard, lost), updates=(), sync=(), alloc=None, spawn=None, fail=fail, detail=""
            )
        yield replace(s, guard=all_of(s.guard, negate(lost)), updates=(*s.updates, *self._remembered(t, n, s)))

    def _losses(self, t: Template, n: int, s: Step) -> Iterable[Expr]:
        """The conditions under which the step overwrites what another goroutine has written."""
        mine = [u for u in self._uses if (u.template, u.step) == (t.number, n)]
        for key in dict.fromkeys((u.site, u.control) for u in mine):
            alike = [u for u in mine if (u.site, u.control) == key]
            renewed = frozenset().union(*(u.renewed for u in alike))
            cells = {n for u in alike for n in u.cells}
            for g in self._of(t, key[0]):
                if not cells & set(g.cells):
                    continue
                stale = equal(self._own(g), Const(STALE))
                change: list[Expr] = []
                for ref, value in s.updates:
                    if isinstance(ref, At) and mentions_fresh(ref.index):
                        continue
                    here = self._is(ref, g, t)
                    # A write that was only decided by an old read and changes nothing loses nothing.
                    change.append(all_of(here, negate(equal(value, Read(ref)))) if key[1] else here)
                newer = [
                    equal(self._own(x), Const(FRESH))
                    for site in sorted(renewed)
                    for x in self._of(t, site)
                    if x.cells == g.cells
                ]
                yield all_of(stale, *(map(negate, newer) if key[1] else ()), any_of(*change))

    def _of(self, t: Template, site: int) -> list[_Ghost]:
        return [g for g in self._ghosts if (g.template, g.site) == (t.number, site)]

    def _own(self, g: _Ghost) -> Expr:
        return Read(self._made.own(g.template, self._numbers[self._ghosts.index(g)]))

    def _remembered(self, t: Template, n: int, s: Step) -> Iterable[tuple[Ref, Expr]]:
        """The updates of ghosts in a step: its own reads, and what its writes do to the reads of others."""
        writes = writes_location(s)
        for number, g in enumerate(self._ghosts):
            own = self._after_own(t, n, s, g) if g.template == t.number else None
            changed, fresh = self._changed(s, g) if writes else ({}, {})
            here = self._made.own(g.template, self._numbers[number])
            if not changed and not fresh:
                if own is not None:
                    yield here, own
                continue
            everywhere = self._made.everywhere(g.template, self._numbers[number], f"{STALE_READ}each")
            for ordinal in range(len(g.cells)):
                ghost = At(everywhere, Const(ordinal))
                theirs = ite(
                    all_of(equal(Read(ghost), Const(FRESH)), changed.get(ordinal, Const(0))),
                    Const(STALE),
                    ite(fresh.get(ordinal, Const(0)), Const(NOT_PENDING), Read(ghost)),
                )
                if g.template == t.number:
                    number_of = PerInstance(t.number, tuple(range(len(g.cells))))
                    mine = Read(here) if own is None else own
                    yield ghost, ite(equal(number_of, Const(ordinal)), mine, theirs)
                else:
                    yield ghost, theirs

    def _after_own(self, t: Template, n: int, s: Step, g: _Ghost) -> Expr | None:
        """What becomes of the ghost of the goroutine that takes the step; None when nothing does."""
        now = self._own(g)
        reads = any_of(*(self._is(r, g, t) for r in _reads(s))) if s.src == g.site else Const(0)
        if s.src == g.site:
            kept = now if self._survives(t, n, g) else Const(NOT_PENDING)
            return ite(reads, Const(FRESH), kept)
        if s.kind.value != "local" and not self._pending(t, s.dst, g):
            return Const(NOT_PENDING)
        return None

    def _survives(self, t: Template, n: int, g: _Ghost) -> bool:
        """Whether a value from an earlier round of the same read is still in use after the step."""
        for i in self._old.instances:
            flow = self._flows[i.number] if i.template == t.number else None
            s = flow.steps[n] if flow is not None else None
            if flow is None or s is None or s.src not in flow.at:
                continue
            over = {c for r, _ in s.updates for c in flow.cells(r, s) if len(flow.cells(r, s)) == 1}
            if any(g.site in o.data | o.control for c, o in flow.at[s.src].items() if c not in over):
                return True
        return False

    def _pending(self, t: Template, location: int, g: _Ghost) -> bool:
        """Whether at a location anything may still depend on the read."""
        for i in self._old.instances:
            if i.template != t.number:
                continue
            flow = self._flows[i.number]
            if g.site in flow.decided(location) | flow.guards.get(location, frozenset()):
                return True
            if any(g.site in o.data | o.control for o in flow.at.get(location, {}).values()):
                return True
        return False

    def _changed(self, s: Step, g: _Ghost) -> tuple[dict[int, Expr], dict[int, Expr]]:
        """For which goroutines (by ordinal) the cell they have read is changed, or is new memory, by a step."""
        changed: dict[int, list[Expr]] = {}
        fresh: dict[int, list[Expr]] = {}
        for ref, value in s.updates:
            for ordinal, cell in enumerate(g.cells):
                here = self._at(ref, self._number(cell))
                if here == Const(0):
                    continue
                if isinstance(ref, At) and mentions_fresh(ref.index):
                    fresh.setdefault(ordinal, []).append(here)
                else:
                    changed.setdefault(ordinal, []).append(all_of(here, negate(equal(value, Read(ref)))))
        return (
            {k: any_of(*v) for k, v in changed.items()},
            {k: any_of(*v) for k, v in fresh.items()},
        )

    def _is(self, ref: Ref, g: _Ghost, t: Template) -> Expr:
        """Whether a reference of a step of the goroutine is the cell that its ghost is about."""
        alike = len(set(g.cells)) == 1
        if alike:
            return self._at(ref, self._number(g.cells[0]))
        match ref:
            case Own(template=number, offset=offset) if number == t.number:
                first = next(i for i in self._old.instances if i.template == number).lineage[0][1]
                return Const(int(first + offset == g.cells[0]))
            case At(family=f, index=index):
                spots = [_spots(f, self._number(c)) for c in g.cells]
                if not any(spots):
                    return Const(0)
                if any(len(x) > 1 for x in spots):
                    raise TooMany("one location under two indices")
                return equal(index, PerInstance(t.number, tuple(x[0] if x else -1 for x in spots)))
            case _:
                return Const(0)

    def _at(self, ref: Ref, cell: int) -> Expr:
        """Whether a reference is one absolute cell, of the extended program."""
        match ref:
            case Own(template=number, offset=offset):
                users = [i for i in self._made.program.instances if any(x == number for x, _, _ in i.lineage)]
                if number == 0:
                    return Const(int(offset == cell))
                if all(base(i, number) + offset != cell for i in users):
                    return Const(0)
                return self._per_user(number, offset, cell)
            case At(family=f, index=index):
                spots = _spots(f, cell)
                if not spots:
                    return Const(0)
                if len(spots) == 1:
                    return equal(index, Const(spots[0]))
                return Table(tuple(int(c == cell) for c in f.cells), index)
            case _:
                return Const(0)

    def _per_user(self, template: int, offset: int, cell: int) -> Expr:
        """Which instance of `template`, the running one or the one that started it, has the cell at this offset."""
        blocks = sorted((i for i in self._made.program.instances if i.template == template), key=lambda i: i.ordinal)
        return PerInstance(template, tuple(int(i.lineage[0][1] + offset == cell) for i in blocks))

    def _number(self, cell: int) -> int:
        """The new number of an old cell."""
        owner = max(
            (i for i in self._old.instances if i.lineage[0][1] <= cell), key=lambda i: (i.lineage[0][1], i.number)
        )
        return self._made.program.instances[owner.number].lineage[0][1] + cell - owner.lineage[0][1]


def _reads(s: Step) -> Iterable[Ref]:
    """Every reference that the guard and the values of a step read."""
    yield from refs(s.guard)
    for _, value in s.updates:
        yield from refs(value)


def _spots(f: Family, cell: int) -> list[int]:
    return [j for j, c in enumerate(f.cells) if c == cell]
