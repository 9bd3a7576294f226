"""Properties judged only where a model asks, each in its own way."""

from __future__ import annotations

from verifier.evidence.result import Property
from verifier.model.fields import EDGES
from verifier.pipeline.explore import Budget, Explored, run
from verifier.pipeline.judge import audit, builtin, undecided
from verifier.pipeline.load import Front, program
from verifier.program.passes.lostupdate import LOST_UPDATE, TooMany
from verifier.program.program import Program
from verifier.records import replace
from verifier.verdict import Verdict


def judged(kind: str, front: Front, base: Explored, budget: Budget) -> Property:
    """Judge a property of `document.ON_DEMAND`; `base` is the exploration without ghosts."""
    if kind == "starvation":
        # Imported here: networkx takes as long to import as a small model to judge.
        from verifier.pipeline.starvation import starvation

        return starvation(front, base, budget)
    try:
        if not _possible(program(front, LOST_UPDATE, base.bounds)):
            # Nothing to remember: the exploration there is has seen all there is to see.
            return builtin(kind, front.document, (base,))
        return builtin(kind, front.document, (run(front, LOST_UPDATE, budget),))
    except TooMany as error:
        expected = dict(front.document.expect).get(kind)
        return Property(kind, kind, Verdict.UNKNOWN, expected, "", "", base.found.states, reason=str(error))


def _possible(made: Program) -> bool:
    return any(s.fail is not None and s.fail.kind == LOST_UPDATE for t in made.templates for s in t.steps)


def ordered(front: Front, number: int, budget: Budget) -> Property:
    """Judge an edge of happens-before, the one at position `number`. Raises ModelError where it cannot be asked."""
    order = front.document.orders[number]
    explored = run(front, f"ordered{number + 1}", budget)
    expected = dict(front.document.expect).get(order.name)
    open_ = Property(
        order.name,
        EDGES,
        Verdict.UNKNOWN,
        expected,
        "",
        "",
        explored.found.states,
        span=order.span,
        formula=order.formula,
    )
    finding = explored.searches.first("always", order.name)
    if finding is None:
        reason = undecided(explored, EDGES)
        if reason:
            return replace(open_, reason=reason)
        return replace(open_, verdict=Verdict.SAFE, sentence=order.name, method="exhaustive")
    audited = audit(explored, finding)
    if audited.trace is None:
        return replace(open_, verdict=Verdict.ERROR, method="replay", reason=audited.refused)
    sentence = f"nothing orders {order.formula}"
    return replace(open_, verdict=Verdict.UNSAFE, sentence=sentence, method="counterexample", trace=audited.trace)
