"""go and defer: operands are evaluated now, the call runs in another goroutine or at the function's exit."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.calls import prepare
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.spawn import spawn
from verifier.golang.lower.storage import park
from verifier.golang.lower.unwind import Defers
from verifier.golang.lower.values import Spec
from verifier.program.expr import ONE, Const, Expr, Read, Ref, equal, op


def go_statement(m: Machine, s: ast.Stmt) -> None:
    """`go f(x)`: callee and operands are evaluated here, the body runs in a new goroutine."""
    assert isinstance(s, ast.Go)
    prepared = prepare(m, s.call)
    spawn(m, s.span, prepared.held, prepared.run)


def defer_statement(m: Machine, s: ast.Stmt) -> None:
    """`defer f(x)`: callee and operands are evaluated now, the call runs at the exit."""
    assert isinstance(s, ast.Defer)
    defers = m.frames[-1].defers[0]
    assert isinstance(defers, Defers)
    site = next(x for x in defers.sites if x.statement is s)
    prepared = prepare(m, s.call)
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        cell = m.temp("held", spec)
        updates.append((cell, e))
        return Read(cell)

    site.held = tuple(park(m, v, save) for v in prepared.held)
    site.run = prepared.run
    if defers.depth is None:
        m.step(updates=(*updates, (site.armed, ONE)))
        return
    if updates and site.looped:
        raise m.unsupported(
            "a deferred call in a loop with operands that change is not supported yet",
            s.span,
            "move the loop body into a function, or unlock at the end of the body",
        )
    _push(m, defers, defers.sites.index(site), updates)


def _push(m: Machine, defers: Defers, number: int, updates: list[tuple[Ref, Expr]]) -> None:
    assert defers.depth is not None
    depth = Read(defers.depth)
    m.fail_if(equal(depth, Const(len(defers.stack))), "bound", "deferred calls in a loop (bounds: defer)")
    for i, cell in enumerate(defers.stack):
        updates.append((cell, op("ite", equal(depth, Const(i)), Const(number), Read(cell))))
    m.step(updates=(*updates, (defers.depth, op("+", depth, ONE))))
