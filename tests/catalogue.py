"""The model files of the repository, and what the pipeline says about each (judged once per test run)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from verifier.evidence.result import Result
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = sorted((ROOT / "models").glob("*.yaml"))
SCHEMES = sorted((ROOT / "models" / "schemes").glob("*.yaml"))
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))
ALL = CATALOGUE + SCHEMES + EXAMPLES
LONG = {"syncmap123", "syncmap127", "syncmap127chains"}
"""Models whose code is so long, inlined, that every combination of engines and passes would take minutes."""
SHORT = [p for p in CATALOGUE + EXAMPLES if p.stem != "context-cancel"]
"""For tests that combine every engine with every pass: each scheme is in here as a model written out."""


def name(path: Path) -> str:
    """A readable test id: `rwmutex`, `01-unlocked-getter/after`."""
    return path.stem if path.parent.name == "models" else f"{path.parent.name}/{path.stem}"


@cache
def document(path: Path) -> Document:
    return read_model(str(path))


@cache
def judged(path: Path) -> Result:
    return verify(document(path), Options())


def is_safe(path: Path) -> bool:
    """Whether the model says of itself that nothing goes wrong."""
    return all(verdict is Verdict.SAFE for _, verdict in document(path).expect)


SAFE_NAMES = {
    "append-locked",
    "atomic-pointer-cas",
    "atomic-pointer-publish",
    "channel-owner",
    "atomic-value",
    "cond",
    "context-cancel",
    "copy-on-write",
    "generic-cache",
    "mutex",
    "once",
    "once-value",
    "pointer-per-object-lock",
    "rwmutex",
    "rwmutex-check-again",
    "rwmutex-serves-all",
    "sharded",
    "sync-map",
    "sync-map-load-or-store",
    "ticker-janitor",
    "trylock",
}
"""The schemes that protect, by name: a model that slips from SAFE to UNSAFE together with its `expect:` is noticed."""
