"""A comparison for a terminal: the matrix, what its headers mean, and the shortest failure under each losing scheme."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from verifier.evidence.result import Result
from verifier.records import replace
from verifier.report.comparison import Column, Comparison, Grid, conclusion, grid, legend, remarks, scope, shortest
from verifier.report.matrix import total
from verifier.report.terminal import counterexample

_HEADER = 9
_CLAUSE = 14
"""Headers wider than these, of columns with words of ours and of clauses, are broken into lines."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def render(given: Comparison, width: int, quiet: bool = False) -> str:
    """The report, in a window of `width` columns; `quiet` leaves out the schedules."""
    title = f": {given.title}" if given.title else ""
    table, letters = _fitting(grid(given), width)
    lines = [f"=== {given.workload}{title}", "", *table]
    headers = [(letters.get(name, name), _named(name, letters) + said) for name, said in legend(given)]
    for pairs in (headers, remarks(given), scope(given)):
        lines += ["", *_pairs(pairs, width)] if pairs else []
    lines += [] if quiet else _failures(given)
    return "\n".join([*lines, "", *conclusion(given), total(given.entries, "scheme")]) + "\n"


def _named(name: str, letters: dict[str, str]) -> str:
    return f"{name}; " if name in letters else ""


def _fitting(found: Grid, width: int) -> tuple[list[str], dict[str, str]]:
    """The table, in two parts where it is too wide, and the letters that then may have to stand for clauses."""
    whole = _table(found)
    if _width(whole) <= width:
        return whole, {}
    figures = next(n for n, c in enumerate(found.columns) if c.figure)
    parts = _parted(found, figures)
    clauses = [c for c in found.columns if c.when]
    if _width(parts) <= width or not clauses or len(clauses) > len(_LETTERS):
        return parts, {}
    letters = {c.name: letter for c, letter in zip(clauses, _LETTERS, strict=False)}
    short = tuple(replace(c, name=letters[c.name]) if c.when else c for c in found.columns)
    return _parted(Grid(short, found.rows), figures), letters


def _parted(found: Grid, at: int) -> list[str]:
    """The properties, then everything from column `at` on."""
    names = tuple(row[:1] for row in found.rows)
    left = Grid(found.columns[:at], tuple(row[:at] for row in found.rows))
    rest = tuple((*name, *row[at:]) for name, row in zip(names, found.rows, strict=True))
    right = Grid((found.columns[0], *found.columns[at:]), rest)
    return [*_table(left), "", *_table(right)]


def _width(lines: list[str]) -> int:
    return max(map(len, lines))


def _table(found: Grid) -> list[str]:
    headers = [_broken(c) for c in found.columns]
    tall = max(map(len, headers))
    rows = [[*[""] * (tall - len(h)), *h] for h in headers]
    body = [*zip(*rows, strict=True), *found.rows]
    widths = [max(len(line[i]) for line in body) for i in range(len(found.columns))]
    return [_line(line, widths, found.columns) for line in body]


def _broken(column: Column) -> list[str]:
    return textwrap.wrap(column.name, _CLAUSE if column.when else _HEADER, break_long_words=False) or [""]


def _line(cells: Sequence[str], widths: list[int], columns: Sequence[Column]) -> str:
    aligned = (c.rjust(w) if at.number else c.ljust(w) for c, w, at in zip(cells, widths, columns, strict=True))
    return "  ".join(aligned).rstrip()


def _pairs(pairs: Sequence[tuple[str, str]], width: int) -> list[str]:
    """A label and a sentence a line, the sentences below each other."""
    labels = max((len(label) for label, _ in pairs), default=0) + 2
    out: list[str] = []
    last = ""
    for label, words in pairs:
        lines = textwrap.wrap(words, max(width - labels, 40)) or [""]
        shown = "" if label == last else label
        out += [f"{(shown if n == 0 else ''):<{labels}}{line}".rstrip() for n, line in enumerate(lines)]
        last = label
    return out


def _failures(given: Comparison) -> list[str]:
    out: list[str] = []
    for row in given.rows:
        prop = shortest(row.entry)
        if prop is not None and isinstance(row.entry, Result):
            out += ["", f"=== under {row.scheme}", "", *counterexample(row.entry, prop)]
    return out
