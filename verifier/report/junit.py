"""JUnit XML, within what all readers of it have in common: a suite for each model, a test case for each property.

A case fails where the exit code does. What is not decided is an `error`, never `skipped`: that is painted green.
There is no official schema; the subset used here is written down in `tests/reports/junit.xsd`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from verifier.evidence.counts import counted
from verifier.evidence.result import Property, Result
from verifier.records import dataclass
from verifier.report.blocks import summary
from verifier.report.fixes import sections
from verifier.report.lines import number, steps
from verifier.report.outcome import Entry, Failed, judged, subject
from verifier.report.smallprint import bounds
from verifier.report.terminal import counterexample
from verifier.source import Span
from verifier.verdict import EXIT_INTERNAL, EXIT_UNKNOWN, Verdict

# What XML 1.0 has no way to write at all (2.2, production 2).
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TYPES = {
    "race": "DataRace",
    "fatal": "FatalError",
    "panic": "Panic",
    "deadlock": "Deadlock",
    "lost-update": "LostUpdate",
    "starvation": "Starvation",
    "linearizable": "NotLinearizable",
    "ordered": "NotOrdered",
    "sometimes": "NeverReached",
}


@dataclass(frozen=True, slots=True)
class Times:
    """When the run began, as ISO 8601: only then there are durations too, and two runs give two texts."""

    began: str


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What keeps a case from passing: `tag` is failure or error."""

    tag: str
    type: str
    message: str
    body: str


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    line: int
    trouble: _Trouble | None
    said: str


def render(entries: Sequence[Entry], times: Times | None = None) -> str:
    """The document for a run. Equal runs give equal texts, unless `times` are asked for."""
    suites = [(entry, _cases(entry)) for entry in entries]
    every = [case for _, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_attributes(name='verify', **_numbers(every))}>"]
    for entry, cases in suites:
        lines += _suite(entry, cases, times)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(entry: Entry, cases: list[_Case], times: Times | None) -> list[str]:
    attributes = {"name": entry.model, **_numbers(cases)}
    if times is not None:
        took = entry.explored.seconds if isinstance(entry, Result) else 0.0
        attributes |= {"time": f"{took:.3f}", "timestamp": times.began}
    scheme = entry.scheme if isinstance(entry, Result) else ""
    place = f"{entry.path} [{scheme}]" if scheme else entry.path
    return [
        f"  <testsuite{_attributes(**attributes)}>",
        "    <properties>",
        *(f"      <property{_attributes(name=name, value=value)}/>" for name, value in _facts(entry)),
        "    </properties>",
        *(line for case in cases for line in _case(case, place, entry.path)),
        *(f"    {line}" for line in _out(_small_print(entry))),
        "  </testsuite>",
    ]


def _numbers(cases: list[_Case]) -> dict[str, str]:
    tags = [case.trouble.tag for case in cases if case.trouble is not None]
    return {
        "tests": str(len(cases)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": "0",
    }


def _facts(entry: Entry) -> list[tuple[str, str]]:
    if isinstance(entry, Failed):
        return [("verdict", entry.verdict.value), ("exit_code", str(entry.exit_code))]
    facts = [("verdict", entry.verdict.value), ("exit_code", str(entry.exit_code)), ("go_version", entry.go)]
    facts += [(f"count.{role}", str(n)) for role, n in entry.explored.counts]
    return [*facts, ("states", str(entry.explored.states)), ("model_sha256", entry.sha256)]


def _case(case: _Case, place: str, path: str) -> list[str]:
    opening = _attributes(name=case.name, classname=place, file=path, line=str(case.line))
    inside: list[str] = []
    found = case.trouble
    if found is not None:
        heading = _attributes(message=found.message, type=found.type)
        inside += [f"<{found.tag}{heading}>{_cdata(found.body)}</{found.tag}>"]
    inside += _out(case.said)
    return [f"    <testcase{opening}>", *(f"      {line}" for line in inside), "    </testcase>"]


def _cases(entry: Entry) -> list[_Case]:
    if isinstance(entry, Failed):
        kinds = {EXIT_INTERNAL: "InternalError", EXIT_UNKNOWN: "Inconclusive"}
        trouble = _Trouble("error", kinds.get(entry.exit_code, "ModelError"), entry.first, entry.message)
        here = entry.span is not None and entry.span.file == entry.path
        return [_Case("model", entry.span.line if entry.span is not None and here else 1, trouble, "")]
    if not entry.properties:
        nothing = "nothing was checked"
        return [_Case("properties", 1, _Trouble("error", "Inconclusive", nothing, nothing), "")]
    return [_Case(subject(p), _line(entry, p), _trouble(entry, p), _said(entry, p)) for p in entry.properties]


def _line(found: Result, prop: Property) -> int:
    """A line of the model: of the clause, or of what the last goroutine does there. `file` is the model, always."""
    places: list[Span | None] = [prop.span]
    if prop.trace is not None and prop.verdict is Verdict.UNSAFE:
        places += [a.span for a in reversed(prop.trace.race)] + [w.span for w in prop.trace.waiting]
        places += [s.span for s in reversed(prop.trace.steps)]
    return next((s.line for s in places if s is not None and s.file == found.path), 1)


def _trouble(found: Result, prop: Property) -> _Trouble | None:
    match judged(prop):
        case Verdict.SAFE:
            return None
        case Verdict.UNKNOWN:
            why = f"not finished, nothing is established: {prop.reason or 'no reason given'}"
            return _Trouble("error", "Inconclusive", why, why)
        case Verdict.ERROR:
            why = f"the evidence failed its audit: {prop.reason or 'no reason given'}"
            return _Trouble("error", "AuditFailed", why, why)
        case _ if prop.verdict is Verdict.SAFE:
            why = f"expected {prop.expected.value if prop.expected else ''}, found SAFE: {_holds(prop)}"
            return _Trouble("failure", "NotAsExpected", why, why)
        case _:
            return _Trouble("failure", _TYPES.get(prop.kind, "Violated"), _message(prop), _drawing(found, prop))


def _message(prop: Property) -> str:
    if prop.trace is None:
        return "never reached: the check was vacuous" if prop.kind == "sometimes" else prop.sentence or "does not hold"
    return f"{steps(prop.steps)}: {summary(prop)}"


def _drawing(found: Result, prop: Property) -> str:
    if prop.trace is None:
        return _message(prop)
    # Of suggested fixes the smallest, as a diff.
    lines = [*counterexample(found, prop), *(line for section in sections(found, False) for line in ["", *section])]
    return "\n".join(line.rstrip() for line in lines)


def _said(found: Result, prop: Property) -> str:
    """What a passing case passes with. A failure that the model expects is shown like any other."""
    if prop.verdict is Verdict.SAFE:
        return _holds(prop) if prop.as_expected else ""
    if not prop.as_expected:
        return ""
    expected = f"{prop.verdict.value}, as the model expects"
    if prop.verdict is Verdict.UNKNOWN:
        return f"{expected}: {prop.reason or 'no reason given'}"
    return f"{expected}: {_message(prop)}\n{_drawing(found, prop)}"


def _holds(prop: Property) -> str:
    lifted = prop.any_number
    more = f"; any number of goroutines: {lifted.verdict.value}" if lifted else ""
    return f"SAFE: {prop.sentence or prop.name} ({prop.method or 'shown'}, {number(prop.states, 'state')}){more}"


def _small_print(entry: Entry) -> str:
    if isinstance(entry, Failed):
        return ""
    counts = ", ".join(counted(n, role) for role, n in entry.explored.counts)
    labelled = [
        ("goroutines", (counts,) if counts else ()),
        ("rests on", entry.rests_on),
        ("bounds", bounds(entry)),
        ("audited", (entry.audited or "nothing",)),
        ("not shown", entry.not_shown),
        ("note", entry.notes),
    ]
    return "\n".join(f"{label}: {words}" for label, several in labelled for words in several)


def _out(text: str) -> list[str]:
    return [f"<system-out>{_cdata(text)}</system-out>"] if text else []


def _cdata(text: str) -> str:
    """Text as it is. The one thing that cannot stand in such a section is its end, which is split over two."""
    return f"<![CDATA[{_clean(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{_quoted(value)}"' for name, value in values.items())


def _quoted(text: str) -> str:
    escapes = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
    return "".join(escapes.get(c, c) for c in _clean(text))


def _clean(text: str) -> str:
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
