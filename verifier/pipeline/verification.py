"""The run itself: abstract lowering first, the runtime's steps where a map is raced on, TryLock's licence for races."""

from __future__ import annotations

from verifier.evidence.contention import Contention
from verifier.evidence.proof import PROVABLE
from verifier.evidence.result import Explored as Account, ForAnyNumber, Property, Result
from verifier.evidence.sharding import ShardingResult
from verifier.model.document import BUILTIN, LINEARIZABLE, ON_DEMAND, Document
from verifier.model.fields import EDGES
from verifier.pipeline import scope
from verifier.pipeline.consequences import consequences
from verifier.pipeline.explore import Budget, Explored, run
from verifier.pipeline.judge import builtin, clause
from verifier.pipeline.leftlocked import left_locked
from verifier.pipeline.load import Front, read_front
from verifier.pipeline.options import Options, settings
from verifier.pipeline.subject import subject
from verifier.records import replace
from verifier.verdict import Verdict

MORE = (3, 4)
"""Goroutines of each `count: any` role tried when the proof meets a situation it cannot exclude: it may be a bug."""


def verify(document: Document, options: Options | None = None) -> Result:
    """Judge a model. Raises ModelError, located, when the Go in it is wrong or outside the subset."""
    options = options or Options()
    found = _judged(document, options)
    free = [r.name for r in document.roles if r.count is None]
    given = dict(options.counts)
    for n in MORE:
        proof = found.any_number
        if not free or proof is None or proof.verdict is Verdict.SAFE or any(name in given for name in free):
            return found
        more = replace(options, counts=(*options.counts, *((name, n) for name in free)))
        larger = _judged(document, more)
        if any(p.verdict is Verdict.UNSAFE and p.kind in PROVABLE for p in larger.properties):
            return larger
    return found


def _judged(document: Document, options: Options) -> Result:
    budget = Budget(options)
    front = read_front(document, options)
    base = run(front, "abstract", budget)
    extra = _explanations(front, base, budget)
    runtime = next((e for e in extra if e.lowering.startswith("runtime")), None)
    spurious = next((e for e in extra if e.lowering.startswith("spurious")), None)
    any_roles = any(r.count is None for r in document.roles)
    asked = options.checks if options.checks is not None else document.checks
    properties = [
        _on_demand(kind, front, base, budget)
        if kind in ON_DEMAND
        else builtin(kind, document, _runs(kind, base, runtime, spurious))
        for kind in BUILTIN
        if kind in asked
    ]
    properties = _unordered(properties, front, budget)
    wanted = [c for c in document.clauses if options.checks is None or c.when in options.checks]
    judges = document.linearizable is not None and (options.checks is None or LINEARIZABLE in options.checks)
    properties += [_linearizable(document, base, budget)] if judges else []
    properties += [clause(c, document, base) for c in wanted]
    if document.orders and (options.checks is None or EDGES in options.checks):
        properties += _edges(front, budget)
    judged, proof = _lifted(front, base, tuple(properties), budget, any_roles)
    shards = _every_hash(front, options)
    judged = tuple(_beside(p, shards) for p in judged)
    covered = scope.coverage(base)
    racy = base.searches.first("race") is not None
    return Result(
        model=document.name,
        path=document.path,
        title=document.title,
        go=document.go,
        properties=judged,
        explored=_account(front, base, budget),
        consequences=consequences(runtime) if runtime is not None else (),
        coverage=covered,
        rests_on=scope.rests_on(front, base, judged),
        not_shown=scope.not_shown(front, judged, racy, proof),
        notes=(*base.program.notes, *scope.growth_note(front, base), *scope.engine_note(base), *_left(base, judged)),
        audited=_audited(judged),
        any_number=proof,
        sharding=shards,
        overrides=options.counts,
        scheme=document.scheme,
        contention=_contention(front, base, budget),
        sha256=document.sha256,
        settings=settings(options, document),
        subject=subject(front, base),
    )


def _unordered(properties: list[Property], front: Front, budget: Budget) -> list[Property]:
    """The properties, `race` with what observations of channels may hide."""
    at = next((i for i, p in enumerate(properties) if p.kind == "race" and p.verdict is Verdict.SAFE), None)
    if not front.facts.looks or at is None:
        return properties
    # Imported here: few models look at channels so.
    from verifier.pipeline.unordered import judged

    return [*properties[:at], judged(properties[at], front, budget), *properties[at + 1 :]]


def _on_demand(kind: str, front: Front, base: Explored, budget: Budget) -> Property:
    """A property that only some models ask for, each judged by an exploration of its own."""
    # Imported here: most models do not ask.
    from verifier.pipeline.ondemand import judged

    return judged(kind, front, base, budget)


def _linearizable(document: Document, base: Explored, budget: Budget) -> Property:
    # Imported here: few models ask.
    from verifier.pipeline.linearizable import linearizable

    return linearizable(document, base, budget)


def _edges(front: Front, budget: Budget) -> list[Property]:
    """The edges of happens-before under `ordered:`, each judged by an exploration of its own."""
    # Imported here: most models have none.
    from verifier.pipeline.ondemand import ordered

    return [ordered(front, n, budget) for n in range(len(front.document.orders))]


def _lifted(
    front: Front, base: Explored, properties: tuple[Property, ...], budget: Budget, any_roles: bool
) -> tuple[tuple[Property, ...], ForAnyNumber | None]:
    """The properties with what is known for any number of goroutines, and the proof."""
    if budget.options.any_number is False and not any_roles:
        return properties, None
    if base.program.clients is not None:
        # How many clients there are is part of what is asked; proofs do not follow the judge of their calls.
        return properties, None
    # Imported here: the proof engine takes a sixth of the start-up time, and --no-any must not pay for it.
    from verifier.pipeline.anynumber import for_any_number, with_proof

    proof = for_any_number(front, base, properties, budget)
    return tuple(with_proof(p, proof, any_roles) for p in properties), proof


def _every_hash(front: Front, options: Options) -> ShardingResult | None:
    """What z3 says about functions without a body; None when the model has none or nobody wants proofs."""
    if options.any_number is False or not any(f.decl.body is None for f in front.package.functions):
        return None
    # Imported here, as the proof engine is: few models have such functions.
    from verifier.pipeline.sharding import sharding

    return sharding(front)


def _beside(prop: Property, shards: ShardingResult | None) -> Property:
    """Exploration has one number of shards; a collision with another number leaves `race` open, never SAFE."""
    collides = shards is not None and shards.verdict is Verdict.UNSAFE
    if not collides or shards is None or prop.kind != "race" or prop.verdict is not Verdict.SAFE:
        return prop
    return replace(prop, verdict=Verdict.UNKNOWN, reason=f"not with these shards, but {shards.sentence}")


def _left(base: Explored, properties: tuple[Property, ...]) -> tuple[str, ...]:
    """The locks nobody gives back, where that is no deadlock already."""
    if not any(p.kind == "deadlock" and p.verdict is Verdict.SAFE for p in properties):
        return ()
    return left_locked(base)


def _contention(front: Front, base: Explored, budget: Budget) -> Contention | None:
    if not budget.options.contention or not front.document.scheme:
        return None
    if front.client is not None:
        return Contention(None, None, None, "clients make any call at all, so it depends on which are how likely")
    # Imported here: only comparisons ask.
    from verifier.pipeline.contention import contention

    document = front.document
    scheme = document.sources[len(document.sources) - document.scheme_files :]
    return contention(base, frozenset(s.text.file for s in scheme), budget)


def _explanations(front: Front, base: Explored, budget: Budget) -> list[Explored]:
    """The further lowerings this model needs, given what the abstract one showed."""
    out: list[Explored] = []
    raced = [f.violation.name for f in base.searches.all() if f.violation.kind == "race"]
    raced_on = budget.options.explain and any("(map header)" in name for name in raced)
    if budget.options.runtime or raced_on:
        out.append(run(front, "runtime", budget))
    if front.facts.uses_trylock and not raced:
        # A failed TryLock may be spurious in the memory model; only races are judged in such runs.
        out.append(run(front, "spurious", budget, stop_when=frozenset({"race"})))
    return out


def _runs(kind: str, base: Explored, runtime: Explored | None, spurious: Explored | None) -> tuple[Explored, ...]:
    """Which explorations decide a property."""
    if kind == "race" and spurious is not None:
        return (base, spurious)
    if kind in ("fatal", "panic") and runtime is not None:
        return (base, runtime)
    return (base,)


def _account(front: Front, base: Explored, budget: Budget) -> Account:
    found = base.found
    limit = found.limit or base.bound_hit or found.deadlock_limit
    complete = found.complete and not base.bound_hit
    seconds = round(budget.seconds(), 2)
    return Account(
        front.counts,
        found.states,
        found.transitions,
        found.engine,
        seconds,
        complete,
        limit,
        base.searches.reductions,
    )


def _audited(properties: tuple[Property, ...]) -> str:
    traces = sum(p.trace is not None for p in properties)
    if not traces:
        return "no schedule to replay; the explored states were not walked a second time"
    plural = "schedule" if traces == 1 else "schedules"
    return f"{traces} {plural} replayed, step by step on the unreduced program too, by an interpreter of its own"
