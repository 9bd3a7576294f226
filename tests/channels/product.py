"""The same small programs through the product: front end, lowering, composition, search, audit."""

from __future__ import annotations

from tests.lowering.models import Go, document
from verifier.audit.replay import Claim, replay
from verifier.explore.graph import first_stuck
from verifier.explore.search import Exploration, choices_of, explore
from verifier.pipeline.load import program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import END, Program

from .enumerator import Found
from .programs import Channels, body, declare

NAMES = ("x", "out0", "out1", "out2")


def lowered(p: Channels) -> Program:
    """The composed program."""
    roles: dict[str, str | tuple[int, str]] = {f"g{n}": body(p, n) for n in range(len(p.goroutines))}
    return program(read_front(document(Go(roles, declare(p))), Options()))


def explored(p: Program, engine: str = "reference") -> Exploration:
    """Everything that can be reached."""
    found = explore(p, engine=engine)
    assert found.complete, found.limit
    assert not found.note, found.note
    return found


def found(e: Exploration) -> Found:
    """What an exploration shows, in the enumerator's terms."""
    program = e.machine.program
    numbers = {c.name: n for n, c in enumerate(program.cells)}
    # What nobody writes is a constant and has no cell.
    cells = [numbers.get(name, -1) for name in NAMES[: len(program.instances)]]
    finals = set()
    for state in e.store.order:
        locations, values = e.machine.layout.unpack(state)
        if all(at == END for at in locations[1:]):
            finals.add(tuple(values[n] if n >= 0 else 0 for n in cells))
    races = {v.name.removesuffix(" (channel state)") for v in e.violations if v.kind == "race"}
    panics = {v.name for v in e.violations if v.kind in ("panic", "bound")}
    return Found(
        frozenset(panics), e.first("deadlock") is not None, frozenset(races), frozenset(finals), len(e.store.order)
    )


def audited(e: Exploration) -> int:
    """Replays every violation by the auditor's interpreter; how many there were."""
    for v in e.violations:
        goroutines = v.goroutines if v.kind in ("race", "deadlock") else ()
        replay(e.machine.program, choices_of(e, v), Claim(v.kind, v.name, goroutines))
    return len(e.violations)


def graph_agrees(e: Exploration) -> bool:
    """Whether the drawn graph finds the same first stuck goroutine as the search, or none as it does."""
    stuck = first_stuck(e)
    return (stuck is None) == (e.first("deadlock") is None)
