"""What becomes of the others when some goroutines are stuck: why nobody will ever let go of what those wait for."""

from __future__ import annotations

from verifier.audit import describe, locks as lock_table
from verifier.audit.interpret import State
from verifier.audit.walk import Walk
from verifier.evidence.trace import Later
from verifier.program.concrete import Concrete
from verifier.program.program import END, IDLE, Fail

FOLLOWED = 500
"""States that are followed at most; with more nothing is said."""

Graph = dict[State, list[State]]


def afterwards(walk: Walk, stuck: tuple[int, ...]) -> tuple[Later, ...]:
    """Where each other goroutine ends that still moves: if it waits at one place, or keeps its locks, whatever happens.

    Nothing is said when they may run for ever, when a step fails, or when there is much to follow.
    """
    graph: Graph = {}
    unlocks: set[int] = set()
    if not _follow(walk, graph, unlocks) or len(graph) == 1 or _endless(graph):
        return ()
    ends = [state for state, after in graph.items() if not after]
    found = []
    for instance in walk.program.goroutines:
        number = instance.number
        places = {state.locations[number] for state in ends}
        if number in stuck or len(places) > 1 or places == {walk.last.locations[number]}:
            continue
        (place,) = places
        if place == END and number not in unlocks:
            found.append(Later(instance.name))
        elif place not in (END, IDLE):
            found += [_waits(walk, c, ends[0]) for c in walk.composed.steps(number, place)][:1]
    return tuple(found)


def _follow(walk: Walk, graph: Graph, unlocks: set[int]) -> bool:
    """Fill in every state that can follow and who unlocks something; False when that is too much or a step fails."""
    todo = [walk.last]
    while todo:
        state = todo.pop()
        if state in graph:
            continue
        if len(graph) == FOLLOWED:
            return False
        graph[state] = []
        for c in walk.composed.enabled(state):
            after = walk.composed.take(state, c)
            if isinstance(after, Fail):
                return False
            if any(s.op in ("unlock", "runlock") for s in c.step.sync):
                unlocks.add(c.instance)
            graph[state].append(after)
        todo += graph[state]
    return True


def _endless(graph: Graph) -> bool:
    """Whether there is a cycle: then states stay behind when those without a predecessor are taken away."""
    before = dict.fromkeys(graph, 0)
    for after in graph.values():
        for state in after:
            before[state] += 1
    free = [state for state, n in before.items() if n == 0]
    taken = 0
    while free:
        taken += 1
        for state in graph[free.pop()]:
            before[state] -= 1
            if before[state] == 0:
                free.append(state)
    return taken < len(graph)


def _waits(walk: Walk, c: Concrete, state: State) -> Later:
    words, cell = describe.operation(walk.program, c, state, walk.composed)
    lock = lock_table.lock_name(walk.program, cell) if cell >= 0 else ""
    return Later(walk.program.instances[c.instance].name, words, lock, c.step.span)
