"""Every client of more goroutines and calls: what the catalogue says of two goroutines holds of three."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.model.read import read_model, read_text
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

from .campaign import FILES, HASHED, SCHEMES

SEVEN = "Load, Store, LoadOrStore, LoadAndDelete, CompareAndSwap, CompareAndDelete, Clear"
LARGE = Path(__file__).parents[2] / "models" / "linearizable" / "large"


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "goroutines", "calls", "right"),
    [
        ("copyonwrite", 3, 2, Verdict.SAFE),
        ("syncmap127", 2, 2, Verdict.SAFE),
        ("syncmap127", 3, 1, Verdict.SAFE),
        ("syncmap127 nodead", 2, 1, Verdict.UNSAFE),
        ("syncmap123", 2, 2, Verdict.SAFE),
        ("syncmap123", 3, 1, Verdict.SAFE),
        ("syncmap123 unmarked", 2, 2, Verdict.UNSAFE),
    ],
)
def test_schemes_for_every_client(scheme: str, goroutines: int, calls: int, right: Verdict) -> None:
    assert verdict(scheme, goroutines, calls) is right


@pytest.mark.slow
def test_the_hash_trie_for_every_client_of_three_goroutines_with_two_calls() -> None:
    result = verify(read_model(str(LARGE / "syncmap127.yaml")), Options(any_number=False))
    assert result.exit_code == 0
    (found,) = [p for p in result.properties if p.kind == "linearizable"]
    assert "3 goroutines with 2 calls each on 2 keys" in found.sentence
