"""Programs with ghosts, for the properties that are failures or clauses of an instrumented program."""

from __future__ import annotations

from verifier.model.document import Document, OrderText
from verifier.program.program import Program
from verifier.records import replace
from verifier.source import Note, fail, suggestion


def instrumented(document: Document, raw: Program, lowering: str) -> Program:
    """`raw` as `lowering` has it: lost-update, or ordered1 for the first edge under `ordered:`.

    Raises ModelError when an edge names what does not exist, or needs a primitive that is not covered, or is not there.
    """
    if lowering == "lost-update":
        from verifier.program.passes.lostupdate import with_lost_updates

        return with_lost_updates(raw) or replace(raw, clauses=())
    number = int(lowering.removeprefix("ordered"))
    if not 0 < number <= len(document.orders):
        raise fail(f"there is no edge number {number} under `ordered:`, which a schedule names", document.roles[0].span)
    return _with_order(raw, document.orders[number - 1])


def _with_order(raw: Program, given: OrderText) -> Program:
    from verifier.program.passes.ordered import NoSuchPoint, NotCovered, Order, Point, with_order

    points = {"before": given.before, "finished": given.finished, "start": given.start, "after": given.after}
    before, finished, start, after = (Point(p.role, p.label) for p in points.values())
    try:
        return with_order(raw, Order(given.name, before, finished, start, after, given.formula, given.span))
    except NoSuchPoint as error:
        point = points[error.which]
        raise fail(
            str(error), point.span, *(suggestion(error.wrong, list(error.known)) if error.known else ())
        ) from None
    except NotCovered as error:
        covered = Note(
            "covered are Mutex, RWMutex, Once, WaitGroup, the integers, Bool and Pointer of sync/atomic, and go"
        )
        message = f"`ordered:` does not follow what happens before what in '{error}'"
        raise fail(message, error.span or given.span, covered) from None
