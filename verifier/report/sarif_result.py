"""One judged property as a SARIF result: which rule, how grave, where, and what makes it the same one tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from verifier.evidence.result import Property, Result
from verifier.evidence.trace import Trace, Waiting
from verifier.program.program import Call
from verifier.records import dataclass
from verifier.report.blocks import block, summary
from verifier.report.lines import number, steps
from verifier.report.outcome import subject
from verifier.report.sarif_fixes import fixes
from verifier.report.sarif_flow import Json, code_flows, location, message
from verifier.report.sarif_rules import INCONCLUSIVE, INTERNAL_ERROR, RULES, UNEXPECTED, Rule, rule
from verifier.report.smallprint import replay
from verifier.report.stack import role
from verifier.report.uris import Repository
from verifier.source import Span
from verifier.verdict import Verdict

MOST_RELATED = 1_000
"""Related locations that GitHub takes for one result."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a result counts for: `kind` and `level` as SARIF has them, and the rule it is filed under."""

    rule: Rule
    kind: str
    level: str


def weight(prop: Property, full: bool) -> Weight | None:
    """How a verdict is filed. None: no result, which only the GitHub profile has, for what is SAFE and may be.

    GitHub shows every result as an alert whatever its `kind`, so there a pass is left out, and what did not finish is a
    warning of its own. What the model expects to fail is a note: there to be seen, and not in the way of a merge.
    In the full profile a level other than `none` goes with `fail` only (SARIF 2.1.0, 3.27.10).
    """
    own = rule(prop.kind)
    match prop.verdict:
        case Verdict.ERROR:
            return Weight(INTERNAL_ERROR, "fail", "error")
        case Verdict.UNSAFE:
            return Weight(own, "fail", "note" if prop.as_expected else "error")
        case Verdict.UNKNOWN if full:
            return Weight(own, "open", "none")
        case Verdict.UNKNOWN:
            return Weight(INCONCLUSIVE, "fail", "note" if prop.as_expected else "warning")
        case _ if not prop.as_expected:
            return Weight(UNEXPECTED, "fail", "error")
        case _:
            return Weight(own, "pass", "none") if full else None


def result(found: Result, prop: Property, repository: Repository, full: bool) -> dict[str, Json] | None:
    """The result of a property, without its fingerprint; None where the profile has none for it."""
    filed = weight(prop, full)
    if filed is None:
        return None
    places = list(_places(found, prop))
    first, others = places[0], places[1 : MOST_RELATED + 1]
    related = [{"id": n, **location(span, repository, found.path, said)} for n, (span, said) in enumerate(others, 1)]
    # Not that of a `sometimes:` that was reached, say: a flow beside a pass would be read as one that fails.
    shown = prop.trace if prop.verdict in (Verdict.UNSAFE, Verdict.UNKNOWN) else None
    flows = code_flows(shown, repository, found.path) if shown else []
    mended = fixes(found.fixes, repository) if prop.verdict is Verdict.UNSAFE else []
    return {
        "ruleId": filed.rule.id,
        "ruleIndex": RULES.index(filed.rule),
        "kind": filed.kind,
        "level": filed.level,
        "message": message(_words(found, prop)),
        "locations": [location(first[0], repository, found.path)],
        **({"relatedLocations": related} if related else {}),
        **({"codeFlows": flows} if flows else {}),
        **({"fixes": mended} if mended else {}),
        **({"suppressions": [_expected(prop)]} if filed.kind == "fail" and prop.as_expected else {}),
        "properties": _properties(found, prop),
    }


def _expected(prop: Property) -> dict[str, Json]:
    return {"kind": "inSource", "justification": f"the model expects {subject(prop)} to be {prop.verdict.value}"}


def _properties(found: Result, prop: Property) -> dict[str, Json]:
    trace = prop.trace
    return {
        "model": found.model,
        **({"scheme": found.scheme} if found.scheme else {}),
        "property": prop.name,
        "kind": prop.kind,
        "verdict": prop.verdict.value,
        "expected": prop.expected.value if prop.expected else None,
        "method": prop.method,
        "states": prop.states,
        "bounds": {"goroutines": dict(found.explored.counts), "complete": found.explored.complete},
        **({"steps": prop.steps, "schedule": trace.path} if trace else {}),
        **({"anyNumber": prop.any_number.verdict.value} if prop.any_number else {}),
    }


def _words(found: Result, prop: Property) -> str:
    """What was found. The first sentence stands alone: lists show nothing else."""
    name = f"{found.model}: "
    match prop.verdict:
        case Verdict.UNSAFE:
            return f"{name}{_failure(found, prop)}"
        case Verdict.UNKNOWN:
            why = prop.reason or "no reason given"
            return f"{name}{subject(prop)} is not decided, nothing is established. The check did not finish: {why}."
        case Verdict.ERROR:
            return f"{name}what was found about {subject(prop)} failed its audit. {prop.reason or 'No reason given'}."
        case _ if not prop.as_expected:
            return f"{name}{subject(prop)} holds, where the model expects it to fail. {_shown(prop)}."
        case _:
            return f"{name}{subject(prop)} holds. {_shown(prop)}."


def _shown(prop: Property) -> str:
    told = f"{prop.sentence}: " if prop.sentence else ""
    return f"{told}{prop.method or 'shown'}, {number(prop.states, 'state')}"


def _failure(found: Result, prop: Property) -> str:
    if prop.trace is None:
        said = "is never reached, so the check was vacuous" if prop.kind == "sometimes" else "does not hold"
        return f"{subject(prop)} {said}."
    expected = " The model expects this." if prop.as_expected else ""
    lines = "\n".join(line.rstrip() for line in block(prop)[1:-1])
    walk = f"The shortest schedule has {steps(prop.steps)}: {replay(found, prop.trace)}"
    mended = [f.what for f in found.fixes.found[:1]] if found.fixes is not None else []
    suggested = "".join(f"\n\nOne fix, with which verify finds everything SAFE: {what}" for what in mended)
    return f"{summary(prop)}.{expected}\n\n{lines}\n\n{walk}{suggested}"


def _places(found: Result, prop: Property) -> Iterator[tuple[Span | None, str]]:
    """Where it is: the place itself first, then what else has a part in it. Never empty."""
    trace = prop.trace
    if trace is None or prop.verdict is not Verdict.UNSAFE:
        yield prop.span, ""
        return
    if trace.race:
        later, earlier = trace.race[1], trace.race[0]
        yield later.span, ""
        yield earlier.span, f"the other access, by {earlier.goroutine}"
    elif trace.waiting:
        for stuck in trace.waiting:
            yield stuck.span, f"{stuck.goroutine} waits here"
        for held in trace.held:
            # Who waits to be next holds nothing, and is among those that wait.
            if held.mode != "next":
                yield held.span, f"{held.lock} is taken by {held.goroutine} here"
    elif trace.lost is not None:
        yield trace.steps[-1].span, ""
        yield trace.steps[trace.lost.read - 1].span, "the stale read"
        yield trace.steps[trace.lost.changed - 1].span, "what is overwritten"
    elif prop.span is not None:
        yield prop.span, ""
        if trace.steps:
            yield trace.steps[-1].span, f"the last step, by {trace.steps[-1].goroutine}"
    else:
        yield trace.steps[-1].span if trace.steps else None, ""


def shape(found: Result, prop: Property) -> str:
    """What is the same in two reports of one finding: the property and the statements in it, and no line numbers."""
    parts = [found.scheme, prop.kind, prop.name, prop.verdict.value, *sorted(_statements(prop.trace))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _statements(trace: Trace | None) -> Iterator[str]:
    if trace is None:
        return
    if trace.race:
        for access in trace.race:
            yield _statement(access.goroutine, access.stack, f"{'w' if access.write else 'r'} {access.text}")
    elif trace.waiting:
        for stuck in trace.waiting:
            yield _statement(stuck.goroutine, stuck.stack, f"{stuck.operation} {_standing(trace, stuck)}")
    else:
        rows = {len(trace.steps)} if trace.lost is None else {trace.lost.read, trace.lost.changed, len(trace.steps)}
        for step in trace.steps:
            if step.number in rows:
                yield _statement(step.goroutine, step.stack, step.text)


def _standing(trace: Trace, stuck: Waiting) -> str:
    """The statement at which a goroutine waits, where one of its rows is that."""
    return next((s.text for s in trace.steps if s.number == stuck.since and s.goroutine == stuck.goroutine), "")


def _statement(goroutine: str, stack: tuple[Call, ...], text: str) -> str:
    return f"{role(goroutine)} {stack[-1].function if stack else ''} {text}"
