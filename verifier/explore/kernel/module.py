"""The LLVM module of one program: its successor function with all checks in it, and the loop around that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from verifier.explore.canonical import all_pooled
from verifier.explore.kernel.canoncode import CanonicalCode
from verifier.explore.kernel.clientcode import ClientCode
from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.events import Events, Observer, events
from verifier.explore.kernel.expressions import Caller, Expressions
from verifier.explore.kernel.heapcode import HeapCode
from verifier.explore.kernel.judgecode import COVERED, Judge
from verifier.explore.kernel.loop import Shape, explore_source, rehash_source
from verifier.explore.kernel.racecode import Classes, Look, RaceCode, classes
from verifier.explore.kernel.stepcode import StepCode
from verifier.explore.kernel.twins import twins
from verifier.explore.kernel.words import Words, check
from verifier.explore.machine import Machine
from verifier.explore.pyloop import Watch
from verifier.explore.races import Races
from verifier.program.concrete import Concrete
from verifier.program.intervals import Ranges
from verifier.program.layout import WORD
from verifier.records import dataclass

FOUND, FAILING = range(2)
"""What is counted while successors are made: how many there are, and whether some step fails."""
_TOGETHER = 300
"""Steps up to which one function makes all successors: the time to compile one grows faster than its length."""


@dataclass(frozen=True)
class Module:
    """LLVM text, and what its user has to know about it. `races` is None where no two accesses can ever meet."""

    source: str
    shape: Shape
    events: Events
    races: RaceCode | None


def module(machine: Machine, watches: tuple[Watch, ...], races: Races, judge: Judge | None = None) -> Module:
    """The module of a program. Raises Unsupported where compiled code cannot be exact.

    `judge` answers the questions of a program with clients.
    """
    check(machine.layout)
    told = events(machine, watches)
    constants = Constants()
    heap = HeapCode(machine, constants) if machine.program.recycled else None
    exact = RaceCode(machine, races, constants, told.race) if races.possible else None
    most = sum(max((len(steps) for steps in out.values()), default=0) for out in machine.leaving)
    canonical = _canonical(machine, constants)
    covers = judge is not None and judge.covers
    shape = Shape(
        machine.layout.words,
        len(machine.steps),
        most,
        canonical.name if canonical else "",
        COVERED if covers else "",
        _apart(machine) if covers else (),
    )
    successors = _Successors(machine, watches, told, constants, heap, classes(machine, races) if exact else None)
    parts = [successors.source(), successors.stuck()]
    parts += [exact.source()] if exact else []
    parts += [heap.source()] if heap else []
    parts += [canonical.source()] if canonical else []
    parts += [judge.source(machine.layout, constants)] if judge else []
    parts += [rehash_source(shape), explore_source(shape)]
    return Module("\n".join([constants.source(), *parts]), shape, told, exact)


def _apart(machine: Machine) -> tuple[int, ...]:
    """The bits of the judge's state, in every word."""
    clients, layout = machine.program.clients, machine.layout
    assert clients is not None
    slot = layout.cells[clients.state]
    bits = slot.mask << slot.shift
    return tuple(bits >> WORD * w & (1 << WORD) - 1 for w in range(layout.words))


def _canonical(machine: Machine, constants: Constants) -> CanonicalCode | ClientCode | None:
    """What brings a state into canonical form, where there is more to it than giving up blocks nobody reaches."""
    program = machine.program
    if program.pools or (program.classes and program.clients is not None):
        return ClientCode(machine, constants)
    return CanonicalCode(machine, constants) if program.classes else None


class _Successors:
    """Emits `successors(s, out, taken, armed, known, mask)`: the number of successors, or what has to be told first."""

    def __init__(
        self,
        machine: Machine,
        watches: tuple[Watch, ...],
        told: Events,
        constants: Constants,
        heap: HeapCode | None,
        spots: Classes | None,
    ) -> None:
        self._machine = machine
        self._told = told
        self._constants = constants
        self._heap = heap
        self._spots = spots
        self._observer = Observer(machine.program, told, watches)
        self._twins = twins(machine)

    def source(self) -> str:
        """The text of the function, and of those it calls."""
        parameters = [(n, "ptr") for n in ("s", "out", "taken", "armed", "known")]
        f = Function("successors", [*parameters, ("mask", "i64")])
        state, out, taken, armed, known, mask = f.parameters
        words = Words(f, state, self._machine.layout.words)
        counts = f.array(2)
        self._observer.watch(f, armed, StepCode(self._machine, words, self._constants, lambda: out).expressions())
        f.store(counts, FOUND, 0)
        f.store(counts, FAILING, 0)
        look = Look(f, self._spots) if self._spots else None
        parts: list[str] = []
        for i in self._machine.program.goroutines:
            parts += self._goroutine(f, i.number, words, look, (state, out, taken, armed, counts))
        if look:
            with f.when(look.suspicious()):
                race = f.call("races", state, known, mask)
                with f.when(race.differs(0)):
                    f.give(race)
        found = f.load(counts, FOUND)
        with f.when(found.equals(0) & f.load(counts, FAILING).equals(0)):
            f.give(f.call("stuck", state, armed))
        f.give(found)
        return "\n".join([f.source(), *parts])

    def stuck(self) -> str:
        """The text of `stuck(s, armed)`."""
        f = Function("stuck", [("s", "ptr"), ("armed", "ptr")])
        state, armed = f.parameters
        layout = self._machine.layout
        words = Words(f, state, layout.words)
        expressions = Expressions(words, layout, Ranges(self._machine.program), self._constants)
        self._observer.stuck(f, armed, expressions, layout)
        return f.source()

    def _goroutine(
        self, f: Function, instance: int, words: Words, look: Look | None, given: tuple[Value, ...]
    ) -> list[str]:
        """The steps of a goroutine; the text of functions for them, where there are many."""
        layout = self._machine.layout
        cases: dict[int, Callable[[], None]] = {}
        parts: list[str] = []
        apart = len(self._machine.steps) > _TOGETHER
        twin = self._twins.get(instance) if apart else None
        other = twin is not None and twin.first != instance
        state, *rest = given
        view = state
        if twin is not None and other:
            parts.append(twin.source(layout.words))
            view = f.array(layout.words)
            for w, word in enumerate(words.words):
                f.store(view, w, word)
            f.call(twin.turn, view)
        for location, numbers in self._machine.leaving[instance].items():
            at = layout.codes[instance][location]

            def body(at: int = at, numbers: tuple[int, ...] = numbers) -> None:
                if look:
                    look.at((instance, at))
                if not apart:
                    self._steps(f, words, numbers, given)
                    return
                name = f"leave{instance if twin is None else twin.first}_{at}"
                if twin is None:
                    told = f.call(name, *given)
                else:
                    told = f.call(name, view, *rest, state, twin.client, twin.offset)
                with f.when(told.differs(0)):
                    f.give(told)
                if not other:
                    parts.append(self._apart(name, numbers, shared=twin is not None))

            cases[at] = body
        before = f.load(rest[-1], FOUND)
        if cases:
            slot = layout.pcs[instance]
            f.switch(words.field(slot) if slot.width else f.constant(0), cases)
        if twin is not None and other:
            n = f.variable(before)
            with f.loop(lambda: n.get().below(f.load(rest[-1], FOUND))):
                f.call(twin.turn, f.address(rest[0], n.get() * layout.words))
                n.set(n.get() + 1)
        return parts

    def _apart(self, name: str, numbers: tuple[int, ...], *, shared: bool) -> str:
        """A function of its own for the steps out of one location; `shared` by all twins."""
        more = [("whole", "ptr"), ("client", "i64"), ("shift", "i64")] if shared else []
        f = Function(name, [*((n, "ptr") for n in ("s", "out", "taken", "armed", "counts")), *more])
        count, given = self._machine.layout.words, f.parameters[:5]
        caller = shift = None
        if shared:
            whole, client, shift = f.parameters[5:]
            caller = Caller(Words(f, whole, count), client)
        self._steps(f, Words(f, given[0], count), numbers, given, caller, shift)
        f.give(0)
        return f.source()

    def _steps(
        self,
        f: Function,
        words: Words,
        numbers: tuple[int, ...],
        given: tuple[Value, ...],
        caller: Caller | None = None,
        shift: Value | None = None,
    ) -> None:
        """The steps of these numbers, all of them `shift` further on."""
        state, out, taken, armed, counts = given

        def place() -> Value:
            return f.address(out, f.load(counts, FOUND) * self._machine.layout.words)

        def arrive(k: int, successor: Value) -> None:
            if self._heap and not all_pooled(self._machine):
                f.call(self._heap.collect, successor)
            found = f.load(counts, FOUND)
            f.store(taken, found, k if shift is None else shift + k, "i32")
            f.store(counts, FOUND, found + 1)

        def failed(k: int) -> None:
            f.store(counts, FAILING, 1)
            self._observer.report(f, armed, self._told.failed(k), shift)

        steps = StepCode(self._machine, words, self._constants, place, caller)
        for k in numbers:
            c = self._machine.steps[k]
            if c.step.symptom:
                symptom = partial(self._observer.report, f, armed, self._told.symptom(k), shift)
            else:
                symptom = None
            self._step(f, k, steps, state, symptom, failed, arrive)

    def _step(
        self,
        f: Function,
        k: int,
        steps: StepCode,
        state: Value,
        symptom: Callable[[], None] | None,
        failed: Callable[[int], None],
        arrive: Callable[[int, Value], None],
    ) -> None:
        c = self._machine.steps[k]

        def go() -> None:
            if symptom is not None:
                symptom()
            if c.step.fail is not None:
                failed(k)
            else:
                self._take(f, k, c, steps, state, failed, arrive)

        guard = steps.guard(c)
        if guard is None:
            go()
        else:
            with f.when(guard):
                go()

    def _take(
        self,
        f: Function,
        k: int,
        c: Concrete,
        steps: StepCode,
        state: Value,
        failed: Callable[[int], None],
        arrive: Callable[[int, Value], None],
    ) -> None:
        if c.step.alloc is None:
            steps.take(c, None, lambda: failed(k), lambda out: arrive(k, out))
            return
        assert self._heap is not None, "an allocation without recyclable blocks"
        fresh = self._heap.pick(f, state, c.step.alloc.sort, c.candidates)
        f.either(
            fresh.differs(0),
            lambda: steps.take(c, fresh, lambda: failed(k), lambda out: arrive(k, out)),
            lambda: failed(k),
        )
