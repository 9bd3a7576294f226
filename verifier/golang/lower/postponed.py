"""go and defer: operands are evaluated now, the call runs in another goroutine or at the function's exit."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.lower.calls import Prepared, prepare
from verifier.golang.lower.inline import inline
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.spawn import spawn
from verifier.golang.lower.storage import load, park, scalar
from verifier.golang.lower.unwind import Defers, Site, pushed
from verifier.golang.lower.values import Binding, Deref, Env, FuncVal, Loc, Region, Spec, Value, is_func
from verifier.golang.lower.variables import resolve
from verifier.golang.types import VOID, Pointer, Var
from verifier.program.expr import ONE, ZERO, Const, Expr, Own, Read, Ref, equal, op
from verifier.records import replace
from verifier.source import ModelError


def go_statement(m: Machine, s: ast.Stmt) -> None:
    """`go f(x)`: callee and operands are evaluated here, the body runs in a new goroutine."""
    assert isinstance(s, ast.Go)
    prepared = prepare(m, s.call)
    _refuse_unset(m, s, prepared)
    spawn(m, s.span, prepared.held, prepared.run)


def defer_statement(m: Machine, s: ast.Stmt) -> None:
    """`defer f(x)`: callee and operands are evaluated now, the call runs at the exit."""
    assert isinstance(s, ast.Defer)
    defers = m.frames[-1].defers[0]
    assert isinstance(defers, Defers)
    site = next(x for x in defers.sites if x.statement is s)
    prepared = prepare(m, s.call)
    _refuse_unset(m, s, prepared)
    if site.looped:
        inner = () if prepared.inner is None else (Value(VOID, (prepared.inner,)),)
        for v in (*inner, *prepared.held):
            _refuse_round(m, s, v)
    if site.looped and prepared.literal is not None:
        prepared = _with_variables(m, s, prepared, prepared.literal)
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        cell = m.temp("held", spec)
        updates.append((cell, e))
        if site.looped:
            site.slots.append((cell, tuple(m.temp("held", spec) for _ in defers.stack)))
        return Read(cell)

    site.held = tuple(park(m, v, save) for v in prepared.held)
    site.run = prepared.run
    if defers.depth is None:
        m.step(updates=(*updates, (site.armed, ONE)))
    else:
        _push(m, defers, site, updates)


def _refuse_unset(m: Machine, s: ast.Go | ast.Defer, prepared: Prepared) -> None:
    """A literal that runs later must not use a function variable that is set only after this statement."""
    literal = prepared.literal or prepared.inner
    if literal is None:
        return
    for var in _free_variables(m, literal):
        binding = literal.env.find(var)
        unset = binding is not None and binding.value is not None and binding.value.leaves == (ZERO,)
        if unset and is_func(var.type) and var in m.facts.assigned:
            raise m.unsupported(
                f"a function that runs later and calls {var.name}, which is set after this, is not supported yet",
                s.span,
                f"assign {var.name} before this statement",
            )


def _push(m: Machine, defers: Defers, site: Site, values: list[tuple[Ref, Expr]]) -> None:
    assert defers.depth is not None
    depth = Read(defers.depth)
    m.fail_if(equal(depth, Const(len(defers.stack))), "bound", "deferred calls in a loop (bounds: defer)")
    updates = pushed(depth, defers.stack, Const(defers.sites.index(site)))
    slots = dict(site.slots)
    for cell, value in values:
        assert isinstance(cell, Own)
        # An operand of a site outside the loop waits once, so it needs no stack.
        updates += pushed(depth, slots[cell], value) if cell in slots else [(cell, value)]
    m.step(updates=(*updates, (defers.depth, op("+", depth, ONE))))


def _with_variables(m: Machine, s: ast.Defer, prepared: Prepared, f: FuncVal) -> Prepared:
    """A literal deferred in a loop keeps the variables of its round: they become operands of the call."""
    kept: list[tuple[Var, Loc | Value]] = []
    for var in _free_variables(m, f):
        binding = f.env.find(var)
        assert binding is not None
        found = resolve(m, var, binding)
        if _changes_per_round(m, s, var, found):
            kept.append((var, found))
    held = tuple(_operand(m, var, found) for var, found in kept)

    def run(values: tuple[Value, ...]) -> Value:
        env = Env(f.env)
        for (var, found), value in zip(kept, values, strict=False):
            env.names[var] = _binding(found, value)
        deferred_by, m.deferring = m.deferring, None
        return inline(m, replace(f, env=env), values[len(kept) :], s.call.span, deferred_by=deferred_by)

    return Prepared((*held, *prepared.held), run)


def _refuse_round(m: Machine, s: ast.Defer, held: Value) -> None:
    """A function among the operands must not use variables of its round: they are not kept for it."""
    for leaf in held.leaves:
        if isinstance(leaf, FuncVal) and isinstance(leaf.target, ast.FuncLit):
            for var in _free_variables(m, leaf):
                binding = leaf.env.find(var)
                assert binding is not None
                if _changes_per_round(m, s, var, resolve(m, var, binding)):
                    raise _too_late(m, s, var)


def _too_late(m: Machine, s: ast.Defer, var: Var) -> ModelError:
    return m.unsupported(
        f"a function that uses {var.name} and is deferred in a loop is not supported here yet",
        s.span,
        "move the loop body into a function, or defer a function literal",
    )


def _free_variables(m: Machine, f: FuncVal) -> list[Var]:
    assert isinstance(f.target, ast.FuncLit)
    found: dict[Var, None] = {}
    for x in _identifiers(f.target.body):
        used = m.info.uses.get(x)
        if isinstance(used, Var) and not used.package and f.env.find(used) is not None:
            found.setdefault(used)
    return list(found)


def _identifiers(node: object) -> Iterator[ast.Ident]:
    if isinstance(node, ast.Ident):
        yield node
    for p in parts(node):
        yield from _identifiers(p)


def _changes_per_round(m: Machine, s: ast.Defer, var: Var, found: Loc | Value) -> bool:
    """Whether another round of the loop could make the variable stand for something else."""
    if isinstance(found, Value):
        inner = found.leaves[0] if found.leaves else None
        if isinstance(inner, FuncVal) and (inner.recv is not None or _free_variables_of(m, inner)):
            raise _too_late(m, s, var)
        return False
    if isinstance(found.base, Region):
        return not found.shared
    return True


def _free_variables_of(m: Machine, f: FuncVal) -> bool:
    return isinstance(f.target, ast.FuncLit) and bool(_free_variables(m, f))


def _operand(m: Machine, var: Var, found: Loc | Value) -> Value:
    assert isinstance(found, Loc)
    if isinstance(found.base, Deref):
        return Value(Pointer(var.type), (found.base.pointer,))
    return load(m, found)


def _binding(found: Loc | Value, value: Value) -> Binding:
    assert isinstance(found, Loc)
    if isinstance(found.base, Deref):
        return Binding(replace(found, base=Deref(found.base.sort, scalar(value.leaves[0]))))
    return Binding(value=value)
