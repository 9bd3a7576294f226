"""Cone of influence: writes to cells that no judgement ever reads are left out.

A cell is relevant if a guard, the place of an access or a clause reads it, if the collector follows it, if a write to
it may leave its range, or if a relevant cell is computed from it. What remains behaves the same, so every race,
failure, deadlock and clause is kept; which steps are enabled, and what they access, does not change.
"""

from __future__ import annotations

from verifier.program.expr import Expr, Ref
from verifier.program.intervals import Ranges
from verifier.program.passes.footprint import Bits, Footprint, bits, collected, feeding
from verifier.program.program import Program, Reference, Step, Template, Union
from verifier.program.semantics import paired
from verifier.records import replace


def slice_cells(program: Program) -> Program:
    """`program` without updates of irrelevant cells. Cells and steps keep their numbers; `raw` is `program` itself.

    With paired steps it stays as it is: what a goroutine is handed is not followed here.
    """
    if paired(program):
        return program
    footprint = Footprint(program)
    relevant = _relevant(program, footprint)

    def template(t: Template) -> Template:
        return replace(t, steps=tuple(step(s, n) for n, s in enumerate(t.steps)))

    def step(s: Step, number: int) -> Step:
        kept = tuple((ref, value) for ref, value in s.updates if footprint.cells(ref) & relevant)
        return replace(s, updates=kept, origin=(number,))

    return replace(
        program,
        templates=tuple(template(t) for t in program.templates),
        prelude=((),) * len(program.instances),
        raw=program,
    )


def _relevant(program: Program, footprint: Footprint) -> Bits:
    ranges = Ranges(program)
    # Of objects the collector follows the references; that it zeroes the rest makes nothing that nobody reads relevant.
    found = collected(program) & bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
    for clause in program.clauses:
        found |= footprint.reads(clause.expr)
    if program.clients is not None:
        # The judge of calls asks which calls the others are in, though no expression does.
        found |= bits(program.clients.pending)
    # What an update needs once its cell is relevant: a write may only be left out together with all it computes.
    needs: list[tuple[Bits, Bits]] = []
    for step in (s for t in program.templates for s in t.steps):
        found |= footprint.reads(step.guard)
        for access in step.accesses:
            found |= footprint.reads(access.when) | footprint.index(access.ref)
        for ref, value in step.updates:
            written = footprint.cells(ref)
            needs.append((written, footprint.reads(value) | footprint.index(ref)))
            if not _always_fits(ranges, step, ref, value):
                found |= written
    return feeding(found, needs)


def _always_fits(ranges: Ranges, step: Step, ref: Ref, value: Expr) -> bool:
    """Whether the write can never be the `bound` failure of its step."""
    return ranges.for_alloc(step.alloc).given(step.guard).fits(value, ref)
