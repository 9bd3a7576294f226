"""The outputs shown in the documentation are the outputs of the command."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regenerate", ROOT / "docs" / "regenerate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


regenerate = _load()
PAGES = list(regenerate.pages())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_output_shown_is_the_output_printed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert regenerate.filled(text) == text, "run: python docs/regenerate.py"


WALKTHROUGHS = [p for p in PAGES if p.parent.parent.name == "examples" and p.parent.name[0].isdigit()]


@pytest.mark.parametrize("page", WALKTHROUGHS, ids=lambda p: p.parent.name)
def test_every_walkthrough_shows_its_model_before_and_after(page: Path) -> None:
    here = page.parent.relative_to(ROOT)
    shown = regenerate.commands(page.read_text(encoding="utf-8"))
    assert shown == [f"verify {here}/before.yaml", f"verify {here}/after.yaml"]


def test_a_block_is_replaced_and_the_text_around_it_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regenerate, "output", lambda arguments: f"ran {arguments}")
    text = "before\n<!-- output: verify a.yaml -q -->\nstale\n<!-- end -->\nafter\n"
    new = regenerate.filled(text)
    assert new.startswith("before\n") and new.endswith("<!-- end -->\nafter\n")
    assert "$ verify a.yaml -q\nran a.yaml -q\n" in new and "stale" not in new
    assert regenerate.filled(new) == new
