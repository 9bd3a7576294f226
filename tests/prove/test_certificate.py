"""What the engine writes into a certificate; whether it is one is the business of `tests/audit/test_recheck.py`."""

from __future__ import annotations

import pytest

from verifier.evidence.proof import Certificate
from verifier.prove.certificate import certificate

from .build import front, prove
from .schemes import SAFE


def made(name: str) -> tuple[Certificate, int]:
    """The certificate, and how many views the proof has."""
    tried = prove(front(SAFE[name]), largest=1)
    assert tried.proof is not None and tried.machine is not None
    found = certificate(tried.machine.shape, tried.proof, heap=2)
    assert found is not None
    return found, len(tried.proof.views)


def test_equal_proofs_have_equal_certificates() -> None:
    first, _ = made("rwmutex")
    second, _ = made("rwmutex")
    assert first == second
    assert first.sha256 == second.sha256
    assert made("mutex")[0].sha256 != first.sha256


def test_the_digest_covers_every_field() -> None:
    from dataclasses import fields, replace

    found, _ = made("mutex")
    other = {"roles": ("x",), "exactly": (("writer", 1),), "invariant": ""}
    for f in fields(found):
        changed = replace(found, **{f.name: other.get(f.name, 9)})
        assert changed.sha256 != found.sha256, f.name


@pytest.mark.parametrize("name", ["mutex", "atomic-pointer-cas", "sharded"])
def test_views_that_differ_in_one_fact_are_one(name: str) -> None:
    found, views = made(name)
    assert 0 < found.views < views


def test_slots_for_locks_are_as_many_as_are_held_at_once() -> None:
    assert (made("mutex")[0].reads, made("mutex")[0].holds) == (0, 0)
    assert (made("rwmutex")[0].reads, made("rwmutex")[0].holds) == (1, 0)
    assert made("one lock per request")[0].holds == 1


def test_it_is_smt_lib_text() -> None:
    found, _ = made("once")
    assert found.invariant.startswith("(define-fun view.1.")
    assert found.invariant.count("(") == found.invariant.count(")")


def test_there_is_none_without_a_proof_and_none_for_two_goroutines_tracked() -> None:
    from dataclasses import replace

    tried = prove(front(SAFE["mutex"]), largest=1)
    assert tried.proof is not None and tried.machine is not None
    assert certificate(tried.machine.shape, replace(tried.proof, stopped="time"), heap=2) is None
    assert certificate(tried.machine.shape, replace(tried.proof, k=2), heap=2) is None
