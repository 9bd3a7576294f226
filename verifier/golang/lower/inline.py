"""Inlining: every call becomes a copy of the body with fresh cells, a return location and, with defers, an exit."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.lower import uninterpreted
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import load, snapshot, zero
from verifier.golang.lower.templates import Frame
from verifier.golang.lower.unwind import open_exit, run_exit
from verifier.golang.lower.values import Binding, Env, FuncVal, Loc, Made, Value, is_func, nothing
from verifier.golang.lower.variables import declare
from verifier.golang.types import Func, Tuple, Var
from verifier.program.expr import TRUE, ZERO
from verifier.source import LIBRARY, Span


def inline(
    m: Machine,
    target: FuncVal,
    args: tuple[Value, ...],
    at: Span | None,
    finish: Callable[[], None] | None = None,
    name: str = "",
    deferred_by: Frame | None = None,
) -> Value:
    """Run `target` here, under `name` if given. `deferred_by`: the frame that calls it as a deferred function.

    `finish` adds steps that run when it returns *or panics* (the end of `Once.Do`).
    """
    if isinstance(target.target, Func) and target.target in m.free_values:
        return uninterpreted.call(m, target.target, args)
    own_name, body, params, results = _signature(m, target)
    name = name or own_name
    if m.depth(target.target) >= m.settings.bounds.recursion:
        m.fail_edge(m.here(), TRUE, "bound", f"recursion of {name} (bounds: recursion)")
        m.cur = None
        return _zeros(m, results)
    given = nothing()
    at = m.where if at is not None and at.file == LIBRARY else at
    saved = (m.env, m.loops, m.where, m.hoisted)
    m.env, m.loops, m.hoisted = Env(target.env), [], {}
    if target.recv is not None and isinstance(target.target, Func) and target.target.recv is not None:
        declare(m, target.target.recv, target.recv)
    for var, value in zip(params, args, strict=True):
        declare(m, var, convert(m, value, var.type))
    library = body is not None and body.span.file == LIBRARY
    frame = Frame(name, at, ret=m.new(), library=library, function=target.target, deferred_by=deferred_by)
    frame.results = tuple(_result_cells(m, var) for var in results)
    frame.result_types = tuple(v.type for v in results)
    open_exit(m, frame, body, finish is not None)
    m.frames.append(frame)
    if isinstance(target.target, Made):
        given = target.target.run(m, target.recv, at)
    for s in body.stmts if body is not None else ():
        m.statement(s)
    if frame.exit is not None and body is not None:
        m.where = Span(body.span.file, body.span.end_line, max(body.span.end_column - 1, 1))
    if frame.exit is not None:
        run_exit(m, frame, finish)
    m.frames.pop()
    m.label(frame.ret)
    m.where = saved[2]
    out = tuple(_result(m, b) for b in frame.results)
    m.env, m.loops, _, m.hoisted = saved
    if isinstance(target.target, Made):
        return given
    if len(out) == 1:
        return out[0]
    return Value(Tuple(frame.result_types), tuple(leaf for v in out for leaf in v.leaves))


def _signature(m: Machine, target: FuncVal) -> tuple[str, ast.Block | None, tuple[Var, ...], tuple[Var, ...]]:
    t = target.target
    if isinstance(t, Made):
        return t.name, None, (), ()
    if isinstance(t, Func):
        if t.decl.body is None:
            raise m.unsupported(f"{t.name} has no body", t.decl.span, "write its body")
        return t.full_name, t.decl.body, t.params, t.results
    info = m.info.literals[t]
    # Go names literals after the function they stand in: main.func1. One name per stack is enough here.
    outer = next((f.name for f in reversed(m.frames) if not f.name.endswith(".func")), "")
    return f"{outer}.func" if outer else "func", t.body, info.params, info.results


def _result_cells(m: Machine, var: Var) -> Binding:
    """A result variable: always cells, since `return` assigns it without naming it."""
    if is_func(var.type):
        binding = Binding(value=Value(var.type, ()))
        m.env.names[var] = binding
        return binding
    if m.facts.shared(var):
        return declare(m, var, zero(m, var.type))
    region = m.region(var.name or "result", m.layouts.leaves(var.type), m.layouts.key(var.type), private=True)
    loc = Loc(region, (), var.type, shared=False)
    if region.leaves:
        m.step(updates=tuple((m.ref(loc, x.path), ZERO) for x in region.leaves))
    binding = Binding(loc)
    m.env.names[var] = binding
    return binding


def _zeros(m: Machine, results: tuple[Var, ...]) -> Value:
    values = [zero(m, v.type) for v in results]
    if len(values) == 1:
        return values[0]
    return Value(Tuple(tuple(v.type for v in results)), tuple(leaf for v in values for leaf in v.leaves))


def _result(m: Machine, binding: Binding | Loc) -> Value:
    assert isinstance(binding, Binding)
    if binding.value is not None:
        # A function that never returns has no value to hand on.
        return binding.value if binding.value.leaves else zero(m, binding.value.type)
    assert binding.loc is not None
    return snapshot(m, load(m, binding.loc)) if binding.loc.shared else load(m, binding.loc)
