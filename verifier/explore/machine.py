"""All concrete steps of a program with their global numbers: what the back ends generate code from."""

from __future__ import annotations

from verifier.program.concrete import Concrete, concrete
from verifier.program.expr import FALSE
from verifier.program.layout import Layout, layout
from verifier.program.program import Program
from verifier.records import dataclass


@dataclass(frozen=True)
class Machine:
    """A program laid out for exploration. `steps` are in instance order, then template order.

    `leaving[i]` maps a location of instance i to the numbers of the steps out of it, in order.
    """

    program: Program
    steps: tuple[Concrete, ...]
    layout: Layout
    leaving: tuple[dict[int, tuple[int, ...]], ...]
    initial: int


def machine(program: Program) -> Machine:
    """Instantiate every step of `program` and lay its states out."""
    steps = tuple(c for i in program.goroutines for c in concrete(program, i.number) if c.step.guard != FALSE)
    where = layout(program, steps)
    leaving: list[dict[int, list[int]]] = [{} for _ in program.instances]
    for number, c in enumerate(steps):
        leaving[c.instance].setdefault(c.step.src, []).append(number)
    return Machine(
        program,
        steps,
        where,
        tuple({loc: tuple(n) for loc, n in out.items()} for out in leaving),
        where.pack(program.starts, program.initial),
    )
