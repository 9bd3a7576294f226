"""sync/atomic (Go 1.27): one step each, sequentially consistent (sync/atomic/doc.go:40-46).

The cells are the leaves of the value itself: one for numbers, bools and pointers. A plain access to the same cells
anywhere else is a conflict, as for the race detector. Values that leave the cell's domain are the caller's to bound.
"""

from __future__ import annotations

from verifier.gosem.fragment import Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, TRUE, Expr, Read, Ref, all_of, equal, negate, op
from verifier.program.program import Access

Leaves = tuple[Ref, ...]

RULES = Rules(
    "sync/atomic",
    """
    consistent: all operations are sequentially consistent
        sync/atomic/doc.go:40  // In the terminology of [the Go memory model], if the effect of
        steps  load, store
    observed: what is observed comes with everything before it
        sync/atomic/doc.go:42  // then A “synchronizes before” B.
        steps  load, store
    add: Add is one step and returns the new value
        sync/atomic/doc.go:30  // The add operation, implemented by the AddT functions, is the atomic
        steps  add
    swap: Swap is one step and returns the old value
        sync/atomic/doc.go:14  // The swap operation, implemented by the SwapT functions, is the atomic
        steps  swap
    and-or: And and Or are one step and return the old value
        sync/atomic/type.go:132  func (x *Int64) And(mask int64) (old int64) { return AndInt64(&x.v, mas…
        steps  and_, or_
    cas: CompareAndSwap writes only where the old value is there, and says so
        sync/atomic/doc.go:24  //	if *addr == old {
        steps  compare_and_swap: swapped, compare_and_swap: failed
    mixed: a plain access beside an atomic one is a race
        ref/mem
        steps  load, store
    """,
)


def load(cells: Leaves, out: Leaves) -> Fragment:
    """`Load` into `out`."""
    return (Piece(updates=_copy(cells, out), accesses=_reads(cells), cite="sync/atomic/doc.go:36"),)


def store(cells: Leaves, new: tuple[Expr, ...]) -> Fragment:
    """`Store(new)`."""
    return (Piece(updates=_set(cells, new), accesses=_writes(cells), cite="sync/atomic/doc.go:36"),)


def swap(cells: Leaves, new: tuple[Expr, ...], out: Leaves) -> Fragment:
    """`Swap(new)`: the old value into `out`."""
    updates = (*_set(cells, new), *_copy(cells, out))
    return (Piece(updates=updates, accesses=_writes(cells), cite="sync/atomic/doc.go:14"),)


def add(cells: Leaves, delta: Expr, out: Ref | None) -> Fragment:
    """`Add(delta)`: the *new* value into `out`."""
    after = op("+", Read(cells[0]), delta)
    return _replace(cells[0], after, after, out, "sync/atomic/doc.go:30")


def and_(cells: Leaves, mask: Expr, out: Ref | None) -> Fragment:
    """`And(mask)`, since Go 1.23: the *old* value into `out`."""
    old = Read(cells[0])
    return _replace(cells[0], op("&", old, mask), old, out, "sync/atomic/type.go:132")


def or_(cells: Leaves, mask: Expr, out: Ref | None) -> Fragment:
    """`Or(mask)`, since Go 1.23: the *old* value into `out`."""
    old = Read(cells[0])
    return _replace(cells[0], op("|", old, mask), old, out, "sync/atomic/type.go:136")


def compare_and_swap(cells: Leaves, old: tuple[Expr, ...], new: tuple[Expr, ...], got: Ref) -> Fragment:
    """`CompareAndSwap(old, new)`: whether it swapped into `got`. A failed one is an atomic read."""
    same = all_of(*(equal(Read(c), o) for c, o in zip(cells, old, strict=True)))
    return (
        Piece(
            guard=same,
            updates=(*_set(cells, new), (got, TRUE)),
            accesses=_writes(cells),
            detail="swapped",
            cite="sync/atomic/doc.go:24",
        ),
        Piece(
            guard=negate(same),
            updates=((got, FALSE),),
            accesses=_reads(cells),
            detail="failed",
            cite="sync/atomic/doc.go:28",
        ),
    )


def _replace(cell: Ref, value: Expr, result: Expr, out: Ref | None, cite: str) -> Fragment:
    kept = () if out is None else ((out, result),)
    return (Piece(updates=((cell, value), *kept), accesses=_writes((cell,)), cite=cite),)


def _set(cells: Leaves, new: tuple[Expr, ...]) -> tuple[tuple[Ref, Expr], ...]:
    return tuple(zip(cells, new, strict=True))


def _copy(cells: Leaves, out: Leaves) -> tuple[tuple[Ref, Expr], ...]:
    return tuple((o, Read(c)) for c, o in zip(cells, out, strict=True))


def _reads(cells: Leaves) -> tuple[Access, ...]:
    return tuple(read(c, atomic=True) for c in cells)


def _writes(cells: Leaves) -> tuple[Access, ...]:
    return tuple(write(c, atomic=True) for c in cells)
