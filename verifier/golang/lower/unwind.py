"""defer and panic as control flow: deferred calls run at a function's exit, in reverse order, also while panicking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.templates import Frame
from verifier.golang.lower.values import Value
from verifier.program.expr import ONE, TRUE, ZERO, Const, Expr, Own, Read, Ref, equal, negate, op
from verifier.program.program import END, Bool, Fail, Range, Step


@dataclass(slots=True)
class Site:
    """A `defer` statement of the running frame: its armed bit (or place on the stack) and its parked operands."""

    statement: ast.Defer
    armed: Own
    looped: bool
    run: Callable[[tuple[Value, ...]], Value] | None = None
    held: tuple[Value, ...] = ()


@dataclass(slots=True)
class Defers:
    """The deferred calls of a frame. In a loop they form a stack of site numbers, without run-time operands."""

    sites: list[Site] = field(default_factory=list)
    depth: Own | None = None
    stack: list[Own] = field(default_factory=list)


def open_defers(m: Machine, frame: Frame, body: ast.Block) -> bool:
    """Prepare the cells of a function's deferred calls; whether it has any."""
    found = list(_sites(body, False))
    if not found:
        return False
    defers = Defers()
    looped = any(inside for _, inside in found)
    updates: list[tuple[Ref, Expr]] = []
    for statement, inside in found:
        armed = m.temp("armed", Bool())
        defers.sites.append(Site(statement, armed, inside))
        updates.append((armed, ZERO))
    if looped:
        limit = m.settings.bounds.defer
        defers.depth = m.temp("deferred", Range(0, limit))
        defers.stack = [m.temp(f"deferred{i}", Range(0, len(found))) for i in range(limit)]
        updates.append((defers.depth, ZERO))
    m.step(updates=tuple(updates))
    frame.defers.append(defers)
    return True


def _sites(node: object, inside: bool) -> list[tuple[ast.Defer, bool]]:
    if isinstance(node, ast.FuncLit):
        return []
    if isinstance(node, ast.Defer):
        return [(node, inside)]
    loop = inside or isinstance(node, ast.For | ast.Range)
    return [found for p in parts(node) for found in _sites(p, loop)]


def run_defers(m: Machine, frame: Frame, finish: Callable[[], None] | None) -> None:
    """The exit of a frame: its deferred calls, then `finish`, then on with a panic or to the return location."""
    if frame.defers:
        defers = frame.defers[0]
        assert isinstance(defers, Defers)
        if defers.depth is None:
            for site in reversed(defers.sites):
                _run_armed(m, frame, site)
        else:
            _run_stack(m, frame, defers)
    frame.unwind = None
    if finish is not None:
        finish()
    _keep_panicking(m)


def _run_armed(m: Machine, frame: Frame, site: Site) -> None:
    if site.run is None:
        return
    go, after = m.new(), m.new()
    m.branch(Read(site.armed), go, after)
    m.cur = go
    frame.unwind = after  # a panic in a deferred call goes on to the next one of the same frame
    m.where = site.statement.span
    site.run(site.held)
    m.label(after)


def _run_stack(m: Machine, frame: Frame, defers: Defers) -> None:
    assert defers.depth is not None
    head, end = m.new(), m.new()
    m.label(head)
    frame.unwind = head
    depth = Read(defers.depth)
    more = m.new()
    m.branch(equal(depth, ZERO), end, more)
    m.cur = more
    top: Expr = Read(defers.stack[0])
    for i in range(1, len(defers.stack)):
        top = op("ite", equal(depth, Const(i + 1)), Read(defers.stack[i]), top)
    chosen = m.temp("top", Range(0, len(defers.sites)))
    clear = [(cell, op("ite", equal(depth, Const(i + 1)), ZERO, Read(cell))) for i, cell in enumerate(defers.stack)]
    m.step(updates=((chosen, top), (defers.depth, op("-", depth, ONE)), *clear))
    for number, site in enumerate(defers.sites):
        if site.run is None:
            continue
        this, other = m.new(), m.new()
        m.branch(equal(Read(chosen), Const(number)), this, other)
        m.cur = this
        m.where = site.statement.span
        site.run(site.held)
        m.goto(head)
        m.cur = other
    m.goto(head)
    m.cur = end


def _keep_panicking(m: Machine) -> None:
    """Still panicking after the last deferred call: unwind to the next frame outwards, or fail at the top."""
    if m.tm.panicking is None:
        return
    cell = Own(m.tm.number, m.tm.panicking)
    calm, src = m.new(), m.here()
    m.edge(src, calm, guard=equal(Read(cell), ZERO))
    outer = next((f for f in reversed(m.frames[:-1]) if f.unwind is not None), None)
    if outer is not None and outer.unwind is not None:
        m.edge(src, outer.unwind, guard=negate(equal(Read(cell), ZERO)))
    else:
        for i, r in enumerate(m.raised):
            if r.template == m.tm.number:
                guard, failure = equal(Read(cell), Const(i + 1)), Fail("panic", r.message)
                step = Step(src, END, guard, fail=failure, span=r.span, text=r.text, stack=r.stack)
                m.tm.steps.append(step)
    m.cur = calm


def panic(m: Machine, message: str) -> None:
    """`panic(…)`: unwinds, and nothing after it runs."""
    m.fail_edge(m.here(), TRUE, "panic", message)
    m.cur = None
