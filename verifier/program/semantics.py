"""The small rules every reader of a `Program` has to share: zero values, bound failures, final locations."""

from __future__ import annotations

from verifier.program.program import END, IDLE, CellDecl, Domain, Program, Sort, high, low, show


class ProgramFault(Exception):
    """The program itself is wrong: it reads or writes a cell that does not exist, or divides by zero.

    Never the fault of a user's model: the front end has to guard such steps.
    """


def zero(domain: Domain, sorts: tuple[Sort, ...]) -> int:
    """What a recycled cell is reset to: 0, or the least value of a domain that leaves 0 out."""
    return 0 if low(domain) <= 0 <= high(domain, sorts) else low(domain)


def out_of_range(cell: CellDecl, value: int, sorts: tuple[Sort, ...]) -> str:
    """The message of the `bound` failure for a value that `cell` cannot hold."""
    least, most = low(cell.domain), high(cell.domain, sorts)
    shown = (show(least, cell.domain, sorts), show(most, cell.domain, sorts))
    return f"{cell.name} = {value} is outside {shown[0]}..{shown[1]} (bounds: int)"


def no_block(site: str) -> str:
    """The message of the `bound` failure for an allocation that finds no free block."""
    return f"no free block for {site} (bounds: heap)"


def at_rest(location: int) -> bool:
    """Whether a goroutine at `location` has returned or was never started."""
    return location in (END, IDLE)


def recycled_blocks(program: Program) -> tuple[tuple[int, ...], ...]:
    """The cells of every recyclable block, in the order of `Program.recycled`."""
    return tuple(program.sorts[sort].places[place - 1].cells for sort, place in program.recycled)


def paired(program: Program) -> bool:
    """Whether some step of the program moves two goroutines at once."""
    return any(s.offer is not None for t in program.templates for s in t.steps)
