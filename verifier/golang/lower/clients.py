"""The steps of the most general client: between two calls it may make any call, and a return is judged.

One goroutine at a time may first make any number of calls, which brings the map into every state that a sequential
client can bring it into. Then all run together, each with a number of calls. When all calls are made and have returned,
every key is looked at once more: what is lost in the map shows there.
"""

from __future__ import annotations

from verifier.golang.clients import RANGE, Client
from verifier.golang.lower.arrange import Arrangement
from verifier.golang.lower.inline import inline
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import load, numbers, scalar
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import FuncVal, Loc, Value
from verifier.golang.lower.variables import variable
from verifier.golang.types import Func, Var
from verifier.model.document import CLIENT
from verifier.program.atomic import COUNTER
from verifier.program.expr import ONE, ZERO, Const, Expr, Judge, Own, Read, Table, all_of, any_of, equal, ite, op
from verifier.program.monitor import REFUTED, VALUED, Clients, Operation
from verifier.program.program import END, PACKAGE, Kind, Range
from verifier.records import dataclass, replace

IDLE = 2
"""Where a client is between two calls: the entry of its template."""


@dataclass(frozen=True, slots=True)
class Made:
    """A client's template and the offsets of the cells that follow its calls; see `monitor.Clients`."""

    client: Client
    template: int
    state: int
    phase: int
    busy: int
    made: int
    mine: int
    pending: int
    operations: tuple[Operation, ...]
    constants: tuple[int, ...]


def clients(m: Machine, client: Client) -> Made:
    """Lower the clients into a template of their own."""
    asked = client.asked
    total, last = asked.goroutines * asked.calls, asked.keys + 1
    state = _shared(m, "judge", REFUTED)
    phase = _shared(m, "phase", last)
    busy = _shared(m, "calls running", asked.goroutines)
    made = _shared(m, "calls made", total)
    _shared(m, COUNTER, 0)
    b = Builder(len(m.builders), CLIENT, None)
    m.builders.append(b)
    # The body is a loop: what it allocates is recycled.
    m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env = b, IDLE, [], [], 1, m.globals
    m.where = asked.span
    mine, pending = (
        m.cell(n, Range(0, most)) for n, most in (("calls", asked.calls), ("call", len(client.operations)))
    )
    b.frame[mine] = b.frame[pending] = False
    constants = tuple(constant(m, v) for v in client.values)
    out = Made(client, b.number, state, phase, busy, made, mine, pending, client.operations, constants)
    writer = _Writer(m, out)
    writer.begin()
    for name, method in client.methods:
        writer.method(name, method)
    writer.end()
    m.cur = None
    return out


def judged(made: Made, at: Arrangement) -> Clients:
    """The clients of a program, once cells have numbers."""
    instances = tuple(i.number for i in at.of_template(made.template))
    ghosts = {made.state, made.busy, made.made}
    pending = tuple(at.first[i] + made.pending for i in instances)
    asked = made.client.asked
    return Clients(
        instances=instances,
        calls=asked.calls,
        operations=made.operations,
        keys=made.client.key_names,
        values=made.client.value_names,
        state=made.state,
        pending=pending,
        phase=made.phase,
        ghosts=frozenset({*ghosts, *pending}),
        type=asked.type,
        constants=made.constants,
    )


def _shared(m: Machine, name: str, most: int) -> int:
    """A cell of the package that no Go reads."""
    package = m.builders[PACKAGE]
    package.cells.append((name, Range(0, most)))
    package.frame.append(False)
    return len(package.cells) - 1


def constant(m: Machine, var: Var) -> int:
    """The value of a key or a value that clients use, as cells hold it."""
    held = variable(m, var)
    assert not isinstance(held, Loc), f"{var.name} has no known value"
    (number,) = numbers(m, held)
    assert isinstance(number, Const)
    return number.value


def _next(ref: Own, most: int) -> Expr:
    return Table((*range(1, most + 1), most), Read(ref))


class _Writer:
    """Emits the steps of a client around those of the methods."""

    def __init__(self, m: Machine, made: Made) -> None:
        self._m = m
        self._client = made.client
        self._state, self._phase, self._busy, self._made = (
            Own(PACKAGE, n) for n in (made.state, made.phase, made.busy, made.made)
        )
        self._mine, self._pending = Own(made.template, made.mine), Own(made.template, made.pending)
        asked = made.client.asked
        self._total, self._calls, self._goroutines = asked.goroutines * asked.calls, asked.calls, asked.goroutines
        self._looks = any(name == "Load" for name, _ in made.client.methods)

    def begin(self) -> None:
        """From here on all clients run."""
        alone = all_of(equal(Read(self._phase), ZERO), equal(Read(self._busy), ZERO))
        self._edge(IDLE, IDLE, "all clients begin", guard=alone, updates=((self._phase, ONE),), kind=Kind.SYNC)

    def end(self) -> None:
        """All calls have returned and every key was looked at."""
        last = 1 + (len(self._client.keys) if self._looks else 0)
        self._edge(IDLE, END, "return", guard=self._over(last), kind=Kind.SYNC)

    def method(self, name: str, method: Func) -> None:
        """Every call of a method, its steps, and the return."""
        m, start = self._m, self._m.new()
        for number, (o, called) in enumerate(zip(self._client.operations, self._client.callees, strict=True), 1):
            if called == name:
                self._call(number, o, start, name)
        m.cur = start
        # What Range yields for a key is like what a Load returns.
        name = "Load" if name == RANGE else name
        found = inline(m, FuncVal(method, m.globals, self._receiver()), self._arguments(name, method), m.where)
        updates = (
            (self._state, Judge(Read(self._pending), self._outcome(name, found), valued=name in VALUED)),
            (self._pending, ZERO),
            (self._busy, Table((0, *range(self._goroutines)), Read(self._busy))),
        )
        self._edge(m.here(), IDLE, "return", updates=updates)
        m.cur = None

    def _call(self, number: int, o: Operation, start: int, called: str) -> None:
        phase, running = Read(self._phase), equal(Read(self._phase), ONE)
        alone = all_of(equal(phase, ZERO), equal(Read(self._busy), ZERO))
        left = all_of(running, op("<", Read(self._mine), Const(self._calls)))
        begun = ((self._pending, Const(number)), (self._busy, _next(self._busy, self._goroutines)))
        if called in self._client.asked.operations:
            counted = (
                (self._mine, ite(running, _next(self._mine, self._calls), Read(self._mine))),
                (self._made, ite(running, _next(self._made, self._total), Read(self._made))),
            )
            self._edge(IDLE, start, o.text, guard=any_of(alone, left), updates=(*begun, *counted))
        if called == "Load":
            after = ((self._phase, Const(2 + o.key)),)
            self._edge(IDLE, start, o.text, guard=self._over(1 + o.key), updates=(*begun, *after))

    def _over(self, phase: int) -> Expr:
        """All calls of all clients have returned, and `phase - 1` keys were looked at."""
        return all_of(
            equal(Read(self._phase), Const(phase)),
            equal(Read(self._made), Const(self._total)),
            equal(Read(self._busy), ZERO),
        )

    def _edge(self, src: int, dst: int, text: str, **what: object) -> None:
        steps = self._m.tm.steps
        self._m.edge(src, dst, **what)
        steps[-1] = replace(steps[-1], text=text)

    def _receiver(self) -> Value:
        held = variable(self._m, self._client.map)
        return load(self._m, held) if isinstance(held, Loc) else held

    def _arguments(self, name: str, method: Func) -> tuple[Value, ...]:
        """The arguments of the pending call, from tables over operations."""
        ops = self._client.operations
        columns: dict[str, list[Expr]] = {
            "key": [self._argument(self._client.keys, [o.key + 1 for o in ops])] if method.params else [],
            "old": [self._argument(self._client.values, [o.old for o in ops])],
            "value": [self._argument(self._client.values, [o.value for o in ops])],
        }
        wanted = {
            "CompareAndSwap": ("key", "old", "value"),
            "CompareAndDelete": ("key", "old"),
        }.get(name, ("key", "value")[: len(method.params)])
        return tuple(Value(v.type, (columns[c][0],)) for c, v in zip(wanted, method.params, strict=True))

    def _argument(self, variables: tuple[Var, ...], positions: list[int]) -> Expr:
        """The constant at a position (from 1) of the pending operation."""
        known = [0, *(constant(self._m, v) for v in variables)]
        return Table((0, *(known[n] for n in positions)), Read(self._pending))

    def _outcome(self, name: str, found: Value) -> Expr:
        """The outcome of a call, see `monitor.apply`; one more than there are values for what no map gives."""
        leaves = [scalar(x) for x in found.leaves]
        none = Const(len(self._client.values) + 1)
        if not leaves:
            return ZERO
        if len(leaves) == 1:
            return ite(leaves[0], ONE, ZERO)
        value, there, *twice = leaves
        known: Expr = none
        for n, var in reversed(list(enumerate(self._client.values, 1))):
            known = ite(equal(value, Const(constant(self._m, var))), Const(n), known)
        ops = self._client.operations
        given = self._argument(self._client.values, [o.value for o in ops])
        without = given if name == "LoadOrStore" else ZERO
        once = ite(there, known, ite(equal(value, without), ZERO, none))
        return ite(twice[0], none, once) if twice else once
