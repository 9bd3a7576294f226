"""Running the local steps at the start of a role when the program is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from verifier.program.concrete import Concrete, concrete
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.program import Instance, Program, Step, high, low
from verifier.program.semantics import ProgramFault

STEPS = 10_000
"""Local steps run at most for one goroutine: it may loop for ever."""


def run_prelude(
    program: Program, instance: Instance, rests: Callable[[int], bool], silent: Callable[[Step], bool], cells: list[int]
) -> tuple[int, tuple[int, ...]]:
    """Take the local steps of `instance` from its start as long as there is exactly one, changing `cells`.

    Returns where it comes to rest and the raw steps taken. `rests`: locations never left; `silent`: steps that may
    be taken. They touch the instance's private cells only, so doing them first loses no interleaving.
    """
    location = program.starts[instance.number]
    taken: list[int] = []
    known = {(location, tuple(cells))}
    while len(taken) < STEPS and not rests(location):
        after = _only_step(program, concrete(program, instance.number, location), silent, cells)
        if after is None:
            break
        chosen, values = after
        for n, value in values:
            cells[n] = value
        location = chosen.step.dst
        taken.append(chosen.index)
        if (location, tuple(cells)) in known:
            break
        known.add((location, tuple(cells)))
    return location, tuple(taken)


def _only_step(
    program: Program, steps: Sequence[Concrete], silent: Callable[[Step], bool], cells: list[int]
) -> tuple[Concrete, list[tuple[int, int]]] | None:
    """The single enabled step and what it writes; None when there is a choice, a failure or nothing to do."""
    valuation = Valuation(cells, program.starts)
    try:
        enabled = [c for c in steps if evaluate(c.step.guard, valuation)]
        if len(enabled) != 1 or not silent(enabled[0].step):
            return None
        updates = enabled[0].step.updates
        values = [(place(ref, valuation), evaluate(value, valuation)) for ref, value in updates]
    except ProgramFault:
        return None
    for n, value in values:
        domain = program.cells[n].domain
        if not low(domain) <= value <= high(domain, program.sorts):
            return None
    return enabled[0], values
