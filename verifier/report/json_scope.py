"""The parts of our JSON that say what an answer is about and rests on: proof, statements, goroutines, limits."""

from __future__ import annotations

from verifier import __version__
from verifier.evidence.result import Coverage, ForAnyNumber, Result
from verifier.evidence.sharding import ShardingResult
from verifier.evidence.subject import Subject
from verifier.source import Span

Json = object


def scope(result: Result) -> dict[str, Json]:
    """The keys of these parts; those about the model are left out of a result that does not hold it."""
    return {
        "tool": {"name": "verify", "version": __version__},
        "proof": _proof(result.any_number),
        "sharding": _sharding(result.sharding),
        "coverage": _coverage(result.coverage),
        "overrides": dict(result.overrides),
        "settings": list(result.settings),
        **({} if result.subject is None else _subject(result.subject)),
    }


def _proof(found: ForAnyNumber | None) -> Json:
    if found is None:
        return None
    certificate = found.certificate
    return {
        "kind": "inductive",
        "verdict": found.verdict.value,
        "properties": list(found.properties),
        "roles": found.roles,
        "k": found.k,
        "views": found.views,
        "invariant": list(found.invariant),
        "reason": found.reason,
        "alone": found.alone,
        "certificate": None if certificate is None else certificate.sha256,
    }


def _sharding(found: ShardingResult | None) -> Json:
    if found is None:
        return None
    collision = None if found.collision is None else found.collision.words()
    return {"verdict": found.verdict.value, "sentence": found.sentence, "collision": collision}


def _coverage(seen: Coverage | None) -> Json:
    if seen is None:
        return None
    missed = set(seen.missed)
    return {
        "reached": seen.reached,
        "total": seen.total,
        "missed": [{"span": span_(span), "text": text} for span, text in seen.missed],
        "statements": [
            {"span": span_(span), "text": text, "reached": (span, text) not in missed} for span, text in seen.statements
        ],
    }


def _subject(found: Subject) -> dict[str, Json]:
    decision = found.decision
    return {
        "about": found.about,
        "files": [file.path for file in found.files],
        "roles": [{"role": c.role, "count": c.count, "span": span_(c.span)} for c in found.crews],
        "shared": list(found.shared),
        "bounds": dict(found.bounds),
        "semantics": list(found.cites),
        "rules": [{"about": r.about, "rule": r.says, "go_source": r.cite} for r in found.rules],
        "decision": None
        if decision is None
        else {
            "question": decision.question,
            "record": decision.record,
            "chosen": decision.chosen,
            "considered": list(decision.considered),
        },
    }


def span_(span: Span | None) -> Json:
    """A stretch of a file; null where the place is not known."""
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
