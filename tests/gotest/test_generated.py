"""The generated Go, word for word, and what its parts are made of."""

from __future__ import annotations

import doctest

import pytest

from verifier.gotest import layout, request

from .made import ROOT, made

GOLDEN = ROOT / "tests" / "gotest" / "golden"
SHOWN = [
    "unprotected",
    "lock-order",
    "nil-map",
    "sync-map-check-then-act",
    "cond-signal",
    "loop-capture",
    "channel-try-send",
]


@pytest.mark.parametrize("model", SHOWN)
def test_golden(model: str, promote: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file = GOLDEN / f"{model}.go.txt"
    text = made(f"models/{model}.yaml")[0].text
    if promote:
        file.write_text(text, encoding="utf-8")
    else:
        assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("module", [layout, request], ids=lambda m: m.__name__)
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
