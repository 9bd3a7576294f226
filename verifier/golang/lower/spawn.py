"""`go`: one child template per statement and call path, its operands copied when the goroutine is started."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import load, numbers, park, variable
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import Binding, Deref, Loc, Region, Spec, Value
from verifier.program.expr import Expr, Own, Read, Ref
from verifier.program.program import END, Kind
from verifier.source import Span


def spawn(m: Machine, at: Span, held: tuple[Value, ...], run: Callable[[tuple[Value, ...]], Value]) -> None:
    """Lower the child's body and add the step that starts it."""
    parent = m.tm
    pool = m.settings.bounds.goroutines if m.loop_depth else 1
    number = sum(b.parent == parent.number for b in m.builders) + 1
    child = Builder(len(m.builders), f"{parent.name}.go{number}", parent.number, pool)
    m.builders.append(child)
    saved = (m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env)
    m.tm, m.cur, m.frames, m.loops, m.loop_depth = child, 2, [], [], 0
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        cell = m.temp("arg", spec)
        updates.append((cell, e))
        return Read(cell)

    run(tuple(park(m, v, save) for v in held))
    m.goto(END)
    m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env = saved
    for binding, region in m.captures.get(child.number, {}).values():
        updates += _captured(m, binding, region)
    m.step(updates=tuple(updates), kind=Kind.SYNC, spawn=child.number)


def _captured(m: Machine, binding: Binding, region: Region) -> list[tuple[Ref, Expr]]:
    """Fill the child's private copy of a captured variable (or of the pointer to its box) from this goroutine."""
    loc = _here(m, binding)
    if isinstance(loc.base, Deref) and not loc.path and region.name.endswith("&"):
        return [(Own(region.template, region.offset), loc.base.pointer)]
    value = load(m, loc)
    return [(Own(region.template, region.offset + i), v) for i, v in enumerate(numbers(m, value))]


def _here(m: Machine, binding: Binding) -> Loc:
    """The place of a binding seen from the current template, which may itself have to capture it."""
    env = m.env
    while True:
        for var, found in env.names.items():
            if found is binding:
                at = variable(m, var)
                assert isinstance(at, Loc)
                return at
        assert env.up is not None
        env = env.up
