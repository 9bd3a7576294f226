"""What changed between two results of one model: verdicts, properties, states, statements, limits; what got worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.evidence.mutant import Mutant
from verifier.evidence.result import Coverage, Property, Result
from verifier.records import dataclass
from verifier.report.lines import number, steps
from verifier.report.outcome import judged, subject
from verifier.source import Span
from verifier.verdict import Verdict

WORSE, BETTER, OTHER = "worse", "better", "changed"

_WEIGHT = {Verdict.SAFE: 0, Verdict.UNKNOWN: 1, Verdict.UNSAFE: 2, Verdict.ERROR: 3}


ByText = dict[tuple[str, str], list[tuple[Span, bool]]]
"""Statements by Go file (empty: the model itself) and text: where each stands, and whether it ran."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: which way it goes, what it is about, and what it is."""

    way: str
    about: str
    words: str


def changes(old: Result, new: Result) -> tuple[Change, ...]:
    """Everything that a reviewer should know of, what got worse first; nothing for equal results."""
    found = [
        *_model(old, new),
        *_properties(old, new),
        *_any_number(old, new),
        *_explored(old, new),
        *_statements(old.coverage, new.coverage),
        *_mutants(old.mutants, new.mutants),
        *_listed("not shown", old.not_shown, new.not_shown),
        *_listed("rests on", old.rests_on, new.rests_on),
    ]
    order = {WORSE: 0, BETTER: 1, OTHER: 2}
    return tuple(sorted(found, key=lambda c: order[c.way]))


def _model(old: Result, new: Result) -> Iterator[Change]:
    if old.sha256 != new.sha256:
        yield Change(OTHER, "model", _edited(old, new))
    if old.go != new.go:
        yield Change(OTHER, "Go", f"rules of {old.go} -> {new.go}")
    if old.settings != new.settings:
        yield Change(OTHER, "options", f"{' '.join(old.settings) or '-'} -> {' '.join(new.settings) or '-'}")
    if old.exit_code != new.exit_code:
        way = WORSE if not old.exit_code else BETTER if not new.exit_code else OTHER
        yield Change(way, "exit status", f"{old.exit_code} -> {new.exit_code}")


def _edited(old: Result, new: Result) -> str:
    """How many lines came and went."""
    if old.subject is None or new.subject is None:
        return "another text"
    import difflib

    before = [line for file in old.subject.files for line in file.lines]
    after = [line for file in new.subject.files for line in file.lines]
    marks = [line[0] for line in difflib.ndiff(before, after)]
    return f"{number(marks.count('+'), 'line')} added, {marks.count('-')} removed"


def _properties(old: Result, new: Result) -> Iterator[Change]:
    before = {(p.kind, p.name): p for p in old.properties}
    after = {(p.kind, p.name): p for p in new.properties}
    for key, p in before.items():
        if key in after:
            yield from _property(p, after[key])
        else:
            yield Change(WORSE, subject(p), f"is not judged any more (it was {p.verdict.value})")
    for key, p in after.items():
        if key not in before:
            way = OTHER if judged(p) is Verdict.SAFE else WORSE
            yield Change(way, subject(p), f"is judged now: {p.verdict.value}{_length(p)}")


def _property(old: Property, new: Property) -> Iterator[Change]:
    if old.verdict is not new.verdict:
        way = WORSE if _WEIGHT[new.verdict] > _WEIGHT[old.verdict] or (old.as_expected > new.as_expected) else BETTER
        words = f"{old.verdict.value}{_length(old)} -> {new.verdict.value}{_length(new)}"
        yield Change(way, subject(new), words + ("" if new.as_expected else ", which is not as expected"))
    elif old.steps != new.steps:
        yield Change(OTHER, subject(new), f"its shortest schedule has {steps(new.steps)}, it had {steps(old.steps)}")
    if old.expected is not new.expected:
        said = [p.expected.value if p.expected else "nothing" for p in (old, new)]
        yield Change(OTHER, subject(new), f"expected {said[0]} -> {said[1]}")
    if old.formula != new.formula:
        yield Change(OTHER, subject(new), f"{old.formula} -> {new.formula}")


def _length(p: Property) -> str:
    return f" ({steps(p.steps)})" if p.verdict is Verdict.UNSAFE and p.trace else ""


def _any_number(old: Result, new: Result) -> Iterator[Change]:
    proved = [r.any_number is not None and r.any_number.verdict is Verdict.SAFE for r in (old, new)]
    if proved[0] and not proved[1]:
        reason = f": {new.any_number.reason}" if new.any_number is not None else ""
        yield Change(WORSE, "any number", f"proved -> not shown{reason}")
    if proved[1] and not proved[0]:
        yield Change(BETTER, "any number", "not shown -> proved")
    if all(proved) and old.any_number and new.any_number:
        lost = set(old.any_number.properties) - set(new.any_number.properties)
        if lost:
            yield Change(WORSE, "any number", f"not proved any more: {', '.join(sorted(lost))}")


def _explored(old: Result, new: Result) -> Iterator[Change]:
    before, after = old.explored, new.explored
    if before.complete != after.complete:
        yield (
            Change(BETTER, "exploration", "complete now")
            if after.complete
            else Change(WORSE, "exploration", f"not complete any more: {after.limit}")
        )
    fewer = [role for role, n in before.counts if n > dict(after.counts).get(role, 0)]
    if before.counts != after.counts:
        said = [", ".join(f"{n} {role}" for role, n in x.counts) or "none" for x in (before, after)]
        yield Change(WORSE if fewer else OTHER, "goroutines", f"{said[0]} -> {said[1]}")
    for what, a, b in (
        ("states", before.states, after.states),
        ("transitions", before.transitions, after.transitions),
    ):
        if a != b:
            yield Change(OTHER, what, f"{a:,} -> {b:,} ({b - a:+,})")
    if before.reductions != after.reductions:
        said = [", ".join(x.reductions) or "none" for x in (before, after)]
        yield Change(OTHER, "reductions", f"{said[0]} -> {said[1]}")
    limits = [dict(r.subject.bounds) if r.subject else {} for r in (old, new)]
    for name in sorted(limits[0].keys() & limits[1].keys()):
        if limits[0][name] != limits[1][name]:
            yield Change(OTHER, f"limit {name}", f"{limits[0][name]} -> {limits[1][name]}")


def _statements(old: Coverage | None, new: Coverage | None) -> Iterator[Change]:
    """Statements by their text, in order: an edit above them moves their lines, and changes nothing."""
    if old is None or new is None:
        return
    # Evidence from before all statements were kept lists those that were missed, and says nothing of the others.
    whole = bool(old.statements) == bool(new.statements)
    before, after = _by_text(old, whole), _by_text(new, whole)
    if not whole:
        yield from _missed(before, after)
        return
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key, []), after.get(key, [])
        for (_, ran), (span, runs) in zip(was, now, strict=False):
            if ran != runs:
                way, words = (BETTER, "runs now") if runs else (WORSE, "never runs any more")
                yield Change(way, "statement", f"{words}: {key[1]}  ({span.file}:{span.line})")
        for span, _ in was[len(now) :]:
            yield Change(OTHER, "statement", f"gone: {key[1]}  (it was {span.file}:{span.line})")
        for span, runs in now[len(was) :]:
            yield Change(
                OTHER if runs else WORSE, "statement", f"new{_never(runs)}: {key[1]}  ({span.file}:{span.line})"
            )


def _never(runs: bool) -> str:
    return "" if runs else ", and never runs"


def _missed(before: ByText, after: ByText) -> Iterator[Change]:
    for (_, text), places in after.items():
        if (_, text) not in before:
            yield Change(WORSE, "statement", f"never runs now: {text}  ({places[0][0].file}:{places[0][0].line})")


def _by_text(seen: Coverage, whole: bool) -> ByText:
    missed = set(seen.missed)
    found: ByText = {}
    for span, text in seen.statements if whole else seen.missed:
        found.setdefault((span.site.rpartition(":")[0], text), []).append((span, (span, text) not in missed))
    return found


def _mutants(old: Sequence[Mutant] | None, new: Sequence[Mutant] | None) -> Iterator[Change]:
    """Edits by their words: what is noticed of them."""
    if old is None or new is None:
        if old != new:
            yield Change(
                WORSE if new is None else OTHER, "mutants", "asked for" if old is None else "not asked any more"
            )
        return
    before = {m.edit: m for m in old}
    for m in new:
        was = before.get(m.edit)
        if was is not None and was.needed != m.needed:
            way, words = (BETTER, "is noticed now") if m.needed else (WORSE, "is not noticed any more")
            yield Change(way, "mutants", f"{m.edit} {words}")


def _listed(about: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    yield from (Change(OTHER, about, f"new: {line}") for line in new if line not in old)
    yield from (Change(OTHER, about, f"gone: {line}") for line in old if line not in new)
