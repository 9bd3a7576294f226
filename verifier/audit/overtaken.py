"""A lost update as the auditor sees it: which row read the location, which one changed it, looked up along the walk.

The ghosts of the instrumented program only say when; that the rows really read and write one cell, and that the last
step would overwrite it, is checked on their own steps.
"""

from __future__ import annotations

from verifier.audit.interpret import AuditError
from verifier.audit.walk import Walk
from verifier.evidence.trace import LostUpdate
from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Expr, Read, refs
from verifier.program.passes.lostupdate import FRESH, STALE, STALE_READ

GHOST = STALE_READ


def lost_update(walk: Walk) -> LostUpdate:
    """The rows of the lost update that a walk ends in. Raises AuditError when there is none."""
    last = walk.taken[-1]
    instead = [
        c
        for c in walk.composed.steps(last.instance, last.step.src)
        if c.step.fail is None and c.step.text == last.step.text
    ]
    for ghost in _stale(walk, last):
        read, changed = _rows(walk, ghost, last.instance)
        for cell in sorted(_written(walk, len(walk.taken) - 1, instead)):
            if _reads(walk, read, cell, last.instance) and _changes(walk, changed, cell, last.instance):
                name = walk.program.cells[cell].name
                return LostUpdate(_in_words(walk, cell, name), read, changed)
    raise AuditError(f"'{last.step.text}' overwrites nothing that another goroutine changed since it was read")


def _in_words(walk: Walk, cell: int, name: str) -> str:
    """The name of a location; of a map's entry with the key as the model writes it."""
    for view in walk.program.views:
        if view.kind in ("map", "syncmap") and view.keys and cell in view.cells:
            return f"{view.name}[{view.keys[view.cells.index(cell) * len(view.keys) // len(view.cells)]}]"
    return name


def _stale(walk: Walk, last: Concrete) -> list[int]:
    """The ghosts in the guard of the last step that say "stale"."""
    found: dict[int, None] = {}
    for r in refs(last.step.guard):
        n = r.number if isinstance(r, Cell) else -1
        if n >= 0 and walk.program.cells[n].name.startswith(GHOST) and walk.last.cells[n] == STALE:
            found.setdefault(n, None)
    return list(found)


def _rows(walk: Walk, ghost: int, reader: int) -> tuple[int, int]:
    """The row that read, and the one after which the read was stale."""
    values = [s.cells[ghost] for s in walk.states]
    changed = max(n for n in range(1, len(values)) if values[n] == STALE and values[n - 1] != STALE)
    before = [n for n in range(1, changed) if values[n] == FRESH and _by(walk, n, ghost, reader)]
    if not before:
        raise AuditError("a ghost is stale that was never fresh")
    return max(before), changed


def _by(walk: Walk, row: int, ghost: int, reader: int) -> bool:
    """Whether the reader's step of a row sets its ghost to fresh, anew or again."""
    c = walk.taken[row - 1]
    return reader in c.movers and any(r == Cell(ghost) and v != Read(r) for r, v in c.step.updates)


def _written(walk: Walk, row: int, steps: list[Concrete]) -> set[int]:
    """The cells steps would write in the state before a row, ghosts left out."""
    state = walk.states[row]
    cells = set()
    for c in steps:
        for ref, _ in c.step.updates:
            if isinstance(ref, Cell):
                cells.add(ref.number)
            elif isinstance(ref, At) and 0 <= (i := walk.composed.value(ref.index, state)) < len(ref.family.cells):
                cells.add(ref.family.cells[i])
    return {n for n in cells if n >= 0 and not walk.program.cells[n].name.startswith(GHOST)}


def _reads(walk: Walk, row: int, cell: int, instance: int) -> bool:
    c = walk.taken[row - 1]
    read = (c.step.guard, *(v for _, v in c.step.updates))
    return instance in c.movers and any(_evaluates(walk, e, cell, row - 1) for e in read)


def _evaluates(walk: Walk, e: Expr, cell: int, number: int) -> bool:
    """Whether an expression names a cell, in the state before row `number + 1`."""
    state = walk.states[number]
    for r in refs(e):
        if isinstance(r, Cell) and r.number == cell:
            return True
        if isinstance(r, At):
            i = walk.composed.value(r.index, state)
            if 0 <= i < len(r.family.cells) and r.family.cells[i] == cell:
                return True
    return False


def _changes(walk: Walk, row: int, cell: int, instance: int) -> bool:
    c = walk.taken[row - 1]
    before, after = walk.states[row - 1].cells[cell], walk.states[row].cells[cell]
    return instance not in c.movers and before != after
