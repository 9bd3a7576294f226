"""How a model is lowered: its bounds, the language version, and in which detail."""

from __future__ import annotations

from verifier.golang.clients import Client
from verifier.model.document import Bounds
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is lowered. `runtime`: "" for the abstract map, "swiss" or "hmap" for the runtime's own steps.

    `spurious`: a TryLock may fail though the lock is free. `unordered`: `len` of a channel and `default` say anything,
    as they order nothing: what is not a race then is none, however they come out.
    """

    bounds: Bounds
    lang: int = 127
    runtime: str = ""
    spurious: bool = False
    unordered: bool = False
    rounds: bool = False
    """Whether every round of a loop that nothing leaves is marked by a step of its own (`program.passes.progress`)."""
    initial_blocks: int = 2
    """Blocks per allocation site of a package initialiser that can run again."""
    client: Client | None = None
    """The clients of `linearizable:`."""
    pooled: frozenset[str] = frozenset()
    """Sorts whose objects are allocated from one pool, wherever and by whomever."""
