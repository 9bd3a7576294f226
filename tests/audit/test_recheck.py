"""Certificates of every SAFE scheme are re-proved; what is wrong with one is noticed."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import replace

import pytest
from prove.schemes import SAFE, TWINS

from verifier.audit import solvers
from verifier.audit.interpret import AuditError
from verifier.audit.recheck import recheck, scripts

from .certified import SMALL, certificate_of, program_of

SAMPLE = 5


@pytest.mark.parametrize("name", SAFE)
def test_z3_reproves_the_certificate(name: str) -> None:
    certificate = certificate_of(name)
    said = recheck(program_of(name), certificate)
    assert said.proved, said.refused
    asked = dict(said.asked)
    assert asked["initial"] and asked["inside"]


@pytest.mark.parametrize("name", SAFE)
def test_the_premises_of_no_question_contradict_each_other(name: str) -> None:
    """Else every answer would be unsat whatever the step does."""
    ask = solvers.z3_solver()
    for script in scripts(program_of(name), certificate_of(name)):
        for head, _ in script.groups:
            before = "\n".join([script.base, *script.views.values(), script.before, head])
            assert ask(before) == "sat"


@pytest.mark.parametrize("name", [*SMALL, "pointer-per-object-lock", "one lock per request"])
def test_without_one_of_its_views_the_certificate_is_refused(name: str) -> None:
    certificate = certificate_of(name)
    step = max(1, certificate.views // SAMPLE)
    for number in range(0, certificate.views, step):
        said = recheck(program_of(name), certificate, drop=number)
        assert said.contradicted, number


@pytest.mark.parametrize("twin", TWINS)
def test_the_views_of_a_safe_scheme_prove_no_unsafe_twin(twin: str) -> None:
    name = twin.split(":")[0]
    try:
        said = recheck(program_of(twin), certificate_of(name))
    except AuditError:
        # The twin has other cells than the views speak of.
        assert name not in ("mutex", "rwmutex")
        return
    assert said.contradicted


def test_views_that_say_nothing_prove_nothing() -> None:
    """The weakest invariant holds at the start and after every step, and excludes no race."""
    certificate = certificate_of("mutex")
    program = program_of("mutex")
    groups = {(t.number, n) for t in program.templates[1:] for s in t.steps for n in (s.src, s.dst, 0)}
    text = "".join(f"(define-fun view.{t}.{n} () Bool (and true (or false (and true))))\n" for t, n in sorted(groups))
    text = text.replace("(and true))", "(and true true))")
    weakest = replace(certificate, invariant=text, views=len(groups))
    said = recheck(program, weakest, all_refused=True)
    assert {r.obligation for r in said.refused} >= {"safe"}
    assert not any(r.obligation in ("initial",) for r in said.refused)


def test_views_that_exclude_everything_fail_at_the_start() -> None:
    certificate = certificate_of("mutex")
    said = recheck(program_of("mutex"), replace(certificate, invariant="", views=0))
    assert [r.obligation for r in said.refused] == ["initial"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(define-fun view.1.2 ", "(assert false) (define-fun view.1.2 "),
        ("(define-fun view.1.2 () Bool (and true ", "(define-fun view.1.2 () Bool (and true) (and true "),
        ("(define-fun view.1.2 ", "(define-fun view.1.4 "),
        ("(define-fun view.1.2 ", "(define-fun view.9.2 "),
        ("(define-fun view.1.2 ", "(define-fun lost "),
        ("g0.who", "g0.when"),
        ("(= g0.who none)", "(= g0.who (_ bv0 72))"),
        ("(= g0.who none)", "(exists g0.who none)"),
        ("(= g0.who none)", "(= g0.who none"),
        ("(= g0.who none)", "(= g0.who none))"),
        ("bv0 16", "bv0 8"),
        ("bv0 16", "bv99999999999999999999999 16"),
    ],
)
def test_nothing_but_formulas_is_taken_from_a_certificate(old: str, new: str) -> None:
    certificate = certificate_of("mutex")
    assert old in certificate.invariant
    with pytest.raises(AuditError):
        recheck(program_of("mutex"), replace(certificate, invariant=certificate.invariant.replace(old, new, 1)))


def test_a_certificate_of_other_roles_does_not_fit() -> None:
    with pytest.raises(AuditError, match="reader"):
        recheck(program_of("once"), certificate_of("mutex"))
    with pytest.raises(AuditError):
        recheck(program_of("mutex"), replace(certificate_of("mutex"), k=2))
    with pytest.raises(AuditError, match="views"):
        recheck(program_of("mutex"), replace(certificate_of("mutex"), views=1))


def test_scripts_are_smt_lib_for_any_solver() -> None:
    import z3

    for script in scripts(program_of("rwmutex"), certificate_of("rwmutex")):
        context = z3.Context()
        answers = z3.Z3_eval_smtlib2_string(context.ref(), script.text()).split()
        assert answers == ["unsat"] * len(script.queries)


def test_an_answer_that_does_not_come_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(solvers.SOLVERS, "z3", lambda seconds: lambda text: "unknown")
    said = recheck(program_of("rwmutex"), certificate_of("rwmutex"))
    assert not said.proved and not said.contradicted


@pytest.mark.skipif(importlib.util.find_spec("cvc5") is None, reason="cvc5 is not installed (extra `cvc5`)")
@pytest.mark.parametrize("name", SMALL)
def test_cvc5_agrees(name: str) -> None:
    said = recheck(program_of(name), certificate_of(name), "cvc5")
    assert said.proved, said.refused
    assert recheck(program_of(name), certificate_of(name), "cvc5", drop=0).contradicted


@pytest.mark.skipif(importlib.util.find_spec("cvc5") is None, reason="cvc5 is not installed (extra `cvc5`)")
def test_cvc5_is_killed_when_its_time_is_up() -> None:
    started = time.monotonic()
    assert solvers.cvc5_solver(0.01)("(set-logic QF_BV)\n(declare-const x Bool)\n(assert x)") == "unknown"
    assert time.monotonic() - started < 5


def test_certificates_of_random_programs_are_reproved() -> None:
    """Also what nobody thought of: loops that allocate, locks in objects, read locks held of objects given up."""
    from prove.build import for_proof, front, prove
    from prove.randoms import CLASSES, case

    from verifier.prove.certificate import certificate

    shown = 0
    for kind in CLASSES:
        for seed in (*range(12), *((73,) if kind == "objects" else ())):
            made = front(case(kind, seed))
            tried = prove(made, largest=1, seconds=2)
            if tried.proof is None or tried.machine is None or len(tried.proof.views) > 300:
                continue
            found = certificate(tried.machine.shape, tried.proof, heap=2)
            assert found is not None
            said = recheck(for_proof(made), found)
            assert said.proved, (kind, seed, said.refused)
            shown += 1
    assert shown >= 8


def test_a_role_that_exists_once_needs_to_be_assumed() -> None:
    """A goroutine that writes its own variable without a lock is fine once, and races with a second one."""
    from prove.build import Case, for_proof, front, prove

    from verifier.prove.certificate import certificate

    case = Case("var n int\nvar m atomic.Int32", {"main": "n = 1\nn = 2", "other": "m.Store(1)"})
    tried = prove(front(case), largest=1, main=1)
    assert tried.proof is not None and tried.machine is not None
    found = certificate(tried.machine.shape, tried.proof, 2, (("main", 1),))
    assert found is not None
    program = for_proof(front(case))
    assert recheck(program, found).proved
    assert recheck(program, replace(found, exactly=())).contradicted
