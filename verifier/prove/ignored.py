"""Cells a proof need not follow: plain data that no guard, no place of an access and no kept cell depends on.

A stored name or count multiplies the situations by its values and decides nothing about races, fatal errors and panics.
Such a cell holds any value from the start, and what is written to it is left out; the accesses themselves stay.

Whether a key is present decides only that its element is touched as well as the map's header, which is never what
makes a race. So at first the conditions of accesses are ignored too, which can only make accesses of more cells
possible; where that leads to a race, `conditions` keeps them.
"""

from __future__ import annotations

from verifier.program.passes.footprint import Bits, Footprint, bits, feeding, numbers
from verifier.program.program import Program, Reference, Step, Union
from verifier.records import replace


def ignored(program: Program, lock_cells: dict[int, str], conditions: bool) -> frozenset[int]:
    """The absolute cells to ignore. References and interface values are kept: who has an object is what proofs follow.

    Unlike slicing, whether a value stays in its range does not matter here: a proof covers whatever it is.
    """
    footprint = Footprint(program)
    kept = bits(lock_cells) | bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
    needs: list[tuple[Bits, Bits]] = []
    for step in (s for t in program.templates for s in t.steps):
        kept |= footprint.reads(step.guard)
        for mark in step.sync:
            kept |= footprint.cells(mark.ref) | footprint.index(mark.ref)
        for access in step.accesses:
            kept |= footprint.index(access.ref)
            if conditions:
                kept |= footprint.reads(access.when)
        for ref, value in step.updates:
            kept |= footprint.index(ref)
            # A write that may go to a kept cell or to another one is kept: then so is the other one, for simplicity.
            written = footprint.cells(ref)
            needs.append((written, written | footprint.reads(value)))
    every = (1 << len(program.cells)) - 1
    return frozenset(numbers(every & ~feeding(kept, needs)))


def without(program: Program, cells: frozenset[int]) -> Program:
    """`program` with no writes to `cells`; steps and cells keep their numbers."""
    if not cells:
        return program
    footprint, dropped = Footprint(program), bits(cells)

    def step(s: Step) -> Step:
        updates = tuple((ref, value) for ref, value in s.updates if footprint.cells(ref) & ~dropped)
        return s if len(updates) == len(s.updates) else replace(s, updates=updates)

    return replace(program, templates=tuple(replace(t, steps=tuple(map(step, t.steps))) for t in program.templates))
