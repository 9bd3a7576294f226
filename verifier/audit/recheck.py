"""Re-proving a certificate: is its invariant one of this program, and does it exclude every failure and race?

What is trusted: the front end that makes the program of the model, this directory, and the solver. What is not: the
engine that found the proof, and everything in the certificate. Its views are an arbitrary formula that has to satisfy
obligations the auditor writes itself; a wrong one is refused, at worst a right one.
"""

from __future__ import annotations

from verifier.audit.interpret import AuditError
from verifier.audit.invariant import Invariant, read_invariant
from verifier.audit.obligations import OBLIGATIONS, Builder, Script
from verifier.audit.solvers import SECONDS, SOLVERS
from verifier.audit.vocabulary import NotCovered, vocabulary
from verifier.evidence.proof import Certificate
from verifier.program.program import Program
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that was not answered `unsat`: which obligation, which step, what the solver said."""

    obligation: str
    about: str
    answer: str


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What one solver said: questions per obligation, and those it did not answer with `unsat`."""

    solver: str
    asked: tuple[tuple[str, int], ...]
    refused: tuple[Refused, ...]

    @property
    def proved(self) -> bool:
        """Whether every obligation was shown."""
        return not self.refused and sum(n for _, n in self.asked) > 0

    @property
    def contradicted(self) -> bool:
        """Whether the solver found a counterexample to an obligation; else it only did not answer."""
        return any(r.answer == "sat" for r in self.refused)


def scripts(program: Program, certificate: Certificate, drop: int | None = None) -> tuple[Script, ...]:
    """The obligations as SMT-LIB2. `drop` leaves out one view, as a control. Raises AuditError."""
    if certificate.k != 1:
        raise AuditError("only views of one goroutine have certificates")
    names = tuple(t.name for t in program.templates[1:])
    if names != certificate.roles:
        raise AuditError(f"the certificate is about {', '.join(certificate.roles)}, the model has {', '.join(names)}")
    fixed = dict(certificate.exactly)
    if not set(fixed) <= set(names) or not 0 <= certificate.reads <= 8 or not 0 <= certificate.holds <= 8:
        raise AuditError("the certificate does not fit the model")
    try:
        voc = vocabulary(program, certificate.reads, certificate.holds)
        invariant = read_invariant(certificate.invariant, voc)
        if invariant.views != certificate.views:
            raise AuditError(f"the certificate has {invariant.views} views, not {certificate.views}")
        if drop is not None:
            invariant = _without(invariant, drop)
        exactly = {t.number: fixed[t.name] for t in program.templates[1:] if t.name in fixed}
        return Builder(voc, invariant, exactly).scripts()
    except NotCovered as reason:
        raise AuditError(f"the certificate cannot be re-checked: {reason}") from None


def _without(invariant: Invariant, number: int) -> Invariant:
    if not 0 <= number < invariant.views:
        raise AuditError(f"there is no view {number}")
    return invariant.without(number)


def recheck(
    program: Program,
    certificate: Certificate,
    solver: str = "z3",
    seconds: float = SECONDS,
    drop: int | None = None,
    all_refused: bool = False,
) -> Rechecked:
    """Ask a solver for every obligation; stops at the first that is not shown unless `all_refused`.

    `program` is the model lowered with two goroutines a role, `certificate.heap` blocks a repeated allocation and
    integers of `proof.INT`. Raises AuditError when the certificate is not one, ImportError without the solver.
    """
    ask = SOLVERS[solver](seconds)
    counts = dict.fromkeys(OBLIGATIONS, 0)
    refused: list[Refused] = []
    for script in scripts(program, certificate, drop):
        for head, queries in script.groups:
            for q in queries:
                counts[q.obligation] += 1
                answer = ask(script.question(head, q))
                if answer != "unsat":
                    refused.append(Refused(q.obligation, q.about, answer))
                    if not all_refused:
                        return Rechecked(solver, tuple(counts.items()), tuple(refused))
    return Rechecked(solver, tuple(counts.items()), tuple(refused))
