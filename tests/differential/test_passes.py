"""Every combination of passes on every program of the repository: the same findings, whichever back end explores."""

from itertools import product
from pathlib import Path

import pytest
from catalogue import SHORT, document, name

from verifier.explore.outcome import Exploration
from verifier.explore.search import explore
from verifier.explore.undo import raw_coverage
from verifier.pipeline import Options, read_front
from verifier.pipeline.load import program
from verifier.program.passes.reduce import reduced
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

COMBINATIONS = list(product((False, True), repeat=3))
"""Slicing, fusing, symmetry."""


def small(given: Program, slicing: bool, fusing: bool, exchanging: bool) -> Program:
    made = reduced(given, slicing=slicing, fusing=fusing)
    return symmetric(made) if exchanging else made


def findings(found: Exploration) -> tuple[set[tuple[str, str]], bool, bool]:
    """What must not depend on reductions. Which of the goroutines of a role races may: so names without numbers."""
    names = {(v.kind, "" if v.kind in ("race", "deadlock") else v.name) for v in (*found.violations, *found.witnesses)}
    return names, found.finished, found.deadlock_decided or found.first("deadlock") is not None


@pytest.mark.parametrize("lowering", ["abstract", "runtime"])
@pytest.mark.parametrize("path", SHORT, ids=name)
def test_every_combination(path: Path, lowering: str) -> None:
    front = read_front(document(path), Options())
    composed = program(front, lowering)
    if lowering == "runtime" and composed == program(front, "abstract"):
        # No map that a runtime step could be about: it is the other test.
        return
    plain = explore(composed)
    assert plain.complete
    tried = [composed]
    made, found = composed, plain
    for slicing, fusing, exchanging in COMBINATIONS:
        given = small(composed, slicing, fusing, exchanging)
        if given in tried:
            # Where no goroutines are interchangeable, say, half of the combinations are the other half.
            continue
        made, found = given, explore(given)
        tried.append(made)
        assert findings(found) == findings(plain), (slicing, fusing, exchanging)
        assert raw_coverage(found, composed) == plain.coverage, (slicing, fusing, exchanging)
        assert found.states <= plain.states
    # One combination here: that both back ends agree on any program is shown state by state elsewhere.
    compiled = explore(made, engine="kernel")
    assert (compiled.states, compiled.transitions) == (found.states, found.transitions)
    assert list(compiled.store.order) == list(found.store.order)
    assert (compiled.violations, compiled.witnesses) == (found.violations, found.witnesses)
