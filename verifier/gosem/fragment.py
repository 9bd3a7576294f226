"""Fragments: the steps of one operation of a primitive, without any knowledge of syntax."""

from __future__ import annotations

from collections.abc import Callable

from verifier.program.expr import TRUE, Expr, Ref
from verifier.program.program import Access, Domain, Fail, Kind, Offer, Sync
from verifier.records import dataclass

ENTRY = 0
"""Where a fragment starts."""
DONE = -1
"""Where a fragment ends; several pieces may lead there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of a fragment. Locations other than ENTRY and DONE are the fragment's own, numbered from 1.

    A piece with `fail` has no `dst`: kind panic unwinds (it is recoverable in Go), fatal and bound do not.
    `detail` says what this step of the operation does; `cite` is the Go source it stands for.
    """

    guard: Expr = TRUE
    updates: tuple[tuple[Ref, Expr], ...] = ()
    accesses: tuple[Access, ...] = ()
    src: int = ENTRY
    dst: int = DONE
    kind: Kind = Kind.SYNC
    detail: str = ""
    cite: str = ""
    fail: Fail | None = None
    sync: tuple[Sync, ...] = ()
    offer: Offer | None = None
    symptom: str = ""


Fragment = tuple[Piece, ...]

Cells = Callable[..., Ref]
"""The cells of one object by path: `cells("held")`, `cells("slots", index, "key")`; an index may be an Expr."""

Temp = Callable[[str, Domain], Ref]
"""A fresh private cell of the running goroutine, zero at the start of the operation."""


@dataclass(frozen=True, slots=True)
class CellSpec:
    """One cell of a primitive's layout: the path from the object and its domain.

    `domain` None: a cell per leaf of the element type stands here (the value of a map entry).
    """

    path: tuple[str | int, ...]
    domain: Domain | None


def read(ref: Ref, atomic: bool = False) -> Access:
    """A reading access."""
    return Access(ref, write=False, atomic=atomic)


def write(ref: Ref, atomic: bool = False) -> Access:
    """A writing access."""
    return Access(ref, write=True, atomic=atomic)
