"""A history of calls that is none of a sequential map, and why: what fails in each order of the calls."""

from __future__ import annotations

from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Called:
    """A call: rows of the trace (from 1) in which it begins and returns, `returns` 0 while it has not.

    `gave` is its outcome in Go's words, empty for a call without a result. `looks`: made once all clients were done, to
    see what is in the map.
    """

    goroutine: str
    text: str
    gave: str
    begins: int
    returns: int
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Misfit:
    """An order of calls, up to the first whose outcome does not fit: what a sequential map gives, and what it gave."""

    order: tuple[str, ...]
    must: str
    gave: str


@dataclass(frozen=True, slots=True)
class History:
    """The calls after row `setup` of the trace, when the map held `contents` (key, value) and all clients began.

    `misfits` are the orders that respect time, each cut after its first call that does not fit; `more` were left out.
    `atomic` are the rows after `setup` that are atomic steps (`program.atomic`); `fewest`: it is shown that no history
    of these clients takes fewer.
    """

    setup: int
    contents: tuple[tuple[str, str], ...]
    calls: tuple[Called, ...]
    misfits: tuple[Misfit, ...]
    more: int = 0
    atomic: tuple[int, ...] = ()
    fewest: bool = False
