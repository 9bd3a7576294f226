"""What a goroutine knows of objects: which of its cells name one, which objects are its own, what is in them.

Values are named by tokens: equal tokens in one state are one value. Every location gives each value a name of its own,
so that what is known on all the ways there can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verifier.program.expr import Expr
from verifier.program.passes.footprint import Bits
from verifier.records import dataclass

Token = object
"""A value as the analysis names it; a number names itself."""

NESTED = 2
"""How far objects within objects are followed: a list that grows in a loop has no end."""


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
    """The value that some cells have in common at a location, named after the first of them: a cell, or a `Slot`."""

    location: int
    first: object


class Unknown:
    """A value nobody else is known to have; equal to itself only."""


Slot = tuple[Token, Bits]
"""A field of an object: the object, and the cells of that field in all objects."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known where a goroutine stands: the value of its own cells, objects of its own, mutexes it holds.

    `own` maps an object of its own to whether it is stored in another one of its own, where it may have names that are
    not followed; `held` has (mutex cells, object). `inside` has the values of fields: of objects of its own, and of
    others those that are 0 and stay so (`ownership`). `outside` are values read where none of its own
    objects is stored, `made` such that are not nil for certain, as a goroutine has made them.
    """

    values: dict[int, Token]
    own: dict[Token, bool]
    held: frozenset[tuple[Bits, Token]]
    inside: dict[Slot, Token]
    outside: frozenset[Token]
    made: frozenset[Token]

    def distinct(self, a: Token, b: Token) -> bool:
        """Whether two tokens are two objects for certain."""
        if a == b:
            return False
        # An object of one's own has no name that is not followed, unless it is stored somewhere.
        return any(x in self.own and (self.others(y) or y in self.own or not self.own[x]) for x, y in ((a, b), (b, a)))

    def others(self, t: Token) -> bool:
        """Whether a value is no object of its own for certain; what is written as a number is none."""
        return isinstance(t, int) or t in self.outside


def joined(location: int, arriving: list[Known], settled: Bits) -> Known:
    """What holds at a location, given what is known on every way there.

    `settled`: the cells that are only ever made 0 in objects others can see.
    """
    cells = set.intersection(*(set(k.values) for k in arriving))
    classes: dict[tuple[Token, ...], list[object]] = {}
    for n in sorted(cells):
        classes.setdefault(tuple(k.values[n] for k in arriving), []).append(n)
    direct = len(classes)
    names = {tokens: _name(location, tokens, members[0]) for tokens, members in classes.items()}
    inside = dict(_slots(location, arriving, classes, names))
    values = {n: names[tokens] for tokens, members in classes.items() for n in members if isinstance(n, int)}
    own: dict[Token, bool] = {}
    outside, made = set[Token](), set[Token]()
    held: dict[tuple[Bits, Token], tuple[Token, ...]] = {}
    order = list(classes)
    by_cell, by_any = (
        [_occurrences(tokens[i] for tokens in those) for i in range(len(arriving))] for those in (order[:direct], order)
    )
    # A cell that is not followed on some way may be another name of what it was there.
    dropped = [{t for n, t in k.values.items() if n not in cells} for k in arriving]
    for position, tokens in enumerate(order):
        name = names[tokens]
        # Where two values that differ here are one object on some way, neither is known to be alone.
        counts = by_cell if position < direct else by_any
        alone = all(counts[i][t] == 1 for i, t in enumerate(tokens))
        if alone and all(t in k.own and t not in d for t, k, d in zip(tokens, arriving, dropped, strict=True)):
            own[name] = any(k.own[t] for t, k in zip(tokens, arriving, strict=True))
        if all(k.others(t) for t, k in zip(tokens, arriving, strict=True)):
            outside.add(name)
        if all(t in k.made for t, k in zip(tokens, arriving, strict=True)):
            made.add(name)
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
    return Known(values, own, frozenset(kept), lasting(inside, own, settled), frozenset(outside), frozenset(made))


def lasting(inside: dict[Slot, Token], own: dict[Token, bool], settled: Bits) -> dict[Slot, Token]:
    """What is known of fields that nobody else can change."""
    return {(t, field): v for (t, field), v in inside.items() if t in own or (v == 0 and not field & ~settled)}


def _name(location: int, tokens: tuple[Token, ...], first: object) -> Token:
    """The name of a value at a location: a number that it is on every way, or a new one."""
    number = tokens[0]
    return number if isinstance(number, int) and all(t == number for t in tokens) else Class(location, first)


def _slots(
    location: int,
    arriving: list[Known],
    classes: dict[tuple[Token, ...], list[object]],
    names: dict[tuple[Token, ...], Token],
) -> Iterator[tuple[Slot, Token]]:
    """The fields known on every way. Values that no cell holds become classes of their own."""
    todo = [(tokens, 0) for tokens in classes]
    for tokens, depth in todo:  # grows
        # Of nil anything can be said: it has no fields that are read.
        ways = [(t, k) for t, k in zip(tokens, arriving, strict=True) if t != 0 and not isinstance(t, Nothing)]
        fields = [{field for t, field in k.inside if t == token} for token, k in ways]
        for field in sorted(set.intersection(*fields)) if fields else ():
            values = tuple(k.inside[t, field] for t, k in ways)
            slot, same = (names[tokens], field), len(set(values)) == 1
            if same and isinstance(values[0], int):
                yield slot, values[0]
                continue
            if any(isinstance(v, int) for v in values) or len(ways) < len(arriving):
                continue
            if values not in names:
                if depth == NESTED:
                    continue
                classes[values] = [slot]
                names[values] = _name(location, values, slot)
                todo.append((values, depth + 1))
            yield slot, names[values]


def _occurrences(tokens: Iterable[Token]) -> dict[Token, int]:
    out: dict[Token, int] = {}
    for t in tokens:
        out[t] = out.get(t, 0) + 1
    return out
