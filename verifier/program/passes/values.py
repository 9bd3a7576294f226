"""Which values cells can have where: intervals, per location for cells only their own goroutine writes.

The analysis starts from the first state and takes every step that the intervals found so far allow, until nothing
grows. What it ends with holds in every reachable state.
"""

from __future__ import annotations

from verifier.program.expr import TRUE, At, Cell, Expr, Own, Ref, refs
from verifier.program.intervals import Interval, Ranges
from verifier.program.passes.footprint import conjuncts
from verifier.program.program import END, IDLE, PACKAGE, Domain, Program, Reference, Step, Union
from verifier.program.semantics import recycled_blocks
from verifier.records import dataclass, field

GROWTHS = 12
"""How often an interval may grow before it becomes the whole domain."""

Where = tuple[int, int]
"""A template and a location of it."""

Env = dict[Own, Interval]
"""The values of the cells a goroutine alone writes."""


@dataclass
class Values:
    """What was found. `shared` holds everywhere, `private[where]` at a location; an unreachable one is missing."""

    program: Program
    shared: Env = field(default_factory=dict)
    private: dict[Where, Env] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        self._ranges = Ranges(program)
        self._grown: dict[tuple[Where | None, Own], int] = {}
        self._steps = [(t.number, s) for t in program.templates for s in t.steps]
        self._asking: dict[Where | Own, list[int]] = {}
        for n, (t, step) in enumerate(self._steps):
            for key in _asked(t, step):
                self._asking.setdefault(key, []).append(n)
        self._due: set[int] = set()
        self._own = _names(program)
        self._alone = _alone(program, self._own)
        self._moving = _renumbered(program, self._own)
        self._mentioned = _mentioned(program, self._own)
        for number, ref in enumerate(self._own):
            if ref not in self._alone and ref in self._mentioned:
                value = program.initial[number]
                self._widen(None, self.shared, ref, (value, value))
        for n in _forgotten(program):
            self.shared[self._own[n]] = self._domain(self._own[n])
        for i in program.goroutines:
            if program.starts[i.number] != IDLE:
                self._arrive((i.template, program.starts[i.number]), self._first(i.template))
        while self._due:
            for n, (t, step) in enumerate(self._steps):
                if n in self._due:
                    self._due.discard(n)
                    self._take(t, step)

    def _changed(self, what: Where | Own) -> None:
        """Take again what asks for it; all other steps would find what they have found."""
        self._due.update(self._asking.get(what, ()))

    def at(self, template: int, step: Step) -> Ranges | None:
        """The values before `step` where it is enabled; None if it never is."""
        if (template, step.src) not in self.private:
            return None
        ranges = self.standing(template, step)
        for part in conjuncts(step.guard):
            if ranges.of(part) == (0, 0):
                return None
            ranges = ranges.given(part)
        return None if step.guard != TRUE and ranges.of(step.guard) == (0, 0) else ranges

    def standing(self, template: int, step: Step) -> Ranges:
        """The values wherever a goroutine stands before `step`, enabled or not."""
        known = self.private.get((template, step.src), {})
        return self._ranges.holding(known, self.shared).for_alloc(step.alloc)

    def name(self, ref: Ref) -> Ref:
        """`ref` as templates name it: a shared cell always the same way."""
        if isinstance(ref, Cell) and self._own[ref.number].template == PACKAGE:
            return self._own[ref.number]
        return ref

    def _take(self, template: int, step: Step) -> None:
        ranges = self.at(template, step)
        if ranges is None or step.fail is not None:
            return
        env = {ref: ranges.of_ref(ref) for ref in self.private[template, step.src]}
        written: list[tuple[Own, Interval]] = []
        for ref, value in step.updates:
            for own in self._cells(ref):
                least, most = ranges.of(value)
                a, b = self._domain(own)
                if most < a or b < least:
                    # Always out of range: the step never ends in a state.
                    return
                written.append((own, (max(least, a), min(most, b))))
        for own, interval in written:
            if own in env:
                env[own] = interval
            elif own not in self._alone:
                self._widen(None, self.shared, own, interval)
        self._arrive((template, step.dst), env)
        if step.spawn is not None:
            entry = (step.spawn, self.program.templates[step.spawn].entry)
            self._arrive(entry, self._first(step.spawn))
            if (step.spawn, END) in self.private:
                # A goroutine may be started again; its cells are as it left them.
                self._arrive(entry, dict(self.private[step.spawn, END]))

    def _arrive(self, where: Where, env: Env) -> None:
        if where not in self.private:
            self.private[where] = {ref: self._blurred(ref, interval) for ref, interval in env.items()}
            self._changed(where)
            return
        for ref, interval in env.items():
            self._widen(where, self.private[where], ref, interval)

    def _widen(self, where: Where | None, env: Env, ref: Own, interval: Interval) -> None:
        interval = self._blurred(ref, interval)
        old = env.get(ref)
        new = interval if old is None else (min(old[0], interval[0]), max(old[1], interval[1]))
        if new != old:
            self._grown[where, ref] = self._grown.get((where, ref), 0) + 1
            env[ref] = new if self._grown[where, ref] <= GROWTHS else self._domain(ref)
            self._changed(ref if where is None else where)

    def _blurred(self, ref: Own, interval: Interval) -> Interval:
        """The values that a cell with one of these may have once places of pools have been renumbered."""
        if ref not in self._moving or interval == (0, 0):
            return interval
        least, most = self._domain(ref)
        return (least if interval[0] <= least else least + 1, most)

    def _first(self, template: int) -> Env:
        """The first values of a template's private cells, of all instances together."""
        env: Env = {}
        for number, ref in enumerate(self._own):
            if ref.template == template and ref in self._alone and ref in self._mentioned:
                value = self.program.initial[number]
                a, b = env.get(ref, (value, value))
                env[ref] = (min(a, value), max(b, value))
        return env

    def _cells(self, ref: Ref) -> list[Own]:
        match ref:
            case Own():
                return [ref]
            case Cell(number=n):
                return [self._own[n]]
            case At(family=f):
                return list(dict.fromkeys(self._own[n] for n in f.cells if n >= 0))
        return []

    def _domain(self, ref: Own) -> Interval:
        return self._ranges.domain(ref)


def _asked(template: int, step: Step) -> set[Where | Own]:
    """What `_take` looks up for a step: families are known by their domains only."""
    found: set[Where | Own] = {(template, step.src)}
    if step.spawn is not None:
        found.add((step.spawn, END))
    for e in (step.guard, *(v for _, v in step.updates)):
        found.update(ref for ref in refs(e) if isinstance(ref, Own))
    return found


def _names(program: Program) -> list[Own]:
    """Every cell as its own template names it."""
    out: list[Own] = []
    for i in program.instances:
        out += [Own(i.template, offset) for offset in range(len(program.templates[i.template].cells))]
    return out


def _mentioned(program: Program, names: list[Own]) -> frozenset[Own]:
    """The cells that steps read or write: about all others nobody asks."""
    found: set[Own] = set()

    def add(ref: Ref) -> None:
        match ref:
            case Own():
                found.add(ref)
            case Cell(number=n):
                found.add(names[n])
            case At(family=f, index=index):
                if f.cells not in families:
                    families.add(f.cells)
                    found.update(names[n] for n in f.cells if n >= 0)
                read(index)

    def read(e: Expr) -> None:
        for ref in refs(e):
            add(ref)

    families: set[tuple[int, ...]] = set()
    for template in program.templates:
        for s in template.steps:
            for e in (s.guard, *(v for _, v in s.updates), *(a.when for a in s.accesses)):
                read(e)
            for ref in (*(r for r, _ in s.updates), *(a.ref for a in s.accesses), *(k.ref for k in s.sync)):
                add(ref)
    return frozenset(found)


def _alone(program: Program, names: list[Own]) -> frozenset[Own]:
    """The cells of goroutines that only steps of their own template write, never through an index."""
    out = {ref for ref in names if ref.template != PACKAGE}
    for template in program.templates:
        for step in template.steps:
            for ref, _ in step.updates:
                match ref:
                    case Own(template=t) if t != template.number:
                        out.discard(ref)
                    case Cell(number=n):
                        out.discard(names[n])
                    case At(family=f):
                        out -= {names[n] for n in f.cells if n >= 0}
    return frozenset(out - {names[n] for n in _forgotten(program)})


def _forgotten(program: Program) -> list[int]:
    """The cells that the collector may reset between steps."""
    return [n for block in recycled_blocks(program) for n in block]


def _renumbered(program: Program, names: list[Own]) -> frozenset[Own]:
    """The cells that lead into pools, of the package and of goroutines: any number but nil may become any other one."""
    if not program.pools:
        return frozenset()
    sorts = {sort for sort, _ in program.recycled}
    return frozenset(names[n] for n, c in enumerate(program.cells) if _leads_to(c.domain, sorts))


def _leads_to(domain: Domain, sorts: set[int]) -> bool:
    """Whether some value of a domain is a reference of one of the sorts."""
    if isinstance(domain, Union):
        return any(_leads_to(inner, sorts) for _, _, inner in domain.alternatives)
    return isinstance(domain, Reference) and domain.sort in sorts


def certain(interval: Interval) -> bool | None:
    """The truth of a condition with these values, None when it may be either."""
    if interval == (0, 0):
        return False
    return True if interval[0] > 0 or interval[1] < 0 else None


def constant(ranges: Ranges, e: Expr) -> int | None:
    """The one value of `e`, if it has only one."""
    least, most = ranges.of(e)
    return least if least == most else None
