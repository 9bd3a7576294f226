"""The numbered slots of a model: every place before a step that another goroutine can see."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Tuple
from verifier.gotest.sites import Place, below, innermost, inside, places, unlabeled
from verifier.gotest.split import can_split
from verifier.pipeline import owner
from verifier.pipeline.load import Front
from verifier.program.program import Kind, Program, Step
from verifier.records import dataclass
from verifier.source import LIBRARY, Span


@dataclass(frozen=True)
class Slots:
    """The places of a model's Go; those that hold goroutines, in the order of the text: slot n is `held[n - 1]`."""

    known: tuple[Place, ...]
    held: tuple[Place, ...]
    numbers: dict[Place, int]
    calls: tuple[tuple[ast.Call, int], ...] = ()
    splits: tuple[tuple[Place, int], ...] = ()
    """Statements that are written as two, with a slot before what they write."""
    conds: tuple[ast.Expr, ...] = ()
    """The locks that `sync.NewCond` is called with: `Wait` takes them again in a slot of its own."""

    @property
    def relock(self) -> int:
        """The slot before `Wait` of a sync.Cond takes its lock again; 0 when the model has none."""
        return len(self.held) + len(self.calls) + len(self.splits) + 1 if self.conds else 0

    @property
    def after(self) -> int:
        """The first number that no slot in the model's Go has."""
        return len(self.held) + len(self.calls) + len(self.splits) + (2 if self.conds else 1)

    def place(self, slot: int) -> Place:
        """The place of a slot; for one behind a call that of the call."""
        behind = {n: Place("after", call, call.span) for call, n in self.calls} | {n: p for p, n in self.splits}
        return self.held[slot - 1] if slot <= len(self.held) else behind[slot]

    def case(self, slot: int, step: Step) -> int:
        """Which case of a `select` at a slot a step takes, counted from 1; 0 when it takes none."""
        node = unlabeled(self.held[slot - 1].node) if slot <= len(self.held) else None
        if not isinstance(node, ast.Select) or step.span is None or step.detail == "begin":
            return 0
        if step.kind is not Kind.SYNC and step.offer is None:
            return 0
        found = [n for n, c in enumerate(node.cases, start=1) if inside(step.span, (c.comm or c).span)]
        return found[0] if found else 0

    def send(self, slot: int, channel: str) -> int:
        """Which case of a `select` at a slot sends on a channel, counted from 1; 0 when none does."""
        node = unlabeled(self.held[slot - 1].node) if 0 < slot <= len(self.held) else None
        for n, case in enumerate(node.cases if isinstance(node, ast.Select) else (), start=1):
            if isinstance(case.comm, ast.Send) and _is_named(case.comm.channel, channel):
                return n
        return 0

    @property
    def writes(self) -> dict[int, int]:
        """For slots of statements that are written as two the slot between the halves."""
        return {self.numbers[p]: n for p, n in self.splits}

    def behind(self, called: Span) -> int:
        """The slot behind a call, where its statement goes on with steps of its own; 0 when there is none."""
        return next((n for call, n in self.calls if _is(call, called)), 0)

    def of(self, span: Span | None) -> int:
        """The slot right before the step at a span; 0 when there is none."""
        if span is None:
            return 0
        place = innermost(span, self.known)
        return 0 if place is None else self.numbers.get(place, 0)


def _is_named(x: ast.Expr, name: str) -> bool:
    return isinstance(x, ast.Ident) and x.name == name


def roots(front: Front) -> tuple[ast.FuncDecl | ast.VarSpec | ast.Block, ...]:
    """Everything with statements in it: functions, initialisers, bodies.

    A generic function stands there once, whatever its instances. What is Go's own library is no text of the model.
    """
    functions = {f.decl.span: f.decl for f in reversed(front.package.functions)}
    variables = [spec for _, spec in front.package.variables if spec.span.file != LIBRARY]
    own = [decl for span, decl in reversed(functions.items()) if span.file != LIBRARY]
    blocks = [b.block for b in front.package.bodies]
    made: tuple[ast.FuncDecl | ast.VarSpec | ast.Block, ...] = (*own, *variables, *blocks)
    return tuple(root for root in made if not _of_clients(front, root.span))


def _of_clients(front: Front, span: Span) -> bool:
    """Whether something is declared for the clients of `linearizable:`: it is no text of the model."""
    asked = front.document.linearizable
    return asked is not None and (span.file, span.line) == (asked.span.file, asked.span.line)


def slots(
    front: Front, program: Program, behind: frozenset[Span] = frozenset(), tight: frozenset[int] = frozenset()
) -> Slots:
    """The slots of a model, given its composed program, those `behind` calls that have one value, and
    those inside the statements of `tight` slots that can be written as two."""
    known = tuple(p for root in roots(front) for p in places(root))
    seen = {s.span for t in program.templates[1:] for s in t.steps if s.kind is not Kind.LOCAL and s.span is not None}
    found = {p for p in (innermost(span, known) for span in seen) if p is not None}
    found |= {p for p in known if p.kind == "before" and _labels(p) & _asked(front)}
    # How a goroutine leaves under a scheme with an owner is in a function of its own, which has slots.
    found = {p for p in found if not (p.kind == "deferred" and p.covers.file == owner.FILE)}
    order = {file: n for n, file in enumerate([*(s.text.file for s in front.document.sources), front.document.path])}
    held = tuple(sorted(found, key=lambda p: (order[p.covers.file], p.covers.line, p.covers.column)))
    made = [
        c
        for root in roots(front)
        for c in _calls(root)
        if any(_is(c, span) for span in behind) and _one_value(front, c)
    ]
    calls = tuple((c, n) for n, c in enumerate(made, start=len(held) + 1))
    two = [p for n, p in enumerate(held, start=1) if n in tight and can_split(p, front.package.info)]
    two = [p for p in two if not any(inside(c.span, p.covers) for c in made)]
    splits = tuple((p, n) for n, p in enumerate(two, start=len(held) + len(calls) + 1))
    conds = tuple(c.args[0] for root in roots(front) for c in _calls(root) if _makes_cond(c))
    return Slots(known, held, {p: n for n, p in enumerate(held, start=1)}, calls, splits, conds)


def _calls(root: object) -> Iterator[ast.Call]:
    return (node for node in below(root) if isinstance(node, ast.Call))


def _makes_cond(call: ast.Call) -> bool:
    match call.fun:
        case ast.Selector(x=ast.Ident(name="sync"), name=ast.Ident(name="NewCond")):
            return True
    return False


def _is(call: ast.Call, called: Span) -> bool:
    """Whether a frame was entered by a call: its span may begin at the name of the method."""
    same_end = (call.span.end_line, call.span.end_column) == (called.end_line, called.end_column)
    return same_end and inside(called, call.span)


def _one_value(front: Front, call: ast.Call) -> bool:
    known = front.package.info.types.get(call)
    return known is not None and known.type is not None and not isinstance(known.type, Tuple)


def _labels(place: Place) -> set[str]:
    out: set[str] = set()
    node = place.node
    while isinstance(node, ast.Labeled):
        out.add(node.label.name)
        node = node.stmt
    return out


def _asked(front: Front) -> set[str]:
    """Labels that clauses ask about."""
    return {label for clause in front.package.clauses for label in _at_labels(clause.expr)}


def _at_labels(clause: object) -> Iterator[str]:
    for call in _calls(clause):
        match call:
            case ast.Call(fun=ast.Ident(name="at"), args=(_, ast.Ident(name=label))):
                yield label
