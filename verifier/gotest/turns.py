"""From a walked schedule to turns: which goroutine passes which slot, in which order, and where it may wait."""

from __future__ import annotations

import re

from verifier.audit.interpret import State
from verifier.audit.walk import Walk, by_goroutine
from verifier.evidence.trace import Trace
from verifier.gotest.passages import Passage, Passages
from verifier.gotest.slots import Slots
from verifier.program.concrete import Concrete
from verifier.program.monitor import Operation
from verifier.program.program import Kind, Step
from verifier.records import dataclass
from verifier.source import Span, fail

RUNS, BEGINS, ENDS, PASSES = "runs", "begins", "ends", "passes"
_CAN_WAIT = re.compile(r"\b(?:R?Lock|Wait|Do)\(|<-|\bselect\b|\brange\b")
_CHOICE = re.compile(r"rand\.Intn\(\d+\) = (\d+)")


@dataclass(frozen=True, slots=True)
class Turn:
    """A goroutine passes a slot. `mode`: runs (and is at its next slot before the next turn), begins (and may wait in
    it), ends (what it began), passes (it needs no turn). `rows` are the rows of the trace that happen then."""

    goroutine: str
    slot: int
    mode: str
    rows: tuple[int, ...]
    text: str
    span: Span | None
    pick: int = 0
    """Of a `select`: the case taken, counted from 1."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that a client of a `linearizable:` model makes, and the slot before it."""

    goroutine: str
    slot: int
    operation: Operation


@dataclass(frozen=True, slots=True)
class Plan:
    """The turns of a schedule, the goroutines in it, and what cannot be forced as it is in the trace (`loose`)."""

    turns: tuple[Turn, ...]
    children: tuple[tuple[str, int], ...]
    """The goroutines that the model starts, in that order, each with the number of its template."""
    names: tuple[tuple[str, str], ...]
    """What the goroutines of the program are called here; of one that is started again it is the last."""
    choices: tuple[tuple[str, tuple[int, ...]], ...]
    loose: tuple[str, ...]
    last: tuple[int, ...]
    """The slots of the two accesses of a race, or of the statements that goroutines are stuck in."""
    behind: frozenset[Span] = frozenset()
    """Calls after which a statement has steps of its own: a slot behind the call could hold those."""
    tight: frozenset[int] = frozenset()
    """The slots of `loose` statements: some can be written as two."""
    loop: int = 0
    """How many of the last turns are to be repeated, over and over."""
    made: tuple[Made, ...] = ()
    """The calls of the clients of a `linearizable:` model."""


ROUNDS = 4
"""How often the loop of a trace is walked: the turns of a round in the middle are those of every round."""


def unrolled(trace: Trace) -> tuple[int, ...]:
    """The choices of a trace, its loop taken a few times."""
    return trace.choices + (trace.choices[-trace.loop :] * (ROUNDS - 1) if trace.loop else ())


def plan(walked: Walk, trace: Trace, slots: Slots) -> Plan:
    """The turns that force a trace, given a walk of its `unrolled` choices. Raises ModelError for a loop with none."""
    program = walked.raw.program
    goroutines = {i.name: Passages(i.name, slots) for i in program.goroutines}
    every = [goroutines[i.name] for i in program.goroutines if i.parent is None]
    children: list[tuple[str, int]] = []
    choices: dict[str, list[int]] = {}
    made_calls: list[Made] = []
    operations = {o.text: o for o in program.clients.operations} if program.clients is not None else {}
    for row, c in enumerate(walked.taken, start=1):
        # A panic is a step where it begins; that nobody recovers it, after the deferred calls, is no step of Go's.
        unwound = any(t.step.detail.startswith("panic:") for t in walked.taken if t.instance == c.instance)
        fails = walked.failure is not None and row == len(walked.taken) and not unwound
        steps = [(w, _raw(walked, w.instance, n)) for w, n in by_goroutine(walked.raw, c)]
        seen = any(s.kind is not Kind.LOCAL for _, s in steps)
        for who, step in steps:
            name = program.instances[who.instance].name
            if step.text in operations and not step.stack:
                made_calls.append(Made(name, slots.after + len(made_calls), operations[step.text]))
                goroutines[name].call(made_calls[-1].slot, step.text, row)
                continue
            # Of a step that only fails, such as a nil dereference, nothing can be seen but that.
            counts = step.kind is not Kind.LOCAL or (fails and not seen and step.span == c.step.span)
            made = goroutines[name].step(step, row if counts else 0)
            if c.partner is not None and who is c and step.offer is not None:
                other = _receive(walked, goroutines, c.partner, row)
                # Who looks, in a `select` with `default`, meets somebody who waits already.
                waits = other if step.offer.polls else made
                if waits is not None:
                    waits.paired = True
            if step.spawn is not None and c.child is not None:
                child = program.instances[c.child]
                again = sum(g.name.split(" ")[0] == child.name for g in every)
                called = f"{child.name} ({again + 1})" if again else child.name
                goroutines[child.name] = Passages(called, slots, slots.of(step.span))
                every.append(goroutines[child.name])
                children.append((every[-1].name, child.template))
            if match := _CHOICE.search(step.detail):
                choices.setdefault(goroutines[name].name, []).append(int(match[1]))
    last = _ending(walked, trace, goroutines)
    for started in every[len(every) - len(children) :]:
        mine = [p for p in started.passages if p.rows]
        if mine and not mine[-1].paired:
            # Nobody sees the end of a goroutine that the model starts: a moment later it is over.
            mine[-1].waits = True
    behind = frozenset().union(*(g.behind for g in every))
    turns, loose, tight = _ordered([g.passages for g in every])
    loop = 0
    if trace.loop:
        turns, loop = _folded(turns, trace)
    chosen = tuple((n, tuple(v)) for n, v in choices.items())
    names = tuple((n, g.name) for n, g in goroutines.items())
    return Plan(turns, tuple(children), names, chosen, loose, last, behind, tight, loop, tuple(made_calls))


def _folded(turns: tuple[Turn, ...], trace: Trace) -> tuple[tuple[Turn, ...], int]:
    """The turns up to and with one round of the loop, and how many of them are that round."""
    # What is begun in the last round does not end.
    most = len(trace.choices) + (ROUNDS - 2) * trace.loop
    while turns and not (turns[-1].rows and turns[-1].rows[-1] <= most):
        turns = turns[:-1]

    def same(a: Turn, b: Turn) -> bool:
        rounds = tuple(r + trace.loop for r in a.rows)
        return (a.goroutine, a.slot, a.mode, a.pick, rounds) == (b.goroutine, b.slot, b.mode, b.pick, b.rows)

    for n in range(1, len(turns) // 2 + 1):
        one, other = turns[-2 * n : -n], turns[-n:]
        if any(t.rows for t in one) and all(map(same, one, other)):
            turns = turns[:-n]
            while len(turns) >= 2 * n and all(map(same, turns[-2 * n : -n], turns[-n:])):
                turns = turns[:-n]
            return turns, n
    where = next((s.span for s in trace.steps[-trace.loop :] if s.span is not None), None)
    assert where is not None
    raise fail("the rounds of this loop are not alike for a Go test: it can force no whole number of them", where)


def _receive(walked: Walk, goroutines: dict[str, Passages], half: Concrete, row: int) -> Passage | None:
    """The other half of a meeting, which the sender stands for in the walk."""
    name = walked.raw.program.instances[half.instance].name
    passage = None
    for index in half.step.origin or (half.index,):
        step = _raw(walked, half.instance, index)
        if step.offer is not None:
            passage = goroutines[name].step(step, row)
    return passage


def _raw(walked: Walk, instance: int, index: int) -> Step:
    program = walked.raw.program
    return program.templates[program.instances[instance].template].steps[index]


def _ending(walked: Walk, trace: Trace, goroutines: dict[str, Passages]) -> tuple[int, ...]:
    """Add what comes after the last step: the two accesses of a race, the operations that goroutines are stuck in."""
    row = len(walked.taken)
    slots: list[int] = []
    # The detector looks at a WaitGroup in Wait only when there is something to wait for: Add comes first. A statement
    # that would panic after its access comes last, too.
    race = sorted(trace.race, key=lambda r: (".Wait(" in r.text, _fails(walked, r.goroutine)))
    ends = [(r.goroutine, r.span, False, r.location) for r in race]
    ends += [(w.goroutine, w.span, True, "") for w in trace.waiting]
    if trace.loop:
        # Who goes round in the loop does not wait. Who waits has begun to before the first round.
        moving = {s.goroutine for s in trace.steps[-trace.loop :]}
        ends = [end for end in ends if end[0] not in moving]
    for name, span, waits, location in ends:
        row += 1
        made = None
        for step in _standing(walked, name, span):
            made = goroutines[name].step(step, row if step.kind is not Kind.LOCAL else 0, ends=True) or made
        if made is not None:
            # Of a race nothing comes after the second access, and either may wait for ever.
            may = row == len(walked.taken) + 2 or "<-" in made.text or "select" in made.text
            made.waits = waits or (may and not trace.waiting)
            # The detector learns of a channel in a `select` when Go comes to its case (runtime/select.go:288).
            made.pick = made.pick or goroutines[name].slots.send(made.slot, location.removesuffix(" (channel state)"))
            made.before = len(trace.choices) - trace.loop + 0.5 if trace.loop else 0.0
        slots.append(made.slot if made is not None else 0)
    return tuple(slots)


def _fails(walked: Walk, name: str) -> bool:
    """Whether all that a goroutine can do in the last state, and one step later, is to fail."""
    (instance,) = [i.number for i in walked.program.goroutines if i.name == name]
    state = walked.last
    for _ in range(2):
        after = [walked.composed.take(state, c) for c in walked.composed.enabled(state) if c.instance == instance]
        going = [s for s in after if isinstance(s, State)]
        if after and not going:
            return True
        state = going[0] if going else state
    return False


def _standing(walked: Walk, name: str, span: Span | None) -> list[Step]:
    """The raw steps of the composed step at a span that a goroutine stands before in the last state."""
    (instance,) = [i for i in walked.program.goroutines if i.name == name]
    at = walked.last.locations[instance.number]
    steps = list(enumerate(walked.program.templates[instance.template].steps))
    here = [(n, s) for n, s in steps if s.src == at]
    for index, step in [x for x in here if x[1].span == span] or here:
        raw = [_raw(walked, instance.number, n) for n in step.origin or (index,)]
        # What comes after the step that others see belongs to the same composed step, but not to this moment.
        until = next((k for k, s in enumerate(raw, start=1) if s.kind is not Kind.LOCAL), len(raw))
        return raw[:until]
    return []


def _ordered(goroutines: list[list[Passage]]) -> tuple[tuple[Turn, ...], tuple[str, ...], frozenset[int]]:
    rows = {row: p.goroutine for passages in goroutines for p in passages for row in p.rows}
    placed: list[tuple[float, int, Turn]] = []
    loose: list[str] = []
    tight: set[int] = set()
    for passages in goroutines:
        reached = 0.0
        for n, p in enumerate(passages):
            if not p.rows:
                if any(q.slot == p.slot and q.rows for q in passages[n + 1 :]):
                    placed.append((reached, n, Turn(p.goroutine, p.slot, PASSES, (), "", None)))
                continue
            begin, end = _stretch(p, rows)
            begin = max(float(begin), reached)
            end = max(end, begin) if end else end
            mode = RUNS if end == begin else BEGINS
            placed.append((begin, n, Turn(p.goroutine, p.slot, mode, tuple(p.rows), p.text, p.span, p.pick)))
            if end not in (begin, 0):
                placed.append((end, n, Turn(p.goroutine, p.slot, ENDS, (), p.text, p.span)))
            reached = max(begin, float(end))
            between = {r for r in range(p.rows[0], p.rows[-1]) if rows.get(r, p.goroutine) != p.goroutine}
            if between and mode == RUNS:
                loose.append(f"{p.goroutine}: {p.text}")
                tight.add(p.slot)
    placed.sort(key=lambda x: (x[0], x[1]))
    return tuple(t for _, _, t in placed), tuple(dict.fromkeys(loose)), frozenset(tight)


def _stretch(p: Passage, rows: dict[int, str]) -> tuple[float, float]:
    """When the passage begins and when it is over (0: never)."""
    first = p.syncs[0] if p.syncs and _CAN_WAIT.search(p.text) else p.rows[-1]
    if p.waits or p.queues:
        return min(float(first), p.before or float(first)), 0.0
    if p.paired:
        # The other half comes between: it meets this one waiting.
        return float(first) - (0.25 if first == p.rows[-1] else 0.0), p.rows[-1] + 0.5
    if p.nested:
        return float(p.rows[0]), float(p.rows[0])
    if any(rows.get(r, p.goroutine) != p.goroutine for r in range(first, p.rows[-1])):
        return float(first), p.rows[-1] + 0.25
    return float(p.rows[-1]), float(p.rows[-1])
