"""Go tests of the catalogue's models."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from verifier.evidence.result import Property
from verifier.gotest.gofile import GoTest
from verifier.gotest.make import go_test, stress_test
from verifier.gotest.request import candidates, request
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front

ROOT = Path(__file__).resolve().parents[2]


@cache
def made(model: str, name: str = "") -> tuple[GoTest, Property]:
    """The test of a model's first counterexample, or of the one with this name."""
    document = read_model(model)
    options = Options(any_number=False)
    found = candidates(verify(document, options))
    prop = next(p for p in found if name in ("", p.name))
    return go_test(read_front(document, options), request(prop)), prop


def stressed(model: str) -> GoTest:
    """The test that looks for a contradiction, for half a second."""
    document = read_model(model)
    options = Options(any_number=False)
    return stress_test(read_front(document, options), verify(document, options), 500)
