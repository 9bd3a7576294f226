"""Candidate executions of a litmus question as SMT-LIB text: reads-from, coherence, orders and happens-before.

One candidate takes one path of each goroutine, all initial writes before them and one final read per cell asked
about after them. `rf` says which write a read sees, `co` orders the writes of a cell, `fr` (from-read) leads from a
read to the writes that overwrite what it saw (J. Alglave, L. Maranget, M. Tautschnig, "Herding Cats", TOPLAS 2014).
"""

from __future__ import annotations

from itertools import combinations

from verifier.program.program import Step
from verifier.prove.events import Event, Memory, Path, renumbered
from verifier.prove.smt import conjunction, disjunction, equal
from verifier.records import dataclass, field

INITIAL, FINAL = 0, -1
"""Goroutine numbers of initial writes and of final reads."""

Edge = tuple[int, int]


@dataclass(frozen=True)
class Section:
    """What a goroutine does between getting a lock and giving it back: positions of the two events."""

    lock: int
    unlock: int
    shared: bool


@dataclass
class Execution:
    """The events of one candidate and the text built so far."""

    memory: Memory
    events: tuple[Event, ...]
    paths: tuple[Path, ...]
    ends: tuple[int, ...]
    """For each path, the position after its last event."""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = range(len(self.events))
        self.writes = [e for e in n if self.events[e].writes]
        self.reads = [e for e in n if self.events[e].reads]
        self.places = [f"p{e}" if isinstance(self.events[e].place, str) else self.events[e].place for e in n]
        self.rf: dict[Edge, str] = {
            (w, r): f"f{w}_{r}" for r in self.reads for w in self.writes if w != r and self.same(w, r) != "false"
        }
        self.sections = self._sections()
        self._choose()

    def same(self, a: int, b: int) -> str:
        """The condition that two events touch the same cell."""
        if not set(self.events[a].cells) & set(self.events[b].cells):
            return "false"
        return equal(self.places[a], self.places[b])

    def before(self, a: int, b: int) -> bool:
        """Program order: in one goroutine, from initial writes to everything, from everything to final reads."""
        x, y = self.events[a].goroutine, self.events[b].goroutine
        if x == y:
            return a < b and x not in (INITIAL, FINAL)
        return x == INITIAL or y == FINAL

    def say(self, kind: str, name: str) -> None:
        """Declare a constant."""
        self.lines.append(f"(declare-const {name} {kind})")

    def add(self, fact: str) -> None:
        """Assert a fact."""
        if fact != "true":
            self.lines.append(f"(assert {fact})")

    def implies(self, *facts: str) -> None:
        """Assert that all facts but the last imply the last."""
        *given, then = facts
        if "false" in given or then == "true":
            return
        premise = conjunction(list(given))
        self.add(then if premise == "true" else f"(=> {premise} {then})")

    def _choose(self) -> None:
        """What every model shares: each read sees one write to its cell; the writes of a cell have an order."""
        for event in self.events:
            if event.reads:
                self.say("Int", event.seen)
        for e, event in enumerate(self.events):
            if isinstance(event.place, str):
                self.say("Int", f"p{e}")
                self.add(f"(= p{e} {event.place})")
        for name in self.rf.values():
            self.say("Bool", name)
        for w in self.writes:
            self.say("Int", f"k{w}")
        for r in self.reads:
            sources = {w: name for (w, read), name in self.rf.items() if read == r}
            self.add(disjunction(list(sources.values())))
            for a, b in combinations(sources.values(), 2):
                self.add(f"(not (and {a} {b}))")
            for w, name in sources.items():
                self.implies(name, self.same(w, r))
                self.implies(name, equal(self.events[r].seen, self.events[w].value))
        for one, two in combinations(self.writes, 2):
            relation = "<" if self.events[one].goroutine == INITIAL else "distinct"
            self.implies(self.same(one, two), f"({relation} k{one} k{two})")
        for path in self.paths:
            for fact in path.conditions:
                self.add(fact)
        self._choose_sections()

    def _choose_sections(self) -> None:
        for i, j in self.rivals():
            self.say("Bool", f"c{i}_{j}")
            self.say("Bool", f"c{j}_{i}")
            a, b = self.sections[i], self.sections[j]
            self.implies(self.same(a.lock, b.lock), f"(or c{i}_{j} c{j}_{i})")

    def rivals(self) -> list[Edge]:
        """Pairs of critical sections that may exclude one another."""
        return [
            (i, j)
            for i, j in combinations(range(len(self.sections)), 2)
            if self.events[self.sections[i].lock].goroutine != self.events[self.sections[j].lock].goroutine
            and not (self.sections[i].shared and self.sections[j].shared)
            and self.same(self.sections[i].lock, self.sections[j].lock) != "false"
        ]

    def handovers(self) -> list[tuple[str, int, int]]:
        """(choice, unlock, lock): if the choice holds, the unlock comes before the lock."""
        pairs = self.rivals()
        return [
            (f"c{i}_{j}", self.sections[i].unlock, self.sections[j].lock)
            for i, j in [*pairs, *((j, i) for i, j in pairs)]
        ]

    def from_read(self, r: int, w: int) -> str:
        """The condition that `w` overwrites what `r` saw."""
        sources = [
            conjunction([name, f"(< k{w0} k{w})"]) for (w0, read), name in self.rf.items() if read == r and w0 != w
        ]
        return conjunction([self.same(r, w), disjunction(sources)])

    def _sections(self) -> list[Section]:
        found: list[Section] = []
        opened = 0
        for e, event in enumerate(self.events):
            if event.lock in ("lock", "rlock"):
                opened = e
            elif event.lock:
                found.append(Section(opened, e, event.lock == "runlock"))
        return found


def execution(memory: Memory, paths: tuple[Path, ...], wanted: tuple[int, ...]) -> Execution:
    """The candidate for one path of each goroutine and the final value of each wanted cell."""
    touched = {n for p in paths for e in p.events if not e.lock for n in e.cells} | set(wanted)
    nothing = Step(0, 0)
    events = [
        Event(INITIAL, nothing, n, (n,), writes=True, atomic=True, value=memory.program.initial[n])
        for n in sorted(touched)
    ]
    ends: list[int] = []
    for p in paths:
        events += renumbered(p, len(events))
        ends.append(len(events))
    mixed = {n for p in paths for e in p.events if e.writes and not e.atomic for n in e.cells}
    events += [Event(FINAL, nothing, n, (n,), reads=True, atomic=n not in mixed, seen=final_value(n)) for n in wanted]
    return Execution(memory, tuple(events), paths, tuple(ends))


def final_value(cell: int) -> str:
    """The name of the value a cell has when all goroutines have returned."""
    return f"s{cell}"
