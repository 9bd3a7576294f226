"""Blocks, if, labels, break and continue, statements that are calls."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.calls import prepare
from verifier.golang.lower.expressions import condition
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.values import Env
from verifier.golang.types import Mode


def expression_statement(m: Machine, s: ast.Stmt) -> None:
    """A call standing alone."""
    assert isinstance(s, ast.ExprStmt)
    if isinstance(s.x, ast.Call) and m.info.types[s.x.fun].mode is not Mode.TYPE:
        prepared = prepare(m, s.x)
        prepared.run(prepared.held)
        return
    m.value(s.x)


def block(m: Machine, s: ast.Stmt) -> None:
    """`{ … }` with a scope of its own."""
    assert isinstance(s, ast.Block)
    body(m, s.stmts)


def body(m: Machine, stmts: tuple[ast.Stmt, ...]) -> None:
    """Statements in a fresh scope."""
    m.env = Env(m.env)
    for s in stmts:
        m.statement(s)
    assert m.env.up is not None
    m.env = m.env.up


def if_statement(m: Machine, s: ast.Stmt) -> None:
    """`if init; cond { … } else …`."""
    assert isinstance(s, ast.If)
    m.env = Env(m.env)
    if s.init is not None:
        m.statement(s.init)
    m.where = s.cond.span
    test = condition(m, s.cond)
    then, other, end = m.new(), m.new(), m.new()
    m.branch(test, then, other)
    m.cur = then
    m.statement(s.then)
    m.goto(end)
    m.cur = other
    if s.other is not None:
        m.statement(s.other)
    m.label(end)
    assert m.env.up is not None
    m.env = m.env.up


def labeled(m: Machine, s: ast.Stmt) -> None:
    """`label: stmt`. The label names the position before the statement, for `at(role, label)` too."""
    assert isinstance(s, ast.Labeled)
    here = m.new()
    m.label(here)
    if not m.frames or len(m.frames) == 1:
        m.tm.labels[s.label.name] = here
        m.tm.pinned.add(m.tm.find(here))
    m.label_hint = s.label.name
    m.statement(s.stmt)
    m.label_hint = ""


def take_label(m: Machine) -> str:
    """The label of the loop or switch that starts here, if it has one."""
    label, m.label_hint = m.label_hint, ""
    return label


def branch_statement(m: Machine, s: ast.Stmt) -> None:
    """`break` and `continue`, with or without a label."""
    assert isinstance(s, ast.Branch)
    if s.word not in ("break", "continue"):
        raise m.unsupported(f"{s.word} is not supported here", s.span, "use a labelled break or continue")
    for loop in reversed(m.loops):
        goal = loop.brk if s.word == "break" else loop.cont
        if goal is not None and (s.label is None or loop.label == s.label.name):
            m.goto(goal)
            return
    raise m.unsupported(f"{s.word} outside of a loop", s.span)


def empty(m: Machine, s: ast.Stmt) -> None:
    """The empty statement."""
