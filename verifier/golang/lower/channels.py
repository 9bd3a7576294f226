"""Channels: the object behind a reference, send, receive, close, `range` over a channel, and `select`."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.assign import put, target
from verifier.golang.lower.channel_values import channel_object, handed, receiving
from verifier.golang.lower.flow import take_label
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import operands
from verifier.golang.lower.storage import snapshot
from verifier.golang.lower.templates import Loop
from verifier.golang.lower.values import Env, Value
from verifier.golang.lower.variables import declare
from verifier.golang.types import BOOL, Chan, Var, underlying
from verifier.gosem import channel
from verifier.gosem.channel import ChannelObject
from verifier.gosem.fragment import Fragment
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class _Case:
    """A case of a `select` with its operands evaluated; what a receive yields is there once it is chosen."""

    comm: ast.Stmt
    object: ChannelObject
    pieces: Fragment
    result: tuple[Value, ...] = ()

    @property
    def sends(self) -> bool:
        """Whether it sends."""
        return isinstance(self.comm, ast.Send)


def send_statement(m: Machine, s: ast.Stmt) -> None:
    """`c <- v`: both operands, then the operation."""
    assert isinstance(s, ast.Send)
    t = underlying(m.info.types[s.channel].type)
    assert isinstance(t, Chan)
    holder, value = operands(m, (s.channel, s.value), (None, t.elem))
    c = channel_object(m, holder, s.span)
    values = handed(m, convert(m, value, t.elem))
    if m.facts.closes:
        m.fragment(channel.enter((c,)))
    m.fragment(channel.send(c, values))


def select(m: Machine, s: ast.Stmt) -> None:
    """`select { … }`: the operands of all cases in their order, then one of the cases that are ready."""
    assert isinstance(s, ast.Select)
    label = take_label(m)
    polls = any(case.comm is None for case in s.cases)
    cases = [None if case.comm is None else _prepared(m, case.comm, polls) for case in s.cases]
    real = [c for c in cases if c is not None]
    m.where = _head(s)
    if m.facts.closes:
        m.fragment(channel.enter([c.object for c in real if c.sends]))
    start, end = m.here(), m.new()
    bodies = [m.new() for _ in cases]
    if not cases:
        m.fragment(channel.no_cases())
        m.goto(end)
    for n, (case, c) in enumerate(zip(s.cases, cases, strict=True)):
        m.cur, m.where = start, case.comm.span if case.comm is not None else case.span
        if c is not None:
            m.fragment(channel.selected(c.pieces, _CHOSEN, alone=len(cases) == 1), {_CHOSEN: bodies[n]})
        else:
            sends, receives = ([x.object for x in real if x.sends is kind] for kind in (True, False))
            m.fragment(channel.default(sends, receives, _CHOSEN, m.settings.unordered), {_CHOSEN: bodies[n]})
    m.loops.append(Loop(label, end, None))
    for case, c, body in zip(s.cases, cases, bodies, strict=True):
        m.cur, m.env = body, Env(m.env)
        if c is not None:
            m.where = c.comm.span
            _bind(m, c)
        for inner in case.body:
            m.statement(inner)
        m.goto(end)
        assert m.env.up is not None
        m.env = m.env.up
    m.loops.pop()
    m.cur = end


_CHOSEN = -2
"""Where the steps of a case end, for `Machine.fragment`."""


def _head(s: ast.Select) -> Span:
    """The word `select`: its statement may be long."""
    return Span(s.span.file, s.span.line, s.span.column, s.span.line, s.span.column + len("select"))


def _prepared(m: Machine, comm: ast.Stmt, polls: bool) -> _Case:
    """Operands are evaluated for cases not taken, too, and kept (walk/order.go:994)."""
    m.where = comm.span
    if isinstance(comm, ast.Send):
        holder = snapshot(m, m.value(comm.channel))
        t = underlying(holder.type)
        assert isinstance(t, Chan)
        c = channel_object(m, holder, comm.span)
        values = handed(m, snapshot(m, m.value(comm.value, t.elem)))
        return _Case(comm, c, channel.send(c, values, polls))
    x = comm.x if isinstance(comm, ast.ExprStmt) else comm.rhs[0] if isinstance(comm, ast.Assign) else None
    assert isinstance(x, ast.Unary)
    holder = snapshot(m, m.value(x.x))
    c, value, ok, pieces = receiving(m, holder, comm.span, polls)
    return _Case(comm, c, pieces, (value, Value(BOOL, (ok,))))


def _bind(m: Machine, c: _Case) -> None:
    """What a chosen receive yields goes to its variables, one after the other (walk/order.go:1016)."""
    if not isinstance(c.comm, ast.Assign):
        return
    for x, value in zip(c.comm.lhs, c.result, strict=False):
        known = m.info.defs.get(x) if isinstance(x, ast.Ident) else None
        if c.comm.op == ":=" and isinstance(known, Var) and known.name != "_":
            declare(m, known, value)
        else:
            put(m, target(m, x), value)
