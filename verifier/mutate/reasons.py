"""Why a protective step can go and nobody notices: worked out, not guessed. No reason is better than a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice

from verifier.evidence.counts import counted
from verifier.explore.races import cells_of
from verifier.model.document import CHECKS, CLIENT
from verifier.mutate.edit import Edit
from verifier.mutate.files import Files, NoPlace
from verifier.mutate.judge import Judged, Task
from verifier.mutate.pool import Pool
from verifier.mutate.scan import inside
from verifier.program.concrete import Concrete, concrete
from verifier.program.passes.lostupdate import LOST_UPDATE
from verifier.program.program import Kind, Program, Step
from verifier.records import dataclass, replace
from verifier.source import Span
from verifier.verdict import Verdict

NO_REASON = "not needed in this model for the properties asked"
MOST_PAIRS = 10
"""Pairs of edits that are tried together."""

_HANGING = ("unlock removed", "wake-up removed")
_HANGS = "calls hang, and with `linearizable:` it is not judged whether they return"


@dataclass(frozen=True, slots=True)
class Survivor:
    """An edit that breaks nothing, the task that showed it, and what came of that."""

    edit: Edit
    task: Task
    found: Judged


def reasons(
    base: Task, program: Program, survivors: Sequence[Survivor], pool: Pool, failing: Sequence[str] = ()
) -> list[str]:
    """Why each of the edits breaks nothing.

    `base`: the task of the model itself, `program`: what it is lowered to, `failing`: what does not hold of it.
    """
    clients = base.document.linearizable is not None
    asked = _beside(base)
    wider = _compared(base, [_with(s.task, checks=asked) for s in survivors], pool, bool(asked))
    more, counts = _more(base)
    larger = _compared(base, [_with(s.task, counts=more) for s in survivors], pool, bool(more))
    out: list[str] = []
    for s, wide, large in zip(survivors, wider, larger, strict=True):
        # What was found comes before what the text of the model says: a lock around nothing can still order others.
        if clients and s.edit.operator in _HANGING:
            out.append(_HANGS)
        elif large.broken:
            out.append(f"needed for more goroutines: {large.broken} with {counts}")
        elif wide.broken:
            out.append(f"none of the properties asked looks: {wide.broken}")
        else:
            out.append(_untouched(s.edit, program) or _ordered(s, wide.found or s.found))
    without = (
        f"not needed for what holds in this model: {_and(failing)} not hold with it either" if failing else NO_REASON
    )
    left = [n for n, why in enumerate(out) if not why]
    for n, why in zip(left, _together(base, [survivors[n] for n in left], pool), strict=True):
        out[n] = why or ("not all reasons were tried: interrupted" if pool.stopped else without)
    return out


def _and(names: Sequence[str]) -> str:
    """`race does`, `race and fatal do`."""
    if len(names) == 1:
        return f"{names[0]} does"
    return f"{', '.join(names[:-1])} and {names[-1]} do"


def _together(base: Task, left: Sequence[Survivor], pool: Pool) -> list[str]:
    """For edits that break nothing alone: with which of the others they do. Each then stands in for the other."""
    files = Files(base.document)
    pairs: list[tuple[int, int]] = []
    tasks: list[Task] = []
    for a, b in islice(combinations(range(len(left)), 2), MOST_PAIRS):
        try:
            texts = files.changed((*left[a].edit.changes, *left[b].edit.changes))
        except NoPlace:
            continue
        pairs.append((a, b))
        tasks.append(replace(left[a].task, texts=tuple(sorted(texts.items()))))
    out = [""] * len(left)
    for (a, b), found in zip(pairs, _compared(base, tasks, pool, True), strict=True):
        for one, other in ((a, b), (b, a)):
            if found.broken and not out[one]:
                edit = left[other].edit
                out[one] = f"`{edit.step}` on {edit.span.words} makes up for it: edited so as well, {found.broken}"
    return out


@dataclass(frozen=True, slots=True)
class _Compared:
    """An edited model under other circumstances: what of the model itself, under these, no longer holds."""

    broken: str = ""
    found: Judged | None = None


def _compared(base: Task, tasks: Sequence[Task], pool: Pool, wanted: bool) -> list[_Compared]:
    if not wanted or not tasks:
        return [_Compared() for _ in tasks]
    before = replace(base, counts=tasks[0].counts, checks=tasks[0].checks)
    done = pool.judged([before, *tasks])
    return [_Compared(_broken(done[0], found), found) for found in done[1:]]


def _beside(base: Task) -> tuple[str, ...]:
    """The properties asked with those that are judged by default or find lost updates; nothing where none is new."""
    asked = base.checks if base.checks is not None else base.document.checks
    beside = tuple(k for k in (*CHECKS, LOST_UPDATE) if k not in asked)
    return (*asked, *beside) if beside and base.document.linearizable is None else ()


def _with(task: Task, counts: tuple[tuple[str, int], ...] = (), checks: tuple[str, ...] | None = None) -> Task:
    return replace(task, counts=counts or task.counts, checks=checks if checks is not None else task.checks)


def _more(base: Task) -> tuple[tuple[tuple[str, int], ...], str]:
    """One more goroutine of every role, and that in words; nothing where the number is part of the model."""
    document = base.document
    if document.linearizable is not None or any(r.name == CLIENT for r in document.roles):
        return (), ""
    given = dict(base.counts)
    counts = tuple((r.name, (given.get(r.name) or r.count or 2) + 1) for r in document.roles)
    return counts, ", ".join(counted(n, role) for role, n in counts)


def _broken(before: Judged | None, after: Judged | None) -> str:
    """What holds without the edit and not with it."""
    if before is None or after is None:
        return ""
    held = {s.name for s in before.said if s.verdict is Verdict.SAFE}
    lost = [s for s in after.said if s.kind != "sometimes" and s.verdict is Verdict.UNSAFE and s.name in held]
    return f"{lost[0].name} in {lost[0].steps} step{'' if lost[0].steps == 1 else 's'}" if lost else ""


def _ordered(s: Survivor, found: Judged) -> str:
    """Why what is atomic need not be, by what was found without."""
    verdicts = {x.kind: x.verdict for x in found.said}
    if s.edit.operator == "plain" and verdicts.get("race") is Verdict.SAFE:
        return "no two goroutines are at it at a time, one of them writing: something else orders them"
    if s.edit.operator == "two operations" and verdicts.get(LOST_UPDATE) is Verdict.SAFE:
        return "no update is lost: between the two operations nobody else writes"
    return ""


def _untouched(edit: Edit, program: Program) -> str:
    """Why nothing of what was tried notices, by what the steps of the model touch."""
    if edit.operator == "unlock removed" and _only_tried(program):
        return "nobody ever waits for a lock of this model: they are only tried"
    if not edit.bared:
        return ""
    met = _met(program.raw or program, edit.bared)
    if not met:
        return "what is no longer inside touches nothing that another goroutine writes, and writes nothing others touch"
    if all(c.step.kind is Kind.SYNC for c in met):
        words = sorted({c.step.text for c in met} - {"", "}"})
        alone = ", each operation on its own" if len(words) > 1 else ""
        return f"what is no longer inside synchronises by itself{alone}: {', '.join(f'`{w}`' for w in words)}"
    return ""


def _only_tried(program: Program) -> bool:
    taken = [s for t in program.templates for s in t.steps if any(m.op in ("lock", "acquire", "rlock") for m in s.sync)]
    return bool(taken) and all(".Try" in s.text for s in taken)


def runs(edit: Edit, program: Program) -> bool:
    """Whether some goroutine of the model has a step in what is edited. A variable is edited wherever it is used."""
    if edit.everywhere:
        return True
    raw = program.raw or program
    return any(_places_in(s, (edit.span,)) for t in raw.templates for s in t.steps)


def _met(program: Program, bared: tuple[Span, ...]) -> list[Concrete]:
    """The steps in some stretches of the source that synchronise, or touch what another goroutine may touch as well,
    one of them writing."""
    steps = [c for i in program.goroutines for c in concrete(program, i.number)]
    inner = [c for c in steps if _within(c, bared)]
    return [
        c
        for c in inner
        if c.step.kind is Kind.SYNC or any(_conflict(c, other) for other in steps if other.instance not in c.movers)
    ]


def _within(c: Concrete, bared: tuple[Span, ...]) -> bool:
    return _places_in(c.step, bared)


def _places_in(step: Step, bared: tuple[Span, ...]) -> bool:
    places = [step.span, *(call.called_at for call in step.stack)]
    return any(p is not None and inside(p, span) for p in places for span in bared)


def _conflict(a: Concrete, b: Concrete) -> bool:
    # Atomic accesses count here: what they do may matter although they are no race.
    return any(
        (x.write or y.write) and not cells_of(x).isdisjoint(cells_of(y))
        for x in a.step.accesses
        for y in b.step.accesses
    )
