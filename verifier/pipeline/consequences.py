"""What a racy map can do on the real runtime: one audited schedule for each thing that can happen."""

from __future__ import annotations

from verifier.evidence.result import Consequence
from verifier.explore.search import Violation
from verifier.pipeline.engines import Finding
from verifier.pipeline.explore import Explored
from verifier.pipeline.judge import audit

_SENTENCES = {
    "a present key with a nil value": "a reader finds the key but not yet its value: nil, and true",
}


def consequences(run: Explored) -> tuple[Consequence, ...]:
    """Fatal errors, panics, symptoms of the final map, and the run in which nothing shows at all.

    Schedules that fail their audit are left out here; the same finding as a property is an ERROR.
    """
    out: list[Consequence] = []
    clauses = {c.name: c.text for c in run.program.clauses if c.symptom}
    for found in run.searches.all():
        v = found.violation
        if v.kind in ("fatal", "panic"):
            out += _told(run, found, f"{v.kind}: {v.name}", _died(v))
        elif v.kind == "symptom":
            out += _told(run, found, v.name, clauses.get(v.name) or _SENTENCES.get(v.name, v.name))
    return tuple(out)


def _died(v: Violation) -> str:
    if v.kind == "fatal":
        return "the runtime notices and kills the process; recover does not help"
    return "the goroutine panics"


def _told(run: Explored, found: Finding, name: str, sentence: str) -> list[Consequence]:
    trace = audit(run, found).trace
    if trace is None:
        return []
    return [Consequence(name, sentence, trace)]
