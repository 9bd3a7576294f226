"""The generated Go, word for word, and what its parts are made of."""

from __future__ import annotations

import doctest
import re

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


def test_what_cannot_be_forced_is_met_where_it_can_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = made("models/patterns/wg-done-twice.yaml", "fatal")[0].text
    meets = re.findall(r"\bat\(\d+\).*\n\s*(.*)", text.split("func Test")[0])
    # The goroutine that comes to its end later than the writer is not inside the map.
    assert meets == ["found[key] = true", '_ = found["a"]']
    # Behind the call: the getter takes the lock that the writer holds.
    text = made("models/patterns/getter-returns-map.yaml", "fatal")[0].text
    assert re.search(r"range then\(\d+, all\(\)\)", text) and text.split("func Test")[0].count("\tat(") == 1


def test_only_what_was_predicted_ends_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for kind, died in (
        ("fatal", "fatal error: concurrent map read and map write"),
        ("panic", "panic: runtime error: "),
    ):
        text = made("models/nil-value-visible.yaml", kind)[0].text
        assert f'err != nil && strings.Contains(string(output), "{died}' in text
