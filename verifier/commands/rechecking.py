"""What `verify audit` does with one piece of evidence: replay its schedules, re-prove its certificate, say so."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import UsageError
from verifier.commands.audit_result import Line, about_result, consequences, recorded
from verifier.evidence.counts import counted, listed, several
from verifier.evidence.proof import PROVABLE
from verifier.records import replace
from verifier.source import Span, fail
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN

if TYPE_CHECKING:
    from verifier.audit.recheck import Rechecked
    from verifier.evidence.proof import Certificate
    from verifier.evidence.store import Evidence, Judged
    from verifier.evidence.trace import Trace
    from verifier.model.document import Document
    from verifier.pipeline import Front

MOST_BYTES = 64 << 20


def tell(found: Evidence, path: str, checked: Iterable[Line]) -> int:
    """Print what comes of each check; returns the exit code."""
    console.out(f"audit of {found.model} ({path}, written by verify {found.tool})\n")
    codes = []
    for line in checked:
        codes.append(line.code)
        console.out(f"  {line.item:<12} {line.words}\n")
    return _verdict(codes)


def _verdict(codes: list[int]) -> int:
    if EXIT_INTERNAL in codes:
        console.out("audit failed: what is marked REFUSED does not hold\n")
        return EXIT_INTERNAL
    if EXIT_UNKNOWN in codes:
        console.out("audit incomplete: something could not be checked, see above\n")
        return EXIT_UNKNOWN
    console.out("audit passed\n")
    return EXIT_OK


def read(path: str) -> Evidence | str:
    """The evidence, or what is damaged about it. Raises ModelError when the file is something else."""
    from verifier.evidence.store import Damaged, NotEvidence, load

    here = Span(path, 1, 1)
    try:
        with open(path, "rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise fail("no such file or directory", here, "`verify MODEL --evidence DIR` writes evidence") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise fail(f"the file cannot be read: {reason}", here) from None
    if len(raw) > MOST_BYTES:
        raise fail("this is no evidence file: it is too large", here)
    try:
        return load(raw.decode("utf-8", "surrogateescape"))
    except Damaged as error:
        return str(error)
    except NotEvidence as error:
        raise fail(str(error), Span(path, error.line, 1), "`verify MODEL --evidence FILE` writes one") from None


def model(found: Evidence) -> Document:
    """The model that is kept with evidence. Raises ModelError."""
    from verifier.model.gofiles import from_memory
    from verifier.model.read import read_text
    from verifier.model.schemes import kept

    fetch = from_memory(dict(found.sources))
    document = read_text(found.path, found.text, fetch)
    if not found.scheme:
        return document
    return kept(document, found.scheme, [name for name, _ in found.sources[-found.scheme_files :]], fetch)


def lines(found: Evidence, given: argparse.Namespace) -> Iterator[Line]:
    """Check the evidence, item by item."""
    from verifier.pipeline.load import read_front
    from verifier.pipeline.options import Options

    document = model(found)
    yield Line("model", f"{found.path}, sha256 {found.sha256[:16]}…, matches its text")
    front = read_front(document, Options(counts=found.counts))
    for judged in found.properties:
        if judged.schedule is not None:
            yield _schedule(front, judged, found)
    if found.certificate is not None:
        yield from _certificate(front, found.certificate, found, given)
    if found.result is not None:
        # The front's files: with what was added to the model, a scheme's owner, as the report has them.
        yield about_result(document, front.document.files, found)
        yield from consequences(front, found.result)
    if found.result is not None:
        yield Line("as recorded", recorded(found.result))
    rest = [p.name for p in found.properties if p.schedule is None and not _lifted(p, found)]
    if rest:
        yield Line("not checked", f"{', '.join(rest)}: explored, or not decided; `verify` explores again")


def _lifted(judged: Judged, found: Evidence) -> bool:
    return found.certificate is not None and judged.kind in PROVABLE


def _schedule(front: Front, judged: Judged, found: Evidence) -> Line:
    """Replay one schedule on the lowering it names, which says the bounds it was found with."""
    from verifier.audit.interpret import AuditError
    from verifier.audit.schedules import replay_stored
    from verifier.pipeline.load import LOWERINGS, lowered

    assert judged.schedule is not None
    name = judged.schedule.lowering
    if not re.fullmatch(rf"(?:{'|'.join(LOWERINGS)}|ordered[0-9]{{1,3}})(?:\.(?:heap|goroutines)[0-9]{{1,3}})*", name):
        return Line(judged.name, f"REFUSED: there is no lowering {name}", EXIT_INTERNAL)
    try:
        words, trace = replay_stored(lowered(front, name), judged.schedule)
    except AuditError as error:
        return Line(judged.name, f"REFUSED: {error}", EXIT_INTERNAL)
    shown = next((p.trace for p in found.result.properties if p.name == judged.name), None) if found.result else trace
    if shown is None or shown != _as_recorded(trace, shown, name):
        return Line(judged.name, "REFUSED: the schedule does not show what the report says", EXIT_INTERNAL)
    steps = "/".join(map(str, judged.schedule.choices)) or "-"
    return Line(judged.name, f"{judged.verdict}: schedule {steps} {words}")


def _as_recorded(trace: Trace, shown: Trace, lowering: str) -> Trace:
    """What a replay shows, with what it cannot show as recorded: whether a shorter schedule may exist."""
    history = trace.history
    if history is not None and shown.history is not None:
        history = replace(history, fewest=shown.history.fewest)
    return replace(trace, lowering=lowering, fused=shown.fused, history=history)


def _certificate(front: Front, certificate: Certificate, found: Evidence, given: argparse.Namespace) -> Iterator[Line]:
    from verifier.audit.interpret import AuditError
    from verifier.audit.recheck import recheck, scripts
    from verifier.evidence.proof import INT
    from verifier.pipeline.load import lowering_for_proofs, program

    claimed = [p.name for p in found.properties if p.kind in PROVABLE and p.any_number == "SAFE"]
    if not _fits(front.document, certificate):
        yield Line("any number", "REFUSED: the certificate does not fit the counts of the model", EXIT_INTERNAL)
        return
    bounds = replace(front.document.bounds, heap=certificate.heap, int=INT)
    package = replace(front.package, clauses=())
    counts = tuple((role, 2) for role, _ in front.counts)
    made = program(replace(front, counts=counts, package=package), lowering_for_proofs(front), bounds)
    try:
        if given.smt is not None:
            yield _written(given.smt, [s.text() for s in scripts(made, certificate)])
        for solver in ("z3", "cvc5"):
            yield from _asked(solver, lambda solver=solver: recheck(made, certificate, solver))  # type: ignore[misc]
    except AuditError as error:
        yield Line("any number", f"REFUSED: {error}", EXIT_INTERNAL)
        return
    fixed = [counted(n, role) for role, n in certificate.exactly]
    free = [several(role) for role in certificate.roles if role not in dict(certificate.exactly)]
    names = ", ".join(claimed) or ", ".join(PROVABLE)
    scope = " with ".join(x for x in (f"any number of {listed(free)}" if free else "", listed(fixed)) if x)
    yield Line("scope", f"{names}: {scope}, at least 2 goroutines in all (fewer are explored, not certified)")


def _fits(document: Document, certificate: Certificate) -> bool:
    """A role the certificate takes to exist n times has to exist n times in the model."""
    counts = {r.name: r.count for r in document.roles}
    return 1 <= certificate.heap <= 64 and all(counts.get(role) == n for role, n in certificate.exactly)


def _asked(solver: str, ask: Callable[[], Rechecked]) -> Iterator[Line]:
    try:
        said = ask()
    except ImportError:
        if solver == "z3":
            yield Line(solver, "not installed: the certificate was not re-proved", EXIT_UNKNOWN)
        return
    total = sum(n for _, n in said.asked)
    if said.proved:
        parts = ", ".join(f"{name} {n}" for name, n in said.asked if n)
        yield Line(solver, f"re-proved: {total} questions, every answer unsat ({parts})")
        return
    first = said.refused[0]
    words = f"{first.obligation} of `{first.about}` is {first.answer}"
    if said.contradicted:
        yield Line(solver, f"REFUSED: {words}", EXIT_INTERNAL)
    else:
        # A second solver that gives up takes nothing back, and confirms nothing.
        yield Line(solver, f"not confirmed: {words}", EXIT_UNKNOWN if solver == "z3" else EXIT_OK)


def _written(folder: str, texts: list[str]) -> Line:
    try:
        os.makedirs(folder, exist_ok=True)
        for n, text in enumerate(texts, start=1):
            with open(os.path.join(folder, f"obligations-{n}.smt2"), "w", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"--smt {folder}: {error.strerror or error}") from None
    return Line("written", f"{len(texts)} SMT-LIB2 files in {folder}; every check-sat has to answer unsat")
