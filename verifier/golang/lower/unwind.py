"""defer and panic as control flow: deferred calls run at a function's exit, in reverse order, also while panicking."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.templates import Frame
from verifier.golang.lower.values import Value
from verifier.golang.types import ANY
from verifier.program.expr import ONE, TRUE, ZERO, Const, Expr, Own, Read, Ref, equal, op
from verifier.program.program import END, Bool, Fail, Range, Step
from verifier.records import dataclass, field


@dataclass(slots=True)
class Site:
    """A `defer` statement of the running frame: its armed bit (or place on the stack) and its parked operands.

    `slots`: in a loop, for every operand cell its copies on the stack, one per deferred call that may be waiting.
    """

    statement: ast.Defer
    armed: Own
    looped: bool
    run: Callable[[tuple[Value, ...]], Value] | None = None
    held: tuple[Value, ...] = ()
    slots: list[tuple[Own, tuple[Own, ...]]] = field(default_factory=list)


@dataclass(slots=True)
class Defers:
    """The deferred calls of a frame. With one in a loop they form a stack of site numbers and operands."""

    sites: list[Site] = field(default_factory=list)
    depth: Own | None = None
    stack: list[Own] = field(default_factory=list)


def open_exit(m: Machine, frame: Frame, body: ast.Block | None, finish: bool) -> None:
    """Give the frame an exit if it has deferred calls, or something to `finish` when it is left."""
    found = list(_sites(body, False))
    if not found and not finish:
        return
    frame.exit = frame.unwind = m.new()
    frame.panicking = m.panic_cell()
    updates: list[tuple[Ref, Expr]] = [(frame.panicking, ZERO)]
    if m.carried is not None:
        frame.carried = m.temp("carried", ANY)
        updates.append((frame.carried, ZERO))
    if found:
        frame.defers.append(_open_defers(m, found, updates))
    m.step(updates=tuple(updates))


def _open_defers(m: Machine, found: list[tuple[ast.Defer, bool]], updates: list[tuple[Ref, Expr]]) -> Defers:
    defers = Defers()
    for statement, inside in found:
        armed = m.temp("deferred", Bool())
        defers.sites.append(Site(statement, armed, inside))
        updates.append((armed, ZERO))
    if any(inside for _, inside in found):
        limit = m.settings.bounds.defer
        defers.depth = m.temp("deferred", Range(0, limit))
        defers.stack = [m.temp(f"deferred{i}", Range(0, len(found))) for i in range(limit)]
        updates += [(defers.depth, ZERO), *((cell, ZERO) for cell in defers.stack)]
    return defers


def _sites(node: object, inside: bool) -> Iterator[tuple[ast.Defer, bool]]:
    if isinstance(node, ast.FuncLit):
        return
    if isinstance(node, ast.Defer):
        yield node, inside
        return
    loop = inside or isinstance(node, ast.For | ast.Range)
    for p in parts(node):
        yield from _sites(p, loop)


def run_exit(m: Machine, frame: Frame, finish: Callable[[], None] | None) -> None:
    """The exit of a frame: its deferred calls, then `finish`, then on with a panic or to the return location."""
    if frame.exit is None:
        return
    m.label(frame.exit)
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
    _keep_panicking(m, frame)


def _run_armed(m: Machine, frame: Frame, site: Site) -> None:
    if site.run is None:
        return
    go, after = m.new(), m.new()
    m.branch(Read(site.armed), go, after)
    m.cur = go
    frame.unwind = after  # a panic in a deferred call goes on to the next one of the same frame
    _call_deferred(m, frame, site)
    m.label(after)


def _call_deferred(m: Machine, frame: Frame, site: Site) -> None:
    assert site.run is not None
    m.where = site.statement.span
    m.deferring = frame
    site.run(site.held)
    m.deferring = None


def _run_stack(m: Machine, frame: Frame, defers: Defers) -> None:
    """A loop over the waiting calls: what one of them allocates or starts may be needed once per round."""
    assert defers.depth is not None
    head, end = m.new(), m.new()
    m.label(head)
    frame.unwind = head
    depth = Read(defers.depth)
    more = m.new()
    m.branch(equal(depth, ZERO), end, more)
    m.cur = more
    chosen = m.temp("top", Range(0, len(defers.sites)))
    updates: list[tuple[Ref, Expr]] = [(chosen, _top(depth, defers.stack)), (defers.depth, op("-", depth, ONE))]
    updates += _popped(depth, defers.stack)
    for site in defers.sites:
        for cell, slots in site.slots:
            updates += [(cell, _top(depth, slots)), *_popped(depth, slots)]
    m.step(updates=tuple(updates))
    m.loop_depth += 1
    for number, site in enumerate(defers.sites):
        if site.run is None:
            continue
        this, other = m.new(), m.new()
        m.branch(equal(Read(chosen), Const(number)), this, other)
        m.cur = this
        _call_deferred(m, frame, site)
        m.goto(head)
        m.cur = other
    m.loop_depth -= 1
    m.goto(head)
    m.cur = end


def _top(depth: Expr, slots: tuple[Own, ...] | list[Own]) -> Expr:
    top: Expr = Read(slots[0])
    for i in range(1, len(slots)):
        top = op("ite", equal(depth, Const(i + 1)), Read(slots[i]), top)
    return top


def _popped(depth: Expr, slots: tuple[Own, ...] | list[Own]) -> list[tuple[Ref, Expr]]:
    return [(cell, op("ite", equal(depth, Const(i + 1)), ZERO, Read(cell))) for i, cell in enumerate(slots)]


def pushed(depth: Expr, slots: tuple[Own, ...] | list[Own], value: Expr) -> list[tuple[Ref, Expr]]:
    """The updates that put `value` on a stack of `depth` entries."""
    return [(cell, op("ite", equal(depth, Const(i)), value, Read(cell))) for i, cell in enumerate(slots)]


def _keep_panicking(m: Machine, frame: Frame) -> None:
    """Still panicking after the last deferred call: unwind to the next frame outwards, or fail at the top."""
    if not frame.raises:
        return
    assert frame.panicking is not None
    cell = frame.panicking
    calm, src = m.new(), m.here()
    m.edge(src, calm, guard=equal(Read(cell), ZERO))
    outer = next((f for f in reversed(m.frames) if f is not frame and f.unwind is not None), None)
    for number in frame.raises:
        r, guard = m.raised[number], equal(Read(cell), Const(number + 1))
        if outer is not None and outer.unwind is not None and outer.panicking is not None:
            outer.raises.setdefault(number)
            updates: list[tuple[Ref, Expr]] = [(outer.panicking, Const(number + 1))]
            if outer.carried is not None and frame.carried is not None:
                updates.append((outer.carried, Read(frame.carried)))
            m.edge(src, outer.unwind, guard=guard, updates=tuple(updates))
        else:
            failure = Fail("panic", r.message)
            m.tm.steps.append(Step(src, END, guard, fail=failure, span=r.span, text=r.text, stack=r.stack))
    m.cur = calm


def panic(m: Machine, message: str, carried: Expr | None = None) -> None:
    """`panic(…)`: unwinds, and nothing after it runs."""
    m.fail_edge(m.here(), TRUE, "panic", message, carried=carried)
    m.cur = None
