"""Small pieces of SMT-LIB2 text."""

from __future__ import annotations

from collections.abc import Iterable


def conj(parts: Iterable[str]) -> str:
    """The conjunction; `true` is left out."""
    kept = [p for p in parts if p != "true"]
    if "false" in kept:
        return "false"
    if len(kept) < 2:
        return kept[0] if kept else "true"
    return f"(and {' '.join(kept)})"


def disj(parts: Iterable[str]) -> str:
    """The disjunction; `false` is left out."""
    kept = [p for p in parts if p != "false"]
    if "true" in kept:
        return "true"
    if len(kept) < 2:
        return kept[0] if kept else "false"
    return f"(or {' '.join(kept)})"


def neg(part: str) -> str:
    """The negation."""
    return {"true": "false", "false": "true"}.get(part, f"(not {part})")


def ite(condition: str, then: str, other: str) -> str:
    """If-then-else, folded."""
    if condition == "true" or then == other:
        return then
    return other if condition == "false" else f"(ite {condition} {then} {other})"


def equals(a: str, b: str) -> str:
    """Equality, folded for equal text."""
    return "true" if a == b else f"(= {a} {b})"


def bits(value: int, width: int) -> str:
    """A bit-vector literal, two's complement."""
    return f"(_ bv{value % (1 << width)} {width})"


def one_of(term: str, values: Iterable[int], width: int) -> str:
    """The term is one of some literals."""
    return disj(equals(term, bits(v, width)) for v in values)
