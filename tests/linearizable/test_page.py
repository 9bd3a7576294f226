"""The table of docs/linearizable.md says what the tool says. Cells that took long are the slow tier."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.linearizable import MODELS, SIZES, judge, text_of, written
from verifier.model.read import read_model
from verifier.pipeline import Options, verify

LARGE = Path(__file__).parents[2] / "benchmarks" / "large"
QUICK = 0.8
"""CPU seconds up to which a cell is judged in every run of the tests. All others are the slow tier."""
_CELL = re.compile(r"(\*\*not\*\*|yes)(?:, (at most )?(\d+) atomic steps)?: ([\d,]+) states, ([\d.]+) s, [\d,]+ MB")

ROWS = written()
CELLS = [
    pytest.param(
        name, size, m, id=f"{name} {size[0]}x{size[1]}", marks=[pytest.mark.slow] if float(m[5]) > QUICK else []
    )
    for name, cells in ROWS.items()
    for size, text in zip(SIZES, cells, strict=True)
    if (m := _CELL.fullmatch(text))
]


def test_every_model_has_a_row() -> None:
    assert set(ROWS) == {p.stem for p in MODELS.glob("*.yaml")}
    assert any(str(c.id).startswith("register") for c in CELLS)


@pytest.mark.parametrize(("name", "size", "found"), CELLS)
def test_the_cell_is_true(name: str, size: tuple[int, int], found: re.Match[str]) -> None:
    said = judge(name, *size)
    assert said["verdict"] == {"yes": "safe", "**not**": "unsafe"}[found[1]], said
    assert said["states"] == int(found[4].replace(",", ""))
    assert said["atomic"] == int(found[3] or 0)
    assert said["fewest"] == (not found[2])


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(LARGE.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_large_model_means_what_it_says(path: Path) -> None:
    result = verify(read_model(str(path)), Options(any_number=False))
    assert result.exit_code == 0, [(p.name, p.verdict, p.reason) for p in result.properties]


def test_a_model_without_these_lines_is_no_model_of_the_table() -> None:
    assert "goroutines: 3" in text_of("register", 3, 2) and "calls: 2" in text_of("register", 3, 2)
