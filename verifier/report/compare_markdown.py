"""A comparison as Markdown: the matrix a meeting looks at, each failure linked to the schedule that shows it."""

from __future__ import annotations

import re

from verifier.evidence.result import Property, Result
from verifier.report.comparison import Comparison, Row, columns, conclusion, grid, legend, remarks, scope, shortest
from verifier.report.matrix import total
from verifier.report.outcome import subject
from verifier.report.terminal import counterexample


def render(given: Comparison, quiet: bool = False) -> str:
    """The page; `quiet` leaves out the schedules. GitHub makes the links' targets from the headings."""
    found = grid(given)
    title = f": {given.title}" if given.title else ""
    lines = [f"# {_text(given.workload + title)}", "", _line([c.name for c in found.columns])]
    lines.append("|" + "|".join(" ---: " if c.number else " --- " for c in found.columns) + "|")
    lines += [_row(row, cells, given, quiet) for row, cells in zip(given.rows, found.rows, strict=True)]
    lines += ["", *(f"* {_text(words)}" for words in conclusion(given)), f"* {total(given.entries, 'scheme')}"]
    for heading, pairs in (("Columns", legend(given)), ("Remarks", remarks(given)), ("Scope", scope(given))):
        if pairs:
            lines += ["", f"## {heading}", "", *(f"* **{_text(label)}**: {_text(words)}" for label, words in pairs)]
    failing = [(row, prop) for row in given.rows if not quiet and (prop := shortest(row.entry))]
    lines += ["", "## Shortest failures"] if failing else []
    for row, prop in failing:
        assert isinstance(row.entry, Result)
        block = "\n".join(line.rstrip() for line in counterexample(row.entry, prop))
        lines += ["", f"### {_text(_heading(row, prop))}", "", "```text", block, "```"]
    return "\n".join(lines) + "\n"


def _heading(row: Row, prop: Property) -> str:
    return f"{row.scheme}: {subject(prop)}"


def _row(row: Row, cells: tuple[str, ...], given: Comparison, quiet: bool) -> str:
    """The cells of a scheme; the one with the shortest failure is a link to it."""
    shown = [_text(c) for c in cells]
    prop = None if quiet else shortest(row.entry)
    if prop is not None:
        at = 1 + columns(given).index((prop.kind, prop.name))
        shown[at] = f"[{shown[at]}](#{anchor(_heading(row, prop))})"
    return "| " + " | ".join(shown) + " |"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def anchor(heading: str) -> str:
    """The name GitHub gives a heading.

    >>> anchor("sharded: finally one user, one session")
    'sharded-finally-one-user-one-session'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _text(words: str) -> str:
    """Words as they are: nothing in them is markup, nor ends a cell."""
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", words)
