"""The memory events of a goroutine, path by path: what a question to a memory model is asked about.

Every control path of the raw program becomes a list of reads, writes and lock operations. What a read sees is an
unknown of the solver; what follows from it (values written, places, which way a branch went) is text over these.
"""

from __future__ import annotations

from verifier.program.concrete import Concrete, concrete
from verifier.program.expr import At, Cell, Expr, Ref, refs
from verifier.program.program import Access, Program, Range, Step, high, low
from verifier.prove.shape import NotCovered
from verifier.prove.smt import Term
from verifier.records import dataclass, replace

LOCKS = {"lock": "lock", "acquire": "lock", "rlock": "rlock", "unlock": "unlock", "runlock": "runlock"}
"""Marks of lock steps and the events they are; announcing a writer is none."""

_OTHER_VIEWS = {
    "once": "sync.Once",
    "waitgroup": "sync.WaitGroup",
    "cond": "sync.Cond",
    "map": "a map",
    "syncmap": "sync.Map",
    "channel": "a channel",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One access to memory, or one lock operation (`lock`: lock, unlock, rlock, runlock; else empty).

    `place` is the cell it touches, one of `cells`; `seen` names what a read sees, `value` is what a write stores. A
    read-modify-write is one event that reads and writes. `depends` are the positions, in the same path, of the reads
    that decide its place, its value or that it happens at all. A silent write fills an object nobody can know yet:
    it is no access that could race.
    """

    goroutine: int
    step: Step
    place: Term
    cells: tuple[int, ...]
    reads: bool = False
    writes: bool = False
    atomic: bool = False
    seen: str = ""
    value: Term = 0
    lock: str = ""
    depends: frozenset[int] = frozenset()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a goroutine. `conditions` hold on it; `end` is the failure it runs into, empty: it returns."""

    goroutine: int
    events: tuple[Event, ...]
    conditions: tuple[str, ...]
    end: str = ""


@dataclass(frozen=True)
class Memory:
    """What in a program is shared memory, and the steps of each goroutine by the location they leave from."""

    program: Program
    cells: frozenset[int]
    locks: frozenset[int]
    steps: dict[int, dict[int, tuple[Concrete, ...]]]

    def name(self, cell: int) -> str:
        """A cell in the words of the model."""
        return self.program.cells[cell].name.rsplit(": ", 1)[-1]


def memory(program: Program) -> Memory:
    """Look at a raw program. Raises NotCovered for what no question can be asked about."""
    _refuse(program)
    steps: dict[int, dict[int, tuple[Concrete, ...]]] = {}
    for instance in program.goroutines:
        by_source: dict[int, tuple[Concrete, ...]] = {}
        for c in concrete(program, instance.number):
            by_source[c.step.src] = (*by_source.get(c.step.src, ()), c)
        steps[instance.number] = by_source
    all_steps = [c.step for by_source in steps.values() for cs in by_source.values() for c in cs]
    locks = frozenset(n for s in all_steps for sync in s.sync for n in selected(sync.ref))
    touched = frozenset(n for s in all_steps for a in s.accesses for n in selected(a.ref))
    package = frozenset(range(len(program.templates[0].cells)))
    return Memory(program, touched | package, locks, _without_slips(steps, locks))


def _refuse(program: Program) -> None:
    if program.init_fail is not None:
        raise NotCovered(f"an initialiser fails: {program.init_fail.message}")
    for view in program.views:
        if view.kind in _OTHER_VIEWS:
            raise NotCovered(
                f"{view.name} is {_OTHER_VIEWS[view.kind]}: only variables, atomics and locks are asked about"
            )
    for template in program.templates[1:]:
        for s in template.steps:
            if s.spawn is not None or template.parent is not None:
                raise NotCovered(f"'{s.text}' starts a goroutine: give each its own role")
            if s.offer is not None or s.cite.startswith(("runtime/chan.go", "runtime/select.go")):
                raise NotCovered(f"'{s.text}' uses a channel: only variables, atomics and locks are asked about")
            if s.alloc is not None:
                raise NotCovered(f"'{s.text}' allocates repeatedly")
            if any(sync.op not in LOCKS and sync.op != "announce" for sync in s.sync):
                raise NotCovered(f"'{s.text}' is neither an access to a variable nor a lock operation")


def _without_slips(
    steps: dict[int, dict[int, tuple[Concrete, ...]]], locks: frozenset[int]
) -> dict[int, dict[int, tuple[Concrete, ...]]]:
    """Leave out how lock operations fail: paths lock and unlock in turn, so they do not."""

    def kept(c: Concrete) -> bool:
        on_lock = any(locks & set(selected(a.ref)) for a in c.step.accesses)
        if on_lock and not c.step.sync and c.step.fail is None:
            raise NotCovered(f"'{c.step.text}' may fail to get the lock")
        return c.step.fail is None or not on_lock

    return {i: {src: tuple(filter(kept, cs)) for src, cs in by.items()} for i, by in steps.items()}


def selected(ref: Ref) -> tuple[int, ...]:
    """The cells a reference can select."""
    match ref:
        case Cell(number=n):
            return (n,)
        case At(family=family):
            return tuple(dict.fromkeys(n for n in family.cells if n >= 0))
        case _:
            return ()


def access(step: Step, ref: Ref, write: bool) -> Access | None:
    """The access of a step to exactly this reference, if it has one."""
    return next((a for a in step.accesses if a.ref == ref and a.write == write), None)


def check_word(memory: Memory, cells: tuple[int, ...], step: Step) -> None:
    """Raise NotCovered for a location without a value: the inside of a map."""
    for n in cells:
        domain = memory.program.cells[n].domain
        if isinstance(domain, Range) and low(domain) == high(domain, memory.program.sorts):
            raise NotCovered(f"'{step.text}' touches {memory.name(n)}, which is not one machine word")


def finals(memory: Memory, wanted: Expr) -> tuple[int, ...]:
    """The cells a clause reads when everybody has returned."""
    found = {n for r in refs(wanted) for n in selected(r)}
    if any(not isinstance(r, Cell | At) for r in refs(wanted)):
        raise NotCovered("a clause asks where goroutines stand")
    return tuple(sorted(found))


def renumbered(path: Path, first: int) -> tuple[Event, ...]:
    """The events of a path with dependencies counted from `first`."""
    return tuple(replace(e, depends=frozenset(d + first for d in e.depends)) for e in path.events)
