"""Looking for the smallest single edit that makes a model SAFE: tried in order of size, believed only when verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from verifier.evidence.counts import counted
from verifier.evidence.fix import Fix, Fixes
from verifier.evidence.result import Result
from verifier.model.document import BUILTIN, CHECKS, Document
from verifier.mutate.edit import Edit, Repair, Subject
from verifier.mutate.files import Files, NoPlace, rebuilt
from verifier.mutate.judge import Budget, Judged, Task, asking
from verifier.mutate.pool import Pool
from verifier.mutate.repairs import copies, guard, hold, inline, values, waits
from verifier.mutate.scan import functions
from verifier.mutate.trouble import Trouble, trouble
from verifier.pipeline import Options, load, read_front, verify
from verifier.program.passes.lostupdate import LOST_UPDATE
from verifier.records import dataclass, replace
from verifier.source import ModelError
from verifier.verdict import Verdict

REPAIRS: tuple[Repair, ...] = (
    hold.for_writing,
    hold.longer,
    hold.swapped,
    copies.copied_out,
    guard.guarded,
    guard.whole,
    guard.serialised,
    values.load_or_store,
    values.atomic,
    values.made,
    values.by_pointer,
    values.copied,
    values.asserted,
    waits.loops,
    waits.wakes_all,
    waits.under_lock,
    waits.added_before,
    waits.room,
    waits.cancelled,
    inline.inlined,
)
"""Every way to repair a model, see `repairs`. Of edits of one size the ones named first come first."""

MOST = 200
"""Edits tried at most."""
AT_ONCE = 6
"""Edits tried before it is looked whether one of them will do."""
SHOWN = 3
"""Fixes verified in full at most."""

_CLIENTS = (
    "not looked for: with `linearizable:` it is not judged whether calls return (deadlock), so an edit that makes them "
    "hang would look like one that helps"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edit to be tried: the texts it makes, its diff, and how many lines of that change."""

    edit: Edit
    texts: tuple[tuple[str, str], ...]
    diff: str
    size: int


def fixes(document: Document, options: Options, result: Result, pool: Pool, budget: Budget) -> Fixes:
    """The smallest edits that make a model SAFE: all its properties, those included that are expected to fail.

    race, fatal, panic and deadlock are judged of the edited model even where nobody asks: an edit after which
    goroutines hang is no help. So there are none for `linearizable:`, where it is not judged whether calls return.
    Each was judged by the whole pipeline, without a memory of earlier runs. Raises ModelError when the Go of the model
    is wrong.
    """
    if result.verdict is not Verdict.UNSAFE:
        return Fixes((), 0, 0, "nothing is UNSAFE, so there is nothing to fix")
    if document.linearizable is not None:
        return Fixes((), 0, 0, _CLIENTS)
    known = candidates(document, options, result)
    tried = 0
    found: list[Fix] = []
    size = 0
    for at in range(0, min(len(known), MOST), AT_ONCE):
        some = known[at : at + AT_ONCE]
        judged = pool.judged([_task(document, options, c, budget) for c in some])
        tried += sum(j is not None for j in judged)
        for c, j in zip(some, judged, strict=True):
            smallest = not found or c.size == size
            if j is not None and _safe(j) and smallest and len(found) < SHOWN:
                found += _verified(document, options, c, _missed(result))
                size = c.size
        if found or pool.stopped:
            break
    reason = "" if found else f"interrupted after {tried} edits" if pool.stopped else _why_none(known, tried)
    return Fixes(tuple(found), tried, len(known), reason)


def _why_none(known: Sequence[Candidate], tried: int) -> str:
    if not known:
        return "no rule has an edit for this model"
    if tried < len(known):
        return f"none of the {tried} smallest edits verifies, {len(known) - tried} more were not tried"
    return f"none of {tried} single edits verifies" if tried > 1 else "the only single edit does not verify"


def candidates(document: Document, options: Options, result: Result) -> list[Candidate]:
    """Every edit worth a try, the smallest first, each text once."""
    front = read_front(document, options)
    files = Files(document)
    own = tuple(f for f in functions(front) if files.holds(f.body.span))
    subject = Subject(front, files, own)
    wrong = trouble(result, load(document, options))
    out: dict[tuple[tuple[str, str], ...], Candidate] = {}
    for repair in REPAIRS:
        for edit in _placed(repair, subject, wrong):
            try:
                texts = tuple(sorted(files.changed(edit.changes).items()))
            except NoPlace:
                continue
            diff = difference(files.text, dict(texts))
            size = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in diff.split("\n") if line)
            if size:
                out.setdefault(texts, Candidate(edit, texts, diff, size + edit.weight))
    return sorted(out.values(), key=lambda c: c.size)


def _placed(repair: Repair, subject: Subject, wrong: Trouble) -> Iterator[Edit]:
    try:
        yield from repair(subject, wrong)
    except NoPlace:
        return


def difference(before: dict[str, str], after: dict[str, str]) -> str:
    """A unified diff of all files, as `patch -p0` takes it."""
    out: list[str] = []
    for file, text in before.items():
        if after[file] != text:
            out += unified_diff(text.split("\n"), after[file].split("\n"), file, file, lineterm="", n=2)
    return "\n".join(out)


def _checks(document: Document) -> tuple[str, ...]:
    """The built-in properties of a model, with those that every fix has to keep."""
    return tuple(k for k in BUILTIN if k in (*CHECKS, *document.checks))


def _task(document: Document, options: Options, c: Candidate, budget: Budget) -> Task:
    return Task(
        document,
        c.texts,
        counts=options.counts,
        checks=_checks(document),
        max_states=options.max_states or budget.max_states,
        timeout=options.timeout or budget.timeout,
        clock=budget.clock,
    )


def _safe(found: Judged) -> bool:
    return bool(found.said) and all(s.verdict is Verdict.SAFE for s in found.said)


def _missed(result: Result) -> Counter[str]:
    """The statements that no schedule comes to, as text: an edit moves lines."""
    return Counter(text for _, text in result.coverage.missed) if result.coverage is not None else Counter()


def _verified(document: Document, options: Options, c: Candidate, missed: Counter[str]) -> list[Fix]:
    """The edit as a fix, if the whole pipeline says SAFE to all that the model asks, and nothing that some schedule
    came to is dead code now: what never runs is no race either, and protects nothing."""
    asked = replace(options, checks=None, progress=None, certificate=False, contention=False)
    try:
        found = verify(asking(rebuilt(document, dict(c.texts)), _checks(document)), asked)
    except ModelError:
        return []
    if found.verdict is not Verdict.SAFE or not found.properties or _missed(found) - missed:
        return []
    return [Fix(c.edit.what, c.diff, _scope(found) + _beside(document, options, c), len(found.properties))]


def _beside(document: Document, options: Options, c: Candidate) -> str:
    """That updates are still lost, where nobody asks: the next thing to go wrong once every access is guarded."""
    checks = _checks(document)
    if LOST_UPDATE in checks:
        return ""
    asked = replace(options, checks=None, progress=None, certificate=False, contention=False, any_number=False)
    found = verify(asking(rebuilt(document, dict(c.texts)), (*checks, LOST_UPDATE)), asked)
    lost = [p for p in found.properties if p.kind == LOST_UPDATE and p.verdict is Verdict.UNSAFE]
    return f"; not asked, and not SAFE: {lost[0].sentence}" if lost else ""


def _scope(found: Result) -> str:
    counts = ", ".join(counted(n, role) for role, n in found.explored.counts)
    fewer = ", alike ones counted once" if found.explored.reductions else ""
    out = f"every interleaving of {counts} ({found.explored.states:,} states{fewer})"
    proof = found.any_number
    if proof is not None and proof.verdict is Verdict.SAFE:
        return f"{out}; {', '.join(proof.properties)} for any number"
    return out
