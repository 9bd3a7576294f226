"""docs/claims.md and docs/patterns.md say what the models say now, and every model of theirs means what it says.

Row by row, so that each model is judged by one test only.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from catalogue import ROOT, document, is_safe, judged

from verifier.model.document import CHECKS
from verifier.verdict import Verdict


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tables"] = module
    spec.loader.exec_module(module)
    return module


tables = _load()
CLAIMS, MISTAKES = tables.claims(), tables.mistakes()
NOT_DECIDED = ("channel-len-signal",)
"""Ways that are found, but not told from those that are no mistake."""
HOW = "run: python docs/regenerate.py"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def meets(path: Path) -> None:
    """The model has the verdicts it expects, expects all it is asked, and explains itself."""
    model, result = document(path), judged(path)
    assert [(p.name, p.verdict, p.reason) for p in result.properties if not p.as_expected] == []
    assert result.exit_code == 0 and result.explored.complete
    assert {p.name for p in result.properties} == set(dict(model.expect))
    assert model.name == path.stem and model.title and model.about


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.number)
def test_a_claim_has_what_its_models_say(claim: object) -> None:
    rows = tables.claim_rows(claim, judged)
    assert "\n".join(rows) + "\n" in page("claims.md"), HOW
    for path, _ in claim.models:  # type: ignore[attr-defined]
        meets(path)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: str(m.row))
def test_a_mistake_fails_and_its_fix_does_not(mistake: object) -> None:
    rows = tables.mistake_rows(mistake, judged)
    assert "\n".join(rows) + "\n" in page("patterns.md"), HOW
    for way in mistake.ways:  # type: ignore[attr-defined]
        meets(way.model)
        (failing,) = [p for p in judged(way.model).properties if p.name == way.fails]
        if way.model.stem in NOT_DECIDED:
            assert failing.verdict is Verdict.UNKNOWN and failing.reason
        else:
            assert failing.verdict is Verdict.UNSAFE and failing.trace is not None
        fixed(way.fixed)


def fixed(path: Path) -> None:
    """A fix is SAFE in every way, does something, and no line of it is there for nothing."""
    meets(path)
    result = judged(path)
    assert is_safe(path) and result.verdict is Verdict.SAFE
    assert {p.name for p in result.properties} >= set(CHECKS)
    assert any(p.kind == "sometimes" and p.trace for p in result.properties), "nothing shows that it does something"
    assert result.coverage is not None
    assert [text for _, text in result.coverage.missed if "panic(" not in text] == []


def first_cells(text: str) -> list[str]:
    return [found for found in re.findall(r"^\| ([^|]*?) \|", text, flags=re.M) if found[0].isdigit()]


def test_the_pages_hold_these_rows_and_no_others() -> None:
    with_model = [c.number for c in CLAIMS for _, told in c.models for _ in told]
    assert first_cells(page("claims.md")) == with_model + [c.number for c in CLAIMS if not c.models]
    assert first_cells(page("patterns.md")) == [str(m.row) for m in MISTAKES for _ in m.ways]


def test_the_pages_begin_as_written() -> None:
    assert page("claims.md").startswith(f"{tables.CLAIMS_TOP}\n{tables.counted(CLAIMS)}\n")
    assert page("patterns.md").startswith(f"{tables.PATTERNS_TOP}\n")


def test_every_claim_has_models_or_says_why_not() -> None:
    assert [c.number for c in CLAIMS if bool(c.models) == bool(c.unmodelled)] == []
    assert {c.verdict for c in CLAIMS} <= {"T", "F", "O", "I", "U", "I/O", "O/I", "F/O", "F/U"}
    assert len({c.number for c in CLAIMS}) == len(CLAIMS) == 69


def test_all_models_of_claims_are_in_the_table_below_their_number() -> None:
    told = {(path, c.number) for c in CLAIMS for path, _ in c.models}
    for path in (ROOT / "models" / "claims").glob("*.yaml"):
        number = path.stem.partition("-")[0]
        assert (path, number) in told
        assert f"laim {number}" in (document(path).about or "")


def test_all_patterns_are_in_the_table() -> None:
    assert [m.row for m in MISTAKES] == list(range(1, len(MISTAKES) + 1)) and len(MISTAKES) >= 24
    told = {path for m in MISTAKES for way in m.ways for path in (way.model, way.fixed)}
    assert set((ROOT / "models" / "patterns").glob("*.yaml")) - told == set()


def test_a_claim_about_a_property_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="no property or outcome 'rice'"):
        tables.claim_rows(tables.Claim("0", "", "T", "", ((ROOT / "models/nil-map.yaml", ("rice",)),), ""), judged)
