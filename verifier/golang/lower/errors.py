"""errors.New: an object of its own, equal to itself only. Its text is for people."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import allocate
from verifier.golang.lower.values import Value
from verifier.golang.types import LibraryFunc, Named, Pointer, Struct
from verifier.source import Span

ERROR_STRING = Named("errors.errorString", Span("", 0, 0), Struct(()))
"""The type behind errors.New (errors/errors.go:64)."""


def new_error(m: Machine, x: ast.Call) -> Value:
    """`errors.New(…)` (errors/errors.go:58)."""
    t = Pointer(ERROR_STRING)
    pointer = Value(t, (allocate(m, t, (), f"error@{x.span.site}"),))
    return convert(m, pointer, m.info.types[x].type)


def makes_errors(m: Machine) -> bool:
    """Whether the model calls errors.New anywhere."""
    return any(isinstance(u, LibraryFunc) and u.package == "errors" for u in m.info.uses.values())
