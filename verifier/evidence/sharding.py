"""Whether two goroutines at the same shard's data always hold the same lock, for every hash and number of shards."""

from __future__ import annotations

from verifier.records import dataclass
from verifier.source import Span
from verifier.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Side:
    """One of two goroutines that meet: what it does, to which element, holding which locks (with their indices)."""

    role: str
    text: str
    span: Span
    data: str
    locks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collision:
    """Concrete keys, hash values and a number of shards for which two goroutines meet without a common lock."""

    shards: int
    keys: tuple[tuple[str, str], ...]
    """(role, key)"""
    hashes: tuple[tuple[str, int], ...]
    """(application such as `hash("alice")`, value)"""
    sides: tuple[Side, Side]

    def words(self) -> str:
        """In one line."""
        values = ", ".join(f"{call} = {value}" for call, value in self.hashes)
        shards = "1 shard" if self.shards == 1 else f"{self.shards} shards"
        told = "; ".join(f"{s.role} is in {s.data} holding {' and '.join(s.locks) or 'no lock'}" for s in self.sides)
        return f"with {shards}{' and ' if values else ''}{values}: {told}"


@dataclass(frozen=True, slots=True)
class ShardingResult:
    """SAFE: shown for every hash, every number of shards and arbitrary keys. UNSAFE: `collision` shows how.

    UNKNOWN: not shown; `sentence` says why, for instance that the model has no shards.
    """

    verdict: Verdict
    sentence: str
    collision: Collision | None = None
