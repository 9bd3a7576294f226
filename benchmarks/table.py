"""A table of figures, and how it looks on a terminal and as Markdown."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One question and what each tool answered.

    `letter` is what `--only` calls it; `about` says what is compared with what; `notes` are footnotes; `wrong` is what
    must not be: tools that disagree, runs that failed.
    """

    letter: str
    title: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """For a terminal: columns aligned, numbers to the right."""
        lines = (self.head, *self.rows)
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.head))]
        left = [n == 0 or not any(_numeric(row[n]) for row in self.rows) for n in range(len(self.head))]

        def line(cells: tuple[str, ...]) -> str:
            padded = (c.ljust(w) if to_left else c.rjust(w) for c, w, to_left in zip(cells, widths, left, strict=True))
            return f"  {'  '.join(padded)}".rstrip()

        body = [line(cells) for cells in lines]
        rule = "  " + "  ".join("-" * w for w in widths)
        remarks = [_wrapped(note, "  * ") for note in self.notes] + [_wrapped(w, "  WRONG: ") for w in self.wrong]
        return "\n".join(
            [f"{self.letter}. {self.title}", _wrapped(self.about, "  "), "", body[0], rule, *body[1:], *remarks]
        )

    @property
    def markdown(self) -> str:
        """For a page."""
        rows = [self.head, tuple("---" for _ in self.head), *self.rows]
        table = "".join(f"| {' | '.join(_escaped(c) for c in cells)} |\n" for cells in rows)
        remarks = [*(f"* {note}\n" for note in self.notes), *(f"* **Wrong:** {w}\n" for w in self.wrong)]
        return (
            f"## {self.letter}. {self.title}\n\n{self.about}\n\n{table}" + ("\n" if remarks else "") + "".join(remarks)
        )

    @property
    def plain(self) -> dict[str, object]:
        """For JSON: rows as objects."""
        rows = [dict(zip(self.head, row, strict=True)) for row in self.rows]
        return {
            "letter": self.letter,
            "title": self.title,
            "about": self.about,
            "rows": rows,
            "notes": list(self.notes),
            "wrong": list(self.wrong),
        }


def _wrapped(text: str, lead: str) -> str:
    return textwrap.fill(text, 120, initial_indent=lead, subsequent_indent=" " * len(lead))


def _numeric(cell: str) -> bool:
    return cell[:1].isdigit() or cell[:2] == "< "


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def seconds(value: float) -> str:
    """CPU seconds with the digits that mean something."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def megabytes(value: int, floor: int = 0) -> str:
    """Bytes as megabytes; what could not be told from `floor` is shown as less than it."""
    return f"< {floor / 1e6:.0f}" if value <= floor else f"{value / 1e6:,.0f}"


def times(value: float) -> str:
    """A ratio."""
    return f"{value:,.0f}x" if value >= 100 else f"{value:.1f}x" if value >= 1 else f"{value:.2f}x"


def thousands(value: float) -> str:
    """States per second, in thousands."""
    return f"{value / 1000:,.0f}k"
