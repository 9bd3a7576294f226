"""How a model is lowered."""

from __future__ import annotations

from verifier.golang.clients import Client
from verifier.model.document import Bounds
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is lowered. `runtime`: "" for the abstract map, "swiss" or "hmap" for the runtime's own steps."""

    bounds: Bounds
    lang: int = 127
    runtime: str = ""
    spurious: bool = False
    initial_blocks: int = 2
    """Blocks per allocation site of a package initialiser that can run again."""
    client: Client | None = None
    """The clients of `linearizable:`."""
    pooled: frozenset[str] = frozenset()
    """Sorts whose objects are allocated from one pool, wherever and by whomever."""
