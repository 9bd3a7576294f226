"""The passes that make a program smaller for exploration, in their order."""

from __future__ import annotations

from verifier.program.passes.constants import fold_constants
from verifier.program.passes.copies import merge_copies
from verifier.program.passes.covering import covering
from verifier.program.passes.foreseen import foresee
from verifier.program.passes.fuse import fuse
from verifier.program.passes.registers import share_registers
from verifier.program.passes.slice import slice_cells
from verifier.program.program import Program, Step, Template
from verifier.program.semantics import paired
from verifier.records import replace


def reduced(program: Program, *, slicing: bool = True, fusing: bool = True, folding: bool = True) -> Program:
    """A smaller program with the same verdicts, for exploration only.

    `raw` is `program` itself, and `origin` and `prelude` are steps of it, whatever was done. Folding comes first, as a
    lock must have one identity to be known, and again after fusing, when less is ever written. Slicing comes before
    fusing: what is not written cannot be told apart. With paired steps the program stays as it is: no pass follows what
    a goroutine is handed, and one that another may come to meet must be seen where it stands.
    """
    if paired(program):
        return program
    small = program
    for wanted, make in (
        (folding and program.clients is not None, merge_copies),
        (folding and program.clients is not None, share_registers),
        (folding, fold_constants),
        (folding and program.clients is not None, foresee),
        (slicing, slice_cells),
        (fusing, fuse),
        (folding and fusing, fold_constants),
        (slicing and folding and fusing, slice_cells),
        (folding and program.clients is not None, share_registers),
    ):
        if wanted:
            made = make(small)
            small = made if small is program or made is small else _through(made, small)
    return covering(small) if folding else small


def _through(made: Program, middle: Program) -> Program:
    """`made` from `middle`, with the steps that `middle` itself was made from."""

    def template(t: Template, before: Template) -> Template:
        return replace(t, steps=tuple(step(s, before) for s in t.steps))

    def step(s: Step, before: Template) -> Step:
        return replace(s, origin=tuple(o for n in s.origin for o in before.steps[n].origin))

    templates = tuple(template(t, b) for t, b in zip(made.templates, middle.templates, strict=True))
    prelude = tuple(
        (*taken, *(o for n in further for o in middle.templates[i.template].steps[n].origin))
        for i, taken, further in zip(made.instances, middle.prelude, made.prelude, strict=True)
    )
    return replace(made, templates=templates, prelude=prelude, raw=middle.raw)
