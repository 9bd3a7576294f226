"""What a page says of the proof for any number of goroutines: the claim, why it holds, what can be checked again."""

from __future__ import annotations

from verifier.evidence.result import ForAnyNumber, Result
from verifier.report.html.answers import chip
from verifier.report.html.markup import Markup, tag
from verifier.report.lines import number
from verifier.report.smallprint import given
from verifier.verdict import Verdict


def proof(result: Result) -> Markup | None:
    """The section; None where nobody asked for a proof."""
    found = result.any_number
    if found is None:
        return None
    which = ", ".join(found.properties)
    if found.verdict is not Verdict.SAFE:
        said = tag("p", f"{which}: not shown for {found.roles}. {found.reason}", class_="lead")
        return tag("section", tag("h2", "Any number of goroutines"), said, id="proof")
    views = f"{number(found.views, 'view')} of {number(found.k, 'goroutine')}"
    return tag(
        "section",
        tag("h2", "Proof for any number of goroutines"),
        tag("p", chip("SAFE"), f" {which} for {found.roles}", class_="lead"),
        tag("p", f"All that can arise around a goroutine are {views}; no step leads out of them."),
        _because(found),
        _certificate(result, found),
        id="proof",
    )


def _because(found: ForAnyNumber) -> Markup | None:
    if not found.invariant:
        return None
    return tag(
        "div",
        tag("h3", "Because"),
        tag("ul", [tag("li", line) for line in found.invariant], class_="invariant"),
    )


def _certificate(result: Result, found: ForAnyNumber) -> Markup | None:
    if found.certificate is None:
        return tag("p", "There is no certificate of it that could be checked again.", class_="note")
    scheme = f"{result.path}{given(result)}"
    return tag(
        "div",
        tag("h3", "Certificate"),
        tag("p", tag("code", f"sha256:{found.certificate.sha256}", class_="digest")),
        tag(
            "p",
            "An invariant in SMT-LIB2, which z3 proves again without the engine that found it: ",
            tag("code", f"verify {scheme} --evidence E.json && verify audit E.json"),
        ),
        tag("details", tag("summary", "The invariant"), _smt(found.certificate.invariant), class_="verbatim"),
    )


def _smt(text: str) -> Markup:
    return tag("pre", text, class_="smt", tabindex=0)
