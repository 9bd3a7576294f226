"""A state graph made small enough to be looked at, with the schedules that pass through it."""

from __future__ import annotations

from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """A node: one state, or `states` of them that are drawn as one. `depth`: steps from the start, at least.

    `mark`: start, done (all goroutines have returned), stuck (nobody can move, yet somebody has not), fails (the
    process dies, or a bound is left), or empty. `says` tells where goroutines stand, a line each.
    """

    depth: int
    states: int
    mark: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """Steps from spot to spot, by position; `says` names some of them, a line each, of `steps`."""

    source: int
    target: int
    steps: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The states of one lowering of a model as `spots` and `arrows`.

    `states` and `steps` are those of the whole graph, 0 where that was not explored to its end. `folded` says what a
    spot stands for where not every state has one of its own, or why there are no spots at all. `paths` maps schedules,
    as `verify replay` takes them, to the spots they pass, the start included.
    """

    lowering: str
    states: int
    steps: int
    folded: str
    spots: tuple[Spot, ...]
    arrows: tuple[Arrow, ...]
    paths: tuple[tuple[str, tuple[int, ...]], ...]
