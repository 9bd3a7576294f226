"""From what a search of a reduced program found to a schedule of the program before reduction.

Interchangeable goroutines are followed through every exchange, so that each step is taken by the goroutine that takes
it in one real run; then each reduced step is taken apart into the steps it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.explore.canonical import Canonical, apart
from verifier.explore.findings import Findings
from verifier.explore.heap import Heap
from verifier.explore.machine import Machine, machine
from verifier.explore.outcome import Exploration, Violation
from verifier.explore.races import conflicting
from verifier.explore.reference import Successors, stepping
from verifier.program.concrete import Concrete
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.program import Program
from verifier.program.semantics import at_rest
from verifier.records import replace

CATCH_UP = 1_000
"""Steps that goroutines found waiting may still have to take, where a reduced step waits as a whole."""


class UndoError(Exception):
    """A finding about the reduced program is none about the program it was made from: an error of ours."""


def unreduce(found: Exploration, violation: Violation, composed: Program) -> tuple[tuple[int, ...], Violation]:
    """A schedule of `composed` that shows `violation`, and the violation as it shows there.

    `found` explored `composed` with classes, or a program reduced from it (its `raw` is `composed`), with or without
    classes. `state` stays the number of the state in `found`. Raises UndoError when the finding cannot be reproduced.
    """
    return Undo(found, composed).violation(violation)


def raw_coverage(found: Exploration, composed: Program) -> frozenset[tuple[int, int]]:
    """(template, raw step) of everything executed, `raw` being what `composed` was made from."""
    if not _reduced(found.machine.program, composed):
        return found.coverage
    if composed.raw is None:
        return found.coverage
    steps = [t.steps for t in composed.templates]
    out = {(t, raw) for t, n in found.coverage for raw in steps[t][n].origin or (n,)}
    for instance, taken in zip(composed.instances, composed.prelude, strict=False):
        out.update((instance.template, n) for n in taken)
    return frozenset(out)


def _reduced(program: Program, composed: Program) -> bool:
    """Whether `program` was made from `composed`; if not, it is `composed` itself but for the classes."""
    if program.raw is composed:
        return True
    if program.raw is not composed.raw or program.templates != composed.templates:
        raise UndoError(f"{program.name} was explored, but was not made from the program given")
    return False


class Undo:
    """Undoes the reductions of one exploration; `violation` may be asked again and again."""

    def __init__(self, found: Exploration, composed: Program) -> None:
        self._found = found
        self._reduced = _reduced(found.machine.program, composed)
        self._after = stepping(apart(found.machine))
        self._canonical = Canonical(found.machine) if found.machine.program.classes else None
        self._machine = apart(machine(composed))
        self._composed_after = stepping(self._machine)

    def violation(self, violation: Violation) -> tuple[tuple[int, ...], Violation]:
        """The choices on the composed program, and the violation there."""
        if self._machine.program.init_fail is not None:
            return (), violation
        walk = _Walk(self._machine, Heap(self._machine).canonical(self._machine.initial), self._composed_after)
        player = self._replay(violation.state, walk)
        goroutines = tuple(player[g] for g in violation.goroutines)
        steps = tuple(self._found.machine.steps[k] for k in violation.steps)
        if violation.kind == "race":
            for c in steps:
                self._before_access(walk, c, player)
            last = _race(walk, violation, steps, player)
        elif len(steps) == 1:
            last = self._last_step(walk, violation, steps[0], player)
        elif violation.kind == "deadlock":
            last = _waiting(walk, violation, goroutines)
        else:
            last = replace(violation, goroutines=goroutines)
        return tuple(walk.choices), last

    def _replay(self, state: int, walk: _Walk) -> tuple[int, ...]:
        """Walk to a stored state; for each instance of that state, the instance of the walk that plays its part."""
        store, m = self._found.store, self._found.machine
        path: list[tuple[int, int]] = []
        at = state
        while at:
            before, step = divmod(store.links[at], store.width)
            path.append((step, at))
            at = before
        if self._reduced:
            for instance, taken in zip(m.program.instances, m.program.prelude, strict=False):
                for index in taken:
                    walk.take(instance.number, index, None)
        player = tuple(i.number for i in m.program.instances)
        if self._canonical is not None:
            start, exchanged = self._canonical.exchange(Heap(m).canonical(m.initial))
            player = _onward(player, exchanged)
            _same(m, start, store.order[0])
        for step, reached in reversed(path):
            self._take(walk, m.steps[step], player)
            if self._canonical is not None:
                targets = [t for k, t in self._after(store.order[at]) if k == step]
                if len(targets) != 1 or targets[0] < 0:
                    raise UndoError(f"step {step} is not possible in state {at}")
                kept, exchanged = self._canonical.exchange(targets[0])
                _same(m, kept, store.order[reached])
                player = _onward(player, exchanged)
            at = reached
        return player

    def _take(self, walk: _Walk, c: Concrete, player: tuple[int, ...]) -> None:
        """The steps that a reduced step stands for, taken by whoever plays the part."""
        for index in self._origin(c):
            walk.take(player[c.instance], index, _companion(c, player))

    def _before_access(self, walk: _Walk, c: Concrete, player: tuple[int, ...]) -> None:
        """Take the local steps that a goroutine started by `go` takes together with its first access."""
        steps = self._machine.program.templates[self._machine.program.instances[c.instance].template].steps
        for index in self._origin(c):
            if steps[index].accesses:
                break
            walk.take(player[c.instance], index, None)

    def _origin(self, c: Concrete) -> tuple[int, ...]:
        return c.step.origin or (c.index,) if self._reduced else (c.index,)

    def _last_step(self, walk: _Walk, violation: Violation, c: Concrete, player: tuple[int, ...]) -> Violation:
        """The failing step, or the one that shows a symptom."""
        taken = -1
        for index in self._origin(c):
            before = walk.state
            taken = walk.take(player[c.instance], index, _companion(c, player), may_fail=True)
            shown = violation.kind == "symptom" and self._machine.steps[taken].step.symptom == violation.name
            if walk.state == -1 or shown:
                break
        instance = self._machine.steps[taken].instance
        if violation.kind == "symptom":
            return replace(violation, steps=(taken,), goroutines=(instance,))
        if walk.state != -1:
            raise UndoError(f"the last step does not fail: {violation.kind}: {violation.name}")
        findings = Findings(self._machine, [before], 1)
        findings.failed(0, taken)
        (failure,) = findings.violations
        if failure.kind != violation.kind or (failure.kind != "bound" and failure.name != violation.name):
            raise UndoError(f"{violation.kind}: {violation.name} is {failure.kind}: {failure.name} without reductions")
        return replace(violation, name=failure.name, steps=(taken,), goroutines=(instance,))


Other = int | tuple[int, int] | None
"""Whom a step starts, or with whom it is taken: the instance and the position of its half in its template."""


def _companion(c: Concrete, player: Sequence[int]) -> Other:
    """The other goroutine of a step, as it plays its part."""
    if c.partner is not None:
        return player[c.partner.instance], c.partner.index
    return None if c.child is None else player[c.child]


def _partner(c: Concrete) -> Other:
    return None if c.partner is None else (c.partner.instance, c.partner.index)


class _Walk:
    """A state of the composed program and the choices that led there; state -1 after a failure."""

    def __init__(self, m: Machine, state: int, after: Successors) -> None:
        self.machine = m
        self.state = state
        self.choices: list[int] = []
        self._after = after

    def enabled(self) -> list[tuple[int, int]]:
        """(step, next state) of every enabled step."""
        return [] if self.state < 0 else self._after(self.state)

    def take(self, instance: int, index: int, other: Other, *, may_fail: bool = False) -> int:
        """Take the step of an instance with this index in its template; the number of the concrete step."""
        steps = self.machine.steps
        found = [
            (choice, k, target)
            for choice, (k, target) in enumerate(self.enabled())
            if (steps[k].instance, steps[k].index) == (instance, index)
            and (steps[k].step.spawn is None or steps[k].child == other)
            and (steps[k].partner is None or _partner(steps[k]) == other)
        ]
        name = self.machine.program.instances[instance].name
        if len(found) != 1:
            raise UndoError(f"step {index} of {name} is not enabled without reductions")
        choice, k, target = found[0]
        if target < 0 and not may_fail:
            raise UndoError(f"step {index} of {name} fails without reductions")
        self.choices.append(choice)
        self.state = target
        return k

    def valuation(self) -> Valuation:
        """The state in the open."""
        locations, cells = self.machine.layout.unpack(self.state)
        return Valuation(cells, locations)


def _onward(player: tuple[int, ...], exchanged: tuple[int, ...]) -> tuple[int, ...]:
    """Who plays whose part after an exchange: instance i of the state before is `exchanged[i]` after it."""
    out = list(player)
    for before, after in enumerate(exchanged):
        out[after] = player[before]
    return tuple(out)


def _same(m: Machine, state: int, stored: int) -> None:
    """Equal but for the judge's state: what it knows by then belongs to the search."""
    clients = m.program.clients
    if clients is not None:
        slot = m.layout.cells[clients.state]
        state, stored = (x & ~(slot.mask << slot.shift) for x in (state, stored))
    if state != stored:
        raise UndoError("a stored state is not the canonical form of the step that leads to it")


def _race(walk: _Walk, violation: Violation, steps: tuple[Concrete, ...], player: tuple[int, ...]) -> Violation:
    """The pair of steps with the same texts that race in the state walked to, on the corresponding cell."""
    first, second = steps
    m, valuation = walk.machine, walk.valuation()
    enabled = [k for k, _ in walk.enabled()]
    part = {now: then for then, now in enumerate(player)}
    for a in (k for k in enabled if _is(m.steps[k], player[first.instance], first)):
        for b in (k for k in enabled if _is(m.steps[k], player[second.instance], second)):
            for cell in _meetings(m.steps[a], m.steps[b], valuation):
                if m.program.cells[_counterpart(m.program, cell, part)].name == violation.name:
                    name = m.program.cells[cell].name
                    pair = (m.steps[a].instance, m.steps[b].instance)
                    return replace(violation, name=name, steps=(a, b), goroutines=pair)
    raise UndoError(f"there is no race on {violation.name} without reductions")


def _is(c: Concrete, instance: int, like: Concrete) -> bool:
    return c.instance == instance and c.step.text == like.step.text


def _meetings(a: Concrete, b: Concrete, v: Valuation) -> list[int]:
    """The cells on which two steps conflict."""
    return [
        cell
        for x in a.step.accesses
        for y in b.step.accesses
        if conflicting(x, y) and evaluate(x.when, v) and evaluate(y.when, v)
        if (cell := place(x.ref, v)) == place(y.ref, v)
    ]


def _counterpart(program: Program, cell: int, part: dict[int, int]) -> int:
    """The cell in the block of the instance whose part the owner of `cell` plays."""
    owner = max((i for i in program.instances if i.lineage[0][1] <= cell), key=lambda i: (i.lineage[0][1], i.number))
    return program.instances[part[owner.number]].lineage[0][1] + cell - owner.lineage[0][1]


def _waiting(walk: _Walk, violation: Violation, goroutines: tuple[int, ...]) -> Violation:
    """Goroutines that wait, brought to where each of them waits without reductions too."""
    m = walk.machine
    for _ in range(CATCH_UP):
        able = [m.steps[k] for k, _ in walk.enabled() if not set(goroutines).isdisjoint(m.steps[k].movers)]
        if not able:
            break
        walk.take(able[0].instance, able[0].index, _companion(able[0], range(len(m.program.instances))))
    else:
        raise UndoError("a goroutine found waiting goes on and on without reductions")
    locations, _ = m.layout.unpack(walk.state)
    if any(at_rest(locations[g]) for g in goroutines):
        raise UndoError("a goroutine found waiting returns without reductions")
    return replace(violation, goroutines=tuple(sorted(goroutines)))
