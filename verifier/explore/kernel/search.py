"""The kernel back end: compiled breadth-first search, driven from Python. Same states, same numbers, same findings."""

from __future__ import annotations

import ctypes
from contextlib import suppress

from verifier.explore.canonical import settling
from verifier.explore.cycles import locations_acyclic
from verifier.explore.findings import Findings
from verifier.explore.heap import Heap
from verifier.explore.kernel import loop
from verifier.explore.kernel.buffers import Buffer, Links, States, Stores, reserved
from verifier.explore.kernel.events import event
from verifier.explore.kernel.expressions import FAULT
from verifier.explore.kernel.jit import Missing, compiled
from verifier.explore.kernel.judgecode import Judge
from verifier.explore.kernel.module import module
from verifier.explore.kernel.racecode import home
from verifier.explore.kernel.words import Unsupported
from verifier.explore.machine import Machine
from verifier.explore.memory import default_limit
from verifier.explore.outcome import Clock, Exploration, Limits, Progress, Store, out_of_memory
from verifier.explore.pyexpr import Writer
from verifier.explore.races import Races
from verifier.explore.reference import coverage, watches
from verifier.program.semantics import ProgramFault
from verifier.records import dataclass

_PAUSE = 1 << 15
"""States expanded between two looks at the clock, the memory and Ctrl-C."""
_REHASH = 1 << 20
"""States entered into a new table between two chances for Ctrl-C."""
_SMALL = 14
"""log2 of the first table's length."""
_LARGE = 20
"""log2 of the length from which on tables only double: memory matters more than entering states again."""
_LOAD = 0.45
"""How full a table may get: probing past others costs more than the memory."""
_WORTH = 1 << 19
"""States from which on the passes pay for themselves."""
_RACES = 64
"""Length of the first table of known races."""


class Disagreement(Exception):
    """Compiled code reports what the reference code does not see: an error of ours, never of the model."""


@dataclass
class KernelSearch:
    """A running search. `run` once, then read `outcome`. Raises Unsupported and Missing when it cannot be compiled."""

    machine: Machine
    limits: Limits
    stop_when: frozenset[str] = frozenset()
    clock: Clock | None = None
    progress: Progress | None = None
    cyclic: bool = False
    """Whether some step led back to a state found no later: without one the state graph has no cycle."""

    def __post_init__(self) -> None:
        machine = self.machine
        self._began = self.clock() if self.clock else 0.0
        self.width = max(len(machine.steps), 1)
        self.races = Races(machine, Writer(machine))
        self._watches = watches(machine)
        clients = machine.program.clients
        self.judge = None if clients is None else Judge(clients)
        self._module = module(machine, self._watches, self.races, self.judge)
        self._compile(passes=False)
        self._layered = not locations_acyclic(machine.program)
        self.shape = shape = self._module.shape
        told = self._module.events
        self.budget = default_limit() if self.limits.max_memory is None else self.limits.max_memory
        choice = 2 if shape.choice == "i16" else 4
        room = self.budget // (8 * shape.words + 4 + choice)
        self._stores = Stores(shape.words, choice, min(self.limits.max_states, room) + shape.buffer)
        self._stores.put_first(settling(machine, Heap(machine))(machine.initial))
        self._batch = [Buffer(shape.buffer * size) for size in (8 * shape.words, 4, 8, 4)]
        self._armed, self._ran = Buffer(told.count), Buffer(self.width)
        self._armed.bytes[: told.count] = b"\1" * told.count
        self._control = (ctypes.c_int64 * loop.CONTROL)(1)
        self._known = self._remembered(_RACES)
        self.bits = max(_SMALL, (4 * shape.buffer).bit_length())
        self._table = reserved(4 << max(self.bits, int(self._stores.capacity / _LOAD).bit_length()), 4 << self.bits)
        self._enter(self.bits)
        # Sized to the stores, not to the states found so far: only those are ever asked for.
        self.order = States(self._stores, self._stores.capacity)
        self.findings = Findings(machine, self.order, self.width)

    def run(self) -> str:
        """Search until done or stopped; the reason for stopping, "" when every state was expanded."""
        control = self._control
        while True:
            reason = self._over()
            if reason:
                return reason
            control[loop.UNTIL] = control[loop.HEAD] + _PAUSE
            why = self._explore(*self._addresses())
            self.cyclic = self._layered and bool(control[loop.BACK])
            if self.progress:
                self.progress(control[loop.COUNT], control[loop.TRANSITIONS], control[loop.COUNT] - control[loop.HEAD])
            if self.judge is not None and self.judge.full:
                # Some answer was none: what rests on it, all expanded or a violation, is not known.
                return self.judge.full
            if why == loop.DONE:
                return ""
            if why == loop.EVENT:
                self._event(control[loop.CODE], control[loop.HEAD])
            if why == loop.ROOM:
                reason = self._over() or self._grow()
                if reason:
                    return reason

    def outcome(self, limit: str) -> Exploration:
        """The exploration so far, without any judgement of cycles."""
        count = self.count
        violations = sorted((*self.races.found, *self.findings.violations), key=lambda v: v.state)
        return Exploration(
            machine=self.machine,
            store=Store(States(self._stores, count), Links(self._stores, count, self.width), self.width),
            states=count,
            transitions=int(self._control[loop.TRANSITIONS]),
            complete=not limit,
            limit=limit,
            violations=tuple(violations),
            witnesses=tuple(self.findings.witnesses),
            coverage=coverage(self.machine, list(self._ran.bytes[: self.width]), self.findings.failing),
            finished=self.findings.finished,
            deadlock_decided=not limit and not self.cyclic,
            deadlock_limit=limit,
            engine="kernel",
        )

    @property
    def count(self) -> int:
        """States found."""
        return int(self._control[loop.COUNT])

    @property
    def where(self) -> tuple[int, int]:
        """The addresses of the states and of the hash table."""
        return self._stores.states.address, self._table.address

    def late(self) -> bool:
        """Whether the time is up."""
        limits = self.limits
        return bool(self.clock and limits.timeout is not None and self.clock() - self._began > limits.timeout)

    def memory(self) -> int:
        """Bytes of the states and the table."""
        return int(self._control[loop.COUNT]) * self._stores.each + (4 << self.bits)

    def _compile(self, *, passes: bool) -> None:
        code = compiled(self._module.source, passes=passes)
        address, number = ctypes.c_void_p, ctypes.c_int64
        self._explore = code.function("explore", *[address] * len(loop.PARAMETERS))
        self._rehash = code.function("rehash", address, address, number, number, number)
        self._tuned = passes

    def _addresses(self) -> tuple[int, ...]:
        stores = self._stores
        kept = (stores.states, stores.parents, stores.choices, self._table, *self._batch)
        return (
            ctypes.addressof(self._control),
            *(b.address for b in (*kept, self._armed, self._ran, self._known)),
        )

    def _over(self) -> str:
        limits, count = self.limits, self._control[loop.COUNT]
        if self.stop_when and self.stop_when <= {v.kind for v in (*self.findings.violations, *self.races.found)}:
            return "stopped: everything asked is violated"
        if count >= limits.max_states:
            return f"{count:,} states reached (--max-states)"
        if self.late():
            return f"{limits.asked or limits.timeout:g} s passed (--timeout)"
        if self.memory() > self.budget:
            return out_of_memory(self.budget)
        return ""

    def _room(self) -> int:
        """Numbers of states up to which a batch may begin."""
        buffer = self._module.shape.buffer
        table = int(_LOAD * (1 << self.bits))
        return min(table - buffer, self._stores.capacity - buffer, self.limits.max_states - 1)

    def _grow(self) -> str:
        """Make room for more states; why not, "" if it was made."""
        count = self._control[loop.COUNT]
        # What is reserved is enough for all the stores hold, but need not be the first table times a power of four.
        most = (self._table.size // 4).bit_length() - 1
        bits = min(self.bits + (1 if self.bits >= _LARGE else 2), most)
        full = count > self._stores.capacity - self._module.shape.buffer
        if full or self.memory() + (4 << bits) > self.budget:
            return out_of_memory(self.budget)
        if count >= _WORTH and not self._tuned:
            self._tuned = True
            # What there is goes on working, only slower.
            with suppress(Missing):
                self._compile(passes=True)
        if bits == self.bits:
            return out_of_memory(self.memory())
        self._enter(bits)
        return ""

    def _enter(self, bits: int) -> None:
        """Use a table of 2^bits entries from now on, with all states found so far in it.

        It grows where it lies: a second table would touch the same memory again, which costs more than entering.
        """
        ctypes.memset(self._table.address, 0, 4 << self.bits)
        count = self._control[loop.COUNT]
        for begin in range(0, count, _REHASH):
            self._rehash(self._stores.states.address, self._table.address, begin, min(begin + _REHASH, count), bits)
        self.bits = bits
        self._control[loop.BITS] = bits
        self._control[loop.CAPACITY] = self._room()

    def _remembered(self, length: int) -> Buffer:
        """A table of the races found so far, as `RaceCode` looks them up; the search then uses it."""
        exact = self._module.races
        table = Buffer(8 * length)
        entries = table.bytes.cast("Q")
        for race in self.races.told if exact else ():
            assert exact is not None
            key = exact.key(*race)
            at = home(key) & length - 1
            while entries[at]:
                at = at + 1 & length - 1
            entries[at] = key
        self._control[loop.KNOWN] = length - 1
        return table

    def _event(self, code: int, state: int) -> None:
        """Let the reference code judge the state that the compiled code points at."""
        if code == FAULT:
            raise ProgramFault(f"{self.machine.program.name}: reads a cell that does not exist, or divides by zero")
        told, number = self._module.events, event(code)
        base = state * self.width
        if number == told.race:
            self._race(state)
            return
        if number < told.watches:
            self.findings.hit(base, self._watches[number].label)
        elif number < told.symptom(0):
            self.findings.failed(base, number - told.failed(0))
        elif number < told.ending(0):
            self.findings.symptom(base, number - told.symptom(0))
        else:
            self.findings.stuck(base, self._stores.state(state))
        self._armed.bytes[number] = 0

    def _race(self, state: int) -> None:
        before = len(self.races.found)
        self.races.check(state, self._stores.state(state))
        if len(self.races.found) == before:
            raise Disagreement(f"{self.machine.program.name}: state {state} has no new race")
        length = self._control[loop.KNOWN] + 1
        while length < 4 * len(self.races.found):
            length *= 2
        self._known = self._remembered(length)


def start(
    machine: Machine,
    limits: Limits,
    stop_when: frozenset[str] = frozenset(),
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> KernelSearch:
    """A compiled search, ready to run. Raises Unsupported and Missing when it cannot be had."""
    return KernelSearch(machine, limits, stop_when, clock, progress)


__all__ = ["Disagreement", "KernelSearch", "Missing", "Unsupported", "start"]
