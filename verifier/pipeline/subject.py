"""What a report shows of the model: its files, where its parts stand, its goroutines and limits."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.evidence.subject import Crew, File, Part, Subject
from verifier.model.document import Document, Text
from verifier.pipeline.explore import Explored
from verifier.pipeline.load import Front
from verifier.pipeline.scope import cited, rules_followed
from verifier.source import LIBRARY


def subject(front: Front, run: Explored) -> Subject:
    """The model of a run, with the limits it was run with."""
    document, bounds = front.document, run.bounds
    low, high = bounds.int
    limits = {
        "heap": bounds.heap,
        "goroutines": bounds.goroutines,
        "keys": bounds.keys,
        "recursion": bounds.recursion,
        "defer": bounds.defer,
        "slice": bounds.slice,
    }
    return Subject(
        about=document.about,
        files=tuple(File(path, lines) for path, lines in document.files.items()),
        parts=tuple(_parts(document)),
        crews=tuple(Crew(r.name, r.count, r.span) for r in document.roles),
        bounds=(("int", f"{low} to {high}"), *((name, str(value)) for name, value in limits.items())),
        shared=tuple(_shared(front)),
        cites=cited(run),
        rules=rules_followed(run),
        decision=document.decision,
    )


def _parts(document: Document) -> Iterator[Part]:
    if document.declare is not None:
        yield _part("declarations", document.declare)
    for role in document.roles:
        yield _part(f"goroutine {role.name}", role.body)
    for clause in document.clauses:
        yield Part(f"{clause.when} {clause.name}", clause.span.file, clause.span.line, _last(clause.text))
    for order in document.orders:
        yield Part(
            f"ordered {order.name}", order.span.file, order.span.line, max(order.span.line, order.after.span.line)
        )
    if document.linearizable is not None:
        asked = document.linearizable
        last = max(s.line for s in (asked.span, asked.type_span, *asked.operation_spans))
        yield Part("linearizable", asked.span.file, asked.span.line, last)


def _part(what: str, text: Text) -> Part:
    return Part(what, text.file, text.line, _last(text))


def _last(text: Text) -> int:
    return text.line + text.value.rstrip().count("\n")


def _shared(front: Front) -> Iterator[str]:
    for variables, _ in front.package.variables:
        for var in variables:
            if var.span.file != LIBRARY and var.name != "_":
                yield f"{var.name} {var.type}"
