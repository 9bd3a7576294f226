"""Functions of the standard library: atomics by pointer, and those that are no-ops or choices for us."""

from __future__ import annotations

import re
from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.library import LOCKER
from verifier.golang.lower import primitives, timers
from verifier.golang.lower.conditions import new_cond
from verifier.golang.lower.errors import new_error
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.oncefuncs import once_function
from verifier.golang.lower.order import operands
from verifier.golang.lower.storage import deref
from verifier.golang.lower.values import FuncVal, Value, nothing
from verifier.golang.types import INT, LibraryFunc, Map, Mode, Pointer, Signature, Slice, Struct, underlying
from verifier.program.expr import Const, Read
from verifier.program.program import Kind

Run = Callable[[tuple[Value, ...]], Value]

_ATOMIC = re.compile(r"(Add|Load|Store|Swap|CompareAndSwap|And|Or)(Int32|Int64|Uint32|Uint64|Uintptr|Pointer)")


def library_call(m: Machine, x: ast.Call, f: LibraryFunc) -> tuple[tuple[Value, ...], Run]:
    """Operands and effect of a library call."""
    name = f"{f.package.rsplit('/', 1)[-1]}.{f.name}"
    if name.startswith("atomic."):
        return _atomic(m, x, f.name)
    if name in ("time.Sleep", "runtime.Gosched"):
        for a in x.args:
            m.value(a)

        def pause(held: tuple[Value, ...]) -> Value:
            m.step()
            return nothing()

        return (), pause
    if f.name in ("After", "Tick", "NewTimer", "NewTicker"):
        return (), lambda held: timers.start(m, x, f.name)
    if name == "errors.New":
        m.value(x.args[0])
        return (), lambda held: new_error(m, x)
    if name == "sync.NewCond":
        held = operands(m, tuple(x.args), (LOCKER,))
        return tuple(held), lambda values: new_cond(m, values[0], x.span)
    if f.name in ("OnceFunc", "OnceValue", "OnceValues"):
        return _once(m, x, f.name)
    if name == "rand.Intn":
        return (), lambda held: _choose(m, x)
    if name.startswith("fmt.Print"):
        # Printing evaluates its arguments: an unprotected argument is an unprotected read.
        for a in x.args:
            _refuse_contents(m, a)
        operands(m, tuple(x.args), tuple(None for _ in x.args))
        return (), lambda held: nothing()
    raise m.unsupported(f"{name} is not supported yet", x.span)


def _once(m: Machine, x: ast.Call, name: str) -> tuple[tuple[Value, ...], Run]:
    inner, signature = m.value(x.args[0]), underlying(m.info.types[x].type)
    assert isinstance(signature, Signature)
    if not inner.leaves or not isinstance(inner.leaves[0], FuncVal):
        raise m.unsupported(f"sync.{name} of a function that is not known is not supported", x.args[0].span)
    return (inner,), lambda held: once_function(m, _function(held[0]), signature, name, x.span)


def _function(held: Value) -> FuncVal:
    leaf = held.leaves[0]
    assert isinstance(leaf, FuncVal)
    return leaf


def _refuse_contents(m: Machine, x: ast.Expr) -> None:
    """fmt reads everything behind a map, a slice or a pointer to a struct; reading less would hide races."""
    t = underlying(m.info.types[x].type)
    behind = isinstance(t, Map | Slice) or (isinstance(t, Pointer) and isinstance(underlying(t.elem), Struct | Map))
    if behind and m.info.types[x].mode is not Mode.TYPE:
        raise m.unsupported(
            f"printing a value of type {m.info.types[x].type} is not supported yet",
            x.span,
            "fmt reads all that is behind it: print the fields or elements you mean",
        )


def _atomic(m: Machine, x: ast.Call, name: str) -> tuple[tuple[Value, ...], Run]:
    found = _ATOMIC.fullmatch(name)
    if found is None or found[2] == "Pointer":
        raise m.unsupported(f"atomic.{name} is not supported yet", x.span, "use atomic.Pointer[T]")
    pointer_type = m.info.types[x.args[0]].type
    elem = underlying(pointer_type)
    assert isinstance(elem, Pointer)
    held = operands(m, tuple(x.args), (None, *(elem.elem for _ in x.args[1:])))

    def run(values: tuple[Value, ...]) -> Value:
        loc = deref(m, values[0].leaves[0], values[0].type)
        return primitives.atomic_operation(m, found[1], loc, (), elem.elem, values[1:])

    return tuple(held), run


def _choose(m: Machine, x: ast.Call) -> Value:
    """`rand.Intn(n)`: every value is explored."""
    n = m.info.types[x.args[0]].value
    if not isinstance(n, int) or not 0 < n <= 64:
        raise m.unsupported("rand.Intn needs a constant from 1 to 64", x.span)
    out = m.temp("rand", INT)
    src = m.here()
    m.cur = m.new()
    for i in range(n):
        # Not LOCAL: a choice is a step of its own, so that a schedule names what was chosen.
        m.edge(src, m.cur, updates=((out, Const(i)),), kind=Kind.SYNC, detail=f"rand.Intn({n}) = {i}")
    return Value(INT, (Read(out),))
