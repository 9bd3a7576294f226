"""The evidence document: the twelve questions a reviewer asks, each answered by a section of one Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.evidence.result import Result
from verifier.records import dataclass
from verifier.report import conditions, findings, overview
from verifier.report.markup import block, code, plain
from verifier.report.outcome import Entry, Failed


@dataclass(frozen=True, slots=True)
class Kept:
    """The directory that the page stands in: digest of its evidence, and where the files of each property are."""

    digest: str
    traces: tuple[tuple[str, str], ...] = ()
    """Property name, path of its schedule without the ending."""
    certificate: str = ""


def render(result: Result, kept: Kept | None = None) -> str:
    """The page. With `kept`, it links to the files beside it; without, it says what `--evidence DIR` would add."""
    traces = dict(kept.traces) if kept else {}
    title = f": {plain(result.title)}" if result.title else ""
    sections = (
        ("Verdict", overview.verdict(result)),
        ("Decision being supported", overview.decision(result)),
        ("What was modelled", overview.modelled(result)),
        ("Go semantics used", conditions.semantics(result)),
        ("Properties in words and formula", overview.properties(result)),
        ("Counterexample", findings.counterexamples(result, traces)),
        ("Proof", findings.proof(result, kept.certificate if kept else "")),
        ("Was the check alive?", conditions.alive(result, traces)),
        ("Bounds and assumptions", conditions.bounds(result)),
        ("Not shown", conditions.not_shown(result)),
        ("Reproduce", conditions.reproduce(result, kept.digest if kept else "")),
        ("Changes since last evidence", conditions.changes(kept is not None)),
    )
    lines = [f"# {plain(result.model)}{title}", "", *_lead(result, kept is not None)]
    for number, (name, body) in enumerate(sections, 1):
        lines += ["", f"## {number}. {name}", "", *body]
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def several(entries: Sequence[Entry]) -> str:
    """The pages of several models one after the other; of a model that got no verdict, why."""
    return "\n".join(_failed(e) if isinstance(e, Failed) else render(e) for e in entries)


def _failed(failed: Failed) -> str:
    said = f"**{failed.verdict.value}**: no verdict, exit status {failed.exit_code}."
    lines = [f"# {plain(failed.model)}", "", said, ""]
    return "\n".join([*lines, *block(failed.message.split("\n"))]) + "\n"


def _lead(result: Result, kept: bool) -> list[str]:
    where = code(result.path)
    lines = [
        f"What the model checker `verify` found out about {where}, a small Go program written",
        "to be explored: `verify` runs *every* interleaving of its goroutines, not just those a scheduler picks.",
    ]
    if kept:
        lines += [
            "Do not just believe this page: `verify audit` on its directory checks two kinds of evidence again,",
            "without the engine: schedules, which it replays, and the certificate of a proof for any number of",
            "goroutines. The last column of section 1 says of which verdicts it can; the others rest on the",
            "exploration, of which the states are not kept: to check those, run `verify` again. This page",
            "belongs to its directory: to step through it, open [evidence.html](evidence.html);",
            "programs read [report.json](report.json).",
        ]
    return lines
