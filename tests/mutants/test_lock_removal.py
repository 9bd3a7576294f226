"""Delete any one lock operation from a SAFE model: something turns UNSAFE, or the survivor is known and explained."""

import re
from pathlib import Path

import pytest
from catalogue import SHORT, is_safe, name

from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

OPERATION = re.compile(r"^\s*(defer )?[\w.\[\]]+\.(R?Lock|R?Unlock)\(\)\s*$")

SURVIVORS = {
    ("trylock", "mu.Unlock()"): "the others only ever try: they fail and go on, nobody waits for the lock",
}

MUTANTS = [
    (path, number)
    for path in SHORT
    if is_safe(path)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines())
    if OPERATION.match(line)
]


def broken(path: Path, number: int, tmp_path: Path) -> list[str]:
    """The properties that turn UNSAFE when line `number` (from 0) is deleted. Vacuity does not count as noticing."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    mutant = tmp_path / path.name
    mutant.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
    result = verify(read_model(str(mutant)), Options(any_number=False, explain=False))
    return [p.name for p in result.properties if p.verdict is Verdict.UNSAFE and p.kind != "sometimes"]


@pytest.mark.parametrize(("path", "number"), MUTANTS, ids=lambda v: name(v) if isinstance(v, Path) else str(v + 1))
def test_removing_a_lock_operation_is_noticed(path: Path, number: int, tmp_path: Path) -> None:
    line = path.read_text(encoding="utf-8").splitlines()[number].strip()
    noticed = broken(path, number, tmp_path)
    if (name(path), line) in SURVIVORS:
        assert not noticed, f"no longer a survivor: {noticed}"
    else:
        assert noticed, f"{path.name}:{number + 1}: `{line}` can go and nobody notices"


def test_there_are_mutants_of_every_kind() -> None:
    found = {OPERATION.match(p.read_text(encoding="utf-8").splitlines()[n]) for p, n in MUTANTS}
    assert {m[2] for m in found if m} == {"Lock", "Unlock", "RLock", "RUnlock"}
    assert len(MUTANTS) >= 30


def test_every_survivor_still_exists() -> None:
    lines = {(name(p), p.read_text(encoding="utf-8").splitlines()[n].strip()) for p, n in MUTANTS}
    assert set(SURVIVORS) <= lines
