"""What can be said about a stored result without exploring: that it is about this model and says what was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from verifier.records import dataclass
from verifier.verdict import EXIT_INTERNAL, EXIT_OK

if TYPE_CHECKING:
    from verifier.evidence.result import Result
    from verifier.evidence.store import Evidence
    from verifier.model.document import Document
    from verifier.pipeline import Front


@dataclass(frozen=True, slots=True)
class Line:
    """What came of checking one item."""

    item: str
    words: str
    code: int = EXIT_OK


def about_result(document: Document, files: Mapping[str, Sequence[str]], found: Evidence) -> Line:
    """Whether the report is one about the model that is kept with it, with the verdicts that were checked."""

    assert found.result is not None
    wrong = next(_differences(document, files, found, found.result), "")
    if wrong:
        return Line("report", f"REFUSED: {wrong}", EXIT_INTERNAL)
    number = len(found.properties)
    return Line("report", f"{number} verdicts and the model's text are those checked here", EXIT_OK)


def consequences(front: Front, result: Result) -> Iterator[Line]:
    """Whether what a race is said to lead to is what its schedules show."""
    from verifier.audit.interpret import AuditError
    from verifier.audit.replay import replay
    from verifier.pipeline.load import lowered
    from verifier.report.lines import number

    replayed = 0
    for c in result.consequences:
        try:
            again = replay(lowered(front, c.trace.lowering), c.trace.choices)
        except (AuditError, ValueError) as error:
            yield Line(c.name, f"REFUSED: {error}", EXIT_INTERNAL)
            continue
        if (again.start, again.steps, again.failure) != (c.trace.start, c.trace.steps, c.trace.failure):
            yield Line(c.name, "REFUSED: the schedule does not show what the report says", EXIT_INTERNAL)
        else:
            replayed += 1
    if replayed:
        yield Line("consequences", f"of the race: {number(replayed, 'schedule')} replayed, each step as reported")


def recorded(result: Result) -> str:
    """What only another run could check."""
    items = ["numbers of states", "which statements run"]
    items += ["what breaks without each step"] if result.mutants is not None else []
    items += ["suggested fixes"] if result.fixes is not None else []
    return f"{', '.join(items)}: as the run said, and not checked here"


def _differences(
    document: Document, files: Mapping[str, Sequence[str]], found: Evidence, result: Result
) -> Iterator[str]:
    pairs: list[tuple[str, object, object]] = [
        ("name", result.model, document.name),
        ("path", result.path, document.path),
        ("title", result.title, document.title),
        ("digest", result.sha256, document.sha256),
        ("Go version", result.go, document.go),
        ("scheme", result.scheme, document.scheme),
        ("number of goroutines", dict(result.overrides), dict(found.counts)),
    ]
    if result.subject is not None:
        texts = {f.path: f.lines for f in result.subject.files}
        pairs += [
            ("text", texts, files),
            ("description", result.subject.about, document.about),
            ("decision", result.subject.decision, document.decision),
        ]
    yield from (f"its {what} is not that of the model" for what, said, true in pairs if said != true)
    yield from _verdicts(document, found, result)


def _verdicts(document: Document, found: Evidence, result: Result) -> Iterator[str]:
    said = [(p.name, p.kind, p.verdict.value, _lifted(result, p.name)) for p in result.properties]
    if said != [(p.name, p.kind, p.verdict, p.any_number) for p in found.properties]:
        yield "its verdicts are not those of the evidence"
    expected, texts = dict(document.expect), {c.name: c.text.value.strip() for c in document.clauses}
    for p in result.properties:
        if p.expected is not expected.get(p.name):
            yield f"the model expects another verdict for {p.name}"
        if p.name in texts and p.formula != texts[p.name]:
            yield f"the formula of {p.name} is not that of the model"


def _lifted(result: Result, name: str) -> str:
    found = next(p.any_number for p in result.properties if p.name == name)
    return found.verdict.value if found is not None else ""
