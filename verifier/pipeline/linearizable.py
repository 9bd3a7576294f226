"""Judging `linearizable`, and the shortest history of calls that no sequential map explains.

The shortest is the one with the fewest atomic steps. Breadth first counts all steps, those too that bring the map into
its first state. So what is found first is only where that begins: a search for a history with fewer atomic steps, until
there is none.
"""

from __future__ import annotations

from verifier.audit.replay import AuditError, Claim, replay
from verifier.evidence.history import History
from verifier.evidence.result import Property
from verifier.evidence.trace import Trace
from verifier.explore.steady import steady
from verifier.model.document import LINEARIZABLE, Document, Linearizable
from verifier.pipeline.engines import Explorations, Finding, fewer
from verifier.pipeline.explore import Budget, Explored
from verifier.pipeline.judge import Audited, audit, undecided
from verifier.program.expr import Judge
from verifier.program.program import END
from verifier.records import replace
from verifier.verdict import Verdict

ROUNDS = 8
"""Searches for a shorter history, at most."""


def linearizable(document: Document, run: Explored, budget: Budget) -> Property:
    """Judge whether every history of calls is one of a sequential map."""
    asked = document.linearizable
    assert asked is not None
    base = Property(
        LINEARIZABLE,
        LINEARIZABLE,
        Verdict.UNKNOWN,
        dict(document.expect).get(LINEARIZABLE),
        "",
        "",
        run.found.states,
        span=asked.span,
    )
    finding = run.searches.first(LINEARIZABLE)
    if finding is not None:
        audited = _fewest(run, finding, budget)
        if audited.trace is None:
            return replace(base, verdict=Verdict.ERROR, method="replay", reason=audited.refused)
        sentence = f"these calls of {asked.type} are in no order those of a sequential map"
        return replace(base, verdict=Verdict.UNSAFE, sentence=sentence, method="counterexample", trace=audited.trace)
    asked_for = any(c.when == LINEARIZABLE for c in run.program.clauses)
    reason = undecided(run, LINEARIZABLE) if asked_for else "its calls were not judged"
    if not reason and run.searches.first("race") is not None:
        reason = "the type has a data race: with one, Go promises no order of accesses that calls could be judged by"
    if not reason and not _return(run, asked):
        reason = "some method never returns, or some call of the clients, and of calls that do not everything holds"
    if reason:
        return replace(base, reason=reason)
    return replace(base, verdict=Verdict.SAFE, sentence=scope_of_clients(asked), method="exhaustive")


def _return(run: Explored, asked: Linearizable) -> bool:
    """Whether in some schedule a call of each method returns, and in some a client in the end, as all calls have."""
    clients = run.program.clients
    assert clients is not None
    raw = run.program.raw or run.program
    template = raw.templates[raw.instances[clients.instances[0]].template]
    ran = run.searches.coverage()
    steps = [s for n, s in enumerate(template.steps) if (template.number, n) in ran and s.fail is None]
    returned = sum(any(isinstance(v, Judge) for _, v in s.updates) for s in steps)
    looks = any(".Load(" in o.text for o in clients.operations)
    methods = {*asked.operations} | ({"Load"} if looks else set())
    return returned >= len(methods) and any(s.dst == END for s in steps)


def scope_of_clients(asked: Linearizable) -> str:
    """What was explored, in a sentence."""
    calls = f"{asked.calls} call{'' if asked.calls == 1 else 's'} each"
    keys = (
        f"{asked.keys} key{'' if asked.keys == 1 else 's'} and {asked.values} value{'' if asked.values == 1 else 's'}"
    )
    goroutines = f"{asked.goroutines} goroutine{'' if asked.goroutines == 1 else 's'}"
    return f"every client of {goroutines} with {calls} on {keys}, from every quiescent state"


def _fewest(run: Explored, finding: Finding, budget: Budget) -> Audited:
    """The finding, replayed, with the fewest atomic steps; `History.fewest` if that could be shown."""
    found = audit(run, finding)
    if found.trace is None or found.trace.history is None or not found.trace.history.setup:
        # One client alone is wrong: its first calls are what breadth first finds.
        return found
    found = _steadied(run, found)
    for _ in range(ROUNDS):
        trace = found.trace
        assert trace is not None and trace.history is not None
        shorter = fewer(run.searches, len(trace.history.atomic) - 1, budget.options, budget.limits)
        violation = shorter.first(LINEARIZABLE)
        if violation is None:
            shown = shorter.complete and shorter.first("bound") is None
            return replace(found, trace=_told(trace, trace.history, shown))
        searches = Explorations(run.program, shorter)
        next_ = _steadied(run, audit(replace(run, searches=searches), Finding(shorter, violation)))
        if next_.trace is None or not _shorter(next_.trace, trace):
            break
        found = next_
    return found


def _told(trace: Trace, history: History, shown: bool) -> Trace:
    return replace(trace, fused=not shown, history=replace(history, fewest=shown))


def _shorter(a: Trace, b: Trace) -> bool:
    return a.history is not None and b.history is not None and len(a.history.atomic) < len(b.history.atomic)


def _steadied(run: Explored, found: Audited) -> Audited:
    """The finding in an order that is easy to follow, if that order shows it too."""
    if found.trace is None:
        return found
    try:
        again = replay(run.program, steady(run.program, found.trace.choices), Claim(LINEARIZABLE, LINEARIZABLE))
    except AuditError:
        return found
    return replace(found, trace=replace(again, lowering=found.trace.lowering, fused=found.trace.fused))
