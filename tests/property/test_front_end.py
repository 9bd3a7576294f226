"""Random programs as Go text through the whole product, against the independent interpreter.

`race` always; `panic`, `fatal`, `deadlock`, the reachable values of x and y and the set of final states only when the
program is race-free: after a race the product explores what the race leads to, which the interpreter does not model.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from . import programs as go
from .compare import compare
from .dialects import DIALECTS
from .generate import EVERY, FAMILIES, from_seed, programs
from .text import to_yaml

PROGRAMS = 12


@pytest.mark.parametrize("family", EVERY)
def test_same_verdicts(family: str, tmp_path: Path) -> None:
    tally: Counter[str] = Counter()
    for seed in range(PROGRAMS):
        program = from_seed(seed, EVERY[family])
        dialect = DIALECTS[seed % len(DIALECTS)]
        result = compare(program, tmp_path, limit=3_000, dialect=dialect)
        model = to_yaml(program, dialect=dialect)
        assert not result.differences, f"seed {seed}: {result.differences}\n{model}"
        assert not result.unknown, f"seed {seed}: UNKNOWN {result.unknown}\n{model}"
        tally[result.kind] += 1
    assert tally["racy"] + tally["race-free"] >= 0.7 * PROGRAMS, tally


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs(FAMILIES["all"]))
def test_same_verdicts_with_everything_mixed(tmp_path_factory: pytest.TempPathFactory, program: go.Program) -> None:
    result = compare(program, tmp_path_factory.mktemp("model"), limit=3_000)
    assert not result.differences, f"{result.differences}\n{to_yaml(program)}"
