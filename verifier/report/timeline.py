"""From a trace to the grid of a timeline: a column per goroutine, a row per step. Pure; `draw` makes text of it."""

from __future__ import annotations

from verifier.evidence.trace import RacyAccess, Trace, TraceStep
from verifier.records import dataclass, replace
from verifier.source import Span

IDLE = "."
"""Not started, or returned."""
INSIDE = "|"
"""Started, not returned, not moving in this row."""
FOR_EVER = "* for ever"
WAITS = "WAITS"
RACE = "<- race"
CLIP = "…"

MANY = 6
"""From one more goroutine on, those that take no step are folded away."""
WIDE = 100
"""Columns of a page that is still comfortable to read."""
"""The same from this many text columns on."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one goroutine does in one row. `mark` follows the text, `place` stands at the right edge.

    `part` is the end of `text` that only this row has: where room is short the statement before it gives way.
    """

    text: str
    mark: str = ""
    place: str = ""
    moves: bool = False
    part: str = ""

    @property
    def width(self) -> int:
        """Text columns needed to show the cell in full."""
        return len(self.text) + (2 + len(self.mark) if self.mark else 0) + (2 + len(self.place) if self.place else 0)


@dataclass(frozen=True, slots=True)
class Row:
    """One step. `number` is 0 in the closing row of a deadlock, which is no step."""

    number: int
    cells: tuple[Cell, ...]
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The timeline before it is text: goroutine columns, then the objects that change, and what was folded away."""

    goroutines: tuple[str, ...]
    objects: tuple[str, ...]
    rows: tuple[Row, ...]
    folded: int = 0
    loop: int = 0
    """The number of the first row of the loop that a schedule ends in; 0 without one."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Natural width of every column, goroutines first."""
        columns = [
            max([len(name), *(row.cells[i].width for row in self.rows)]) for i, name in enumerate(self.goroutines)
        ]
        objects = [max([len(name), *(len(row.objects[i]) for row in self.rows)]) for i, name in enumerate(self.objects)]
        return (*columns, *objects)

    @property
    def width(self) -> int:
        """Natural width of the whole drawing."""
        return 4 + sum(w + 2 for w in self.widths)


def grid(trace: Trace) -> Grid:
    """The grid of a trace; goroutines that take no step are folded when there are many or the grid is wide."""
    full = _grid(trace, trace.goroutines)
    if len(trace.goroutines) <= MANY and full.width <= WIDE:
        return full
    moving = _movers(trace)
    shown = tuple(g for g in trace.goroutines if g in moving)
    return replace(_grid(trace, shown), folded=len(trace.goroutines) - len(shown))


def listing(drawn: Grid) -> Grid:
    """The same rows for a page too narrow for a column each: who moves, and what it does."""
    rows = tuple(
        Row(row.number, (Cell(name), cell), row.objects)
        for row in drawn.rows
        for name, cell in zip(drawn.goroutines, row.cells, strict=True)
        if cell.moves
    )
    return Grid(("goroutine", "does"), drawn.objects, rows, drawn.folded, drawn.loop)


def clip(text: str, width: int) -> str:
    """At most `width` characters of a text, with a mark where something was left out.

    >>> clip("mu.Lock()", 9), clip("mu.Lock()", 5)
    ('mu.Lock()', 'mu.L…')
    """
    return text if len(text) <= width else text[: max(0, width - 1)] + CLIP


def words(step: TraceStep) -> str:
    """The row's text: the Go statement, and what this step of it does when that says more."""
    return step.text + part(step)


def part(step: TraceStep) -> str:
    """What this step of the statement does, in brackets; empty when the statement says it."""
    return f" ({step.detail})" if step.detail and not step.waits and step.detail not in step.text else ""


def _movers(trace: Trace) -> set[str]:
    steps, racing, stuck = trace.steps, trace.race, trace.waiting
    met = {s.meets.goroutine for s in steps if s.meets is not None}
    return met | {s.goroutine for s in steps} | {a.goroutine for a in racing} | {w.goroutine for w in stuck}


def _grid(trace: Trace, goroutines: tuple[str, ...]) -> Grid:
    kept = _changing(trace)
    moves = _moves(trace)
    rows = tuple(
        Row(
            number,
            tuple(cells.get(g) or _still(trace, g, number) for g in goroutines),
            tuple(objects[i] for i in kept),
        )
        for number, (cells, objects) in enumerate(moves, 1)
    )
    closing = (_closing(trace, goroutines, len(kept)),) if trace.waiting else ()
    loop = len(trace.steps) - trace.loop + 1 if trace.loop else 0
    return Grid(goroutines, tuple(trace.columns[i] for i in kept), rows + closing, loop=loop)


def _changing(trace: Trace) -> list[int]:
    states = (trace.start, *(s.objects for s in trace.steps))
    return [i for i in range(len(trace.columns)) if len({state[i] for state in states}) > 1]


def _moves(trace: Trace) -> list[tuple[dict[str, Cell], tuple[str, ...]]]:
    """Who moves in each row, with what, and the objects afterwards. A racy access has no state after it."""
    last = trace.steps[-1].objects if trace.steps else trace.start
    steps = [(_step_cells(trace, s), s.objects) for s in trace.steps]
    return steps + [({a.goroutine: _access_cell(a)}, last) for a in trace.race]


def _step_cells(trace: Trace, step: TraceStep) -> dict[str, Cell]:
    cells = {step.goroutine: _step_cell(trace, step)}
    if step.meets is not None:
        cells[step.meets.goroutine] = Cell(step.meets.text, "", _place(step.meets.span), True)
    return cells


def _step_cell(trace: Trace, step: TraceStep) -> Cell:
    failed = trace.failure and step is trace.steps[-1] and not trace.waiting
    said = step.symptom or (trace.failure_kind or "fails" if failed else "") or _part_of_loss(trace, step)
    mark = WAITS if step.waits else f"<- {said}" if said else ""
    return Cell(words(step), mark, _place(step.span), True, part(step))


def _part_of_loss(trace: Trace, step: TraceStep) -> str:
    """What a row has to do with the lost update at the end."""
    if trace.lost is None:
        return ""
    return {trace.lost.read: "stale read", trace.lost.changed: "lost"}.get(step.number, "")


def _access_cell(access: RacyAccess) -> Cell:
    text = access.text or f"{'write' if access.write else 'read'} {access.location}"
    return Cell(text, RACE, _place(access.span), True)


def _place(span: Span | None) -> str:
    return span.brief if span else ""


def _still(trace: Trace, goroutine: str, number: int) -> Cell:
    """The cell of a goroutine that does not move in row `number`."""
    earlier = [s for s in trace.steps[:number] if goroutine in (s.goroutine, s.meets.goroutine if s.meets else "")]
    started = bool(earlier) or any(a.goroutine == goroutine for a in trace.race[: max(0, number - len(trace.steps))])
    return Cell(INSIDE if started and not any(s.ended(goroutine) for s in earlier) else IDLE)


def _closing(trace: Trace, goroutines: tuple[str, ...], objects: int) -> Row:
    stuck = {w.goroutine for w in trace.waiting}
    after = trace.rows + 1
    cells = tuple(Cell(FOR_EVER, moves=True) if g in stuck else _still(trace, g, after) for g in goroutines)
    return Row(0, cells, ("",) * objects)
