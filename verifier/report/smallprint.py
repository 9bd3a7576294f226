"""The small print of a report in words: what was reached, within which bounds, how to see it again; the last line."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.result import Result
from verifier.evidence.trace import Trace
from verifier.report.lines import number
from verifier.report.outcome import subject
from verifier.verdict import EXIT_INTERNAL, EXIT_UNKNOWN, Verdict

MOST_MISSED = 6
"""Statements that never ran, shown without -v."""
REDUCED = {
    "slice": "values nobody looks at left out",
    "fuse": "steps joined whose order nobody can tell",
    "symmetry": "interchangeable goroutines exchanged",
}
"""What made states fewer, in words."""


def replay(result: Result, trace: Trace) -> str:
    """The command that walks a schedule."""
    return f"verify replay {result.path} {trace.path}{given(result)}"


def command(result: Result) -> str:
    """The command that gives this result again, defaults filled in."""
    words = [f"verify {result.path}", *([f"--scheme {result.scheme}"] if result.scheme else []), *result.settings]
    return " ".join([*words, *(f"--count {role}={n}" for role, n in result.overrides)])


def given(result: Result) -> str:
    """The options without which a schedule is one of another program."""
    scheme = f" --scheme {result.scheme}" if result.scheme else ""
    return scheme + "".join(f" --count {role}={n}" for role, n in result.overrides)


def reached(result: Result, verbose: bool) -> tuple[str, ...]:
    """How many statements some schedule ran, and those that none did; nothing where nobody looked."""
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


def bounds(result: Result) -> tuple[str, ...]:
    """What was explored, and where that ended."""
    explored = result.explored
    counts = ", ".join(counted(n, role) for role, n in explored.counts) or "no goroutines"
    size = f"{number(explored.states, 'state')}, {number(explored.transitions, 'transition')}"
    fewer = ", ".join(REDUCED[r] for r in explored.reductions)
    how = (f"each state stands for many: {fewer}",) if fewer else ()
    if explored.complete:
        return (f"every interleaving of {counts}: {size}", *how)
    return (f"stopped after {size} of {counts}: {explored.limit or 'no reason given'}", *how)


def summed_up(result: Result) -> tuple[str, str]:
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
