"""Reference, kernel and every kind of reduction: the same verdicts on every model of the repository and its mutants."""

from dataclasses import replace
from pathlib import Path

import pytest
from catalogue import ROOT, SCHEMES, SHORT, document, name
from mutants.test_lock_removal import MUTANTS

from verifier.evidence.result import Result
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

PLAIN = Options(reduce=False, engine="reference", any_number=False)
WAYS = (
    replace(PLAIN, engine="kernel"),
    replace(PLAIN, reduce=True),
    replace(PLAIN, engine="kernel", reduce=True),
)

INLINED = [p for p in SCHEMES if p.stem in ("channelowner", "rwmutex", "copyonwrite-store")]
"""Schemes whose methods are inlined; the others are like one of these, or too long for this (`catalogue.LONG`)."""
CLIENTS = [ROOT / "models" / "linearizable" / f"{n}.yaml" for n in ("register", "register-store")]
"""Clients of types so small that every interleaving of them can be explored; the others: `tests/linearizable`."""


def verdicts(result: Result) -> list[tuple[str, str, Verdict]]:
    return [(p.kind, p.name, p.verdict) for p in result.properties]


def told(result: Result) -> set[str]:
    """The consequences on the real runtime, by name."""
    return {c.name for c in result.consequences}


def judged(document: Document, way: Options) -> Result:
    """The result; every finding in it was undone, and replayed by the audit, or it would be an ERROR."""
    result = verify(document, way)
    assert all(p.verdict is not Verdict.ERROR for p in result.properties), [p.reason for p in result.properties]
    assert not result.explored.reductions or way.reduce
    return result


def compare(model: Document, ways: tuple[Options, ...], *, runtime: bool) -> None:
    expected = judged(model, replace(PLAIN, runtime=runtime))
    for way in ways:
        found = judged(model, replace(way, runtime=runtime))
        assert verdicts(found) == verdicts(expected), way
        assert told(found) == told(expected), way
        assert found.coverage == expected.coverage, way
        if not way.reduce:
            # The very same: states, numbers, schedules. Only the name of the engine may differ.
            assert found.explored.states == expected.explored.states
            assert found.explored.transitions == expected.explored.transitions
            assert found.properties == expected.properties
            assert found.consequences == expected.consequences
        elif found.explored.complete:
            assert found.explored.states <= expected.explored.states


@pytest.mark.parametrize("path", SHORT, ids=name)
def test_models(path: Path) -> None:
    compare(document(path), WAYS, runtime=True)


@pytest.mark.parametrize("path", INLINED + CLIENTS, ids=name)
def test_schemes_as_go_files_and_clients_of_them(path: Path) -> None:
    compare(document(path), WAYS, runtime=False)


@pytest.mark.parametrize(("path", "number"), MUTANTS, ids=lambda v: name(v) if isinstance(v, Path) else str(v + 1))
def test_mutants(path: Path, number: int, tmp_path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    mutant = tmp_path / path.name
    mutant.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
    compare(read_model(str(mutant)), WAYS[1:], runtime=False)
