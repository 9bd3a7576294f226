"""What a run says about itself: when, where, how long. Kept beside evidence, which is the same for every run."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier import __version__
from verifier.evidence.build import tool_digest
from verifier.evidence.sealed import broken, seal

if TYPE_CHECKING:
    from verifier.evidence.result import Result
    from verifier.evidence.store import Evidence

KIND = "verify provenance"
LIBRARIES = ("llvmlite", "z3-solver", "networkx", "ruamel.yaml", "tree-sitter", "tree-sitter-go", "cvc5")


def provenance(found: Evidence, result: Result, arguments: Sequence[str]) -> str:
    """The text of the file. It names the evidence it belongs to, and carries a digest of its own."""
    from datetime import UTC, datetime

    ended = datetime.now(UTC).replace(microsecond=0)
    return seal(
        {
            "kind": KIND,
            "schema": 1,
            "evidence": found.sha256_of_all,
            "command": ["verify", *arguments],
            "model": result.path,
            "ended": ended.isoformat(),
            "milliseconds": round(result.explored.seconds * 1000),
            "peak_mb": _peak(),
            "cores": os.cpu_count() or 0,
            "platform": platform.platform(),
            "python": sys.version.split()[0],
            "source": tool_digest(),
            "versions": {"verify": __version__, **_versions()},
        }
    )


def damage(text: str, evidence: str) -> str:
    """What is wrong with a provenance file that should belong to this evidence; empty when nothing is."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return "it is no JSON any more"
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        return "it is no provenance file"
    if wrong := broken(tree, text):
        return wrong
    return "" if tree.get("evidence") == evidence else "it belongs to other evidence"


def source(text: str) -> str:
    """The digest of the source that a provenance file was written by; empty where it does not say."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    said = tree.get("source") if isinstance(tree, dict) else None
    return said if isinstance(said, str) else ""


def _peak() -> int:
    """Megabytes of memory the process had at most; 0 where nobody knows."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most >> 20 if sys.platform == "darwin" else most >> 10)


def _versions() -> dict[str, str]:
    from importlib import metadata

    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
