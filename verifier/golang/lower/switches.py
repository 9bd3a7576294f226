"""switch over values and over types."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.assertions import holds_interface
from verifier.golang.lower.expressions import condition, equality
from verifier.golang.lower.flow import take_label
from verifier.golang.lower.interfaces import convert, from_interface, holds_type
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import scalar, snapshot
from verifier.golang.lower.templates import Loop
from verifier.golang.lower.values import Env, Value, nothing
from verifier.golang.lower.variables import declare
from verifier.golang.types import NIL, Interface, NilObj, underlying
from verifier.program.expr import ZERO, Expr, equal


def switch(m: Machine, s: ast.Stmt) -> None:
    """`switch init; tag { … }`: cases are compared in order, values evaluated as they are reached."""
    assert isinstance(s, ast.Switch)
    label = take_label(m)
    m.env = Env(m.env)
    if s.init is not None:
        m.statement(s.init)
    m.where = s.tag.span if s.tag is not None else s.span
    tag = nothing() if s.tag is None else snapshot(m, m.value(s.tag))
    bodies = [m.new() for _ in s.cases]
    end = m.new()
    default = end
    for case, start in zip(s.cases, bodies, strict=True):
        if case.values is None:
            default = start
            continue
        for x in case.values:
            m.where = x.span
            if s.tag is None:
                _try(m, condition(m, x), start)
            else:
                value = m.value(x)
                _try(m, equality(m, tag, value), start)
    m.goto(default)
    _bodies(m, s.cases, bodies, end, label)


def _try(m: Machine, test: Expr, start: int) -> None:
    following = m.new()
    m.branch(test, start, following)
    m.cur = following


def _bodies(m: Machine, cases: tuple[ast.Case, ...], starts: list[int], end: int, label: str) -> None:
    m.loops.append(Loop(label, end, None))
    for i, case in enumerate(cases):
        m.cur = starts[i]
        _body(m, case, starts[i + 1] if i + 1 < len(starts) else end, end)
    m.loops.pop()
    m.cur = end
    assert m.env.up is not None
    m.env = m.env.up


def _body(m: Machine, case: ast.Case, following: int, end: int) -> None:
    m.env = Env(m.env)
    through = False
    for s in case.body:
        if isinstance(s, ast.Branch) and s.word == "fallthrough":
            through = True
        else:
            m.statement(s)
    m.goto(following if through else end)
    assert m.env.up is not None
    m.env = m.env.up


def type_switch(m: Machine, s: ast.Stmt) -> None:
    """`switch v := x.(type) { … }`."""
    assert isinstance(s, ast.TypeSwitch)
    label = take_label(m)
    m.env = Env(m.env)
    if s.init is not None:
        m.statement(s.init)
    m.where = s.x.span
    held = snapshot(m, m.value(s.x))
    dynamic = scalar(held.leaves[0])
    bodies = [m.new() for _ in s.cases]
    end = m.new()
    default = end
    for case, start in zip(s.cases, bodies, strict=True):
        if case.values is None:
            default = start
        for x in case.values or ():
            _try(m, _matches(m, x, dynamic), start)
    m.goto(default)
    m.loops.append(Loop(label, end, None))
    for case, start in zip(s.cases, bodies, strict=True):
        m.cur = start
        _bind_case(m, case, held, dynamic)
        _body(m, case, end, end)
    m.loops.pop()
    m.cur = end
    assert m.env.up is not None
    m.env = m.env.up


def _matches(m: Machine, x: ast.Expr, dynamic: Expr) -> Expr:
    if isinstance(x, ast.Ident) and isinstance(m.info.uses.get(x), NilObj):
        return equal(dynamic, ZERO)
    t = m.info.types[x].type
    if t == NIL:
        return equal(dynamic, ZERO)
    if isinstance(underlying(t), Interface):
        return holds_interface(m, dynamic, t, x.span)
    return holds_type(m, dynamic, t)


def _bind_case(m: Machine, case: ast.Case, held: Value, dynamic: Expr) -> None:
    var = m.info.implicits.get(case)
    if var is None:
        return
    if isinstance(underlying(var.type), Interface):
        declare(m, var, convert(m, held, var.type))
    else:
        declare(m, var, from_interface(m, dynamic, var.type))
