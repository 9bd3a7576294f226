"""The object a primitive's method works on, and its cells by path as `gosem` asks for them."""

from __future__ import annotations

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import deref
from verifier.golang.lower.values import Dyn, Loc, Value
from verifier.gosem.fragment import Cells
from verifier.program.expr import Const, Expr, Ref
from verifier.records import replace


def target(m: Machine, receiver: Value) -> Loc:
    """The place a method works on; calling it on a nil pointer panics."""
    loc = deref(m, receiver.leaves[0], receiver.type)
    m.settle_checks(loc.checks)
    return loc


def cells_of(m: Machine, loc: Loc, keys: int = 0) -> Cells:
    """The cells of a primitive by path, for `gosem`."""

    def cells(*path: str | int | Expr) -> Ref:
        where: tuple[str | int | Dyn, ...] = tuple(
            p if isinstance(p, str | int) else p.value if isinstance(p, Const) else Dyn(p, keys) for p in path
        )
        return m.ref(replace(loc, path=(*loc.path, *where)))

    return cells
