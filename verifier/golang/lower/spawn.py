"""`go`: one child template per statement and call path, its operands copied when the goroutine is started."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import park
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import Spec, Value
from verifier.golang.lower.variables import contents
from verifier.program.expr import Expr, Read, Ref
from verifier.program.program import END, Kind
from verifier.source import Span


def spawn(m: Machine, at: Span, held: tuple[Value, ...], run: Callable[[tuple[Value, ...]], Value]) -> None:
    """Lower the child's body and add the step that starts it.

    Of a `go` statement that can run again a finished child is started anew, in the same cells. What it made may
    outlive it, so its variables and objects are laid out as in a loop: taken afresh, recycled when unreachable.
    """
    if m.tm.number == 0:
        raise m.unsupported("starting a goroutine in a package initialiser is not supported yet", at, "use a role")
    parent = m.tm
    again = m.loop_depth > 0
    pool = m.settings.bounds.goroutines if again else 1
    number = sum(b.parent == parent.number for b in m.builders) + 1
    child = Builder(len(m.builders), f"{parent.name}.go{number}", parent.number, pool)
    m.builders.append(child)
    saved = (m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env, m.outer, m.hoisted)
    m.outer = (*m.outer, *m.frames)
    m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.hoisted = child, 2, [], [], int(again), {}
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        cell = m.temp("arg", spec)
        updates.append((cell, e))
        return Read(cell)

    run(tuple(park(m, v, save) for v in held))
    m.goto(END)
    m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env, m.outer, m.hoisted = saved
    for c in m.captures.get(child.number, {}).values():
        updates += zip(c.cells, contents(m, c), strict=True)
    m.step(updates=tuple(updates), kind=Kind.SYNC, spawn=child.number)
