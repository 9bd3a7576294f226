"""What is known of the references that a goroutine has, where it stands: which are one, and which nobody else has."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.expr import Expr
from verifier.program.passes.footprint import Bits
from verifier.records import dataclass

Token = object
"""A value of a reference as the analysis names it: equal tokens in one state are one object."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known where a goroutine stands: the value of its own cells, objects of its own, mutexes it holds.

    `own` maps an object of its own to whether it is stored in another one of its own; `held` has (mutex cells, object).
    """

    values: dict[int, Token]
    own: dict[Token, bool]
    held: frozenset[tuple[Bits, Token]]


@dataclass(frozen=True, slots=True)
class New:
    """What the step has just allocated."""


@dataclass(frozen=True, slots=True)
class Named:
    """The object that a cell of the package is in: it has a name and is always the same."""

    cell: int


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is in a cell of the package when its mutex is taken."""

    cell: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """A nil that a step wrote into a cell: nobody can have a reference to what it refers to."""

    step: int
    cell: int


@dataclass(frozen=True, slots=True)
class Computed:
    """What a step has computed."""

    e: Expr


@dataclass(frozen=True, slots=True)
class Result:
    """What a step wrote into a cell."""

    step: int
    cell: int


@dataclass(frozen=True, slots=True)
class Class:
    """The value that some cells have in common at a location, named after the first of them."""

    location: int
    cell: int


class Unknown:
    """A value nobody else is known to have; equal to itself only."""


def joined(location: int, arriving: list[Known]) -> Known:
    """What holds at a location, given what is known on every way there. Every value gets a name of its own here."""
    cells = set.intersection(*(set(k.values) for k in arriving))
    classes: dict[tuple[Token, ...], list[int]] = {}
    for n in sorted(cells):
        classes.setdefault(tuple(k.values[n] for k in arriving), []).append(n)
    values: dict[int, Token] = {}
    own: dict[Token, bool] = {}
    held: dict[tuple[Bits, Token], tuple[Token, ...]] = {}
    counts = [_occurrences(tokens[i] for tokens in classes) for i in range(len(arriving))]
    # A cell that is not followed on some way may be another name of what it was there.
    dropped = [{t for n, t in k.values.items() if n not in cells} for k in arriving]
    for tokens, members in classes.items():
        name = Class(location, members[0])
        values.update(dict.fromkeys(members, name))
        # Where two values that differ here are one object on some way, neither is known to be alone.
        alone = all(counts[i][t] == 1 for i, t in enumerate(tokens))
        if alone and all(t in k.own and t not in d for t, k, d in zip(tokens, arriving, dropped, strict=True)):
            own[name] = any(k.own[t] for t, k in zip(tokens, arriving, strict=True))
        for mutex in {m for m, t in arriving[0].held if not isinstance(t, Named)}:
            if all((mutex, t) in k.held for t, k in zip(tokens, arriving, strict=True)):
                held[mutex, name] = tokens
    # Of two names that are held here and were one object on some way, one would outlive the Unlock of the other.
    kept = {
        entry
        for entry, tokens in held.items()
        if not any(
            entry[0] == m and entry[1] != other and any(a == b for a, b in zip(tokens, theirs, strict=True))
            for (m, other), theirs in held.items()
        )
    }
    for entry in arriving[0].held:
        if isinstance(entry[1], Named) and all(entry in k.held for k in arriving):
            kept.add(entry)
    return Known(values, own, frozenset(kept))


def _occurrences(tokens: Iterator[Token]) -> dict[Token, int]:
    out: dict[Token, int] = {}
    for t in tokens:
        out[t] = out.get(t, 0) + 1
    return out
