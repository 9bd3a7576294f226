"""The control paths of one goroutine, walked symbolically: registers hold terms over what reads have seen."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.concrete import Concrete
from verifier.program.expr import TRUE, At, Cell, Expr, Ref
from verifier.program.program import END, Step
from verifier.prove.events import LOCKS, Event, Memory, Path, access, check_word, selected
from verifier.prove.shape import NotCovered
from verifier.prove.smt import NotExpressible, Term, condition, equal, lookup, negated, term
from verifier.records import dataclass, field, replace

LONGEST = 300
"""Steps of one path; a path that is longer has a loop that does not end by itself."""
MOST = 64
"""Paths of one goroutine."""

_STUCK = -1
"""Node of the flow graph that stands for a failure."""

Known = tuple[Term, frozenset[int]]
"""A value and the reads it was computed from."""


class _Impossible(Exception):
    """No run takes this path."""


@dataclass
class _Walk:
    """One path so far. `control` holds (location where the branches meet again, reads that decided the branch)."""

    at: int
    registers: dict[int, Known] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    control: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    held: Term | None = None
    steps: int = 0

    def fork(self) -> _Walk:
        return replace(
            self,
            registers=dict(self.registers),
            events=list(self.events),
            conditions=list(self.conditions),
            control=list(self.control),
        )


def paths(memory: Memory, goroutine: int) -> tuple[Path, ...]:
    """Every control path of a goroutine. Raises NotCovered for loops that wait and what has no translation."""
    made = _Goroutine(memory, goroutine)
    found: list[Path] = []
    for path in made.walk():
        found.append(path)
        if len(found) > MOST:
            raise NotCovered(f"{made.name} has more than {MOST} paths")
    return tuple(found)


class _Goroutine:
    """Walks the raw steps of one goroutine, depth first."""

    def __init__(self, memory: Memory, number: int) -> None:
        self.memory = memory
        self.number = number
        self.name = memory.program.instances[number].name
        self.steps = memory.steps[number]
        self.meets = _meeting_points(self.steps)

    def walk(self) -> Iterator[Path]:
        todo = [_Walk(self.memory.program.starts[self.number])]
        while todo:
            walk = todo.pop()
            if walk.at == END:
                if walk.held is not None:
                    raise NotCovered(f"{self.name} returns with a lock held")
                yield Path(self.number, tuple(walk.events), tuple(walk.conditions))
                continue
            for c in reversed(self.steps.get(walk.at, ())):
                try:
                    step = _Step(self, walk.fork(), c.step)
                    step.take()
                except _Impossible:
                    continue
                except NotExpressible as reason:
                    raise NotCovered(f"'{c.step.text}': {reason}") from None
                if c.step.fail is not None:
                    if step.walk.held is not None:
                        raise NotCovered(f"'{c.step.text}' may fail with a lock held")
                    end = f"{c.step.fail.kind}: {c.step.fail.message}"
                    yield Path(self.number, tuple(step.walk.events), tuple(step.walk.conditions), end)
                else:
                    todo.append(step.walk)


class _Step:
    """One step of one walk: its reads first, then its condition, then what it writes."""

    def __init__(self, owner: _Goroutine, walk: _Walk, step: Step) -> None:
        self.owner, self.walk, self.step = owner, walk, step
        self.memory = owner.memory
        self.cache: dict[Ref, Known] = {}
        self.positions: dict[Ref, int] = {}
        self.touched: set[int] = set()

    def take(self) -> None:
        walk, step = self.walk, self.step
        walk.steps += 1
        if walk.steps > LONGEST:
            raise NotCovered(f"'{step.text}': {self.owner.name} does not come to an end")
        walk.control = [c for c in walk.control if c[0] != walk.at]
        if step.sync:
            self._lock()
        else:
            self._guard()
            self._unused_reads()
            self._updates()
        walk.at = step.dst

    def _known(self, e: Expr) -> Known:
        """The value of an expression and the reads it depends on."""
        outer, self.touched = self.touched, set()
        value = term(e, self._read)
        depends = frozenset(self.touched)
        self.touched = outer | depends
        return value, depends

    def _read(self, ref: Ref) -> Term:
        if ref not in self.cache:
            cells = selected(ref)
            shared = [n in self.memory.cells for n in cells]
            if any(shared):
                self.cache[ref] = self._load(ref)
            else:
                self.cache[ref] = self._register(ref)
        value, depends = self.cache[ref]
        self.touched |= depends
        return value

    def _register(self, ref: Ref) -> Known:
        place, depends = self._place(ref)
        if not isinstance(place, int):
            raise NotCovered(f"'{self.step.text}' indexes a local variable with a value read from memory")
        initial = self.memory.program.initial[place]
        value, before = self.walk.registers.get(place, (initial, frozenset[int]()))
        return value, depends | before

    def _place(self, ref: Ref) -> Known:
        """The cell a reference selects."""
        match ref:
            case Cell(number=n):
                return n, frozenset()
            case At(family=family, index=index):
                position, depends = self._known(index)
                place = lookup(family.cells, position)
                if place == -1:
                    raise _Impossible
                if not isinstance(place, int):
                    self._assume(negated(equal(place, -1)), depends)
                return place, depends
            case _:
                raise NotCovered(f"'{self.step.text}' reads where goroutines stand")

    def _load(self, ref: Ref) -> Known:
        place, depends = self._place(ref)
        cells = (place,) if isinstance(place, int) else selected(ref)
        check_word(self.memory, cells, self.step)
        found = access(self.step, ref, False) or access(self.step, ref, True)
        if found is None or (found.write and not found.atomic):
            raise NotCovered(f"'{self.step.text}' reads {self.memory.name(cells[0])} beside its accesses")
        self._always(found.when)
        position = len(self.walk.events)
        seen = f"r{self.owner.number}_{position}"
        self.walk.events.append(
            Event(
                self.owner.number,
                self.step,
                place,
                cells,
                reads=True,
                writes=False,
                atomic=found.atomic,
                seen=seen,
                depends=depends,
            )
        )
        self.positions[ref] = position
        return seen, frozenset({position})

    def _always(self, when: Expr) -> None:
        if when != TRUE and condition(when, self._read) != "true":
            raise NotCovered(f"'{self.step.text}' makes an access or not, depending on what it read")

    def _assume(self, fact: str, depends: frozenset[int]) -> None:
        walk = self.walk
        if fact == "false" or negated(fact) in walk.conditions:
            raise _Impossible
        if fact != "true" and fact not in walk.conditions:
            walk.conditions.append(fact)
            walk.control.append((self.owner.meets.get(walk.at, _STUCK), depends))

    def _guard(self) -> None:
        outer, self.touched = self.touched, set()
        fact = condition(self.step.guard, self._read)
        depends = frozenset(self.touched)
        self.touched = outer
        self._assume(fact, depends)

    def _unused_reads(self) -> None:
        for a in self.step.accesses:
            if not a.write and a.ref not in self.cache:
                self._read(a.ref)

    def _updates(self) -> None:
        made = [(ref, *self._known(value)) for ref, value in self.step.updates]
        if self.step.fail is None:
            written = {ref for ref, _, _ in made}
            if any(a.write and a.ref not in written for a in self.step.accesses):
                raise NotCovered(f"'{self.step.text}' is neither a plain access nor an atomic operation")
        for ref, value, depends in made:
            if any(n in self.memory.cells for n in selected(ref)):
                self._store(ref, value, depends)
            else:
                self._keep(ref, value, depends)

    def _keep(self, ref: Ref, value: Term, depends: frozenset[int]) -> None:
        place, address = self._place(ref)
        if not isinstance(place, int):
            raise NotCovered(f"'{self.step.text}' indexes a local variable with a value read from memory")
        self.walk.registers[place] = (value, depends | address)

    def _store(self, ref: Ref, value: Term, depends: frozenset[int]) -> None:
        decided = frozenset(d for _, reads in self.walk.control for d in reads)
        found = access(self.step, ref, True)
        if ref in self.positions:
            position = self.positions[ref]
            event = self.walk.events[position]
            own = frozenset({position})
            needs = (event.depends | depends | decided) - own
            self.walk.events[position] = replace(event, writes=True, value=value, depends=needs)
            return
        place, address = self._place(ref)
        cells = (place,) if isinstance(place, int) else selected(ref)
        check_word(self.memory, cells, self.step)
        if found is not None:
            self._always(found.when)
        self.walk.events.append(
            Event(
                self.owner.number,
                self.step,
                place,
                cells,
                writes=True,
                atomic=found is not None and found.atomic,
                value=value,
                depends=depends | address | decided,
                silent=found is None,
            )
        )

    def _lock(self) -> None:
        (sync,) = self.step.sync
        if sync.op == "announce":
            return
        kind = LOCKS[sync.op]
        place, depends = self._place(sync.ref)
        getting = kind in ("lock", "rlock")
        if getting and self.walk.held is not None:
            raise NotCovered(f"'{self.step.text}': {self.owner.name} holds another lock already")
        if not getting and self.walk.held != place:
            raise NotCovered(f"'{self.step.text}': not the lock that {self.owner.name} holds")
        self.walk.held = place if getting else None
        cells = (place,) if isinstance(place, int) else selected(sync.ref)
        self.walk.events.append(
            Event(self.owner.number, self.step, place, cells, atomic=True, lock=kind, depends=depends)
        )


def _meeting_points(steps: dict[int, tuple[Concrete, ...]]) -> dict[int, int]:
    """For each location, where all paths from it meet again. A failure meets nothing: what follows depends on it."""
    import networkx

    flow: networkx.DiGraph[int] = networkx.DiGraph()
    flow.add_node(END)
    for source, leaving in steps.items():
        for c in leaving:
            flow.add_edge(_STUCK - 1 if c.step.fail else c.step.dst, source)
    flow.add_edge(_STUCK, END)
    flow.add_edge(_STUCK, _STUCK - 1)
    found = networkx.immediate_dominators(flow, _STUCK)
    return {n: m for n, m in found.items() if n != m}
