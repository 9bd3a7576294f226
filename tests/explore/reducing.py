"""What a reduction has to keep, compared on two explorations of one program."""

from __future__ import annotations

from verifier.explore.search import Exploration, Limits, explore
from verifier.program.program import Program

SMALL = Limits(max_states=6_000)


def kept(found: Exploration) -> tuple[set[tuple[str, str]], bool]:
    """Kind and name of everything found; where and when may differ. Of a bound only that it was hit."""
    findings = {(v.kind, "" if v.kind == "bound" else v.name) for v in (*found.violations, *found.witnesses)}
    return findings, found.finished


def compare(full: Program, small: Program, limits: Limits = SMALL) -> Exploration | None:
    """Assert that `small` shows what `full` shows; the exploration of `small`, None when `full` is too large.

    Where a bound is hit every verdict is unknown, so nothing needs to be kept but what was found besides.
    """
    before = explore(full, limits)
    if not before.complete:
        return None
    after = explore(small, limits)
    assert after.complete and after.states <= before.states
    assert after.deadlock_decided and before.deadlock_decided
    if before.first("bound") is None:
        assert kept(after) == kept(before)
        assert ran(after, full) == before.coverage
    return after


def ran(found: Exploration, full: Program) -> set[tuple[int, int]]:
    """The raw steps of what `found` executed, a reduction of `full`."""
    taken = {(i.template, n) for i, steps in zip(full.instances, full.prelude, strict=False) for n in steps}
    for template, number in found.coverage:
        taken.update((template, n) for n in full.templates[template].steps[number].origin or (number,))
    return taken
