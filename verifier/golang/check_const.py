"""Constant arithmetic with Go's rules: arbitrary precision, truncated division, range checks."""

from __future__ import annotations

import operator
from collections.abc import Callable

from verifier.golang import types as t
from verifier.golang.check_operand import is_boolean, is_integer, is_string

Value = int | str | bool

_UNTYPED_BITS = 512
_SHIFT_LIMIT = 1024

_SIZES = {
    "int": 64,
    "int8": 8,
    "int16": 16,
    "int32": 32,
    "int64": 64,
    "uint": 64,
    "uint8": 8,
    "uint16": 16,
    "uint32": 32,
    "uint64": 64,
    "uintptr": 64,
}


def integer_range(of: t.Type) -> tuple[int, int] | None:
    """Smallest and largest value of an integer type (64-bit int), None when it has no bounds."""
    u = t.underlying(of)
    if not isinstance(u, t.Basic) or u.name not in _SIZES:
        return None
    bits = _SIZES[u.name]
    return (0, 2**bits - 1) if u.name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def representable(value: Value, of: t.Type) -> bool:
    """Can a constant of this value have type `of`?"""
    if isinstance(value, bool):
        return is_boolean(of)
    if isinstance(value, str):
        return is_string(of)
    bounds = integer_range(of)
    return is_integer(of) and (bounds is None or bounds[0] <= value <= bounds[1])


def too_big(value: Value) -> bool:
    """An untyped integer constant beyond the precision that gc keeps."""
    return isinstance(value, int) and value.bit_length() > _UNTYPED_BITS


def _quotient(x: int, y: int) -> int:
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


_INTEGER: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": lambda x, y: x - y * _quotient(x, y),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "&^": lambda x, y: x & ~y,
}

_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": lambda x, y: bool(x < y),  # type: ignore[operator]
    "<=": lambda x, y: bool(x <= y),  # type: ignore[operator]
    ">": lambda x, y: bool(x > y),  # type: ignore[operator]
    ">=": lambda x, y: bool(x >= y),  # type: ignore[operator]
}


def compare(op: str, x: Value, y: Value) -> bool:
    """`x op y` for a comparison; both of one kind."""
    # Go orders strings by their bytes; UTF-8 keeps the order of code points, which is Python's.
    return _COMPARE[op](x, y)


def binary(op: str, x: Value, y: Value) -> Value | None:
    """`x op y` for an arithmetic or logical operator; None when the operator is not defined. y ≠ 0 for / and %."""
    if isinstance(x, bool) and isinstance(y, bool):
        return {"&&": x and y, "||": x or y}.get(op)
    if isinstance(x, str) and isinstance(y, str):
        return x + y if op == "+" else None
    if isinstance(x, int) and isinstance(y, int) and op in _INTEGER:
        return _INTEGER[op](x, y)
    return None


def shift(op: str, x: int, count: int) -> int | None:
    """`x << count` or `x >> count`; None when the count is beyond what gc accepts."""
    if count > _SHIFT_LIMIT:
        return None
    return x << count if op == "<<" else x >> count


def unary(op: str, x: Value, of: t.Type) -> Value | None:
    """`op x`; the complement of an unsigned value stays in its type. None when the operator is not defined."""
    if isinstance(x, bool):
        return not x if op == "!" else None
    if isinstance(x, str) or op == "!":
        return None
    bounds = integer_range(of)
    if op == "^" and bounds is not None and bounds[0] == 0:
        return x ^ bounds[1]
    return {"+": x, "-": -x, "^": ~x}.get(op)
