"""The passes that make a program smaller for exploration, in their order."""

from __future__ import annotations

from dataclasses import replace

from verifier.program.passes.fuse import fuse
from verifier.program.passes.slice import slice_cells
from verifier.program.program import Program


def reduced(program: Program, *, slicing: bool = True, fusing: bool = True) -> Program:
    """A smaller program with the same verdicts, for exploration only.

    `raw` is `program` itself and `origin` and `prelude` are steps of it, whatever was done. Slicing comes first: what
    is not written cannot be told apart.
    """
    small = slice_cells(program) if slicing else program
    small = fuse(small) if fusing else small
    # Slicing keeps the numbers of steps, so those that fusing names are right for the program given, too.
    return small if small is program else replace(small, raw=program)
