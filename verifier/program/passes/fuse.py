"""Run a goroutine on through steps whose order among the steps of others nobody can tell.

Composition does so for local steps. Here a location may be passed if every step out of it is independent of every step
that any other goroutine may take meanwhile, given the locks both hold: it then makes no difference to take it at once
(the steps out of such a location are a persistent set). Every cycle of what is composed passes a state in which all
goroutines are looked at, so no step is put off for ever. What remains visible is what clauses, races and failures are
about, and the steps that compete.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from verifier.program.concrete import Concrete, bind, concrete
from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import (
    FALSE,
    TRUE,
    ZERO,
    At,
    Cell,
    Expr,
    Me,
    Own,
    PerInstance,
    Read,
    Ref,
    all_of,
    children,
    op,
    refs,
    rewrite,
)
from verifier.program.intervals import Ranges
from verifier.program.passes.compose import run_on
from verifier.program.passes.footprint import Bits, Footprint, bits, collected, conjuncts
from verifier.program.passes.locks import Joint, Locks
from verifier.program.passes.movers import Action, Alone, Movers, action, racing
from verifier.program.passes.named import named_locations
from verifier.program.passes.ownership import Ownership
from verifier.program.program import END, IDLE, PACKAGE, Kind, Program, Reference, Step, Template, Union
from verifier.program.semantics import paired
from verifier.records import replace


def fuse(program: Program) -> Program:
    """`program` with steps nobody can tell apart in order joined; `raw` is `program` itself.

    With paired steps it stays as it is: a goroutine must be seen wherever another one may come to meet it.
    """
    if paired(program):
        return program
    footprint = Footprint(program)
    steps = [c for i in program.goroutines for c in concrete(program, i.number) if c.step.guard != FALSE]
    locks = Locks(program, footprint, steps)
    fusible = _Fusible(program, footprint, steps, locks)
    right = fusible.right() if program.clients is not None else frozenset()
    made = run_on(
        fusible.without_accesses() if program.clients is not None else program,
        [found | early for found, early in zip(fusible.locations(), fusible.early(right), strict=True)],
        _goes_on,
        lambda template, location: all_of(locks.known((template, location)), fusible.not_nil(template, location)),
        lambda template, step: (template, step) in right,
        # What it costs is time: only programs that are large anyway are given it.
        arrays=program.clients is not None,
        apart=fusible.apart if program.clients is not None else None,
    )
    return replace(made, raw=program)


def _goes_on(step: Step) -> bool:
    return step.fail is None and step.alloc is None


class _Fusible:
    """Finds the locations of one program that may be passed."""

    def __init__(self, program: Program, footprint: Footprint, steps: list[Concrete], locks: Locks) -> None:
        self._program = program
        self._footprint = footprint
        self._locks = locks
        self._movers = Movers(program)
        self._ranges = Ranges(program)
        self._named = named_locations(program)
        self._visible = _visible(program, footprint)
        ghosts = bits(program.clients.ghosts) if program.clients is not None else 0
        self._visible &= ~ghosts
        self._pooled = bool(program.pools) and sum(map(len, program.pools)) == len(program.recycled)
        if self._pooled:
            # Renumbering makes nothing of when an object is given up, nor of which one is taken.
            self._visible &= ~collected(program) | _judged(program, footprint)
        self._owners = owners = Ownership(program, footprint, steps)
        self._alike = [[_alike(program, t, s) for s in t.steps] for t in program.templates]
        self._actions: dict[tuple[int, int], list[Action]] = {}
        self._here: dict[tuple[int, int], list[Action]] = {}
        self._taken: dict[tuple[int, int], list[Action]] = {}
        for c in steps:
            where, alone = (c.instance, c.step.src), partial(owners.quiet, c)
            made = action(footprint, c, alone, ghosts)
            self._actions.setdefault(where, []).append(made)
            released = owners.releases(c)
            here = action(footprint, c, partial(_alone, footprint, released, alone), ghosts) if released else made
            self._here.setdefault(where, []).append(here)
            locked = owners.acquires(c)
            later = action(footprint, c, partial(_alone, footprint, locked, alone), ghosts) if locked else made
            self._taken.setdefault(where, []).append(later)
        self._instances: list[list[int]] = [[] for _ in program.templates]
        for i in program.goroutines:
            self._instances[i.template].append(i.number)

    def locations(self) -> list[frozenset[int]]:
        """Per template, the locations that may be passed."""
        return [frozenset(self._passed(t)) for t in self._program.templates]

    def apart(self, template: int, location: int, a: Expr, b: Expr) -> bool:
        """Whether two references of a goroutine that stands at `location` lead to two objects, whoever it is."""
        for number in self._instances[template]:
            instance = self._program.instances[number]
            one, two = (bind(Step(0, 0, e), instance, instance).guard for e in (a, b))
            if not self._owners.apart(number, location, one, two):
                return False
        return True

    def not_nil(self, template: int, location: int) -> Expr:
        """A condition on references of a goroutine that holds wherever one stands at `location`."""
        if self._program.clients is None:
            return TRUE
        found: list[set[int]] = []
        for number in self._instances[template]:
            first = self._program.instances[number].lineage[0][1]
            mine = range(first, first + len(self._program.templates[template].cells))
            found.append({n - first for n in self._owners.never_nil(number, location) if n in mine})
        offsets = sorted(set.intersection(*found)) if found else []
        return all_of(*(op("!=", Read(Own(template, o)), ZERO) for o in offsets))

    def right(self) -> frozenset[tuple[int, int]]:
        """The steps, by template and number, that a goroutine might as well take later, whatever others do before.

        They share nothing with any step that another goroutine can take next: what it has to do with others it does
        under a mutex that it holds afterwards. Or they lock a mutex that only its holder unlocks: as long as it is
        locked nobody else can do anything with it.
        """
        reads = writes = accessed = 0
        for actions in self._actions.values():
            for a in actions:
                if not a.private:
                    reads, writes = reads | a.reads | a.places, writes | a.writes
                    for _, cells, _ in a.accesses:
                        accessed |= cells
        out: set[tuple[int, int]] = set()
        others: set[tuple[int, int]] = set()
        for actions in self._taken.values():
            for a in actions:
                template = self._program.templates[self._program.instances[a.concrete.instance].template]
                step, own = template.steps[a.concrete.index], self._block(a.concrete.instance)
                key = template.number, a.concrete.index
                if key in others or step.fail is not None or not self._unseen(template, replace(step, alloc=None)):
                    others.add(key)
                    continue
                shares = a.writes & ~own & (reads | writes) or a.reads & ~own & writes
                races = any(cells & ~own & (accessed | reads | writes) for _, cells, _ in a.accesses)
                good = not (shares or races) or self._nobody_next(template, a)
                (out if good and (step.alloc is None or self._pooled) else others).add(key)
        return frozenset(out - others)

    def _nobody_next(self, template: Template, a: Action) -> bool:
        """Whether no step of another goroutine that shares something with `a` can be taken right after it."""
        src, dst = ((template.number, at) for at in (a.concrete.step.src, a.concrete.step.dst))
        for (instance, location), actions in self._actions.items():
            if instance == a.concrete.instance:
                continue
            there = self._program.instances[instance].template, location
            for b in actions:
                if racing(a, b) and self._locks.together(src, there) is not None:
                    return False
                shared = a.writes & (b.reads | b.places | b.writes) | b.writes & (a.reads | a.places)
                if not shared or b.private or self._blocked(b, self._locks.together(dst, there)):
                    continue
                if not self._prevents(a, b):
                    return False
        return True

    def _prevents(self, a: Action, b: Action) -> bool:
        """Whether what `a` writes makes a condition of `b` false."""
        written: dict[Ref, Expr] = dict(a.concrete.step.updates)

        def leaf(e: Expr) -> Expr | None:
            return written.get(e.ref) if isinstance(e, Read) else None

        asked = [g for g in conjuncts(b.concrete.step.guard) if any(r in written for r in refs(g))]
        plain = [g for g in asked if all(isinstance(r, Cell) for r in refs(g))]
        return any(self._ranges.of(rewrite(g, leaf)) == (0, 0) for g in plain)

    def _blocked(self, b: Action, joint: tuple[Joint, ...] | None) -> bool:
        """Whether a step cannot be taken, whatever of these its locks hold."""
        if joint is None:
            return True
        for lock in joint:
            asked = [g for g, read in b.guards if read and not read & ~bits(lock.cells)]
            if asked and not any(self._holds(asked, lock.cells, values) for values in lock.values):
                return True
        return False

    def _holds(self, asked: list[Expr], cells: tuple[int, ...], values: tuple[int, ...]) -> bool:
        state = list(self._program.initial)
        for n, value in zip(cells, values, strict=True):
            state[n] = value
        valuation = Valuation(state, ())
        return all(evaluate(g, valuation) for g in asked)

    def without_accesses(self) -> Program:
        """The program without the accesses that race with nobody's, whoever holds which lock where they are made.

        A run of steps may begin with a Lock. Then it says nothing of an access after it that two of them can be taken.
        """
        racy = {
            (self._program.instances[a.concrete.instance].template, a.concrete.index)
            for actions in self._actions.values()
            for a in actions
            if a.accesses and self._races(a)
        }

        def step(template: int, n: int, s: Step) -> Step:
            return s if (template, n) in racy or not s.accesses else replace(s, accesses=())

        templates = tuple(
            replace(t, steps=tuple(step(t.number, n, s) for n, s in enumerate(t.steps)))
            for t in self._program.templates
        )
        return replace(self._program, templates=templates)

    def _races(self, a: Action) -> bool:
        template = self._program.instances[a.concrete.instance].template
        written = read = 0
        for x, cells, _ in a.accesses:
            written, read = (written | cells, read) if x.write else (written, read | cells)
        for (instance, location), actions in self._actions.items():
            for b in actions if instance != a.concrete.instance else ():
                if any(cells & (written | read if x.write else written) for x, cells, _ in b.accesses) and racing(a, b):
                    here, there = a.concrete.step.src, (self._program.instances[instance].template, location)
                    if self._locks.together((template, here), there) is not None:
                        return True
        return False

    def early(self, right: frozenset[tuple[int, int]]) -> list[frozenset[int]]:
        """Per template, the locations before the first of several objects that are made before anybody can tell.

        A step takes one. So the first is taken at the end of what comes before, where it makes no difference either.
        """
        return [frozenset(self._early(t, right)) for t in self._program.templates]

    def _early(self, t: Template, right: frozenset[tuple[int, int]]) -> Iterator[int]:
        leaving: dict[int, list[int]] = {}
        for n, step in enumerate(t.steps):
            leaving.setdefault(step.src, []).append(n)
        for location, numbers in leaving.items():
            taken = [t.steps[n] for n in numbers]
            if any(s.alloc is None or (t.number, n) not in right for n, s in zip(numbers, taken, strict=True)):
                continue
            before = all(self._unseen(t, replace(s, alloc=None)) for s in taken)
            further, todo = False, [s.dst for s in taken]
            seen = set(todo)
            while todo and not further:
                for n in leaving.get(todo.pop(), ()):
                    if (t.number, n) in right:
                        further = further or t.steps[n].alloc is not None
                        if t.steps[n].dst not in seen:
                            seen.add(t.steps[n].dst)
                            todo.append(t.steps[n].dst)
            if further and before and self._may_rest_unseen(t, location) and self._free(t, location, numbers):
                yield location

    def _block(self, instance: int) -> Bits:
        """The cells of a goroutine."""
        number, first, _ = self._program.instances[instance].lineage[0]
        return bits(range(first, first + len(self._program.templates[number].cells)))

    def _passed(self, template: Template) -> Iterator[int]:
        leaving: dict[int, list[int]] = {}
        for n, step in enumerate(template.steps):
            leaving.setdefault(step.src, []).append(n)
        for location, numbers in leaving.items():
            quiet = all(self._unseen(template, template.steps[n]) for n in numbers)
            goes = any(template.steps[n].fail is None for n in numbers)
            if quiet and goes and self._may_rest_unseen(template, location) and self._free(template, location, numbers):
                yield location

    def _may_rest_unseen(self, template: Template, location: int) -> bool:
        """Whether being at `location` means nothing to others: to a clause, or to the `go` that starts here."""
        started = template.parent is not None and location == template.entry
        return not (location in (END, IDLE) or started) and self._named[template.number].passes(location)

    def _unseen(self, template: Template, step: Step) -> bool:
        """Whether no clause, no collector and no `go` statement sees the effect of `step` as such."""
        if step.alloc is not None or step.spawn is not None or step.symptom:
            return False
        if step.fail is not None:
            return True
        if not self._named[template.number].shows(step.dst) or (template.parent is not None and step.dst == END):
            return False
        return not any(self._footprint.cells(ref) & self._visible for ref, _ in step.updates)

    def _free(self, template: Template, location: int, numbers: list[int]) -> bool:
        """Whether the steps out of `location` are independent of all that any other goroutine can do meanwhile."""
        alike = all(self._alike[template.number][n] for n in numbers)
        for other in self._program.templates:
            for n, step in enumerate(other.steps):
                joint = self._locks.together((template.number, location), (other.number, step.src))
                if joint is None or step.kind is Kind.LOCAL:
                    continue
                for i, j in self._pairs(template, other, alike and self._alike[other.number][n]):
                    here = self._here.get((i, location), [])
                    meeting = [b for b in self._actions.get((j, step.src), ()) if b.concrete.index == n]
                    # A goroutine that runs is not started.
                    if not all(self._movers.independent(here, b, joint) for b in meeting if b.concrete.child != i):
                        return False
        return True

    def _pairs(self, template: Template, other: Template, alike: bool) -> Iterator[tuple[int, int]]:
        """The pairs of instances to look at: one, where all behave alike."""
        for i in self._instances[template.number]:
            for j in self._instances[other.number]:
                if i != j:
                    yield i, j
                    if alike:
                        return


def _alone(footprint: Footprint, released: Bits, alone: Alone, ref: Ref, write: bool) -> bool:
    """As `alone`; and who releases a mutex does what others only wait for."""
    return alone(ref, write) or (bool(footprint.cells(ref)) and not footprint.cells(ref) & ~released)


def _judged(program: Program, footprint: Footprint) -> Bits:
    """The cells that clauses about all states read."""
    seen = 0
    for clause in program.clauses:
        if clause.when != "finally":
            seen |= footprint.reads(clause.expr)
    return seen & ~(bits(program.clients.ghosts) if program.clients is not None else 0)


def _alike(program: Program, template: Template, step: Step) -> bool:
    """Whether `step` is the same for every instance but for the numbers of its own cells."""
    shared = len(program.templates[PACKAGE].cells)

    def plain(e: Expr) -> bool:
        return not isinstance(e, PerInstance | Me) and all(plain(x) for x in children(e)) and all(map(near, refs(e)))

    def near(ref: Ref) -> bool:
        match ref:
            case Own(template=t):
                return t in (PACKAGE, template.number)
            case At(family=f, index=index):
                return max(f.cells, default=-1) < shared and plain(index)
            case Cell(number=n):
                return n < shared
        return True

    values = [step.guard, *(v for _, v in step.updates), *(a.when for a in step.accesses)]
    places = [*(ref for ref, _ in step.updates), *(a.ref for a in step.accesses)]
    return step.spawn is None and all(map(plain, values)) and all(map(near, places))


def _visible(program: Program, footprint: Footprint) -> Bits:
    """The cells whose every value is looked at: by clauses about all states, and, where it runs, by the collector.

    Clauses about the end see final states only, and those stay as they are.
    """
    seen = 0
    for clause in program.clauses:
        if clause.when != "finally":
            seen |= footprint.reads(clause.expr)
    pointing = bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
    return seen | collected(program) & pointing
