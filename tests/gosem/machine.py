"""A small machine for fragments: a memory of numbered cells, and the steps of goroutines that each run fragments.

Written for these tests alone and independent of the engines. It is strict: a read or write of a cell that does not
exist, and a value outside its cell's domain, are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from verifier.gosem.fragment import ENTRY, CellSpec, Fragment, Piece
from verifier.program.expr import At, Cell, Const, Expr, Family, Op, Read, Ref, go_div
from verifier.program.program import Access, Domain, Range, high, low

State = tuple[int, ...]
Path = tuple[str | int, ...]

WIDE = Range(-64, 64)


@dataclass
class Memory:
    """The cells of a test: their paths and domains, in order. `zero()` is the initial state."""

    names: list[tuple[str, Path]] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)

    def place(self, name: str, layout: tuple[CellSpec, ...], element: Domain = WIDE) -> Callable[..., Ref]:
        """Lay an object out; `element` stands for the domain of its element type. Returns its cells by path."""
        for spec in layout:
            self.names.append((name, spec.path))
            self.domains.append(spec.domain or element)

        def cells(*path: str | int | Expr) -> Ref:
            fixed = tuple(p.value if isinstance(p, Const) else p for p in path)
            if all(isinstance(p, str | int) for p in fixed):
                return Cell(self.names.index((name, fixed)))
            (at,) = [i for i, p in enumerate(fixed) if not isinstance(p, str | int)]
            keys = [p for n, p in self.names if n == name and len(p) == len(fixed)]
            column = {
                p[at]: self.names.index((name, p))
                for p in keys
                if all(a == b for i, (a, b) in enumerate(zip(p, fixed, strict=True)) if i != at)
            }
            return At(Family(name, tuple(column[i] for i in range(len(column)))), fixed[at])

        return cells

    def cell(self, name: str, domain: Domain = WIDE) -> Cell:
        """One more cell."""
        self.names.append((name, ()))
        self.domains.append(domain)
        return Cell(len(self.names) - 1)

    def cells(self, name: str, count: int, domain: Domain = WIDE) -> tuple[Cell, ...]:
        return tuple(self.cell(f"{name}{i}", domain) for i in range(count))

    def temp(self, name: str, domain: Domain) -> Ref:
        """A `Temp`."""
        return self.cell(f"{name}@{len(self.names)}", domain)

    def zero(self) -> State:
        return (0,) * len(self.names)

    def show(self, state: State) -> dict[tuple[str, Path], int]:
        return {name: v for name, v in zip(self.names, state, strict=True) if v}


def number(ref: Ref, state: State) -> int:
    match ref:
        case Cell(number=n):
            return n
        case At(family=f, index=i):
            at = value(i, state)
            assert 0 <= at < len(f.cells) and f.cells[at] >= 0, f"{f.name} has no cell {at}"
            return f.cells[at]
        case _:
            raise AssertionError(ref)


def value(e: Expr, state: State) -> int:
    match e:
        case Const(value=v):
            return v
        case Read(ref=r):
            return state[number(r, state)]
        case Op(name="and", args=(a, b)):
            return int(bool(value(a, state)) and bool(value(b, state)))
        case Op(name="or", args=(a, b)):
            return int(bool(value(a, state)) or bool(value(b, state)))
        case Op(name="not", args=(a,)):
            return int(not value(a, state))
        case Op(name="ite", args=(c, a, b)):
            return value(a if value(c, state) else b, state)
        case Op(name="neg", args=(a,)):
            return -value(a, state)
        case Op(name=name, args=(a, b)):
            return int(_BINARY[name](value(a, state), value(b, state)))
        case _:
            raise AssertionError(e)


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": go_div,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def enabled(fragment: Fragment, at: int, state: State) -> list[Piece]:
    """The pieces that can run at this location; none: blocked."""
    return [p for p in fragment if p.src == at and value(p.guard, state)]


def accesses(piece: Piece, state: State) -> set[tuple[int, bool, bool]]:
    """The accesses that really happen: (cell, writes, atomic)."""
    return {(number(a.ref, state), a.write, a.atomic) for a in piece.accesses if value(a.when, state)}


def conflict(p: Piece, q: Piece, state: State) -> bool:
    """Two co-enabled pieces of different goroutines are a race."""
    return any(
        c == d and (w or v) and not (a and b) for c, w, a in accesses(p, state) for d, v, b in accesses(q, state)
    )


def touches(piece: Piece, state: State, ref: Ref) -> list[Access]:
    return [a for a in piece.accesses if value(a.when, state) and number(a.ref, state) == number(ref, state)]


def apply(memory: Memory, piece: Piece, state: State) -> State:
    """The state after the piece; all right sides and indices read the state before."""
    after = list(state)
    for ref, e in piece.updates:
        at, new = number(ref, state), value(e, state)
        domain = memory.domains[at]
        assert low(domain) <= new <= high(domain, ()), f"{memory.names[at]} := {new}"
        after[at] = new
    return tuple(after)


@dataclass(frozen=True)
class Outcome:
    """How a fragment that runs alone ended: the state, the end it reached, or the failure; the details on the way."""

    state: State
    end: int
    failure: str
    details: tuple[str, ...]
    symptoms: tuple[str, ...] = ()


def run(memory: Memory, fragment: Fragment, state: State) -> Outcome:
    """Run a fragment alone; it must be deterministic and must not block."""
    at, details, symptoms = ENTRY, [], []
    while at >= 0:
        pieces = enabled(fragment, at, state)
        assert len(pieces) == 1, f"{len(pieces)} pieces at {at}"
        (piece,) = pieces
        details.append(piece.detail)
        if piece.symptom:
            symptoms.append(piece.symptom)
        if piece.fail is not None:
            return Outcome(state, at, piece.fail.message, tuple(details))
        state, at = apply(memory, piece, state), piece.dst
    return Outcome(state, at, "", tuple(details), tuple(symptoms))


@dataclass(frozen=True)
class World:
    """Goroutines that each run a list of fragments, one after the other."""

    memory: Memory
    goroutines: tuple[tuple[Fragment, ...], ...]

    def moves(self, state: State, where: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, Piece]]:
        for g, (index, at) in enumerate(where):
            if index < len(self.goroutines[g]):
                for p in enabled(self.goroutines[g][index], at, state):
                    yield g, p


Where = tuple[tuple[int, int], ...]


@dataclass
class Reached:
    """What an exhaustive run has found; `races` counts the states with two co-enabled conflicting pieces."""

    ends: set[State] = field(default_factory=set)
    failures: set[str] = field(default_factory=set)
    stuck: set[tuple[State, Where]] = field(default_factory=set)
    symptoms: set[str] = field(default_factory=set)
    races: int = 0
    states: set[State] = field(default_factory=set)


def explore(world: World, state: State) -> Reached:
    """Every reachable state of a world."""
    out = Reached()
    start: tuple[State, Where] = (state, tuple((0, ENTRY) for _ in world.goroutines))
    seen, todo = {start}, [start]
    while todo:
        state, where = todo.pop()
        out.states.add(state)
        moves = list(world.moves(state, where))
        out.races += any(g < h and conflict(p, q, state) for g, p in moves for h, q in moves)
        if not moves:
            done = all(i == len(world.goroutines[g]) for g, (i, _) in enumerate(where))
            if done:
                out.ends.add(state)
            else:
                out.stuck.add((state, where))
        for g, p in moves:
            if p.symptom:
                out.symptoms.add(p.symptom)
            if p.fail is not None:
                out.failures.add(p.fail.message)
                continue
            here = (where[g][0] + 1, ENTRY) if p.dst < 0 else (where[g][0], p.dst)
            after = (apply(world.memory, p, state), (*where[:g], here, *where[g + 1 :]))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return out
