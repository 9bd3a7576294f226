"""The counter abstraction: how many goroutines are in each stretch of each role, and what the package's locks say.

Heap, data and local variables are "any value". Every step of the program, taken by any of any number of goroutines,
is one of the rules, so a fact that all rules keep holds however many goroutines there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from verifier.program.expr import FALSE, Cell, Expr
from verifier.program.program import Bool, Program, Range, View, high, low
from verifier.prove.control import Control, Edge, State, control
from verifier.prove.followed import updated
from verifier.prove.residual import cells_read, exact, resolve, weakened
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Tracked:
    """A package cell that is followed. `part`: held, readers, pending, writer, once or flag; `name`: of the object.

    `most` is None for a count without limit.
    """

    cell: int
    name: str
    part: str
    initial: int
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Local states of one template between lock operations, counted together.

    `edges` are the steps taken from there, `arriving` the steps that end there.
    """

    template: int
    role: str
    states: tuple[State, ...]
    starting: bool
    edges: tuple[Edge, ...]
    arriving: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One goroutine leaves stretch `src` for `dst` (None: it is gone), maybe starting one in stretch `spawn`.

    `guard` is over tracked cells; `updates` give them new values, None: any value.
    """

    src: int
    dst: int | None
    spawn: int | None
    guard: Expr
    updates: tuple[tuple[int, Expr | None], ...]


@dataclass(frozen=True)
class Counters:
    """The abstraction. Rules that change nothing are left out."""

    program: Program
    stretches: tuple[Stretch, ...]
    tracked: tuple[Tracked, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def written(self) -> frozenset[int]:
        """The tracked cells that change."""
        return frozenset(c for r in self.rules for c, _ in r.updates)


def counters(program: Program) -> Counters:
    """Abstract a composed program."""
    followed = {t.cell: t for t in _tracked(program)}
    limits = {c: _limit(program, t) for c, t in followed.items()}
    controls = {t.number: control(program, t) for t in program.templates[1:]}
    moves = [_Move(c, e, limits) for c in controls.values() for e in c.edges]
    stretches, number = _stretches(moves, controls)
    starts = {t: number[t, c.start] for t, c in controls.items()}
    rules = dict.fromkeys(r for m in moves if (r := m.rule(number, starts)) is not None)
    return Counters(program, stretches, tuple(followed.values()), tuple(rules))


class _Move:
    """A step as a rule in the making."""

    def __init__(self, control: Control, edge: Edge, limits: Mapping[int, int | None]) -> None:
        self.control = control
        self.edge = edge
        known, template = dict(edge.before), control.template.number
        self.guard = weakened(resolve(edge.step.guard, template, known), limits)
        changes: dict[int, Expr | None] = {}
        for ref, value in edge.step.updates:
            target = updated(ref, template, known)
            if isinstance(target, Cell) and target.number in limits:
                new = resolve(value, template, known)
                changes[target.number] = new if exact(new, limits) else None
            elif target is not None and not isinstance(target, Cell):
                changes.update(dict.fromkeys((c for c in target.family.cells if c in limits), None))
        self.updates = tuple(sorted(changes.items(), key=lambda item: item[0]))

    @property
    def happens(self) -> bool:
        return self.edge.step.fail is None and self.guard != FALSE

    @property
    def quiet(self) -> bool:
        """Whether the goroutine goes on and nothing that is followed is read or written."""
        return self.happens and self.edge.dst is not None and not self.updates and not cells_read(self.guard)

    def rule(self, number: Mapping[tuple[int, State], int], starts: Mapping[int, int]) -> Rule | None:
        if not self.happens:
            return None
        template = self.control.template.number
        src = number[template, self.edge.src]
        dst = None if self.edge.dst is None else number[template, self.edge.dst]
        spawn = None if self.edge.step.spawn is None else starts[self.edge.step.spawn]
        if src == dst and spawn is None and not self.updates:
            return None
        return Rule(src, dst, spawn, self.guard, self.updates)


def _stretches(
    moves: list[_Move], controls: Mapping[int, Control]
) -> tuple[tuple[Stretch, ...], dict[tuple[int, State], int]]:
    """Join local states that quiet steps connect."""
    leader: dict[tuple[int, State], tuple[int, State]] = {(t, c.start): (t, c.start) for t, c in controls.items()}

    def find(x: tuple[int, State]) -> tuple[int, State]:
        while leader.setdefault(x, x) != x:
            x = leader[x]
        return x

    for m in moves:
        t = m.control.template.number
        src = find((t, m.edge.src))
        if m.edge.dst is not None and m.happens:
            dst = find((t, m.edge.dst))
            if m.quiet:
                leader[max(src, dst)] = min(src, dst)
    groups: dict[tuple[int, State], list[State]] = {}
    for x in sorted(leader):
        groups.setdefault(find(x), []).append(x[1])
    number = {(t, s): n for n, ((t, _), states) in enumerate(groups.items()) for s in states}
    made = tuple(_stretch(controls[t], tuple(states)) for (t, _), states in groups.items())
    return made, number


def _stretch(c: Control, states: tuple[State, ...]) -> Stretch:
    mine = set(states)
    leaving = tuple(e for e in c.edges if e.src in mine)
    arriving = tuple(e for e in c.edges if e.dst in mine)
    return Stretch(c.template.number, c.template.name, states, c.start in mine, leaving, arriving)


def _tracked(program: Program) -> Iterator[Tracked]:
    """The package's locks, and its boolean variables."""
    parts = {"mutex": ("held",), "rwmutex": ("readers", "pending", "writer"), "once": ("once",)}
    for view in program.views:
        names = parts.get(view.kind) or (("flag",) if _is_flag(program, view) else ())
        for cell, part in zip(view.cells, names, strict=False):
            domain = program.cells[cell].domain
            most = None if part == "readers" else high(domain, program.sorts)
            yield Tracked(cell, view.name, part, program.initial[cell], low(domain), most)


def _is_flag(program: Program, view: View) -> bool:
    single = view.kind in ("value", "atomic") and len(view.cells) == 1
    return single and isinstance(program.cells[view.cells[0]].domain, Bool)


def _limit(program: Program, t: Tracked) -> int | None:
    """The greatest value the program can store, where that is a limit of the model only."""
    domain = program.cells[t.cell].domain
    return domain.high if t.most is None and isinstance(domain, Range) else None
