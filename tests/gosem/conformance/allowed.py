"""What the model allows: every way in which a program can end, from its state graph."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lowering.models import Go, document
from verifier.explore.machine import Machine
from verifier.explore.reference import successors
from verifier.explore.search import Exploration, Limits, explore
from verifier.pipeline.load import lowering_for_proofs as lowering_for_races, program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import END, IDLE, Program, show

from .case import DEADLOCK, RACE, Case

SAID = {"panic": "panic: ", "fatal": "fatal error: "}


class Undecided(Exception):
    """The model has come to a limit of its own: nothing is known about the outcomes."""


@dataclass(frozen=True)
class Allowed:
    """Outcomes of a program: what it shows at the end, how it dies, and whether there may be a data race."""

    outcomes: frozenset[str]
    states: int


def allowed(case: Case) -> Allowed:
    """Every outcome of a case that the model allows."""
    return outcomes(case.model, case.shows, case.lowering, case.races)


def outcomes(
    model: Go, shows: tuple[str, ...], lowering: str = "abstract", races: bool = True, limit: int = 100_000
) -> Allowed:
    """Every outcome of a program. Raises Undecided where the model hits a limit, or has more states than `limit`."""
    front = read_front(document(model), Options())
    made = program(front, lowering)
    if made.init_fail is not None:
        return Allowed(frozenset({SAID[made.init_fail.kind] + made.init_fail.message}), 1)
    found = _explored(made, limit)
    ends = _ends(found, shows)
    if races:
        judged = lowering_for_races(front)
        where = found if judged == lowering else _explored(program(front, judged), limit)
        ends |= {RACE} if where.first("race") is not None else set()
    return Allowed(frozenset(ends), found.states)


def _explored(made: Program, limit: int) -> Exploration:
    found = explore(made, Limits(max_states=limit))
    if not found.complete:
        raise Undecided(found.limit)
    return found


def _ends(found: Exploration, shows: tuple[str, ...]) -> set[str]:
    machine = found.machine
    after = successors(machine)
    out: set[str] = set()
    for state in found.store.order:
        steps = after(state)
        for number, target in steps:
            fail = machine.steps[number].step.fail
            if target < 0:
                if fail is None or fail.kind not in SAID:
                    raise Undecided(f"a limit of the model: {fail}")
                out.add(SAID[fail.kind] + fail.message)
        if not steps:
            out.add(_end(machine, state, shows))
    return out


def _end(machine: Machine, state: int, shows: tuple[str, ...]) -> str:
    locations, values = machine.layout.unpack(state)
    if not all(at in (END, IDLE) for at in locations[1:]):
        return DEADLOCK
    made = machine.program
    package = made.templates[0].cells
    numbers = {c.name: n for n, c in enumerate(package)}
    # A variable without a cell is never assigned: those that programs show are numbers then.
    cells = {name: numbers[name] for name in shows if name in numbers}
    said = {name: show(values[n], package[n].domain, made.sorts) for name, n in cells.items()}
    return told({name: said.get(name, "0") for name in shows})


def told(values: dict[str, str]) -> str:
    """The outcome of a run that came to its end."""
    return " ".join(["end", *(f"{name}={value}" for name, value in values.items())])
