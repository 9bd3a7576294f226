"""A few comparisons of the campaign: reductions change no verdict on real schemes."""

from __future__ import annotations

import pytest

from verifier.model.read import read_text
from verifier.pipeline.load import read_front
from verifier.pipeline.options import Options
from verifier.verdict import Verdict

from .campaign import Case, differ, verdicts

CASES = {
    Case("mutex", ("Store", "LoadAndDelete", "Clear"), 2, 2): Verdict.SAFE,
    Case("copyonwrite", ("LoadOrStore", "Delete"), 1, 2): Verdict.SAFE,
    Case("copyonwrite store", ("LoadOrStore", "Load"), 1, 2): Verdict.UNSAFE,
    Case("rwmutex unchecked", ("LoadOrStore", "Load"), 1, 2): Verdict.UNSAFE,
    Case("syncmap127", ("LoadOrStore", "LoadAndDelete"), 1, 1): Verdict.SAFE,
    Case("syncmap127 inplace", ("Store", "CompareAndSwap", "LoadAndDelete"), 1, 2): Verdict.UNSAFE,
}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.scheme}: {' '.join(c.operations)}")
def test_reductions_change_no_verdict(case: Case) -> None:
    reduced, whole = verdicts(case, True), verdicts(case, False)
    assert not differ(reduced, whole), (reduced, whole)
    assert reduced["linearizable"] is whole["linearizable"] is CASES[case]


def test_the_values_are_known_from_what_is_returned() -> None:
    """No operation takes a value: that of Load says what they are."""
    text = Case("mutex", ("Load", "LoadAndDelete"), 1, 1).text()
    assert read_front(read_text("m.yaml", text), Options()).client is not None
