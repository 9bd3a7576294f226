"""The grid of a timeline as a table: a row per goroutine and per object that changes, a column per step."""

from __future__ import annotations

from verifier.report.html.markup import Markup, join, tag
from verifier.report.html.shown import Shown
from verifier.report.intervals import judged
from verifier.report.lines import number
from verifier.report.timeline import CLIP, FOR_EVER, IDLE, INSIDE, WAITS, Cell, Grid, Row

STILL = {IDLE: "not started or returned", INSIDE: "does not move", "": ""}
"""What the marks of a goroutine that does not move say, for those who cannot see them."""
SHORT = 14
"""Characters of a place; its line stands at the end."""
MANY = 10
"""From one more step on the columns are narrow."""


def timeline(shown: Shown, at: int) -> Markup:
    """The timeline of schedule number `at`; the script marks the column of the current step."""
    grid = shown.drawn
    rows = [_goroutine(grid, n, name) for n, name in enumerate(grid.goroutines)]
    start = dict(zip(judged(shown.trace).columns, judged(shown.trace).start, strict=True))
    objects = [_object(grid, n, name, start[name]) for n, name in enumerate(grid.objects)]
    table = tag(
        "table",
        tag("caption", f"{shown.title}: a row for each goroutine, a column for each step", class_="unseen"),
        tag("thead", _loop(grid), _head(grid)),
        tag("tbody", rows),
        tag("tbody", objects, class_="objects") if objects else None,
        class_="timeline narrow" if len(grid.rows) > MANY else "timeline",
    )
    folded = tag("p", f"{number(grid.folded, 'more goroutine')}, no step", class_="note") if grid.folded else None
    label = f"Timeline of {shown.title}"
    strip = tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=label)
    return join(tag("div", strip, class_="strip"), folded)


def _head(grid: Grid) -> Markup:
    start = tag("th", _button("start", 0), scope="col", data_row=0)
    cells = [_step(row) for row in grid.rows]
    return tag("tr", tag("th", "goroutine", scope="col", class_="corner"), start, cells)


def _step(row: Row) -> Markup:
    if not row.number:
        return tag("th", "then", scope="col")
    return tag("th", _button(str(row.number), row.number), scope="col", data_row=row.number)


def _button(text: str, row: int) -> Markup:
    label = f"step {text}" if row else "the start"
    return tag("button", text, type="button", data_go=row, aria_label=label, tabindex=-1)


def _loop(grid: Grid) -> Markup | None:
    """The line over the steps that repeat for ever."""
    if not grid.loop:
        return None
    length = sum(1 for r in grid.rows if r.number >= grid.loop)
    rest = len(grid.rows) - (grid.loop - 1) - length
    words = f"repeat for ever from step {grid.loop}"
    return tag(
        "tr",
        tag("td", colspan=grid.loop + 1),
        tag("th", tag("span", words), colspan=length, scope="colgroup", class_="loop"),
        tag("td", colspan=rest) if rest else None,
    )


def _goroutine(grid: Grid, n: int, name: str) -> Markup:
    cells = [_cell(row.cells[n], row.number) for row in grid.rows]
    start = tag("td", tag("span", "at the start", class_="unseen"), class_="idle", data_row=0)
    return tag("tr", tag("th", name, scope="row"), start, cells, data_goroutine=name)


def _cell(cell: Cell, row: int) -> Markup:
    column = row or None
    if cell.text == FOR_EVER:
        return tag("td", "for ever", class_="forever", data_row=column)
    if not cell.moves:
        kind = "inside" if cell.text == INSIDE else "idle"
        return tag("td", tag("span", STILL.get(cell.text, cell.text), class_="unseen"), class_=kind, data_row=column)
    statement = cell.text.removesuffix(cell.part)
    mark = cell.mark.removeprefix("<- ")
    return tag(
        "td",
        tag("code", statement),
        tag("small", cell.part.strip()) if cell.part else None,
        tag("span", mark, class_="mark waits" if mark == WAITS else "mark") if mark else None,
        _place(cell.place) if cell.place else None,
        class_="moves marked" if mark else "moves",
        data_row=column,
    )


def _place(place: str) -> Markup:
    """The line, with the end of its file's name where that is long."""
    short = place if len(place) <= SHORT else CLIP + place[1 - SHORT :]
    return tag("span", short, class_="place", title=place if short != place else None)


def _object(grid: Grid, n: int, name: str, start: str) -> Markup:
    cells = [tag("td", tag("code", start), data_row=0)]
    before = start
    for row in grid.rows:
        value = row.objects[n]
        kind = "same" if value == before else "changed"
        cells.append(tag("td", tag("code", value), class_=kind, data_row=row.number or None))
        before = value
    return tag("tr", tag("th", tag("code", name), scope="row"), cells)


def listing(shown: Shown) -> Markup:
    """The same grid turned: a row per step. For print, and for whoever would rather read down a page."""
    grid = shown.drawn
    head = tag(
        "tr",
        tag("th", "step", scope="col"),
        [tag("th", name, scope="col") for name in grid.goroutines],
        [tag("th", tag("code", name), scope="col") for name in grid.objects],
    )
    body = [
        tag(
            "tr",
            tag("th", str(row.number) if row.number else "then", scope="row"),
            [_cell(cell, 0) for cell in row.cells],
            [tag("td", tag("code", value)) for value in row.objects],
        )
        for row in grid.rows
    ]
    return tag("table", tag("thead", head), tag("tbody", body), class_="listing")
