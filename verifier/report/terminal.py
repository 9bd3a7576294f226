"""The text a terminal shows: what failed and how, then what holds, then what that rests on, then the verdict."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.result import Consequence, Property, Result
from verifier.report.blocks import block
from verifier.report.draw import timeline
from verifier.report.intervals import judged
from verifier.report.lines import headline, number, steps, table
from verifier.report.outcome import subject
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, Verdict

_LABEL = 11
MOST_MISSED = 6
"""Statements that never ran, shown without -v."""
_REDUCED = {
    "slice": "values nobody looks at left out",
    "fuse": "steps joined whose order nobody can tell",
    "symmetry": "interchangeable goroutines exchanged",
}
"""What made states fewer, in words."""


def render(result: Result, verbose: bool = False, quiet: bool = False) -> str:
    """The report. `verbose` draws every schedule there is; `quiet` keeps what went wrong and the final lines."""
    if quiet:
        bad = [p for p in result.properties if not p.as_expected]
        return _join([*table(result, bad, quiet=True), *_final(result)])
    sections = [
        [_header(result)],
        *(counterexample(result, p) for p in _drawn(result)),
        table(result, [p for p in result.properties if p not in _drawn(result)]),
        *(_witnesses(result) if verbose else ()),
        _footer(result, verbose),
        _consequences(result, verbose),
        _labelled("note", (*result.notes, *_perhaps(result))),
        _final(result),
    ]
    return _join([line for section in sections if section for line in (*_trimmed(section), "")][:-1])


def _join(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _trimmed(section: list[str]) -> list[str]:
    return section if section[-1] else section[:-1]


def _header(result: Result) -> str:
    counts = ", ".join(counted(n, role) for role, n in result.explored.counts)
    title = f": {result.title}" if result.title else ""
    return f"=== {result.model}{title}{'; ' + counts if counts else ''}"


def _drawn(result: Result) -> list[Property]:
    """The refuted properties with a schedule to show, expected or not: the user wants to see it."""
    return [p for p in result.properties if p.verdict is Verdict.UNSAFE and p.trace is not None]


def counterexample(result: Result, prop: Property) -> list[str]:
    """What goes wrong, its timeline, and the command that walks it."""
    assert prop.trace is not None
    drawn = timeline(judged(prop.trace))
    lines = [*block(prop), *(["", *drawn, ""] if drawn else [""]), headline(prop)]
    return [*lines, f"    {'replay':<{_LABEL}} verify replay {result.path} {prop.trace.path}{_given(result)}"]


def _given(result: Result) -> str:
    scheme = f" --scheme {result.scheme}" if result.scheme else ""
    return scheme + "".join(f" --count {role}={n}" for role, n in result.overrides)


def _witnesses(result: Result) -> list[list[str]]:
    """How the states that had to be reachable were reached."""
    seen = [p for p in result.properties if p.verdict is not Verdict.UNSAFE and p.trace is not None]
    words = {p.name: "perhaps" if p.verdict is Verdict.UNKNOWN else "seen" for p in seen}
    return [[f"--- {words[p.name]}: {subject(p)}  {steps(p.steps)}", *timeline(p.trace)] for p in seen if p.trace]


def _perhaps(result: Result) -> tuple[str, ...]:
    """Where to look at a schedule that is not excluded and not confirmed."""
    found = [(p, p.trace.path) for p in result.properties if p.verdict is Verdict.UNKNOWN and p.trace is not None]
    return tuple(f"{p.name} as it may be: verify replay {result.path} {at}{_given(result)}" for p, at in found)


def _footer(result: Result, verbose: bool) -> list[str]:
    return [
        *_labelled("because", result.any_number.invariant if result.any_number else ()),
        *_labelled("rests on", result.rests_on),
        *_labelled("reached", _coverage(result, verbose)),
        *_labelled("bounds", _bounds(result)),
        *_labelled("audited", (result.audited,) if result.audited else ("nothing",)),
        *_labelled("not shown", result.not_shown),
    ]


def _labelled(label: str, texts: tuple[str, ...]) -> list[str]:
    return [f"{label if i == 0 else '':<{_LABEL}}{text}" for i, text in enumerate(texts)]


def _coverage(result: Result, verbose: bool) -> tuple[str, ...]:
    seen = result.coverage
    if seen is None:
        return ()
    never = "never ran" if result.explored.complete else "not run before the limit"
    # What stands in the model itself comes first: of a library that it uses, most may well go unused.
    ordered = sorted(seen.missed, key=lambda m: m[0].file != result.path)
    shown = ordered if verbose or len(ordered) <= MOST_MISSED + 1 else ordered[:MOST_MISSED]
    missed = [f"{never}: {text}  ({span.file}:{span.line})" for span, text in shown]
    rest = len(ordered) - len(shown)
    more = (f"and {number(rest, 'more statement')}  (-v lists them)",) if rest else ()
    return (f"{seen.reached:,} of {number(seen.total, 'statement')}", *missed, *more)


def _bounds(result: Result) -> tuple[str, ...]:
    explored = result.explored
    counts = ", ".join(counted(n, role) for role, n in explored.counts) or "no goroutines"
    size = f"{number(explored.states, 'state')}, {number(explored.transitions, 'transition')}"
    fewer = ", ".join(_REDUCED[r] for r in explored.reductions)
    how = (f"each state stands for many: {fewer}",) if fewer else ()
    if explored.complete:
        return (f"every interleaving of {counts}: {size}", *how)
    return (f"stopped after {size} of {counts}: {explored.limit or 'no reason given'}", *how)


def _consequences(result: Result, verbose: bool) -> list[str]:
    if not result.consequences:
        return []
    lines = [f"what the race can lead to on the real runtime (Go {result.go}):"]
    width = max(len(c.name) for c in result.consequences)
    for found in result.consequences:
        lines.append(f"  {found.name:<{width}}  {found.sentence}  {steps(found.trace.rows)}")
        lines += _schedule(found) if verbose else []
    return lines if verbose else [*lines, "  (-v draws the schedules)"]


def _schedule(found: Consequence) -> list[str]:
    return ["", *timeline(found.trace), ""] if found.trace.rows else []


def _final(result: Result) -> list[str]:
    code = result.exit_code
    word, said = _summary(result)
    line = f"{word}  {result.model}  {said}  {result.explored.seconds:.2f}s"
    return [line] if code == EXIT_OK else [line, f"exit status {code}"]


def _summary(result: Result) -> tuple[str, str]:
    """The first word and the count of the last line, from the exit code only: they cannot disagree."""
    everything = result.properties
    bad = [p for p in everything if not p.as_expected]
    open_ = [p for p in bad if p.verdict is Verdict.UNKNOWN]
    match result.exit_code:
        case 0:
            return _fine(result)
        case c if c == EXIT_UNKNOWN:
            if not everything:
                return "UNKNOWN", "nothing was checked"
            return "UNKNOWN", f"{len(open_)} of {len(everything)} properties not finished"
        case c if c == EXIT_INTERNAL:
            failed = [subject(p) for p in bad if p.verdict is Verdict.ERROR]
            return "ERROR", f"evidence for {', '.join(failed)} failed its audit: a bug in verify, please report it"
        case _:
            names = [subject(p) + (" found SAFE" if p.verdict is Verdict.SAFE else "") for p in bad if p not in open_]
            return "FAIL", ", ".join([*names, *([f"{len(open_)} not finished"] if open_ else [])])


def _fine(result: Result) -> tuple[str, str]:
    everything = result.properties
    odd = [p for p in everything if p.verdict is not Verdict.SAFE]
    if odd:
        names = ", ".join(subject(p) + (" not finished" if p.verdict is Verdict.UNKNOWN else "") for p in odd)
        return result.verdict.value, f"{names}, as expected"
    return "SAFE", f"{len(everything)}/{len(everything)} properties"
