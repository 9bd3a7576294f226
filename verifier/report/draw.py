"""A timeline's grid as text: aligned columns, never wider than a page."""

from __future__ import annotations

from verifier.evidence.trace import Trace
from verifier.report.timeline import CLIP, Cell, Grid, Row, clip, grid, listing

PAGE = 120
"""No line is longer: wrapped timelines cannot be read."""
SAID = 14
"""A statement is not squeezed below this, marks and places apart; then the rows are listed a goroutine a line."""
NARROW = 16
"""No column is squeezed below this, not even in a list."""
SHORT = 17
"""Columns left to the place of a statement that does not fit."""


def timeline(trace: Trace) -> list[str]:
    """The lines of the timeline of a trace; none for a trace without rows."""
    made = grid(trace)
    return draw(made) if made.rows else []


def draw(made: Grid, page: int = PAGE) -> list[str]:
    """The lines of a grid, each at most `page` columns wide."""
    widths = _fit(made.widths, page, _least(made))
    if _total(widths) > page and len(made.goroutines) > 2:
        made = listing(made)
        widths = _fit(made.widths, page, _least(made))
    if _total(widths) > page:
        widths = _fit(widths, page, (NARROW,) * len(widths))
    lines = [_line("step", (*made.goroutines, *made.objects), widths)]
    for n, row in enumerate(made.rows):
        if row.number == made.loop != 0 and (n == 0 or made.rows[n - 1].number != row.number):
            lines.append(_rule(f" repeat for ever from step {row.number}: ", widths))
        if made.loop and not row.number:
            lines.append(_rule("", widths))
        lines.append(_row(row, widths))
    if made.folded:
        lines.append(f"({made.folded} more goroutine{'s' if made.folded > 1 else ''}, no step)")
    return [clip(line, page) for line in lines]


def _rule(text: str, widths: tuple[int, ...]) -> str:
    """A line across the drawing, with words in it."""
    return f"----{text}".ljust(min(_total(widths), PAGE), "-")


def _total(widths: tuple[int, ...]) -> int:
    return 4 + sum(w + 2 for w in widths)


def _least(made: Grid) -> tuple[int, ...]:
    """The width that each column may be squeezed to while its statements can be read."""
    statements = (max([NARROW, *(_readable(row.cells[i]) for row in made.rows)]) for i in range(len(made.goroutines)))
    return (*statements, *(NARROW for _ in made.objects))


def _readable(cell: Cell) -> int:
    return cell.width - max(0, len(cell.text) - SAID) - max(0, len(cell.place) - SHORT)


def _fit(widths: tuple[int, ...], page: int, least: tuple[int, ...]) -> tuple[int, ...]:
    """Take columns from the widest until the page is wide enough or every column is at its least."""
    fitted = list(widths)
    while _total(tuple(fitted)) > page and (wider := [n for n, width in enumerate(fitted) if width > least[n]]):
        fitted[max(wider, key=lambda n: fitted[n])] -= 1
    return tuple(fitted)


def _row(row: Row, widths: tuple[int, ...]) -> str:
    columns = len(row.cells)
    cells = tuple(_cell(cell, width) for cell, width in zip(row.cells, widths[:columns], strict=True))
    return _line(str(row.number) if row.number else "", (*cells, *row.objects), widths)


def _cell(cell: Cell, width: int) -> str:
    mark = f"  {cell.mark}" if cell.mark else ""
    place = cell.place
    if len(place) > SHORT and cell.width > width:
        # The end of a long file name tells as much, and the statement needs the room.
        place = CLIP + place[1 - SHORT :]
    room = width - len(mark) - (len(place) + 2 if place else 0)
    left = _squeezed(cell, max(room, 1)) + mark
    return left + place.rjust(width - len(left)) if place else left


def _squeezed(cell: Cell, room: int) -> str:
    """The text in `room` columns. The statement stands on several rows, its part on this one only: that is kept."""
    if len(cell.text) <= room or not cell.part:
        return clip(cell.text, room)
    statement = cell.text.removesuffix(cell.part)
    left = room - len(cell.part)
    return clip(statement, left) + cell.part if left > 1 else clip(cell.part.strip(), room)


def _line(number: str, texts: tuple[str, ...], widths: tuple[int, ...]) -> str:
    cells = "  ".join(clip(text, width).ljust(width) for text, width in zip(texts, widths, strict=True))
    return f"{number:>4}  {cells}".rstrip()
