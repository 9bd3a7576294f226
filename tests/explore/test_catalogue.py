"""Every model of the catalogue, as lowered and as composed: the same verdicts, and every finding survives the audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.audit.replay import Claim, replay
from verifier.explore.search import Limits, choices_of, explore
from verifier.model.read import read_model
from verifier.pipeline.load import program, read_front
from verifier.pipeline.options import Options

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.yaml"))
SMALL = Limits(max_states=6_000)


@pytest.mark.parametrize("lowering", ["abstract", "runtime"])
@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_composition_keeps_the_verdicts_of_a_model(path: Path, lowering: str) -> None:
    small = program(read_front(read_model(str(path)), Options()), lowering)
    assert small.raw is not None
    raw, composed = explore(small.raw, SMALL), explore(small, SMALL)
    assert composed.states <= raw.states
    if raw.complete:
        findings = [{(v.kind, v.name) for v in (*e.violations, *e.witnesses)} for e in (raw, composed)]
        assert findings[0] == findings[1]
        assert (raw.finished, raw.coverage) == (composed.finished, composed.coverage)
    for v in (*composed.violations, *composed.witnesses):
        replay(small, choices_of(composed, v), Claim(v.kind, v.name, v.goroutines))
