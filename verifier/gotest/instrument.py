"""A model's Go with its slots in it: declarations and bodies, each statement held by `at(n)`."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.walk import parts
from verifier.gotest.edits import Edits
from verifier.gotest.sites import Place, below, inside, unlabeled
from verifier.gotest.slots import Slots, roots
from verifier.gotest.split import split
from verifier.pipeline import owner
from verifier.pipeline.load import Front
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Names:
    """What the test calls its own things: chosen so that the model uses none of these names."""

    at: str = "at"
    passing: str = "pass"
    choose: str = "choose"
    relock: str = "relock"
    then: str = "then"
    only: str = ""
    """Holds a `select` to one case; empty when none needs it."""


def instrumented(
    front: Front, slots: Slots | None, names: Names, bodies: Callable[[list[Edits]], None] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The declarations (one text per file) and the bodies. Without slots only what Go would not compile is changed.

    `bodies` gives functions that have no body one.
    """
    document = front.document
    declared = [s.text for s in document.sources] + ([document.declare] if document.declare is not None else [])
    texts = [Edits(t) for t in [*declared, *(r.body for r in document.roles)]]
    if bodies is not None:
        bodies(texts)
    if front.fixed:
        for text in texts[len(declared) : -1]:
            text.insert(0, owner.LEAVES)
    work = _Work(texts, slots, names)
    for root in roots(front):
        work.root(root)
    for place in slots.held if slots is not None else ():
        work.hold(place)
    for call, n in slots.calls if slots is not None else ():
        work.behind(call, n)
    for place, n in slots.splits if slots is not None else ():
        work.split(place, n, front)
    for place in slots.held if slots is not None and names.only else ():
        work.select(place)
    for lock in slots.conds if slots is not None else ():
        work.relock(lock)
    # The comments behind a scheme's owner are where its bodies stand, which are among the bodies here.
    made = [t.made() for t in texts]
    if front.fixed:
        made[: len(declared)] = [
            go.split(owner.BODIES)[0] if t.text.file == owner.FILE else go
            for go, t in zip(made, texts[: len(declared)], strict=False)
        ]
    return tuple(made[: len(declared)]), tuple(made[len(declared) :])


class _Work:
    """The changes to all texts."""

    def __init__(self, texts: list[Edits], slots: Slots | None, names: Names) -> None:
        self._texts = texts
        self._slots = slots
        self._names = names
        self._jumped: set[str] = set()
        self._choosing = slots is not None and names.choose != "rand.Intn"

    def _edits(self, span: Span) -> Edits:
        # What a scheme's owner runs stands in a comment of a file made for it: the body is the later text.
        return next(t for t in reversed(self._texts) if t.holds(span))

    def root(self, node: object) -> None:
        """What Go and gofmt want wherever it is: a line per statement, no labels that nobody jumps to."""
        self._jumped = _targets(node)
        self._tree(node)

    def _tree(self, node: object, whole: bool = False) -> None:
        """`whole`: it is part of a function that stays on its one line."""
        match node:
            case ast.FuncLit() | ast.FuncDecl():
                whole = whole or (_short(node) and not self._holds(node))
                if node.body is not None and not whole:
                    self._lines(node.body)
            case ast.If() if not whole:
                self._lines(node.then, always=True)
                if isinstance(node.other, ast.Block):
                    self._lines(node.other, always=True)
            case ast.For() | ast.Range() if not whole:
                self._lines(node.body, always=True)
            case ast.Switch() | ast.TypeSwitch() | ast.Select() if not whole:
                edits = self._edits(node.span)
                for clause in node.cases:
                    edits.own_line(edits.start(clause.span))
                edits.own_line(edits.end(node.span) - 1)
            case ast.Call(fun=ast.Selector(x=ast.Ident(name="rand"), name=ast.Ident(name="Intn"))) if self._choosing:
                edits = self._edits(node.fun.span)
                edits.replace(edits.start(node.fun.span), edits.end(node.fun.span), self._names.choose)
        stmts = node.stmts if isinstance(node, ast.Block) else ()
        stmts = node.body if isinstance(node, ast.Case | ast.CommCase) else stmts
        for stmt in stmts if not whole else ():
            if not isinstance(stmt, ast.Empty):
                edits = self._edits(stmt.span)
                edits.own_line(edits.start(stmt.span))
        if isinstance(node, ast.Labeled):
            self._label(node)
        for child in parts(node):
            self._tree(child, whole)

    def _holds(self, node: object) -> bool:
        return self._slots is not None and any(True for p in self._slots.held if _within(p.covers, node))

    def _lines(self, block: ast.Block, always: bool = False) -> None:
        """A block over several lines: nothing else stands in the line of its closing brace."""
        edits = self._edits(block.span)
        if block.stmts or always:
            edits.own_line(edits.end(block.span) - 1)

    def _label(self, node: ast.Labeled) -> None:
        edits = self._edits(node.span)
        if node.label.name in self._jumped:
            edits.own_line(edits.start(node.stmt.span))
            return
        end = edits.start(node.stmt.span)
        edits.replace(edits.start(node.label.span), end, f"// {node.label.name}:\n")

    def behind(self, call: ast.Call, n: int) -> None:
        """Hold a goroutine when a call has returned."""
        edits = self._edits(call.span)
        edits.insert(edits.start(call.span), f"{self._names.then}({n}, ")
        edits.insert(edits.end(call.span), ")")

    def split(self, place: Place, n: int, front: Front) -> None:
        """Write a statement as two, and hold a goroutine between them."""
        split(
            self._edits(place.node.span), place, f"{self._names.at}({n}) {_where(place.covers)}\n", front.package.info
        )

    def select(self, place: Place) -> None:
        """Let a `select` see only the channel that the schedule takes."""
        node = unlabeled(place.node)
        for n, case in enumerate(node.cases if isinstance(node, ast.Select) else ()):
            channel = _channel(case.comm)
            if channel is not None:
                edits = self._edits(channel.span)
                edits.insert(edits.start(channel.span), f"{self._names.only}({n}, ")
                edits.insert(edits.end(channel.span), ")")

    def relock(self, lock: ast.Expr) -> None:
        """Let the lock of a sync.Cond be taken again in a slot of its own."""
        assert self._slots is not None
        edits = self._edits(lock.span)
        edits.insert(edits.start(lock.span), f"{self._names.relock}{{")
        edits.insert(edits.end(lock.span), f", {self._slots.relock}}}")

    def hold(self, place: Place) -> None:
        """Put the slot of a place before it."""
        assert self._slots is not None
        n = self._slots.numbers[place]
        edits = self._edits(place.node.span)
        start, end = edits.start(place.node.span), edits.end(place.node.span)
        call = f"{self._names.at}({n}) {_where(place.covers)}\n"
        match place.kind:
            case "before":
                edits.own_line(start)
                edits.insert(start, call)
                for spot in place.spots:
                    inner = self._edits(spot.span)
                    before = inner.end(spot.span) - 1 if isinstance(spot, ast.Block) else inner.start(spot.span)
                    inner.own_line(before)
                    inner.insert(before, call)
            case "deferred":
                edits.insert_after(end, f"defer {call}")
            case "elseif":
                edits.insert(start, f"{{\n{call}")
                edits.insert(end, "\n}")
            case "cond":
                low = isinstance(place.node, ast.Binary) and place.node.op == "||"
                edits.insert(start, f"{self._names.passing}({n}) && " + ("(" if low else ""))
                if low:
                    edits.insert(end, ")")
            case _:
                edits.insert(start, f"func() {{ {self._names.at}({n}); ")
                edits.insert(end, " }()")


def _channel(comm: ast.Stmt | None) -> ast.Expr | None:
    """The channel of a case."""
    match comm:
        case ast.Send():
            return comm.channel
        case ast.ExprStmt(x=ast.Unary(x=x)) | ast.Assign(rhs=(ast.Unary(x=x),)):
            return x
    return None


def _where(span: Span) -> str:
    name = span.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"// {name}:{span.line}"


def _within(span: Span, node: object) -> bool:
    outer = getattr(node, "span")  # noqa: B009
    assert isinstance(outer, Span)
    return inside(span, outer)


def _short(node: ast.FuncLit | ast.FuncDecl) -> bool:
    return node.span.line == (node.span.end_line or node.span.line)


def _targets(node: object) -> set[str]:
    """Labels that something below a node jumps to."""
    return {n.label.name for n in below(node) if isinstance(n, ast.Branch) and n.label is not None}
