"""Every edit that removes or weakens one protective step of a model."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.mutate.edit import Edit, Operator, Subject
from verifier.mutate.files import Files, NoPlace
from verifier.mutate.operators import atomics, calls, checks, copies, locks, maps, waits
from verifier.mutate.scan import functions
from verifier.pipeline.load import Front

LOCAL: tuple[Operator, ...] = (
    locks.removed,
    locks.read_only,
    locks.unlock_removed,
    locks.unlock_earlier,
    locks.lock_later,
    checks.removed,
    checks.once,
    atomics.plain_calls,
    atomics.apart,
    atomics.unconditional,
    calls.apart,
    calls.unconditional,
    calls.every_time,
    waits.removed,
    waits.unwoken,
    waits.channel_lock,
    copies.shared,
)
"""Ways to weaken one function, see `operators`."""

GLOBAL: tuple[Operator, ...] = (atomics.plain, maps.plain, calls.every_use)
"""Ways to weaken a variable wherever it is used."""


def weakened(front: Front) -> tuple[Edit, ...]:
    """The edits of a checked model in the order of its lines, without those that change the same characters alike."""
    files = Files(front.document)
    own = tuple(f for f in functions(front) if files.holds(f.body.span))
    found: dict[object, Edit] = {}
    for operator in LOCAL:
        for f in own:
            for edit in _placed(operator(Subject(front, files, (f,)))):
                found.setdefault(frozenset(edit.changes), edit)
    for operator in GLOBAL:
        for edit in _placed(operator(Subject(front, files, own))):
            found.setdefault(frozenset(edit.changes), edit)
    order = list(files.text)
    return tuple(sorted(found.values(), key=lambda e: (order.index(e.span.file), e.span.line, e.span.column)))


def _placed(edits: Iterator[Edit]) -> Iterator[Edit]:
    """The edits up to one that has no place: what stands in a quoted text with escapes is left alone."""
    try:
        yield from edits
    except NoPlace:
        return
