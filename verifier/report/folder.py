"""An evidence directory as text: every file of it that follows from the evidence, and the digests of them all."""

from __future__ import annotations

import re
from collections.abc import Mapping

from verifier.evidence.places import copy, source
from verifier.evidence.proof import Certificate
from verifier.evidence.result import Property, Result
from verifier.evidence.sealed import sha256
from verifier.evidence.store import Evidence, render, whole
from verifier.report import jsonfile, markdown
from verifier.report.blocks import block
from verifier.report.draw import timeline
from verifier.report.intervals import judged
from verifier.report.lines import headline
from verifier.report.outcome import subject
from verifier.report.smallprint import replay

EVIDENCE = "evidence.json"
SUMS = "SHA256SUMS"
PROVENANCE = "provenance.json"
PAGE = "evidence.html"
CERTIFICATE = "certificate/invariant.smt2"


def files(found: Evidence, page: str = "") -> dict[str, str]:
    """The files by path, all but the digests and what a run says about itself. `page` is the HTML, where there is one.

    Raises ValueError for evidence that does not hold its result: it was written before directories were.
    """
    result = whole(found)
    if result is None:
        raise ValueError("the evidence does not hold the result of its run")
    made = {EVIDENCE: render(found), "report.json": jsonfile.render([result])}
    stems = _stems(result)
    for p in result.properties:
        if p.name in stems:
            made |= _trace(result, p, stems[p.name])
    proof = result.any_number.certificate if result.any_number else None
    if proof is not None:
        made[CERTIFICATE] = _certificate(proof)
    made |= {copy(found.path): found.text} | {copy(source(found.path, name)): text for name, text in found.sources}
    kept = markdown.Kept(found.sha256_of_all, tuple(stems.items()), CERTIFICATE if proof else "")
    made["evidence.md"] = markdown.render(result, kept)
    return made | ({PAGE: page} if page else {})


def sums(made: Mapping[str, str]) -> str:
    """The digests as `sha256sum` writes and checks them."""
    return "".join(f"{sha256(text)}  {path}\n" for path, text in sorted(made.items()))


def _stems(result: Result) -> dict[str, str]:
    """For each property with a schedule, the path of its files without their endings."""
    numbered = [(n, p) for n, p in enumerate(result.properties, 1) if p.trace is not None]
    return {p.name: f"traces/{n:02}-{slug(p.name)}" for n, p in numbered}


def slug(name: str) -> str:
    """A name for a file, whatever the user calls the thing.

    >>> slug("two readers inside"), slug("../..")
    ('two-readers-inside', 'x')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "x"


def _trace(result: Result, p: Property, stem: str) -> dict[str, str]:
    assert p.trace is not None
    failed = p.verdict.value == "UNSAFE"
    lines = [f"{result.model}: {subject(p)} {p.verdict.value}", ""]
    lines += [*(block(p) if failed else []), "", *timeline(judged(p.trace)), "", *([headline(p)] if failed else [])]
    text = "\n".join([*lines, replay(result, p.trace)])
    return {
        f"{stem}.txt": re.sub(r"\n{3,}", "\n\n", text) + "\n",
        f"{stem}.json": jsonfile.text(jsonfile.trace(p.name, p.trace)),
    }


def _certificate(c: Certificate) -> str:
    """The invariant as SMT-LIB2 text, with what a reader has to know before it."""
    exactly = ", ".join(f"exactly {n} {role}" for role, n in c.exactly)
    return (
        f"; An inductive invariant of any number of goroutines of the roles {', '.join(c.roles)}"
        f"{'; ' + exactly if exactly else ''}.\n"
        f"; k={c.k} heap={c.heap} reads={c.reads} holds={c.holds} views={c.views} sha256={c.sha256}\n"
        "; One definition for each place a goroutine can be at: what it may see there. `verify audit DIR --smt OUT`\n"
        "; writes the obligations that make it a proof, files for any SMT solver: each check-sat has to answer unsat.\n"
        f"{c.invariant}\n"
    )
