"""Bugs of real programs: each model as it was is UNSAFE, as it was fixed SAFE, and means what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue import ROOT, document, is_safe, judged

REAL = sorted((ROOT / "models" / "real").glob("*.yaml"))


@pytest.mark.parametrize("path", REAL, ids=lambda p: p.stem)
def test_the_model_meets_its_expectations(path: Path) -> None:
    result = judged(path)
    assert [(p.name, p.verdict, p.reason) for p in result.properties if not p.as_expected] == []
    assert {p.name for p in result.properties} <= set(dict(document(path).expect))
    assert result.exit_code == 0 and result.explored.complete


@pytest.mark.parametrize("path", REAL, ids=lambda p: p.stem)
def test_every_bug_has_its_fix(path: Path) -> None:
    model, fixed = document(path), path.stem.endswith("-fixed")
    assert model.name == path.stem and model.title and "#" in (model.about or "")
    assert is_safe(path) is fixed
    other = path.stem.removesuffix("-fixed") if fixed else f"{path.stem}-fixed"
    assert path.with_stem(other) in REAL
