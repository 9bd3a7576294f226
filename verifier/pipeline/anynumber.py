"""For any number of goroutines: what the explored counts do not show violated, we try to prove for all counts."""

from __future__ import annotations

from collections.abc import Callable

from verifier.evidence.counts import counted, listed, several
from verifier.evidence.proof import PROVABLE
from verifier.evidence.result import AnyNumber, ForAnyNumber, Property
from verifier.pipeline.explore import Budget, Explored
from verifier.pipeline.judge import HOLDS
from verifier.pipeline.load import Front, lowering_for_proofs as lowering, program
from verifier.program.program import Program
from verifier.prove.anynumber import LARGEST, Attempt, attempt, in_the_way
from verifier.prove.invariant import readable
from verifier.prove.shape import beyond
from verifier.prove.together import seen_by_exploration
from verifier.prove.values import INT
from verifier.records import replace
from verifier.source import ModelError
from verifier.verdict import Verdict

EXPLANATION_SECONDS = 3.0

SECONDS = 10.0
"""Time for the proof unless `--timeout` leaves less."""


def for_any_number(
    front: Front, base: Explored, properties: tuple[Property, ...], budget: Budget
) -> ForAnyNumber | None:
    """The proof, or why there is none; None when nobody asked or there is nothing to prove."""
    options = budget.options
    if options.any_number is False or base.found.limit == "interrupted":
        return None
    held = tuple(p.name for p in properties if p.kind in PROVABLE and not base.searches.first(p.kind))
    asked = tuple(p.name for p in properties if p.kind in PROVABLE)
    if not asked or held != asked or base.program.init_fail is not None:
        # A violation at a small number is a violation; there is nothing to lift.
        return None
    if front.fixed:
        return ForAnyNumber(Verdict.UNKNOWN, asked, _roles(front, {}), 0, 0, reason=front.fixed)
    found = _prove(front, base.program, asked, budget)
    once = all(r.count == 1 for r in front.document.roles)
    # Roles that exist once are often meant to: that a second `main` cannot be excluded is no news to anybody.
    return None if once and options.any_number is None and found.verdict is not Verdict.SAFE else found


def _prove(front: Front, explored: Program, asked: tuple[str, ...], budget: Budget) -> ForAnyNumber:
    outside = Attempt(None, None, reason=beyond(explored))
    if outside.reason:
        # Lowering the model once more would come to the same.
        return ForAnyNumber(Verdict.UNKNOWN, asked, _roles(front, {}), 0, 0, reason=in_the_way(outside))
    try:
        made = _program(front)
    except ModelError as error:
        # Whole integers can be too much for what exploration takes: a table per argument of a function, for instance.
        return ForAnyNumber(Verdict.UNKNOWN, asked, _roles(front, {}), 0, 0, reason=error.diagnostics[0].message)
    fixed = {r.name: r.count for r in front.document.roles if r.count is not None}
    some = any(r.count is None for r in front.document.roles)
    single = {role: n for role, n in fixed.items() if n == 1}
    tries = [fixed if some else {}]
    if not some and single and len(single) < len(fixed):
        # Roles the model has once may be meant to be one: main, an owner, a janitor.
        tries.append(single)
    late = _deadline(budget)
    reason = ""
    for number, exactly in enumerate(tries):
        # A second try tracks one goroutine only: two decided 3 of 3,605 random proofs, and cost ten times as much.
        tried = attempt(made, late, exactly or None, largest=1 if number else LARGEST)
        if tried.proof is not None:
            return _proved(front, made, asked, tried, exactly, budget)
        reason = reason or in_the_way(tried)
        if late():
            break
    return ForAnyNumber(Verdict.UNKNOWN, asked, _roles(front, {}), 0, 0, reason=reason)


def _program(front: Front) -> Program:
    """The model as proofs want it: two goroutines a role, whole integers, no clauses."""
    doubled = replace(
        front,
        counts=tuple((role, 2) for role, _ in front.counts),
        package=replace(front.package, clauses=()),
    )
    return program(doubled, lowering(front), replace(front.document.bounds, heap=_heap(front), int=INT))


def _heap(front: Front) -> int:
    return max(front.document.bounds.heap, 2)


def _deadline(budget: Budget) -> Callable[[], bool]:
    ends = budget.seconds() + SECONDS
    timeout = budget.options.timeout

    def late() -> bool:
        now = budget.seconds()
        return now > ends or (timeout is not None and now > timeout)

    return late


def _proved(
    front: Front,
    made: Program,
    asked: tuple[str, ...],
    done: Attempt,
    exactly: dict[str, int],
    budget: Budget,
) -> ForAnyNumber:
    assert done.proof is not None and done.machine is not None
    ends = budget.seconds() + EXPLANATION_SECONDS
    kept = None
    if budget.options.certificate:
        # Imported and written on demand only: it costs as much as a third of the proof.
        from verifier.prove.certificate import certificate

        kept = certificate(done.machine.shape, done.proof, _heap(front), tuple(exactly.items()))
    return ForAnyNumber(
        Verdict.SAFE,
        asked,
        _roles(front, exactly),
        done.proof.k,
        len(done.proof.views),
        invariant=readable(made, lambda: budget.seconds() > ends).lines,
        certificate=kept,
        # With more goroutines of a fixed role than the proof is about (--count), it says nothing about this run.
        alone=all(n <= exactly.get(role, n) for role, n in front.counts) and _alone(done),
    )


def _alone(done: Attempt) -> bool:
    """Whether k goroutines and fewer are shown safe too, run in the abstract: then nothing else is needed."""
    assert done.proof is not None and done.machine is not None
    runs = [seen_by_exploration(done.machine, n, n) for n in range(1, done.proof.k + 1)]
    return all(bad is None and not cut for _, bad, cut in runs)


def _roles(front: Front, fixed: dict[str, int]) -> str:
    free = [several(r.name) for r in front.document.roles if r.name not in fixed]
    bound = [counted(n, name) for name, n in fixed.items()]
    text = f"any number of {listed(free)}" if free else ""
    return " with ".join(x for x in (text, listed(bound)) if x)


def with_proof(prop: Property, proof: ForAnyNumber | None, any_roles: bool) -> Property:
    """A property with what is known for any number of goroutines; `count: any` makes the proof part of SAFE."""
    if proof is not None and prop.name in proof.properties:
        method = f"views of {proof.k} goroutine{'' if proof.k == 1 else 's'}" if proof.k else proof.reason
        prop = replace(prop, any_number=AnyNumber(proof.verdict, method, proof.k))
    shown = proof is not None and proof.verdict is Verdict.SAFE and proof.alone and prop.name in proof.properties
    if shown and prop.verdict is Verdict.UNKNOWN:
        # Exploring ran into a limit; the proof needs no exploration.
        prop = replace(prop, verdict=Verdict.SAFE, sentence=HOLDS[prop.kind], method="proved", states=0, reason="")
    if not any_roles or prop.verdict is not Verdict.SAFE or prop.kind == "sometimes":
        return prop
    if prop.any_number is not None and prop.any_number.verdict is Verdict.SAFE:
        return prop
    if proof is not None and prop.name in proof.properties:
        reason = proof.reason
    elif prop.kind in PROVABLE:
        reason = "no proof is tried once another property fails"
    else:
        reason = NOT_PROVED
    return replace(prop, verdict=Verdict.UNKNOWN, reason=f"`count: any`: {reason}; the goroutines explored show none")


NOT_PROVED = "only race, fatal and panic are proved for any number"
