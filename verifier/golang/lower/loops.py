"""for and range. Loop variables are fresh per iteration since Go 1.22; before that there is one per loop."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.lower import channel_values, maps
from verifier.golang.lower.assign import put, target
from verifier.golang.lower.elements import slice_length, slot, view
from verifier.golang.lower.endless import endless
from verifier.golang.lower.expressions import condition
from verifier.golang.lower.flow import body, take_label
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import has_call, hoist
from verifier.golang.lower.places import operand
from verifier.golang.lower.storage import allocate, deref, load, numbers, scalar, snapshot, zero
from verifier.golang.lower.templates import Loop
from verifier.golang.lower.values import Deref, Dyn, Env, Loc, Value
from verifier.golang.lower.variables import declare
from verifier.golang.types import INT, Array, Chan, Map, Pointer, Slice, Type, Var, is_integer, underlying
from verifier.program.expr import ONE, ZERO, Expr, Read, const, op
from verifier.program.passes.progress import ROUND
from verifier.program.program import Kind
from verifier.records import replace


def for_statement(m: Machine, s: ast.Stmt) -> None:
    """`for init; cond; post { … }`."""
    assert isinstance(s, ast.For)
    label = take_label(m)
    m.env = Env(m.env)
    head, cont, end = m.new(), m.new(), m.new()
    per_iteration = m.settings.lang >= 122
    if s.init is not None:
        m.loop_depth += per_iteration
        m.statement(s.init)
        m.loop_depth -= per_iteration
    m.loop_depth += 1
    m.loops.append(Loop(label, end, cont))
    m.label(head)
    if m.settings.rounds and endless(s, label):
        # Not merged with a loop that begins the body: who goes round in that one does not get here.
        m.step(detail=ROUND)
    begun = m.here()
    if s.cond is not None:
        m.where = s.cond.span
        test = condition(m, s.cond)
        inside = m.new()
        m.branch(test, inside, end)
        m.cur = inside
    body(m, s.body.stmts)
    m.label(cont)
    if per_iteration:
        _renew(m)
    if s.post is not None:
        m.statement(s.post)
    if m.cur is not None and m.tm.find(m.cur) == m.tm.find(begun):
        # A round without any step: the goroutine spins, it is not blocked.
        m.step(kind=Kind.PLAIN, detail="spin")
    m.goto(head)
    m.cur = end
    _leave(m)


def _renew(m: Machine) -> None:
    """A fresh copy of every boxed loop variable, made before the post statement (Go spec, "For statements")."""
    for var, binding in m.env.names.items():
        loc = binding.loc
        if loc is None or not isinstance(loc.base, Deref):
            continue
        box = loc.base.pointer
        assert isinstance(box, Read)
        fresh = allocate(m, Pointer(var.type), numbers(m, load(m, loc)), var.name)
        m.step(updates=((box.ref, scalar(fresh)),))


def _leave(m: Machine) -> None:
    m.loop_depth -= 1
    m.loops.pop()
    assert m.env.up is not None
    m.env = m.env.up


def range_statement(m: Machine, s: ast.Stmt) -> None:
    """`for k, v := range x` over an integer, array, slice, map or channel."""
    assert isinstance(s, ast.Range)
    label = take_label(m)
    t = underlying(m.info.types[s.x].type)
    if isinstance(t, Pointer):
        t = underlying(t.elem)
    m.env = Env(m.env)
    head, cont, end = m.new(), m.new(), m.new()
    loop = Loop(label, end, cont)
    if s.define and m.settings.lang < 122:
        _declare_once(m, s)
    if isinstance(t, Map):
        _range_map(m, s, head, loop)
    elif isinstance(t, Chan):
        _range_channel(m, s, head, loop)
    elif is_integer(t):
        limit = snapshot(m, m.value(s.x))
        _counted(m, s, head, loop, scalar(limit.leaves[0]), limit.type, None)
    elif isinstance(t, Array):
        _range_array(m, s, head, loop, t)
    elif isinstance(t, Slice):
        held = snapshot(m, m.value(s.x))
        parts, elem = view(m, held), t.elem

        def element(i: Expr) -> Value:
            return load(m, slot(m, parts, i, elem))

        _counted(m, s, head, loop, slice_length(m, held), INT, element)
    else:
        raise m.unsupported(f"range over {m.info.types[s.x].type} is not supported yet", s.x.span)
    m.cur = end
    assert m.env.up is not None
    m.env = m.env.up


def _range_array(m: Machine, s: ast.Range, head: int, loop: Loop, t: Array) -> None:
    element: Callable[[Expr], Value] | None = None
    if s.value is not None and not _blank(s.value):
        pointer = isinstance(underlying(m.info.types[s.x].type), Pointer)
        base = operand(m, s.x)
        if pointer:
            value = load(m, base) if isinstance(base, Loc) else base
            where = deref(m, value.leaves[0], value.type)
            m.settle_checks(where.checks)
        else:
            # Ranging over an array copies it first; a range over a pointer to it does not (Go spec, "For range").
            value = snapshot(m, load(m, base) if isinstance(base, Loc) else base)
            region = m.region("range", m.layouts.leaves(t), m.layouts.key(t), private=True)
            where = Loc(region, (), t, shared=False)
            m.step(
                updates=tuple((m.ref(where, x.path), v) for x, v in zip(region.leaves, numbers(m, value), strict=True))
            )

        def at(i: Expr) -> Value:
            return load(m, replace(where, path=(*where.path, Dyn(i, t.length)), type=t.elem, checks=()))

        element = at
    elif has_call(s.x, m):
        m.value(s.x)
    _counted(m, s, head, loop, const(t.length), INT, element)


def _counted(
    m: Machine,
    s: ast.Range,
    head: int,
    loop: Loop,
    limit: Expr,
    t: Type,
    element: Callable[[Expr], Value] | None,
) -> None:
    """Iterations 0, 1, … limit-1 with a hidden counter: assigning the loop variable does not change the count."""
    counter = m.temp("i", INT)
    m.step(updates=((counter, ZERO),))
    m.label(head)
    inside = m.new()
    m.branch(op("<", Read(counter), limit), inside, loop.brk)
    m.cur = inside
    m.loop_depth += 1
    m.loops.append(loop)
    i = Read(counter)
    _bind(m, s, Value(t, (i,)), None if element is None else lambda: element(i))
    m.loops.pop()
    m.loop_depth -= 1
    assert loop.cont is not None
    m.label(loop.cont)
    m.step(updates=((counter, op("+", Read(counter), ONE)),))
    m.goto(head)


def _bind(m: Machine, s: ast.Range, key: Value, element: Callable[[], Value] | None) -> None:
    """Set the iteration variables and lower the body."""
    m.env = Env(m.env)
    pairs: list[tuple[ast.Expr, Callable[[], Value]]] = []
    if s.key is not None and not _blank(s.key):
        pairs.append((s.key, lambda: key))
    if s.value is not None and element is not None and not _blank(s.value):
        pairs.append((s.value, element))
    if s.define and m.settings.lang >= 122:
        for x, make in pairs:
            var = m.info.defs[x]  # type: ignore[index]
            assert isinstance(var, Var)
            declare(m, var, make())
    else:
        _assign(m, pairs)
    body(m, s.body.stmts)
    assert m.env.up is not None
    m.env = m.env.up


def _declare_once(m: Machine, s: ast.Range) -> None:
    """Before Go 1.22 there is one variable for all rounds, assigned by each."""
    for x in (s.key, s.value):
        var = m.info.defs.get(x) if isinstance(x, ast.Ident) and not _blank(x) else None
        if isinstance(var, Var):
            declare(m, var, zero(m, var.type))


def _blank(x: ast.Expr) -> bool:
    return isinstance(x, ast.Ident) and x.name == "_"


def _assign(m: Machine, pairs: list[tuple[ast.Expr, Callable[[], Value]]]) -> None:
    """Existing variables get their values as by a tuple assignment."""
    hoist(m, *(x for x, _ in pairs))
    several = len(pairs) > 1
    targets = [target(m, x, pinned=several) for x, _ in pairs]
    values = [snapshot(m, make()) if several else make() for _, make in pairs]
    for t, v in zip(targets, values, strict=True):
        put(m, t, v)


def _range_channel(m: Machine, s: ast.Range, head: int, loop: Loop) -> None:
    """One receive a round, until the channel is closed and empty (Go spec, "For statements with range clause")."""
    holder = snapshot(m, m.value(s.x))
    m.where = s.span
    m.label(head)
    value, ok = channel_values.receive_from(m, holder, s.x.span)
    inside = m.new()
    m.branch(ok, inside, loop.brk)
    m.cur = inside
    m.loop_depth += 1
    m.loops.append(loop)
    _bind(m, s, value, None)
    m.loops.pop()
    m.loop_depth -= 1
    assert loop.cont is not None
    m.label(loop.cont)
    m.goto(head)


def _range_map(m: Machine, s: ast.Range, head: int, loop: Loop) -> None:
    holder = snapshot(m, m.value(s.x))
    t = maps.map_type(holder.type)
    obj = maps.map_object(m, holder)
    rules, extra = maps.rules(m), maps.extra(m)
    seen, must = maps.scratch_bits(m, obj.keys, "seen"), maps.scratch_bits(m, obj.keys, "must")
    key = m.temp("key", t.key)
    m.where = s.x.span
    m.fragment(rules.range_begin(obj, seen, must, *extra))
    m.label(head)
    m.fragment(rules.range_next(obj, seen, must, key, *extra), {rules.END_RANGE: loop.brk})
    m.loop_depth += 1
    m.loops.append(loop)

    def element() -> Value:
        out = m.temps(t.elem, "v")
        m.fragment(rules.range_value(obj, Read(key), out, *extra))
        return Value(t.elem, tuple(Read(o) for o in out))

    _bind(m, s, Value(t.key, (Read(key),)), element)
    m.loops.pop()
    m.loop_depth -= 1
    assert loop.cont is not None
    m.label(loop.cont)
    m.goto(head)
