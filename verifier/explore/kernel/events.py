"""What a search reports to Python, and the code that notices clauses and states without a step."""

from __future__ import annotations

from verifier.explore.kernel.emit import Function, Value
from verifier.explore.kernel.expressions import Expressions
from verifier.explore.machine import Machine
from verifier.explore.pyloop import Watch
from verifier.program.layout import Layout
from verifier.program.program import END, IDLE, Program
from verifier.records import dataclass

_FIRST = -2
"""What a function returns for event 0; -1 is a fault of the program."""


@dataclass(frozen=True)
class Events:
    """Numbers for everything that is reported once and then disarmed, in the order of the fields.

    `watches`: clauses judged in every state; `steps`: each may fail and may show a symptom; `endings`: clauses judged
    when all have returned. Then the first deadlock, the first such ending, and races, which are never disarmed:
    a table remembers those already told.
    """

    watches: int
    steps: int
    endings: int

    def failed(self, step: int) -> int:
        """A step fails, or a value or an allocation is outside a bound."""
        return self.watches + step

    def symptom(self, step: int) -> int:
        """A step that shows a consequence of a race is enabled."""
        return self.watches + self.steps + step

    def ending(self, n: int) -> int:
        """The n-th clause about final states is decided."""
        return self.watches + 2 * self.steps + n

    @property
    def deadlock(self) -> int:
        """Nobody can move and somebody has not returned."""
        return self.ending(self.endings)

    @property
    def finished(self) -> int:
        """All have returned."""
        return self.deadlock + 1

    @property
    def race(self) -> int:
        """Two goroutines are about to touch one cell."""
        return self.deadlock + 2

    @property
    def count(self) -> int:
        """How many events there are."""
        return self.deadlock + 3


def code(event: int) -> int:
    """What a generated function returns to report an event."""
    return _FIRST - event


def event(returned: int) -> int:
    """The event behind a returned code."""
    return _FIRST - returned


class Observer:
    """Emits the checks of one program into functions that have the state and the armed flags at hand."""

    def __init__(self, program: Program, events: Events, watches: tuple[Watch, ...]) -> None:
        self._program = program
        self._events = events
        self._watches = watches
        self._endings = [c for c in program.clauses if c.when == "finally"]

    def watch(self, f: Function, armed: Value, expressions: Expressions) -> None:
        """Return from `f` where an armed clause is decided by the state."""
        for n, watch in enumerate(self._watches):
            with f.when(f.load(armed, n, "i8").differs(0)), f.when(expressions.test(watch.expr)):
                f.give(code(n))

    def report(self, f: Function, armed: Value, number: int, shift: Value | None = None) -> None:
        """Return from `f` if the event is armed. `shift`: the event is that many further on."""
        at = f.constant(number) if shift is None else shift + number
        with f.when(f.load(armed, at, "i8").differs(0)):
            f.give(f.constant(code(0)) - at)

    def stuck(self, f: Function, armed: Value, expressions: Expressions, layout: Layout) -> None:
        """The body of a function that judges a state without any enabled step. It returns 0 if there is no news."""
        resting = f.constant(1, "i1")
        for i in self._program.goroutines:
            there = f.constant(0, "i1")
            slot, codes = layout.pcs[i.number], layout.codes[i.number]
            for rest in (END, IDLE):
                if rest in codes:
                    matched = expressions.at(slot, codes[rest])
                    there = there | matched
            resting = resting & there
        with f.when(~resting):
            self.report(f, armed, self._events.deadlock)
            f.give(0)
        self.report(f, armed, self._events.finished)
        for n, clause in enumerate(self._endings):
            # Evaluated although it may be told already: a clause that cannot be evaluated is a fault in every state.
            holds = expressions.test(clause.expr)
            told = holds if clause.symptom else ~holds
            with f.when(f.load(armed, self._events.ending(n), "i8").differs(0) & told):
                f.give(code(self._events.ending(n)))
        f.give(0)


def events(machine: Machine, watches: tuple[Watch, ...]) -> Events:
    """The events of a program."""
    return Events(len(watches), len(machine.steps), sum(c.when == "finally" for c in machine.program.clauses))
