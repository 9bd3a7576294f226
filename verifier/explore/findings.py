"""What the search loop reports while it runs, the first (shortest) of everything kept."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.explore.machine import Machine
from verifier.explore.outcome import Violation
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.expr import Expr
from verifier.program.monitor import LINEARIZABLE
from verifier.program.program import Clause
from verifier.program.semantics import at_rest, no_block, out_of_range


class Findings:
    """Collects failures, clauses, symptoms and stuck states. `base` is width × state number, as in the loop."""

    def __init__(self, machine: Machine, order: Sequence[int], width: int) -> None:
        self._machine = machine
        self._order = order
        self._width = width
        self._known: set[tuple[str, str]] = set()
        self.failing: set[int] = set()
        """Steps that failed at least once."""
        self.violations: list[Violation] = []
        self.witnesses: list[Violation] = []
        self.failures = 0
        """Failing steps taken: they are no transitions, they end in no state."""
        self.finished = False
        self._at_end = [
            (c, "symptom" if c.symptom else "finally") for c in machine.program.clauses if c.when == "finally"
        ]

    def failed(self, base: int, step: int) -> None:
        """A step that fails, or whose new values or allocation are outside a bound; only its first failure is kept."""
        self.failures += 1
        if step in self.failing:
            return
        c = self._machine.steps[step]
        if c.step.fail is not None:
            kind, message = c.step.fail.kind, c.step.fail.message
        else:
            kind, message = "bound", self._bound(self._order[base // self._width], step)
        self.failing.add(step)
        self._add(self.violations, Violation(kind, message, base // self._width, (step,), (c.instance,)))

    def hit(self, base: int, label: int) -> None:
        """A clause judged in every state was decided: always violated, sometimes or a symptom seen."""
        clause = self._machine.program.clauses[label]
        kind = "symptom" if clause.symptom else clause.when
        into = self.violations if kind in ("always", LINEARIZABLE) else self.witnesses
        self._add(into, Violation(kind, clause.name, base // self._width))

    def symptom(self, base: int, step: int) -> None:
        """A step that shows a consequence of a race."""
        c = self._machine.steps[step]
        self._add(self.witnesses, Violation("symptom", c.step.symptom, base // self._width, (step,), (c.instance,)))

    def stuck(self, base: int, state: int) -> None:
        """A state without any enabled step: all done, or a deadlock."""
        locations, cells = self._machine.layout.unpack(state)
        waiting = tuple(i.number for i in self._machine.program.goroutines if not at_rest(locations[i.number]))
        if waiting:
            self._add(self.violations, Violation("deadlock", "", base // self._width, (), waiting))
            return
        self.finished = True
        valuation = Valuation(cells, locations)
        for clause, kind in self._at_end:
            self._finally(clause, kind, base // self._width, valuation)

    def _finally(self, clause: Clause, kind: str, state: int, valuation: Valuation) -> None:
        holds = _holds(clause.expr, valuation)
        if kind == "symptom" and holds:
            self._add(self.witnesses, Violation(kind, clause.name, state))
        elif kind == "finally" and not holds:
            self._add(self.violations, Violation(kind, clause.name, state))

    def _add(self, into: list[Violation], violation: Violation) -> None:
        key = (violation.kind, violation.name)
        if key not in self._known:
            self._known.add(key)
            into.append(violation)

    def _bound(self, state: int, step: int) -> str:
        machine = self._machine
        program, c = machine.program, machine.steps[step]
        locations, cells = machine.layout.unpack(state)
        fresh = 0
        if c.step.alloc is not None:
            from verifier.explore.heap import Heap

            fresh = Heap(machine).pick(state, c.step.alloc.sort, c.candidates)
            if not fresh:
                return no_block(c.step.alloc.site)
        valuation = Valuation(cells, locations, fresh)
        for ref, value in c.step.updates:
            cell = place(ref, valuation)
            new = evaluate(value, valuation)
            message = out_of_range(program.cells[cell], new, program.sorts)
            if not _fits(machine, cell, new):
                return message
        raise AssertionError("a range check failed and nothing is out of range")


def _fits(machine: Machine, cell: int, value: int) -> bool:
    from verifier.program.program import high, low

    domain = machine.program.cells[cell].domain
    return low(domain) <= value <= high(domain, machine.program.sorts)


def _holds(e: Expr, valuation: Valuation) -> bool:
    return bool(evaluate(e, valuation))
