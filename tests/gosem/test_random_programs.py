"""Random programs do on the real toolchain only what the model allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.gotest.toolchain import NoToolchain, go_command

from .conformance.random_programs import compare, programs
from .conformance.record import NO_GO

PROGRAMS = 40


def test_random_programs_conform(tmp_path: Path) -> None:
    try:
        go_command()
    except NoToolchain:
        pytest.skip(NO_GO)
    found = compare(PROGRAMS, 0, tmp_path)
    assert not found.told, "\n\n".join(found.told)
    assert found.programs == PROGRAMS and found.calm > PROGRAMS // 3
    # A race that is foreseen is there, if not in every run.
    assert 2 * found.seen >= found.foreseen


def test_the_same_programs_every_time() -> None:
    one, two = programs(3), programs(3)
    assert [str(next(one)) for _ in range(30)] == [str(next(two)) for _ in range(30)]
