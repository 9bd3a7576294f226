"""The small print of a page: was the check alive, what it rests on, what was not shown, how to see it again."""

from __future__ import annotations

from verifier import __version__
from verifier.evidence.mutant import Mutant
from verifier.evidence.result import Result
from verifier.report.html.markup import Markup, coded, tag
from verifier.report.lines import number
from verifier.report.mutants import headline, outcome
from verifier.report.smallprint import bounds, command


def coverage(result: Result) -> Markup | None:
    """Statements that ran and those that never did, then what each protective step is worth."""
    seen = result.coverage
    if seen is None and result.mutants is None:
        return None
    parts: list[Markup] = []
    if seen is not None:
        share = tag("progress", max=max(seen.total, 1), value=seen.reached, aria_label="statements that ran")
        parts.append(tag("p", share, f" {seen.reached:,} of {number(seen.total, 'statement')} ran in some schedule."))
        never = "Never ran" if result.explored.complete else "Not run before the limit"
        missed = [tag("li", tag("code", text), " ", tag("small", f"{s.file}:{s.line}")) for s, text in seen.missed]
        parts += [tag("p", f"{never}:"), tag("ul", missed)] if missed else []
    if result.mutants is not None:
        parts += [tag("h3", "Is each protective step needed?"), tag("p", headline(result.mutants))]
        parts += [_mutants(result.mutants)] if result.mutants else []
    return tag("section", tag("h2", "Was the check alive?"), parts, id="coverage")


def _mutants(found: tuple[Mutant, ...]) -> Markup:
    head = tag("tr", [tag("th", c, scope="col") for c in ("Step", "Change", "Then broken")])
    return tag("table", tag("thead", head), tag("tbody", [_mutant(m) for m in found]), class_="small mutants")


def _mutant(m: Mutant) -> Markup:
    where = tag("small", m.span.brief) if m.span else None
    # What nobody notices is no good news, so nothing here is green.
    said = outcome(m)
    reason = tag("small", coded(m.why or m.note), class_="why") if not m.needed and (m.why or m.note) else None
    step = tag("th", tag("code", m.step or m.edit), where, scope="row")
    return tag("tr", step, tag("td", coded(m.what)), tag("td", said, reason), class_=None if m.needed else "unnoticed")


def scope(result: Result) -> Markup:
    """What the verdict rests on and does not say."""
    lists = (
        ("Rests on", result.rests_on),
        ("Bounds", bounds(result)),
        ("Audited", (result.audited or "nothing",)),
        ("Not shown", result.not_shown),
        ("Notes", result.notes),
    )
    rows = [(title, tag("ul", [tag("li", t) for t in texts])) for title, texts in lists if texts]
    return tag(
        "section",
        tag("h2", "What the verdict rests on"),
        tag("dl", [part for title, items in rows for part in (tag("dt", title), tag("dd", items))]),
        id="scope",
    )


def again(result: Result) -> Markup:
    """The command and the digests: no clock and no host, so that equal runs give equal pages."""
    rows = [
        ("Command", tag("code", command(result))),
        ("Exit status", str(result.exit_code)),
        ("Model", tag("code", f"sha256:{result.sha256}", class_="digest") if result.sha256 else None),
        ("Tool", f"verify {__version__}, {result.explored.engine} back end"),
    ]
    pairs = [part for title, value in rows if value for part in (tag("dt", title), tag("dd", value))]
    return tag("section", tag("h2", "Reproduce"), tag("dl", pairs), id="reproduce")
