"""Who holds which lock, followed along a walk from the lock marks of its steps."""

from __future__ import annotations

from verifier.audit.interpret import Interpreter, State
from verifier.program.concrete import Concrete
from verifier.program.program import Program
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Holder:
    """A goroutine that holds a lock, or has announced itself: mode W, R or next, since row `since` (at `span`)."""

    goroutine: str
    mode: str
    since: int
    span: Span | None


Locks = dict[int, tuple[Holder, ...]]
"""First cell of a lock → its holders, oldest first. Locks nobody holds are left out."""

_RELEASED = {"unlock": "W", "runlock": "R"}
_TAKEN = {"lock": "W", "acquire": "W", "rlock": "R", "announce": "next"}


def after(locks: Locks, c: Concrete, row: int, state: State, interpreter: Interpreter) -> Locks:
    """The holders after step `c`, taken in `state` as row `row`."""
    name = interpreter.program.instances[c.instance].name
    out = dict(locks)
    for mark in c.step.sync:
        cell = interpreter.cell(mark.ref, state)
        holders = list(out.pop(cell, ()))
        if mark.op in _TAKEN:
            announced = [h for h in holders if h.mode == "next" and h.goroutine == name and mark.op == "acquire"]
            holders = [h for h in holders if h not in announced]
            holders.append(Holder(name, _TAKEN[mark.op], row, c.step.span))
        elif mark.op in _RELEASED:
            _release(holders, name, _RELEASED[mark.op])
        if holders:
            out[cell] = tuple(holders)
    return out


def _release(holders: list[Holder], name: str, mode: str) -> None:
    """Any goroutine may unlock: its own hold goes first, else the oldest one."""
    of_mode = [h for h in holders if h.mode == mode]
    own = [h for h in of_mode if h.goroutine == name]
    for h in (own or of_mode)[:1]:
        holders.remove(h)


def lock_name(program: Program, cell: int) -> str:
    """The lock in the user's words: the view that shows it, else the name of its first cell."""
    for view in program.views:
        if cell in view.cells:
            return view.name
    return program.cells[cell].name.removesuffix(".readers").removesuffix(".held")


def held_by(program: Program, locks: Locks, goroutine: str) -> tuple[tuple[str, str, int], ...]:
    """(lock, mode, since row) of everything a goroutine holds."""
    return tuple(
        (lock_name(program, cell), h.mode, h.since)
        for cell, holders in sorted(locks.items())
        for h in holders
        if h.goroutine == goroutine and h.mode != "next"
    )
