"""A small interpreter of programs, written apart from the engines: open state, recursive evaluation."""

from __future__ import annotations

from verifier.program.concrete import Concrete, concrete
from verifier.program.expr import At, Cell, Const, Expr, Fresh, Judge, Op, Pc, Read, Ref, Table
from verifier.program.monitor import START
from verifier.program.program import Domain, Fail, Program, Reference, Union, high, low
from verifier.program.semantics import no_block, out_of_range, zero
from verifier.records import dataclass


class AuditError(Exception):
    """What an engine claims does not survive independent re-execution."""


@dataclass(frozen=True, slots=True)
class State:
    """Locations of all instances and values of all cells."""

    locations: tuple[int, ...]
    cells: tuple[int, ...]


class Interpreter:
    """Executes the concrete steps of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._steps: dict[tuple[int, int], tuple[Concrete, ...]] = {}
        self._blocks = [(key, frozenset(_place_cells(program, *key))) for key in program.recycled]

    def initial(self) -> State:
        """Where every run starts."""
        return self._collect(State(self.program.starts, self.program.initial))

    def steps(self, instance: int, location: int) -> tuple[Concrete, ...]:
        """The concrete steps of an instance at a location, in order. Made when asked for: a schedule passes few."""
        found = self._steps.get((instance, location))
        if found is None:
            found = self._steps[instance, location] = concrete(self.program, instance, location)
        return found

    def enabled(self, state: State) -> list[Concrete]:
        """The steps that can be taken, failing ones included, in instance order and then step order."""
        standing = enumerate(state.locations[1:], 1)
        return [c for number, at in standing for c in self.steps(number, at) if self.ready(state, c)]

    def ready(self, state: State, c: Concrete) -> bool:
        """Whether a step is at its goroutine's location and its guard holds."""
        return state.locations[c.instance] == c.step.src and self.value(c.step.guard, state) != 0

    def take(self, state: State, c: Concrete) -> State | Fail:
        """The state after a step, or the failure it ends in."""
        if c.step.fail is not None:
            return c.step.fail
        fresh = 0
        if c.step.alloc is not None:
            live = self._live(state)
            free = [p for p in c.candidates if (c.step.alloc.sort, p) not in live]
            if not free:
                return Fail("bound", no_block(c.step.alloc.site))
            fresh = free[0]
        writes = [(self.cell(r, state, fresh), self.value(v, state, fresh)) for r, v in c.step.updates]
        cells = list(state.cells)
        for n, value in writes:
            decl = self.program.cells[n]
            if value < low(decl.domain) or value > high(decl.domain, self.program.sorts):
                return Fail("bound", out_of_range(decl, value, self.program.sorts))
            cells[n] = value
        locations = list(state.locations)
        locations[c.instance] = c.step.dst
        if c.partner is not None:
            locations[c.partner.instance] = c.partner.step.dst
        if c.child is not None:
            locations[c.child] = self.program.templates[self.program.instances[c.child].template].entry
        return self._collect(State(tuple(locations), tuple(cells)))

    def cell(self, ref: Ref, state: State, fresh: int = 0) -> int:
        """The number of the cell that `ref` stands for."""
        if isinstance(ref, Cell):
            return ref.number
        if isinstance(ref, At):
            i = self.value(ref.index, state, fresh)
            if i < 0 or i >= len(ref.family.cells) or ref.family.cells[i] == -1:
                raise AuditError(f"{self.program.name}: there is no {ref.family.name}[{i}]")
            return ref.family.cells[i]
        raise AuditError(f"{self.program.name}: {ref} is not absolute")

    def value(self, e: Expr, state: State, fresh: int = 0) -> int:
        """The value of an expression in a state."""
        if isinstance(e, Const):
            return e.value
        if isinstance(e, Read):
            if isinstance(e.ref, Pc):
                return state.locations[e.ref.instance]
            return state.cells[self.cell(e.ref, state, fresh)]
        if isinstance(e, Fresh):
            return fresh
        if isinstance(e, Table):
            i = self.value(e.index, state, fresh)
            if i < 0 or i >= len(e.values):
                raise AuditError(f"{self.program.name}: index {i} outside a table of {len(e.values)}")
            return e.values[i]
        if isinstance(e, Judge):
            # The auditor judges whole histories (`history.py`), so that it needs no judge on the way.
            return START
        if isinstance(e, Op):
            return self._operate(e, state, fresh)
        raise AuditError(f"{self.program.name}: {e} is not absolute")

    def _operate(self, e: Op, state: State, fresh: int) -> int:
        a = self.value(e.args[0], state, fresh)
        if e.name in _UNARY:
            return -a if e.name == "neg" else 1 - (a != 0)
        if e.name == "ite":
            return self.value(e.args[1] if a else e.args[2], state, fresh)
        if (e.name == "and" and not a) or (e.name == "or" and a):
            return int(e.name == "or")
        b = self.value(e.args[1], state, fresh)
        if e.name in ("and", "or"):
            return int(b != 0)
        if (e.name in ("/", "%") and b == 0) or (e.name in ("<<", ">>") and b < 0):
            raise AuditError(f"{self.program.name}: {a} {e.name} {b}")
        return _operate(e.name, a, b)

    def _live(self, state: State) -> set[tuple[int, int]]:
        """The recycled blocks that some chain of references from outside them reaches."""
        hidden: set[int] = set()
        for _, cells in self._blocks:
            hidden |= cells
        todo = [n for n in range(len(state.cells)) if n not in hidden]
        live: set[tuple[int, int]] = set()
        while todo:
            n = todo.pop()
            target = referent(self.program.cells[n].domain, state.cells[n], self.program)
            if target is None:
                continue
            reached = frozenset(_place_cells(self.program, *target))
            for key, cells in self._blocks:
                if key not in live and (key == target or reached & cells):
                    live.add(key)
                    todo.extend(cells)
        return live

    def _collect(self, state: State) -> State:
        """The state with unreachable recycled blocks zeroed."""
        if not self._blocks:
            return state
        live = self._live(state)
        cells = list(state.cells)
        for key, block in self._blocks:
            if key not in live:
                for n in block:
                    cells[n] = zero(self.program.cells[n].domain, self.program.sorts)
        return State(state.locations, tuple(cells))


_UNARY = ("neg", "not")


def _operate(name: str, a: int, b: int) -> int:
    if name in ("/", "%"):
        quotient = abs(a) // abs(b) * (1 if (a >= 0) == (b > 0) else -1)
        return quotient if name == "/" else a - quotient * b
    results = {
        "+": a + b,
        "-": a - b,
        "*": a * b,
        "&": a & b,
        "|": a | b,
        "^": a ^ b,
        "==": int(a == b),
        "!=": int(a != b),
        "<": int(a < b),
        "<=": int(a <= b),
    }
    if name in results:
        return results[name]
    if name == "<<":
        return a << b
    if name == ">>":
        return a >> b
    raise AuditError(f"unknown operator {name}")


def referent(domain: Domain, value: int, program: Program) -> tuple[int, int] | None:
    """(sort, place) of what a value refers to; None for nil and for values that are no references."""
    if isinstance(domain, Reference):
        return (domain.sort, value) if value > 0 else None
    if isinstance(domain, Union):
        for _, first, inner in domain.alternatives:
            size = high(inner, program.sorts) - low(inner) + 1
            if first <= value < first + size:
                return referent(inner, value - first + low(inner), program)
    return None


def _place_cells(program: Program, sort: int, place: int) -> tuple[int, ...]:
    return program.sorts[sort].places[place - 1].cells
