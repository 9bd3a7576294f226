"""atomic.Value (sync/atomic/value.go, Go 1.27): one interface value whose dynamic type never changes once it is there.

Type and data are two words. The first store holds everybody else off until both are there (:60-67), and a Load before
that returns nil; later ones exchange the data only. So every operation takes effect at one instant, its access to the
data. `fits` says whether a value that is there has the type of the new one: the caller knows the types, and has dealt
with nil. CompareAndSwap compares values and then exchanges *pointers* to data (:179-186): for a type that is no pointer
itself it can fail although the value was equal all the time. The caller must not ask for that.
"""

from __future__ import annotations

from verifier.gosem.fragment import Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, TRUE, ZERO, Expr, Read, Ref, all_of, any_of, equal, negate
from verifier.program.program import Fail

_FILE = "sync/atomic/value.go"

RULES = Rules(
    "atomic.Value",
    """
    empty: Load and Swap give nil before the first value
        sync/atomic/value.go:35  data := LoadPointer(&vp.data)
        steps  load, swap
    store: a stored value comes with everything before it
        sync/atomic/value.go:80  StorePointer(&vp.data, vlp.data)
        steps  load, store
    type: a value of another type panics
        sync/atomic/value.go:78  panic("sync/atomic: store of inconsistently typed value into Value")
        steps  store: panic, swap: panic, compare_and_swap: panic
    cas: CompareAndSwap compares the value that is there
        sync/atomic/value.go:183  if i != old {
        steps  compare_and_swap: swapped, compare_and_swap: failed
    """,
)


def load(cell: Ref, out: Ref) -> Fragment:
    """`Load`: nil before the first store."""
    return (Piece(updates=((out, Read(cell)),), accesses=(read(cell, atomic=True),), cite=f"{_FILE}:35"),)


def store(cell: Ref, new: Expr, fits: Expr) -> Fragment:
    """`Store`: panics when the type changes."""
    return (
        Piece(
            guard=any_of(_empty(cell), fits),
            updates=((cell, new),),
            accesses=(write(cell, atomic=True),),
            cite=f"{_FILE}:80",
        ),
        _other_type(cell, fits, "store", 78),
    )


def swap(cell: Ref, new: Expr, fits: Expr, out: Ref) -> Fragment:
    """`Swap`: the old value, nil for the first one; panics when the type changes."""
    return (
        Piece(
            guard=any_of(_empty(cell), fits),
            updates=((cell, new), (out, Read(cell))),
            accesses=(write(cell, atomic=True),),
            cite=f"{_FILE}:124",
        ),
        _other_type(cell, fits, "swap", 121),
    )


def compare_and_swap(cell: Ref, old: Expr, new: Expr, fits: Expr, got: Ref, uncomparable: str = "") -> Fragment:
    """`CompareAndSwap`; `old` is nil or of the new value's type, which is named if it cannot be compared."""
    there = all_of(negate(_empty(cell)), fits)
    same = equal(Read(cell), old)
    panics = all_of(there, negate(equal(old, ZERO))) if uncomparable else FALSE
    quiet = all_of(any_of(_empty(cell), fits), negate(panics))
    return (
        Piece(
            guard=all_of(quiet, same),
            updates=((cell, new), (got, TRUE)),
            accesses=(write(cell, atomic=True),),
            detail="swapped",
            cite=f"{_FILE}:186",
        ),
        Piece(
            guard=all_of(quiet, negate(same)),
            updates=((got, FALSE),),
            accesses=(read(cell, atomic=True),),
            detail="failed",
            cite=f"{_FILE}:184",
        ),
        _other_type(cell, fits, "compare and swap", 172),
        Piece(
            guard=panics,
            accesses=(read(cell, atomic=True),),
            cite=f"{_FILE}:183",
            fail=Fail("panic", f"runtime error: comparing uncomparable type {uncomparable}"),
        ),
    )


def _empty(cell: Ref) -> Expr:
    return equal(Read(cell), ZERO)


def _other_type(cell: Ref, fits: Expr, what: str, line: int) -> Piece:
    return Piece(
        guard=all_of(negate(_empty(cell)), negate(fits)),
        accesses=(read(cell, atomic=True),),
        cite=f"{_FILE}:{line}",
        fail=Fail("panic", f"sync/atomic: {what} of inconsistently typed value into Value"),
    )
