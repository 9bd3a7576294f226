"""The small print of a page: was the check alive, what it rests on, what was not shown, how to see it again."""

from __future__ import annotations

from verifier import __version__
from verifier.evidence.mutant import Mutant
from verifier.evidence.result import Result
from verifier.report.html.markup import Markup, tag
from verifier.report.lines import number
from verifier.report.smallprint import bounds, given


def coverage(result: Result) -> Markup | None:
    """Statements that ran and those that never did, then what each protective step is worth."""
    seen = result.coverage
    mutants = result.mutants or ()
    if seen is None and not mutants:
        return None
    parts: list[Markup] = []
    if seen is not None:
        share = tag("progress", max=max(seen.total, 1), value=seen.reached, aria_label="statements that ran")
        parts.append(tag("p", share, f" {seen.reached:,} of {number(seen.total, 'statement')} ran in some schedule."))
        never = "Never ran" if result.explored.complete else "Not run before the limit"
        missed = [tag("li", tag("code", text), " ", tag("small", f"{s.file}:{s.line}")) for s, text in seen.missed]
        parts += [tag("p", f"{never}:"), tag("ul", missed)] if missed else []
    if mutants:
        head = tag("tr", [tag("th", c, scope="col") for c in ("Without", "Verdict", "Then broken")])
        body = tag("tbody", [_mutant(m) for m in mutants])
        parts.append(tag("h3", "Is each protective step needed?"))
        parts.append(tag("table", tag("thead", head), body, class_="small"))
    return tag("section", tag("h2", "Was the check alive?"), parts, id="coverage")


def _mutant(m: Mutant) -> Markup:
    where = tag("small", f" {m.span.brief}") if m.span else None
    broken = ", ".join(m.broken) + (f" in {number(m.steps, 'step')}" if m.steps else "")
    said = broken or m.note or m.why or "nothing: the step is not needed, or the model cannot tell"
    # A mutant that stays SAFE is no good news, so it is not green.
    label = tag("span", m.verdict.value, class_="chip none")
    return tag("tr", tag("th", m.edit, where, scope="row"), tag("td", label), tag("td", said))


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
        ("Command", tag("code", f"verify {result.path}{given(result)}")),
        ("Exit status", str(result.exit_code)),
        ("Model", tag("code", f"sha256:{result.sha256}", class_="digest") if result.sha256 else None),
        ("Tool", f"verify {__version__}, {result.explored.engine} back end"),
    ]
    pairs = [part for title, value in rows if value for part in (tag("dt", title), tag("dd", value))]
    return tag("section", tag("h2", "Reproduce"), tag("dl", pairs), id="reproduce")
