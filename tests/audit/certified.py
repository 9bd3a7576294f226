"""Certificates of small schemes, for the tests of the audit."""

from __future__ import annotations

from functools import cache

from prove.build import Case, for_proof, front, prove
from prove.schemes import SAFE, TWINS

from verifier.evidence.proof import Certificate
from verifier.program.program import Program
from verifier.prove.certificate import certificate

SMALL = ("mutex", "rwmutex", "sync-map", "atomic-pointer-publish", "atomic-pointer-cas with one winner", "once")
"""Schemes whose obligations take tenths of a second."""


@cache
def program_of(case: str) -> Program:
    """The program a certificate is about."""
    return for_proof(front(_case(case)))


@cache
def certificate_of(name: str) -> Certificate:
    """The certificate of a SAFE scheme."""
    tried = prove(front(SAFE[name]), largest=1)
    assert tried.proof is not None and tried.machine is not None
    made = certificate(tried.machine.shape, tried.proof, heap=2)
    assert made is not None
    return made


def _case(name: str) -> Case:
    return SAFE[name] if name in SAFE else TWINS[name]
