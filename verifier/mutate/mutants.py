"""Every protective step of a model taken away in turn: which of its properties then no longer hold."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.evidence.mutant import IDLE, Mutant
from verifier.evidence.result import Result
from verifier.model.document import BUILTIN, Document
from verifier.mutate.catalogue import weakened
from verifier.mutate.edit import Edit
from verifier.mutate.files import Files, NoPlace
from verifier.mutate.judge import Budget, Judged, Said, Task, of
from verifier.mutate.pool import Pool
from verifier.mutate.reasons import Survivor, reasons, runs
from verifier.pipeline import Options, load, read_front
from verifier.records import replace
from verifier.verdict import Verdict

_NO_SCHEDULE = 10**9
NOTHING_HOLDS = "no property is known to hold of the model itself"
"""Said of every mutant of a model that has nothing to lose."""
INTERRUPTED = "why was not worked out: interrupted"
"""Said of a mutant that breaks nothing when Ctrl-C came before its reason was looked for."""


def mutants(document: Document, options: Options, result: Result, pool: Pool, budget: Budget) -> tuple[Mutant, ...]:
    """The mutants of a model that has been judged, in the order of its lines; edits that are no Go are left out.

    `result` says what holds to begin with. Nothing is UNSAFE here that is not so in a model of its own, and one that
    could not be finished within the budget is UNKNOWN, as is one in which nothing is lost of a model that was not
    decided itself. Limits among the options are those of each mutant too. Raises ModelError when the Go of the model
    is wrong.
    """
    front = read_front(document, options)
    files = Files(document)
    before = of(result)
    if all(s.verdict is not Verdict.SAFE or s.kind == "sometimes" for s in before.said):
        return tuple(replace(_open(e), note=NOTHING_HOLDS) for e in weakened(front))
    edits, tasks = [], []
    for edit in weakened(front):
        try:
            texts = files.changed(edit.changes)
        except NoPlace:
            continue
        edits.append(edit)
        tasks.append(_task(document, options, texts, budget))
    program = load(document, options)
    running = [n for n, edit in enumerate(edits) if runs(edit, program)]
    found = dict(zip(running, pool.judged([tasks[n] for n in running]), strict=True))
    made: list[Mutant] = []
    alive: list[int] = []
    survivors: list[Survivor] = []
    for n, edit in enumerate(edits):
        outcome = found.get(n)
        if n in found and outcome is not None and outcome.wrong:
            continue
        mutant = _mutant(edit, outcome, before) if n in found else _idle(edit)
        if mutant.verdict is Verdict.SAFE and outcome is not None:
            alive.append(len(made))
            survivors.append(Survivor(edit, tasks[n], outcome))
        made.append(mutant)
    if pool.stopped:
        return tuple(replace(m, why=m.why or INTERRUPTED) if m.verdict is Verdict.SAFE else m for m in made)
    base = _task(document, options, files.text, budget)
    failing = [s.name for s in before.said if s.verdict is Verdict.UNSAFE and s.kind != "sometimes"]
    for i, why in zip(alive, reasons(base, program, survivors, pool, failing), strict=True):
        made[i] = replace(made[i], why=_with_lost(why, made[i]), note="")
    return tuple(made)


def _task(document: Document, options: Options, texts: dict[str, str], budget: Budget) -> Task:
    return Task(
        document,
        tuple(sorted(texts.items())),
        counts=options.counts,
        checks=None if options.checks is None else tuple(k for k in BUILTIN if k in options.checks),
        max_states=options.max_states or budget.max_states,
        timeout=options.timeout or budget.timeout,
        clock=budget.clock,
        runtime=options.runtime,
    )


def _with_lost(why: str, mutant: Mutant) -> str:
    """The reason, with what only the witnesses notice."""
    return f"{mutant.note}; {why}" if mutant.note else why


def _idle(edit: Edit) -> Mutant:
    words = f"{edit.step}: {edit.what}"
    return Mutant(words, edit.span, Verdict.SAFE, step=edit.step, what=edit.what, why=IDLE)


def _open(edit: Edit) -> Mutant:
    words = f"{edit.step}: {edit.what}"
    return Mutant(words, edit.span, Verdict.UNKNOWN, note="not judged: interrupted", step=edit.step, what=edit.what)


def _mutant(edit: Edit, found: Judged | None, before: Judged) -> Mutant:
    base = _open(edit)
    if found is None:
        return base
    held = {s.name for s in before.said if s.verdict is Verdict.SAFE}
    lost = [s for s in found.said if s.verdict is Verdict.UNSAFE and s.name in held]
    broken = [s for s in lost if s.kind != "sometimes"]
    if broken:
        steps = min((s.steps for s in broken if s.steps), default=0)
        return replace(base, verdict=Verdict.UNSAFE, broken=_first(broken), steps=steps, note="")
    open_ = [s for s in found.said if s.verdict in (Verdict.UNKNOWN, Verdict.ERROR) and s.name in held]
    if open_:
        return replace(base, note=f"{open_[0].name}: {open_[0].reason or 'not decided'}")
    if not found.said:
        return replace(base, note="not judged: its process ended, perhaps for lack of memory")
    if not held <= {s.name for s in found.said}:
        missing = min(held - {s.name for s in found.said})
        return replace(base, note=f"{missing} is not judged of it")
    unknown = [s for s in before.said if s.verdict in (Verdict.UNKNOWN, Verdict.ERROR)]
    if unknown:
        # It may be needed for that: nothing found wrong is not the same as nothing wrong.
        return replace(base, note=f"{unknown[0].name} is not decided for the model itself")
    unseen = ", ".join(f"`{s.name}`" for s in lost)
    return replace(base, verdict=Verdict.SAFE, note=f"only a witness is lost: {unseen}" if unseen else "")


def _first(broken: Sequence[Said]) -> tuple[str, ...]:
    """The names of what no longer holds, the one with the shortest schedule first."""
    return tuple(s.name for s in sorted(broken, key=lambda s: s.steps or _NO_SCHEDULE))
