"""atomic.Value: what is stored must have a type known here, because Go panics when the type changes."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.interfaces import convert, holds_type
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import numbers
from verifier.golang.lower.values import Loc, Part, Value, nothing
from verifier.golang.types import ANY, BOOL, Interface, Map, NilObj, Pointer, Slice, Type, underlying
from verifier.gosem import atomicvalue
from verifier.program.expr import TRUE, ZERO, Expr, Read, all_of, equal, negate
from verifier.program.program import Bool

_WORDS = {"Store": "store", "Swap": "swap", "CompareAndSwap": "compare and swap"}


def check_operands(m: Machine, x: ast.Call, name: str) -> None:
    """Refuse what would need the dynamic type of an interface value, or the identity of a boxed one."""
    if name == "Load":
        return
    new = x.args[-1]
    t = m.info.types[new].type
    if isinstance(new, ast.Ident) and isinstance(m.info.uses.get(new), NilObj):
        return
    if isinstance(underlying(t), Interface):
        raise m.unsupported(
            f"{name} of an interface value into an atomic.Value is not supported yet",
            new.span,
            "store a value of a concrete type, perhaps after a type assertion",
        )
    if name == "CompareAndSwap" and not isinstance(underlying(t), Pointer | Map | Slice):
        raise m.unsupported(
            f"CompareAndSwap of an atomic.Value that holds values of type {t} is not supported",
            new.span,
            "Go compares where they are stored, too: use a type like atomic.Int64, or store pointers",
        )


def operation(m: Machine, name: str, loc: Loc, args: tuple[Value, ...]) -> Value:
    """One method of an atomic.Value."""
    cell = m.ref(loc, (Part("v"),))
    if name == "Load":
        out = m.temp("a", ANY)
        m.fragment(atomicvalue.load(cell, out))
        return Value(ANY, (Read(out),))
    t = args[-1].type
    if args[-1].leaves == (ZERO,) and isinstance(underlying(t), Interface):
        m.fail_if(TRUE, "panic", f"sync/atomic: {_WORDS[name]} of nil value into Value")
        return Value(ANY, (ZERO,)) if name == "Swap" else Value(BOOL, (ZERO,)) if len(args) == 2 else nothing()
    given = [numbers(m, convert(m, v, ANY))[0] for v in args]
    fits = holds_type(m, Read(cell), t)
    match name:
        case "Store":
            m.fragment(atomicvalue.store(cell, given[0], fits))
            return nothing()
        case "Swap":
            out = m.temp("a", ANY)
            m.fragment(atomicvalue.swap(cell, given[0], fits, out))
            return Value(ANY, (Read(out),))
        case _:
            old, new = given
            m.fail_if(_other_type(m, old, t), "panic", "sync/atomic: compare and swap of inconsistently typed values")
            got = m.temp("swapped", Bool())
            uncomparable = str(t) if isinstance(underlying(t), Map | Slice) else ""
            m.fragment(atomicvalue.compare_and_swap(cell, old, new, fits, got, uncomparable))
            return Value(BOOL, (Read(got),))


def _other_type(m: Machine, old: Expr, t: Type) -> Expr:
    return all_of(negate(equal(old, ZERO)), negate(holds_type(m, old, t)))
