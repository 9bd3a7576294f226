"""One random program: proved or not, and whether exploration of a few goroutines agrees."""

from __future__ import annotations

from dataclasses import dataclass

from .build import Case, explored, front, prove


@dataclass(frozen=True)
class Judgement:
    """`answer`: proved, bad view, gave up. `wrong`: what exploration found although it was proved. `cut`: exploration
    did not see everything. `confirmed`: the bad view was followed by a concrete bug."""

    answer: str
    wrong: str = ""
    cut: bool = False
    confirmed: bool = False
    reason: str = ""


def judge(case: Case, states: int, largest: int = 2, seconds: float = 1.5, confirm: bool = False) -> Judgement:
    """Prove for any number, then explore two and three goroutines a role."""
    made = front(case)
    tried = prove(made, largest, seconds)
    if tried.proof is None:
        sure = confirm and tried.bad is not None and any(explored(made, n, states).kinds for n in (1, 2, 3))
        return Judgement("bad view" if tried.bad else "gave up", confirmed=sure, reason=tried.reason)
    cut = False
    for count in (1, 2, 3):
        found = explored(made, count, states)
        if found.kinds:
            return Judgement("proved", f"{sorted(found.kinds)} with {count} a role")
        cut = cut or not found.complete
    return Judgement("proved", cut=cut)
