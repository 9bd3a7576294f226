"""Symbolic sharding: what the front end finds about shards and locks, decided by z3."""

from __future__ import annotations

from verifier.evidence.sharding import ShardingResult
from verifier.golang.shardcode import touches
from verifier.golang.shards import NotUnderstood
from verifier.pipeline.load import Front
from verifier.verdict import Verdict


def sharding(front: Front) -> ShardingResult:
    """Whether equal shards mean equal locks in a model, for every hash, number of shards and key."""
    try:
        found = touches(front.package, front.document.files)
    except NotUnderstood as reason:
        return ShardingResult(Verdict.UNKNOWN, f"not shown for every hash: {reason}")
    if not found:
        return ShardingResult(Verdict.UNKNOWN, "no role touches an element of a package array: nothing is sharded")
    from verifier.prove.sharding import sharding as decide

    return decide(found, frozenset(r.name for r in front.document.roles if r.count == 1))
