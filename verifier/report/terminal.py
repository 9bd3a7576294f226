"""The text a terminal shows: what failed and how, then what holds, then what that rests on, then the verdict."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.result import Consequence, Property, Result
from verifier.report.blocks import block
from verifier.report.draw import timeline
from verifier.report.intervals import judged
from verifier.report.lines import headline, steps, table
from verifier.report.outcome import subject
from verifier.report.smallprint import bounds, reached, replay, summed_up
from verifier.verdict import EXIT_OK, Verdict

_LABEL = 11


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
        *_edits(result, verbose),
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
    return [*lines, f"    {'replay':<{_LABEL}} {replay(result, prop.trace)}", *_odds(result, prop)]


def _odds(result: Result, prop: Property) -> list[str]:
    """Whether a test would have seen it, where somebody asked."""
    if result.odds is None:
        return []
    # Imported here, as below: few runs ask.
    from verifier.report.odds import lines

    return lines(result, prop, _LABEL)


def _edits(result: Result, verbose: bool) -> list[list[str]]:
    """What edits of the model showed, where somebody asked."""
    if result.mutants is None and result.fixes is None:
        return []
    from verifier.report import fixes, mutants

    return [mutants.section(result), *fixes.sections(result, verbose)]


def _witnesses(result: Result) -> list[list[str]]:
    """How the states that had to be reachable were reached."""
    seen = [p for p in result.properties if p.verdict is not Verdict.UNSAFE and p.trace is not None]
    words = {p.name: "perhaps" if p.verdict is Verdict.UNKNOWN else "seen" for p in seen}
    return [[f"--- {words[p.name]}: {subject(p)}  {steps(p.steps)}", *timeline(p.trace)] for p in seen if p.trace]


def _perhaps(result: Result) -> tuple[str, ...]:
    """Where to look at a schedule that is not excluded and not confirmed."""
    found = [(p, p.trace) for p in result.properties if p.verdict is Verdict.UNKNOWN and p.trace is not None]
    return tuple(f"{p.name} as it may be: {replay(result, at)}" for p, at in found)


def _footer(result: Result, verbose: bool) -> list[str]:
    return [
        *_labelled("because", result.any_number.invariant if result.any_number else ()),
        *_labelled("rests on", result.rests_on),
        *_labelled("reached", reached(result, verbose)),
        *_labelled("bounds", bounds(result)),
        *_labelled("audited", (result.audited,) if result.audited else ("nothing",)),
        *_labelled("not shown", result.not_shown),
    ]


def _labelled(label: str, texts: tuple[str, ...]) -> list[str]:
    return [f"{label if i == 0 else '':<{_LABEL}}{text}" for i, text in enumerate(texts)]


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
    word, said = summed_up(result)
    line = f"{word}  {result.model}  {said}  {result.explored.seconds:.2f}s"
    return [line] if code == EXIT_OK else [line, f"exit status {code}"]
