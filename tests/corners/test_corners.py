"""Small models at the corners of Go, each of which the checker once got wrong or might: verdicts and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.source import ModelError

CORNERS = sorted(Path(__file__).parent.glob("*.yaml"))


def test_there_are_corners() -> None:
    assert len(CORNERS) > 40


@pytest.mark.parametrize("path", CORNERS, ids=lambda p: p.stem)
def test_corner(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if first.startswith("# error: "):
        with pytest.raises(ModelError) as refused:
            verify(read_model(str(path)), Options(any_number=False))
        assert first.removeprefix("# error: ") in [d.message for d in refused.value.diagnostics]
        return
    result = verify(read_model(str(path)), Options(any_number=False))
    assert {p.name: p.verdict for p in result.properties} == {p.name: p.expected for p in result.properties}
