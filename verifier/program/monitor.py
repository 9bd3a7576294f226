"""Linearizability: the sequential map, the calls of a most general client, and the cells of a program that follow them.

A history of calls is linearizable (Herlihy and Wing, "Linearizability", TOPLAS 1990) if some order of them that keeps
calls that do not overlap in their order is a run of a sequential map. A state of the judge (`explore/orders.py`) is the
set of configurations that can stand behind a history: what is in the map, and for every client the outcome its call has
had already, if it has taken effect.
"""

from __future__ import annotations

from verifier.records import dataclass

LINEARIZABLE = "linearizable"
"""The clause that holds as long as some order of the calls so far fits, and the property it decides."""

REFUTED = (1 << 20) - 1
"""The judge's state once no order fits; it never changes again."""

START = 0
"""The judge's first state: the map is empty, nobody has called."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A call with its arguments: positions among the keys (-1: none) and values (from 1; 0: none). `old`: compared."""

    method: str
    key: int
    value: int
    old: int
    text: str


Contents = tuple[int, ...]
"""The value of each key, from 1; 0 where it is absent."""


def apply(contents: Contents, o: Operation) -> tuple[Contents, int]:
    """What a sequential map holds after a call, and the outcome of the call.

    An outcome is a value (from 1) for Load, LoadOrStore, LoadAndDelete and Swap, 0 for "absent" and "stored"; 1 and 0
    for true and false; 0 for a call without a result.
    """
    if o.method == "Clear":
        return (0,) * len(contents), 0
    have = contents[o.key]
    match o.method:
        case "Load":
            new, outcome = have, have
        case "Store":
            new, outcome = o.value, 0
        case "LoadOrStore":
            new, outcome = have or o.value, have
        case "LoadAndDelete":
            new, outcome = 0, have
        case "Delete":
            new, outcome = 0, 0
        case "Swap":
            new, outcome = o.value, have
        case "CompareAndSwap":
            new, outcome = (o.value, 1) if have and have == o.old else (have, 0)
        case "CompareAndDelete":
            new, outcome = (0, 1) if have and have == o.old else (have, 0)
        case _:
            raise ValueError(o.method)
    return (*contents[: o.key], new, *contents[o.key + 1 :]), outcome


def outcome_text(o: Operation, outcome: int, values: tuple[str, ...]) -> str:
    """An outcome in Go's words: `1`, `absent`, `stored`, `1 loaded`, `true`; empty for a call without a result."""
    if outcome > len(values):
        return "a result no map gives"
    match o.method:
        case "Store" | "Delete" | "Clear":
            return "" if outcome == 0 else "a result no map gives"
        case "CompareAndSwap" | "CompareAndDelete":
            return ("false", "true", *values)[outcome] if outcome < 2 else "a result no map gives"
        case "LoadOrStore":
            return f"{values[outcome - 1]} loaded" if outcome else "stored"
    return values[outcome - 1] if outcome else "absent"


VALUED = frozenset({"Load", "LoadOrStore", "LoadAndDelete", "Swap"})
"""The methods whose outcome is a value."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """Two values that can be exchanged everywhere (`passes/renaming.py`): in `cells`, and in the calls clients are in.

    `operations[n]` is what pending call n becomes (0: none).
    """

    cells: tuple[int, ...]
    moves: tuple[tuple[int, int], ...]
    operations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Clients:
    """The most general client of a program: every goroutine of `instances` makes `calls` calls, of any of `operations`.

    `state` is the cell that holds the judge's state, `pending[n]` says which operation client n is in (number + 1, 0:
    none), `phase` is 0 while one goroutine at a time brings the map into its first state, 1 while all run, then 2 and
    more while the first keys have been looked at in the end. `ghosts` are the cells that only follow what happens.
    """

    instances: tuple[int, ...]
    calls: int
    operations: tuple[Operation, ...]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    state: int
    pending: tuple[int, ...]
    phase: int
    ghosts: frozenset[int]
    type: str = ""
    constants: tuple[int, ...] = ()
    """The values as cells hold them."""
    renaming: Renaming | None = None
    """Set where the values were shown to be interchangeable: engines then keep one state of two."""
    covering: bool = False
    """Whether a search may leave out a state in which more is possible than in one it has (`passes/covering.py`)."""
