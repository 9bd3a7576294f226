"""return: results are stored first, then deferred calls run."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.assign import right_sides
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import snapshot, store
from verifier.golang.lower.values import Binding, Value, is_func
from verifier.golang.types import Type


def return_statement(m: Machine, s: ast.Stmt) -> None:
    """`return`: results into their variables, then to the exit (deferred calls) or the return location."""
    assert isinstance(s, ast.Return)
    if not m.frames:
        m.goto(0)
        return
    frame = m.frames[-1]
    if s.results:
        for binding, value in zip(frame.results, _returned(m, s, frame.result_types), strict=True):
            assert isinstance(binding, Binding)
            _set_result(m, s, binding, value)
    m.goto(frame.ret if frame.exit is None else frame.exit)


def _returned(m: Machine, s: ast.Return, types: tuple[Type, ...]) -> list[Value]:
    values = right_sides(m, s.results, types)
    return [snapshot(m, v) for v in values] if len(values) > 1 else values


def _set_result(m: Machine, s: ast.Return, binding: Binding, value: Value) -> None:
    if is_func(value.type):
        before = binding.value
        if before is not None and before.leaves and before.leaves != value.leaves:
            raise m.unsupported("returning different functions is not supported yet", s.span)
        binding.value = value
        return
    assert binding.loc is not None
    store(m, binding.loc, value)
