"""The share of schedules that show a failure: the state graph, with every goroutine as likely as any to be next.

Probability is pushed forwards through an acyclic graph, so the shares are those of all schedules, none of them drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verifier.explore.outcome import Exploration
from verifier.explore.walks import FAILED, Edges, millionths, part, state_edges, topological
from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Expr
from verifier.program.semantics import at_rest

CYCLE = "goroutines can go round in circles, so a schedule need not end"


class NotCounted(Exception):
    """The share cannot be worked out; the message says why."""


def turns(found: Exploration, out: list[tuple[int, int]]) -> Iterator[tuple[float, int, int]]:
    """The steps out of a state, each with how likely it is: (share, step, next state)."""
    after: dict[int, list[tuple[int, int]]] = {}
    for k, to in out:
        for g in found.machine.steps[k].movers:
            after.setdefault(g, []).append((k, to))
    for steps in after.values():
        for k, to in steps:
            yield 1.0 / (len(after) * len(steps)), k, to


def graph(found: Exploration) -> tuple[Edges, list[int]]:
    """The edges of an exploration, and its states in an order in which every step leads on. Raises NotCounted."""
    if not found.complete:
        raise NotCounted(found.limit)
    if any(v.kind == "bound" for v in found.violations):
        raise NotCounted("a bound of the model was hit")
    edges = state_edges(found)
    order = topological(edges)
    if order is None:
        raise NotCounted(CYCLE)
    return edges, order


def failing(found: Exploration, kind: str, whole: bool = False) -> int:
    """The share of schedules that end in a failure of a kind. `whole`: where a goroutine can fail, it does."""
    dying = {n for n, c in enumerate(found.machine.steps) if c.step.fail is not None and c.step.fail.kind == kind}

    def ends(n: int, k: int, out: list[tuple[int, int]]) -> bool:
        able = {j for j, _ in out} & dying
        movers = found.machine.steps[k].movers
        return k in dying or (whole and any(found.machine.steps[j].instance in movers for j in able))

    return _share(found, ends, lambda n: False, lambda n: False)


def stuck(found: Exploration) -> int:
    """The share of schedules after which some goroutine has not returned and can never move again."""
    return _share(found, _never, lambda n: False, lambda n: not _all_rest(found, n))


def passing(found: Exploration, clause: Expr) -> int:
    """The share of schedules that come through a state in which a clause does not hold."""
    return passing_states(found, lambda n: not _holds(found, n, clause))


def passing_states(found: Exploration, bad: Callable[[int], bool]) -> int:
    """The share of schedules that come through a state with some mark. Raises NotCounted, as all of these do."""
    return _share(found, _never, bad, lambda n: False)


def ending(found: Exploration, clause: Expr) -> int:
    """The share of schedules after which all goroutines have returned and a clause does not hold."""
    return _share(found, _never, lambda n: False, lambda n: _all_rest(found, n) and not _holds(found, n, clause))


def _never(n: int, k: int, out: list[tuple[int, int]]) -> bool:
    return False


def _all_rest(found: Exploration, n: int) -> bool:
    locations, _ = found.machine.layout.unpack(found.store.order[n])
    return all(at_rest(locations[i.number]) for i in found.machine.program.goroutines)


def _holds(found: Exploration, n: int, clause: Expr) -> bool:
    locations, cells = found.machine.layout.unpack(found.store.order[n])
    return bool(evaluate(clause, Valuation(cells, locations)))


def _share(
    found: Exploration,
    by_step: Callable[[int, int, list[tuple[int, int]]], bool],
    in_state: Callable[[int], bool],
    at_end: Callable[[int], bool],
) -> int:
    edges, order = graph(found)
    mass = [0.0] * len(edges)
    mass[0] = 1.0
    seen = unseen = 0.0
    for n in order:
        if not mass[n]:
            continue
        if in_state(n) or (not edges[n] and at_end(n)):
            seen += mass[n]
            continue
        if not edges[n]:
            unseen += mass[n]
        for share, k, to in turns(found, edges[n]):
            if by_step(n, k, edges[n]):
                seen += part(mass[n], share)
            elif to == FAILED:
                unseen += part(mass[n], share)
            else:
                mass[to] += part(mass[n], share)
    return millionths(seen, unseen)
