"""Comparing the compiled back end with the reference, which is the oracle: everything must be equal."""

from __future__ import annotations

from typing import Any

from verifier.explore.search import Exploration, Limits, explore
from verifier.program.expr import Const, Expr, Own, Ref
from verifier.program.program import END, Kind, Program, Range, Step
from verifier.program.semantics import ProgramFault

from .machines import Decl, Role, build

SMALL = Limits(max_states=4_000)
INT = Range(-4, 4)


def facts(found: Exploration) -> dict[str, Any]:
    """Everything a search says, but for the states and what names the engine."""
    return {
        "states": found.states,
        "transitions": found.transitions,
        "complete": found.complete,
        "limit": found.limit,
        "violations": found.violations,
        "witnesses": found.witnesses,
        "coverage": found.coverage,
        "finished": found.finished,
        "deadlock_decided": found.deadlock_decided,
        "deadlock_limit": found.deadlock_limit,
        "width": found.store.width,
    }


def attempt(program: Program, limits: Limits, engine: str) -> Exploration | None:
    """What an engine finds; None for a fault of the program."""
    try:
        return explore(program, limits, engine=engine)
    except ProgramFault:
        return None


def same(program: Program, limits: Limits = SMALL, *, compiled: bool = True) -> Exploration | None:
    """Assert that both engines find the same; what they find, None for a fault of the program.

    `compiled`: the program must be one that compiled code can explore, not one it leaves to the reference.
    """
    reference = attempt(program, limits, "reference")
    kernel = attempt(program, limits, "kernel")
    if reference is None or kernel is None:
        # A search that stops at a limit may stop before the fault: then nothing can be said.
        stopped = kernel or reference
        assert stopped is None or not stopped.complete
        return None
    if compiled:
        assert (kernel.engine, kernel.note) == ("kernel", "")
    if reference.complete:
        assert facts(kernel) == facts(reference)
        assert list(kernel.store.order) == list(reference.store.order)
        # The first state has no link: what stands there is nobody's business.
        assert list(kernel.store.links)[1:] == list(reference.store.links)[1:]
    else:
        prefix(kernel, reference)
    return kernel


def prefix(kernel: Exploration, reference: Exploration) -> None:
    """Assert that two searches that stopped at a limit agree on what both have seen: they stop at different states."""
    common = min(kernel.states, reference.states)
    assert not kernel.complete
    assert list(kernel.store.order[:common]) == list(reference.store.order[:common])
    assert list(kernel.store.links[1:common]) == list(reference.store.links[1:common])
    expanded = kernel.store.links[common - 1] // kernel.store.width if common > 1 else 0
    # Without the graph nothing is known about who is stuck for good.
    seen = [
        [v for v in (*e.violations, *e.witnesses) if v.state < expanded and v.kind != "deadlock"]
        for e in (kernel, reference)
    ]
    assert seen[0] == seen[1]


def assigning(*updates: tuple[Ref, Expr], cells: tuple[Decl, ...]) -> Program:
    """One goroutine: it sets cell 0 to anything its domain allows up to 4, then takes one step with these updates."""
    x = Own(0, 0)
    least = cells[0][1].low if isinstance(cells[0][1], Range) else 0
    first = tuple(Step(2, 3, updates=((x, Const(n)),), kind=Kind.SYNC) for n in range(max(least, -4), 5))
    return build(cells, [Role("r", 1, (*first, Step(3, END, updates=updates, kind=Kind.SYNC, text="s")))])
