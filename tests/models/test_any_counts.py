"""The UNSAFE catalogue with every count `any`: still UNSAFE, with a schedule, whatever the proofs would like."""

from __future__ import annotations

from dataclasses import replace

import pytest
from catalogue import CATALOGUE

from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

PROVABLE = ("race", "fatal", "panic")


def unsafe() -> list[str]:
    found = []
    for path in CATALOGUE:
        document = read_model(str(path))
        if any(kind in PROVABLE and verdict is Verdict.UNSAFE for kind, verdict in document.expect):
            found.append(str(path))
    return found


def test_there_are_unsafe_models() -> None:
    assert len(unsafe()) >= 15


@pytest.mark.parametrize("path", unsafe())
def test_any_number_is_unsafe_with_a_schedule(path: str) -> None:
    document = read_model(path)
    free = replace(document, roles=tuple(replace(r, count=None) for r in document.roles), expect=())
    result = verify(free, Options())
    expected = {kind for kind, verdict in document.expect if kind in PROVABLE and verdict is Verdict.UNSAFE}
    found = {p.name: p for p in result.properties}
    for kind in expected:
        assert found[kind].verdict is Verdict.UNSAFE and found[kind].trace is not None
    for kind in PROVABLE:
        if kind in found and kind not in expected:
            assert found[kind].verdict is not Verdict.SAFE or found[kind].any_number is not None
