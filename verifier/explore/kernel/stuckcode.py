"""Compiled search for goroutines that wait for ever while others run on: which goroutine can still move from where."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.graph import dies
from verifier.explore.kernel.emit import Constants, Function, Value, Variable
from verifier.explore.kernel.expressions import Expressions
from verifier.explore.kernel.heapcode import HeapCode
from verifier.explore.kernel.loop import Shape, hashed
from verifier.explore.kernel.stepcode import StepCode
from verifier.explore.kernel.words import Unsupported, Words
from verifier.explore.machine import Machine
from verifier.program.intervals import Ranges
from verifier.program.layout import WORD
from verifier.program.program import END, IDLE
from verifier.records import dataclass

PARAMETERS = ("states", "table", "out", "marks", "from", "to", "bits")
"""What `settle` is given: the stores of a finished search and its table, a buffer for the successors of one state, the
marks, and the numbers of the states to look at: from the first down to the last, both included; log2 of the table."""

MOST = WORD - 2
"""Goroutines whose marks fit in a number beside the sign and `LOST`."""
UNKNOWN_STATE = -2
"""What `settle` returns where a successor is no state of the search: an error of ours."""
LOST = 1 << MOST
"""The mark of a state from which every run ends in a failure of the program."""


@dataclass(frozen=True)
class StuckModule:
    """LLVM text with `settle` and `waiting`. `goroutines` are the instances by their bits."""

    source: str
    goroutines: tuple[int, ...]


def stuck_module(machine: Machine, shape: Shape) -> StuckModule:
    """The module for a program. Raises Unsupported."""
    goroutines = tuple(i.number for i in machine.program.goroutines)
    if len(goroutines) > MOST:
        raise Unsupported(f"more than {MOST} goroutines")
    constants = Constants()
    heap = HeapCode(machine, constants) if machine.program.recycled else None
    moves = _Moves(machine, constants, heap, {g: 1 << n for n, g in enumerate(goroutines)}).source()
    parts = [moves, _settle(shape), _waiting(machine, shape, constants, goroutines)]
    parts += [heap.source()] if heap else []
    return StuckModule("\n".join([constants.source(), *parts]), goroutines)


class _Moves:
    """Emits `moves(s, out, own)`: the number of successors; `own` gets two numbers.

    The first has the bits of the goroutines that can take a step; all of them where a limit of the model is hit, for
    what follows is not known. The second is 1 where some step fails as the program's process would, else 0.
    """

    def __init__(self, machine: Machine, constants: Constants, heap: HeapCode | None, bits: dict[int, int]) -> None:
        self._machine = machine
        self._constants = constants
        self._heap = heap
        self._bits = bits
        self._all = sum(bits.values())

    def source(self) -> str:
        """The text of the function."""
        f = Function("moves", [("s", "ptr"), ("out", "ptr"), ("own", "ptr")])
        state, out, own = f.parameters
        layout = self._machine.layout
        words = Words(f, state, layout.words)
        found, moving, failing = f.variable(0), f.variable(0), f.variable(0)
        steps = StepCode(self._machine, words, self._constants, lambda: f.address(out, found.get() * layout.words))
        for i in self._machine.program.goroutines:
            cases: dict[int, Callable[[], None]] = {}
            for location, numbers in self._machine.leaving[i.number].items():

                def body(numbers: tuple[int, ...] = numbers) -> None:
                    for k in numbers:
                        self._step(f, k, steps, state, found, moving, failing)

                cases[layout.codes[i.number][location]] = body
            if cases:
                slot = layout.pcs[i.number]
                f.switch(words.field(slot) if slot.width else f.constant(0), cases)
        f.store(own, 0, moving.get())
        f.store(own, 1, failing.get())
        f.give(found.get())
        return f.source()

    def _step(
        self,
        f: Function,
        k: int,
        steps: StepCode,
        state: Value,
        found: Variable,
        moving: Variable,
        failing: Variable,
    ) -> None:
        c = self._machine.steps[k]
        bit = sum(self._bits[g] for g in c.movers)

        def failed() -> None:
            if dies(c):
                moving.set(moving.get() | bit)
                failing.set(failing.get() | 1)
            else:
                moving.set(self._all)
                failing.set(failing.get() | 2)

        def arrive(successor: Value) -> None:
            if self._heap:
                f.call(self._heap.collect, successor)
            moving.set(moving.get() | bit)
            found.set(found.get() + 1)

        def go() -> None:
            if c.step.fail is not None:
                failed()
            elif c.step.alloc is None:
                steps.take(c, None, failed, arrive)
            else:
                assert self._heap is not None
                fresh = self._heap.pick(f, state, c.step.alloc.sort, c.candidates)
                f.either(fresh.differs(0), lambda: steps.take(c, fresh, failed, arrive), failed)

        guard = steps.guard(c)
        if guard is None:
            go()
        else:
            with f.when(guard):
                go()


def _settle(shape: Shape) -> str:
    """`settle(…)`: add to the marks of states what the marks of their successors say, once."""
    f = Function("settle", [(p, "ptr" if n < 4 else "i64") for n, p in enumerate(PARAMETERS)])
    states, table, out, marks, first, last, bits = f.parameters
    mask, down = (f.constant(1) << bits) - 1, f.constant(WORD) - bits
    own = f.array(2)
    n, changed = f.variable(first), f.variable(0)
    j, at, reached, lost, going = (f.variable(0) for _ in range(5))
    with f.loop(lambda: n.get().at_least(last)):
        number = n.get()
        count = f.call("moves", f.address(states, number * shape.words), out, own)
        reached.set(f.load(own, 0))
        with f.when(count.below(0)):
            f.give(count)
        # Lost: there is a step, and every step that does not end the process leads to a lost state.
        failing = f.load(own, 1)
        some = (count + failing).differs(0) & failing.unsigned_below(2)
        lost.set(some.extended())
        j.set(0)
        with f.loop(lambda: j.get().below(count)):
            at.set(hashed(f, shape, out, j.get()) >> down)
            going.set(1)
            with f.loop(lambda: going.get().differs(0)):
                entry = f.load(table, at.get(), "i32") - 1
                with f.when(entry.below(0)):
                    f.give(UNKNOWN_STATE)
                same = f.constant(1, "i1")
                for w in range(shape.words):
                    there = f.load(states, entry * shape.words + w)
                    same = same & there.equals(f.load(out, j.get() * shape.words + w))
                with f.when(same):
                    mark = f.load(marks, entry)
                    reached.set(reached.get() | (mark & LOST - 1))
                    lost.set(lost.get() & (mark >> MOST))
                    going.set(0)
                at.set((at.get() + 1) & mask)
            j.set(j.get() + 1)
        new = reached.get() | (lost.get() << MOST)
        with f.when(new.differs(f.load(marks, number))):
            f.store(marks, number, new)
            changed.set(changed.get() + 1)
        n.set(number - 1)
    f.give(changed.get())
    return f.source()


def _waiting(machine: Machine, shape: Shape, constants: Constants, goroutines: tuple[int, ...]) -> str:
    """`waiting(states, marks, from, to)`: the first state with a goroutine that never moves again, -1 if none has."""
    f = Function("waiting", [("states", "ptr"), ("marks", "ptr"), ("from", "i64"), ("to", "i64")])
    states, marks, first, end = f.parameters
    n = f.variable(first)
    with f.loop(lambda: n.get().below(end)):
        words = Words(f, f.address(states, n.get() * shape.words), shape.words)
        expressions = Expressions(words, machine.layout, Ranges(machine.program), constants)
        fine = f.load(marks, n.get())
        lost = (fine >> MOST).differs(0)
        for bit, g in enumerate(goroutines):
            codes, slot = machine.layout.codes[g], machine.layout.pcs[g]
            for rest in (END, IDLE):
                if rest in codes:
                    fine = fine | (expressions.at(slot, codes[rest]).extended() << bit)
        everyone = (1 << len(goroutines)) - 1
        with f.when((fine & everyone).differs(everyone) & ~lost):
            f.give(n.get())
        n.set(n.get() + 1)
    f.give(-1)
    return f.source()
