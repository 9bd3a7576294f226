"""Small concurrent Go, one construct at a time: exactly the named properties are violated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from verifier.model.document import CHECKS
from verifier.verdict import Verdict

from .models import Go, bounded, judge

FILE = Path(__file__).with_name("concurrent.txt")


@dataclass(frozen=True)
class Case:
    """`violated`: the checks that are UNSAFE; with "bound" the others are UNKNOWN, else SAFE."""

    name: str
    violated: frozenset[str]
    model: Go


def _case(block: str) -> Case:
    head, _, text = block.partition("\n")
    name, told, *options = (part.strip() for part in head.split("|"))
    declare, *roles = re.split(r"^--- ", text, flags=re.M)
    bodies: dict[str, str | tuple[int, str]] = {}
    for role in roles:
        title, _, body = role.partition("\n")
        word, _, count = title.partition(" ")
        bodies[word] = (int(count or 1), body)
    given = dict(o.split("=") for o in " ".join(options).split())
    language = given.pop("go", "1.27")
    limits = {key: int(value) for key, value in given.items()}
    return Case(name, frozenset(told.split()), Go(bodies, declare, language, bounded(**limits)))


CASES = [_case(b) for b in re.split(r"^== ", FILE.read_text(encoding="utf-8"), flags=re.M) if b.strip()]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_violated_properties(case: Case) -> None:
    result = judge(case.model)
    found = {p.name: p for p in result.properties}
    otherwise = Verdict.UNKNOWN if "bound" in case.violated else Verdict.SAFE
    wrong = [
        f"{name}: {found[name].verdict.value} {found[name].sentence or found[name].reason}"
        for name in CHECKS
        if found[name].verdict is not (Verdict.UNSAFE if name in case.violated else otherwise)
    ]
    assert not wrong
    if otherwise is Verdict.UNKNOWN:
        assert "bound" in next(p.reason for p in result.properties if p.verdict is Verdict.UNKNOWN)


def test_names_are_distinct() -> None:
    assert len({c.name for c in CASES}) == len(CASES)
