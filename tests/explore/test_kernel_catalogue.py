"""Every model of the catalogue and the corners, and mutants: the compiled back end finds what the reference finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalogue import LONG
from tests.mutants.test_lock_removal import MUTANTS
from verifier.model.read import read_model
from verifier.pipeline.load import LOWERINGS, Front, program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Program
from verifier.source import ModelError

from .kernels import same

ROOT = Path(__file__).parents[2]
ELSEWHERE = ("linearizable", "workloads")
"""What takes minutes in the reference back end when nothing is reduced, and what is a model only under a scheme."""
MODELS = [
    p
    for p in sorted((ROOT / "models").rglob("*.yaml"))
    if p.parent.name not in ELSEWHERE and not p.stem.startswith("go-70970") and p.stem not in LONG
]
NARROWLY = {"claims", "patterns", "litmus"}
"""Many small models alike: their lowering for verdicts only."""
WIDELY = [p for p in MODELS if p.parent.name not in NARROWLY]
CORNERS = sorted((ROOT / "tests" / "corners").glob("*.yaml"))


def front(path: Path, more: int = 0) -> Front:
    """A model, with one role's count raised by `more`."""
    document = read_model(str(path))
    counts = ((document.roles[0].name, (document.roles[0].count or 1) + more),) if more else ()
    return read_front(document, Options(counts=counts))


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model(path: Path) -> None:
    read = front(path)
    seen: list[Program] = []
    for lowering in LOWERINGS if path in WIDELY else ("abstract",):
        made = program(read, lowering)
        # Most lowerings of most models are the abstract one.
        if made not in seen:
            seen.append(made)
            # `same` asserts that there is no note: nothing of the catalogue is left to the reference.
            assert same(made) is not None


@pytest.mark.parametrize("path", WIDELY, ids=lambda p: p.stem)
def test_model_with_one_goroutine_more(path: Path) -> None:
    assert same(program(front(path, 1))) is not None


@pytest.mark.parametrize("path", WIDELY, ids=lambda p: p.stem)
def test_model_before_composition(path: Path) -> None:
    raw = program(front(path)).raw
    assert raw is not None and same(raw) is not None


@pytest.mark.parametrize("path", CORNERS, ids=lambda p: p.stem)
def test_corner(path: Path) -> None:
    try:
        lowered = [program(front(path), lowering) for lowering in LOWERINGS]
    except ModelError:
        assert path.read_text(encoding="utf-8").startswith("# error: ")
        return
    for each in lowered:
        # Corners have numbers of 64 bits, which compiled code may refuse.
        assert same(each, compiled=False) is not None


@pytest.mark.parametrize(("path", "number"), MUTANTS, ids=lambda v: v.stem if isinstance(v, Path) else str(v + 1))
def test_model_without_one_of_its_lock_operations(path: Path, number: int, tmp_path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    mutant = tmp_path / path.name
    mutant.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
    assert same(program(front(mutant))) is not None
