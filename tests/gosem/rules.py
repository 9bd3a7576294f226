"""The rules of `verifier/gosem`, by their full names, and the pieces of its fragments that they are about."""

from __future__ import annotations

from types import ModuleType

from verifier.gosem import (
    atomic,
    atomicvalue,
    channel,
    cond,
    gomap,
    hmap,
    mutex,
    once,
    rwmutex,
    swiss,
    syncmap,
    timer,
    waitgroup,
)
from verifier.gosem.fragment import Piece
from verifier.gosem.rule import Rule, Rules

MODULES: tuple[ModuleType, ...] = (
    mutex, rwmutex, once, waitgroup, cond, atomic, atomicvalue, channel, timer, gomap, swiss, hmap, syncmap,
)  # fmt: skip

UNNOTICED = {
    "channel.select-evaluates": "the front end evaluates the operands, no step here does",
    "swiss.empty": "that the flag is not looked at shows only where it is set, and a map that stays empty sets none",
}
"""Rules that no test makes wrong, and why not; of `hmap` it is none at all."""


def name(module: ModuleType) -> str:
    """`mutex`."""
    return module.__name__.rsplit(".", 1)[1]


def by_module() -> dict[str, Rules]:
    """What each module states."""
    return {name(m): m.RULES for m in MODULES}


def every() -> dict[str, Rule]:
    """Every rule: `mutex.exclusive` → its record."""
    return {f"{module}.{r.name}": r for module, rules in by_module().items() for r in rules.rules}


def label(function: str, piece: Piece) -> str:
    """How rules call a piece of a fragment."""
    about = piece.fail.kind if piece.fail is not None else "meets" if piece.offer is not None else piece.detail
    return f"{function}: {about}" if about else function


def covers(step: str, of: str) -> bool:
    """Whether a step that a rule names is the piece with this label; `length: perhaps *` covers all that begin so."""
    if step.endswith("*"):
        return of == step.removesuffix(": *") or of.startswith(step[:-1])
    return of == step
