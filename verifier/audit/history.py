"""The history of a schedule, read off its raw steps, and a search through all orders of its calls.

Nothing of the engines' bookkeeping is used: a call begins where a client's operation is set and returns where it is
cleared, and whether some order fits is decided by trying them.
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.audit.interpret import AuditError, Interpreter, State
from verifier.audit.walk import Walk, raw_step
from verifier.evidence.history import Called, History, Misfit
from verifier.program.atomic import atomic_steps
from verifier.program.concrete import Concrete
from verifier.program.expr import Judge
from verifier.program.monitor import Clients, Contents, Operation, apply, outcome_text
from verifier.program.program import Fail
from verifier.records import dataclass, replace

SHOWN = 8
"""Orders that a report lists."""
TRIED = 2_000_000
"""Calls placed at most while orders are tried."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as the walk shows it, in raw steps: `returned` is None and `outcome` -1 while it has not returned."""

    client: int
    operation: Operation
    called: int
    row: int
    phase: int
    returned: int | None = None
    outcome: int = -1
    last_row: int = 0


def calls(walk: Walk, clients: Clients) -> tuple[Seen, ...]:
    """Every call of a walk, in the order in which they began."""
    out: list[Seen] = []
    running: dict[int, int] = {}
    time = 0
    for row, c in enumerate(walk.taken, 1):
        for raw, before, after in _raw_steps(walk, row - 1, c):
            time += 1
            client = clients.instances.index(raw.instance) if raw.instance in clients.instances else -1
            if client < 0:
                continue
            was, now = (s.cells[clients.pending[client]] for s in (before, after))
            if not was and now:
                running[client] = len(out)
                out.append(Seen(client, clients.operations[now - 1], time, row, before.cells[clients.phase]))
            elif was and not now:
                number = running.pop(client)
                outcome = _outcome(walk.raw, raw, before)
                out[number] = replace(out[number], returned=time, outcome=outcome, last_row=row)
    return tuple(out)


def _raw_steps(walk: Walk, number: int, c: Concrete) -> Iterator[tuple[Concrete, State, State]]:
    state = walk.raw_states[number]
    for index in c.step.origin or (c.index,):
        step = raw_step(walk.raw, state, c, index)
        after = walk.raw.take(state, step)
        if isinstance(after, Fail):
            return
        yield step, state, after
        state = after


def _outcome(raw: Interpreter, step: Concrete, state: State) -> int:
    for _, value in step.step.updates:
        if isinstance(value, Judge):
            return raw.value(value.result, state)
    raise AuditError(f"'{step.step.text}' ends a call without an outcome")


class _Orders:
    """Tries every order of calls that respects time; unfinished calls may take effect or not."""

    def __init__(self, seen: tuple[Seen, ...], values: tuple[str, ...]) -> None:
        self._seen = seen
        self._values = values
        self._placed = 0
        self.misfits: list[Misfit] = []

    def fits(self, contents: Contents) -> bool:
        """Whether some order gives every call that has returned the outcome it gave."""
        return self._from(contents, (), frozenset(range(len(self._seen))))

    def _from(self, contents: Contents, placed: tuple[int, ...], left: frozenset[int]) -> bool:
        if all(self._seen[n].returned is None for n in left):
            return True
        for n in sorted(left):
            call = self._seen[n]
            if any(_before(self._seen[other], call) for other in left - {n}):
                continue
            self._placed += 1
            if self._placed > TRIED:
                raise AuditError("there are too many orders of these calls to try them all")
            after, must = apply(contents, call.operation)
            if call.returned is not None and must != call.outcome:
                self._misfit((*placed, n), must)
            elif self._from(after, (*placed, n), left - {n}):
                return True
        return False

    def _misfit(self, order: tuple[int, ...], must: int) -> None:
        last = self._seen[order[-1]]
        words = [outcome_text(last.operation, x, self._values) for x in (must, last.outcome)]
        self.misfits.append(Misfit(tuple(self._seen[n].operation.text for n in order), *words))


def _before(a: Seen, b: Seen) -> bool:
    return a.returned is not None and a.returned < b.called


def history(walk: Walk) -> History:
    """Why no order of the calls fits. Raises AuditError when one does."""
    clients = walk.program.clients
    if clients is None:
        raise AuditError("the program has no clients whose calls could be judged")
    seen = calls(walk, clients)
    contents: Contents = (0,) * len(clients.keys)
    setup = [s for s in seen if s.phase == 0]
    for s in setup:
        contents, must = apply(contents, s.operation)
        if s.returned is None or must != s.outcome:
            # One client alone is wrong already: its calls are the history.
            return _told(walk, clients, seen, (0,) * len(clients.keys), 0)
    judged = tuple(s for s in seen if s.phase)
    begun = max((s.last_row for s in setup), default=0)
    return _told(walk, clients, judged, contents, begun + 1)


def _told(walk: Walk, clients: Clients, seen: tuple[Seen, ...], contents: Contents, setup: int) -> History:
    orders = _Orders(seen, clients.values)
    if orders.fits(contents):
        raise AuditError("an order of the calls fits: the history is linearizable")
    held = tuple((k, clients.values[v - 1]) for k, v in zip(clients.keys, contents, strict=True) if v)
    misfits = tuple(sorted(set(orders.misfits), key=lambda m: (len(m.order), m.order)))
    return History(
        setup,
        held,
        tuple(_called(walk, clients, s) for s in seen),
        misfits[:SHOWN],
        max(len(misfits) - SHOWN, 0),
        _atomic(walk, setup),
    )


def _atomic(walk: Walk, setup: int) -> tuple[int, ...]:
    """The rows after `setup` that are atomic steps."""
    made = {i.number: atomic_steps(walk.program, i.template) for i in walk.program.goroutines}
    return tuple(n for n, c in enumerate(walk.taken, 1) if n > setup and made[c.instance][c.index])


def _called(walk: Walk, clients: Clients, s: Seen) -> Called:
    name = walk.program.instances[clients.instances[s.client]].name
    gave = "" if s.returned is None else outcome_text(s.operation, s.outcome, clients.values)
    return Called(name, s.operation.text, gave, s.row, s.last_row, s.phase > 0 and _looks(walk, s))


def _looks(walk: Walk, s: Seen) -> bool:
    """Whether the call is one of those made at the end: then the phase moves on as it begins."""
    clients = walk.program.clients
    assert clients is not None
    before, after = walk.states[s.row - 1], walk.states[s.row]
    return before.cells[clients.phase] != after.cells[clients.phase]
