"""Every workload meets what it expects under every scheme, and shows what it claims to show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from verifier.evidence.result import Result
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.model.schemes import schemes, under
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "workloads"
WORKLOADS = sorted(FOLDER.glob("*.yaml"))
SCHEMES = {
    "unprotected", "mutex", "rwmutex", "sharded", "copyonwrite", "channelowner", "syncmap127", "syncmap123",
}  # fmt: skip

CASES = [(path.stem, s.name) for path in WORKLOADS for s in schemes(read_model(str(path)))]
every_case = pytest.mark.parametrize(("workload", "scheme"), CASES)


@cache
def document(workload: str, scheme: str) -> Document:
    read = read_model(str(FOLDER / f"{workload}.yaml"))
    return under(read, next(s for s in schemes(read) if s.name == scheme))


@cache
def judged(workload: str, scheme: str) -> Result:
    return verify(document(workload, scheme), Options(any_number=False))


def verdict(workload: str, scheme: str, name: str) -> Verdict:
    return next(p.verdict for p in judged(workload, scheme).properties if p.name == name)


def losers(workload: str, name: str) -> set[str]:
    """The schemes under which a property does not hold."""
    return {s for s in SCHEMES if verdict(workload, s, name) is not Verdict.SAFE}


@every_case
def test_the_workload_meets_its_expectations(workload: str, scheme: str) -> None:
    found = judged(workload, scheme)
    off = [f"{p.name}: {p.verdict.value} ({p.reason or p.sentence})" for p in found.properties if not p.as_expected]
    assert off == []
    assert found.exit_code == 0 and found.explored.complete
    assert {p.name for p in found.properties} == set(dict(document(workload, scheme).expect))


@every_case
def test_the_goroutines_run_to_the_end_of_what_they_do(workload: str, scheme: str) -> None:
    seen = judged(workload, scheme).coverage
    roles = document(workload, scheme).roles
    first = roles[0].body.line if roles else 0
    assert seen is not None
    missed = [text for span, text in seen.missed if span.file.endswith(".yaml") and span.line >= first]
    # What a scheme rules out is what the workload is about.
    assert missed in ([], ["torn.Store(true)"]) or losers(workload, "deadlock") >= {scheme}, missed


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda p: p.stem)
def test_every_workload_is_taken_under_all_schemes_and_explains_itself(path: Path) -> None:
    read = read_model(str(path))
    if read.linearizable is None:
        assert {s.name for s in schemes(read)} >= SCHEMES
    assert read.name == path.stem and read.title and read.about


def test_only_some_schemes_list_what_was() -> None:
    assert losers("session-cache", "the list shows what was") == {"sharded", "syncmap127", "unprotected"}
    assert losers("session-cache", "race") == {"unprotected"}


def test_a_lock_that_is_held_while_calling_back_waits_for_itself() -> None:
    assert losers("expire-while-listing", "deadlock") == {"mutex", "rwmutex", "sharded"}


def test_no_scheme_protects_what_the_map_points_to() -> None:
    assert losers("change-in-place", "race") == SCHEMES
    assert losers("replace-the-session", "race") == {"unprotected"}


def test_no_scheme_makes_one_step_of_two_calls() -> None:
    assert losers("check-then-create", "one session is created") == SCHEMES
    assert losers("session-cache", "one session is created for the phone") == {"unprotected"}


def test_a_broken_variant_is_told_from_its_scheme_by_what_calls_return() -> None:
    assert verdict("every-client", "rwmutex", "linearizable") is Verdict.SAFE
    assert verdict("every-client", "rwmutex-loadorstore-unchecked", "linearizable") is Verdict.UNSAFE
    assert verdict("every-client", "rwmutex-loadorstore-unchecked", "race") is Verdict.SAFE
    assert verdict("every-client", "copyonwrite", "linearizable") is Verdict.SAFE
    assert verdict("every-client", "copyonwrite-publish-store", "linearizable") is Verdict.UNSAFE
