"""A call of a function without a body: its value for these arguments is chosen at the first call and kept.

One hidden package cell per tuple of arguments holds 1 + the value, 0 before. No goroutine can race on it: a function
of its arguments is no memory.
"""

from __future__ import annotations

from verifier.golang.lower.interfaces import integer_range, integers
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import scalar
from verifier.golang.lower.values import Dyn, Leaf, Loc, Region, Value
from verifier.golang.types import Basic, Func, Type, is_integer, underlying
from verifier.program.expr import ZERO, Const, Expr, Read, Ref, equal, negate, op
from verifier.program.program import Kind, Range

MOST = 256
"""Tuples of arguments of one function."""


def call(m: Machine, f: Func, args: tuple[Value, ...]) -> Value:
    """The value of `f` for these arguments: every function is explored."""
    result = f.signature.results[0]
    n = m.free_values[f]
    region = _table(m, f, n)
    ref = _entry(m, region, f, args)
    known = Read(ref)
    out = m.temp(f.name, result)
    src = m.here()
    m.cur = m.new()
    for value in range(n):
        m.edge(
            src,
            m.cur,
            guard=equal(known, ZERO),
            updates=((ref, Const(value + 1)), (out, Const(value))),
            kind=Kind.SYNC,
            detail=f"{f.name}(…) = {_show(result, value)}",
        )
    m.edge(src, m.cur, guard=negate(equal(known, ZERO)), updates=((out, op("+", known, Const(-1))),), kind=Kind.SYNC)
    values = "true and false" if not is_integer(result) else f"0 … {n - 1}" if n > 1 else "0"
    m.note(f"{f.name} has no body: explored for every function with values {values}")
    return Value(result, (Read(out),))


def table_name(f: Func) -> str:
    """How the hidden cells of a function are called; `[n]` follows where there are several."""
    return f"{f.name}(…)"


def arguments(f: Func, n: int, strings: tuple[str, ...], ints: tuple[int, int]) -> tuple[int | str | bool, ...]:
    """The arguments that the n-th hidden cell of a function is for, given the model's strings and `bounds.int`."""
    out: list[int | str | bool] = []
    for p in reversed(f.signature.params):
        u = underlying(p)
        if isinstance(u, Basic) and is_integer(p):
            least, greatest = integers(u, ints)
            count = greatest - least + 1
        else:
            least, count = 0, 2 if u == Basic("bool") else max(len(strings), 1)
        n, digit = divmod(n, count)
        out.append(digit + least if is_integer(p) else bool(digit) if u == Basic("bool") else strings[digit])
    return tuple(reversed(out))


def _show(t: Type, value: int) -> str:
    return str(value) if is_integer(t) else "true" if value else "false"


def _table(m: Machine, f: Func, n: int) -> Region:
    """The hidden cells of a function, made at its first call."""
    package, key = m.builders[0], f"func {f.name}"
    found = next((r for r in package.regions if r.sort == key), None)
    if found is not None:
        return found
    size = 1
    for p in f.signature.params:
        size *= _values(m, p)[1]
    if size > MOST:
        raise m.unsupported(
            f"{f.name} has no body and {size} different arguments; {MOST} can be told apart", f.decl.span
        )
    leaves = tuple(Leaf((i,), Range(0, n)) for i in range(size))
    outer, m.tm = m.tm, package
    made = m.region(table_name(f), leaves, key, private=False)
    m.tm = outer
    return made


def _values(m: Machine, t: Type) -> tuple[int, int]:
    """The least value of a scalar type, and how many values it has."""
    u = underlying(t)
    if isinstance(u, Basic) and is_integer(t):
        least, greatest = integer_range(m, t)
        return least, greatest - least + 1
    return 0, 2 if u == Basic("bool") else max(len(m.layouts.strings), 1)


def _entry(m: Machine, region: Region, f: Func, args: tuple[Value, ...]) -> Ref:
    index: Expr = ZERO
    for p, value in zip(f.signature.params, args, strict=True):
        least, count = _values(m, p)
        position = op("+", scalar(value.leaves[0]), Const(-least))
        index = op("+", op("*", index, Const(count)), position)
    if isinstance(index, Const):
        return m.ref(Loc(region, (index.value,), f.signature.results[0], shared=True))
    return m.ref(Loc(region, (Dyn(index, region.size),), f.signature.results[0], shared=True))
