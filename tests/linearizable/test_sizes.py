"""Every client of more goroutines and calls: what the catalogue says of two goroutines holds of three."""

from __future__ import annotations

import pytest

from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

from .campaign import FILES, HASHED, SCHEMES

SEVEN = "Load, Store, LoadOrStore, LoadAndDelete, CompareAndSwap, CompareAndDelete, Clear"


def verdict(scheme: str, goroutines: int, calls: int) -> Verdict:
    hashed = "  func hash(key Key) int { return int(key) }\n" if scheme.startswith(HASHED) else ""
    files = ", ".join(str(SCHEMES / f"{f}.go") for f in FILES[scheme])
    asked = f"type: Map, keys: 2, values: 2, goroutines: {goroutines}, calls: {calls}, operations: [{SEVEN}]"
    text = (
        f"model: m\nsource: [{files}]\ndeclare: |\n  type Key int\n  type Value int\n{hashed}"
        f"linearizable: {{{asked}}}\n"
        "bounds: {int: [0, 3], heap: 6, keys: 2}\n"
    )
    result = verify(read_text("m.yaml", text), Options(any_number=False))
    (found,) = [p.verdict for p in result.properties if p.kind == "linearizable"]
    return found


@pytest.mark.parametrize("scheme", ["mutex", "rwmutex"])
def test_a_locked_map_for_every_client_of_three_goroutines_with_two_calls(scheme: str) -> None:
    assert verdict(scheme, 3, 2) is Verdict.SAFE
