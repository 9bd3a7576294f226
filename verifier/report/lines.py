"""One line a property, as `go test` prints them: a word at the line start, and no word greener than the verdict."""

from __future__ import annotations

from verifier.evidence.counts import listed
from verifier.evidence.result import Property, Result
from verifier.report.blocks import summary
from verifier.report.outcome import subject
from verifier.verdict import Verdict

_WORD = {Verdict.SAFE: "ok", Verdict.UNSAFE: "FAIL", Verdict.UNKNOWN: "???", Verdict.ERROR: "ERROR"}


def table(result: Result, chosen: list[Property], quiet: bool = False) -> list[str]:
    """The lines of the chosen properties, in columns; `quiet` leaves out proofs that did not find anything wrong."""
    cells = [(word(p), p.kind, said(p), how(result, p)) for p in chosen]
    cells += [c for c in beyond(result) if not quiet or c[0] == "FAIL"]
    if not cells:
        return []
    first = max(4, *(len(c[0]) for c in cells))
    second = max(len(c[1]) for c in cells)
    # One long sentence must not push the last column of every line off the page.
    third = max((len(c[2]) for c in cells if len(c[2]) <= 60), default=0)
    return [f"{a:<{first}}  {b:<{second}}  {c:<{third}}  {d}".rstrip() for a, b, c, d in cells]


def beyond(result: Result) -> list[tuple[str, str, str, str]]:
    """The lines about more than what was explored: word, what it is about, what is claimed, how that was shown."""
    return _any_number(result) + _every_hash(result)


def _any_number(result: Result) -> list[tuple[str, str, str, str]]:
    """The line about any number of goroutines: never `ok` unless it was proved."""
    found = result.any_number
    if found is None:
        return []
    which = listed(found.properties)
    if found.verdict is Verdict.SAFE:
        proved = f"proved: {number(found.views, 'view')} of {number(found.k, 'goroutine')}"
        return [("ok", "any-N", f"{which} for {found.roles}", proved)]
    return [("-", "any-N", f"{which} not shown for {found.roles}: {found.reason}", "")]


def _every_hash(result: Result) -> list[tuple[str, str, str, str]]:
    """The line about functions without a body: what holds for every hash and any number of shards."""
    found = result.sharding
    if found is None:
        return []
    shown = {Verdict.SAFE: "ok", Verdict.UNSAFE: "FAIL"}.get(found.verdict, "-")
    return [(shown, "any hash", found.sentence, "z3" if shown == "ok" else "")]


def headline(prop: Property) -> str:
    """`--- FAIL: race  4 steps (shortest)`, over the lines that say what to do with a counterexample."""
    return f"--- FAIL: {subject(prop)}  {_length(prop)}{_expectation(prop)}"


def steps(length: int) -> str:
    """`1 step`, `4 steps`."""
    return number(length, "step")


def number(of: int, noun: str) -> str:
    """A number of things.

    >>> number(1, "state"), number(1200, "state")
    ('1 state', '1,200 states')
    """
    return f"{of:,} {noun}{'' if of == 1 else 's'}"


def word(prop: Property) -> str:
    """The word a line begins with: `ok` is only for what is SAFE, and was not expected to be anything else."""
    # SAFE where UNSAFE was expected is a failure of the model file: it does not show what it claims to show.
    wrong = prop.verdict is Verdict.SAFE and not prop.as_expected
    return "FAIL" if wrong else _WORD[prop.verdict]


def said(prop: Property) -> str:
    """What was found or shown, in a sentence."""
    match prop.verdict:
        case Verdict.UNKNOWN:
            return _unknown(prop)
        case Verdict.ERROR:
            return f"{_label(prop)}the evidence failed its audit: {prop.reason or 'no reason given'}"
        case Verdict.UNSAFE if prop.kind == "sometimes":
            return f"{_label(prop)}never reached: the check was vacuous"
        case Verdict.UNSAFE:
            # Not the sentence: it may be worded as the claim, and a claim beside FAIL reads as a finding.
            return summary(prop)
        case _:
            return prop.sentence if prop.kind == prop.name else prop.name


def _unknown(prop: Property) -> str:
    return f"{_label(prop)}not finished, nothing is established: {prop.reason or 'no reason given'}"


def _label(prop: Property) -> str:
    return "" if prop.kind == prop.name else f"{prop.name}  "


def how(result: Result, prop: Property) -> str:
    """How that was shown, and what was expected instead."""
    match prop.verdict:
        case Verdict.SAFE:
            shown = _shown(result, prop)
        case Verdict.UNSAFE:
            shown = _length(prop)
        case _:
            shown = ""
    return (shown + _expectation(prop)).strip()


def _shown(result: Result, prop: Property) -> str:
    if prop.kind == "sometimes":
        return f"seen in {steps(prop.steps)}" if prop.trace else "seen"
    if not prop.states:
        return prop.method
    return f"{'all ' if result.explored.complete and prop.states > 1 else ''}{number(prop.states, 'state')}"


def _length(prop: Property) -> str:
    if prop.trace is None:
        return ""
    if prop.trace.loop:
        return f"{steps(prop.steps)}, the last {prop.trace.loop:,} for ever"
    if prop.trace.history is not None and prop.trace.history.setup:
        atomic, how = prop.trace.history.atomic, "shortest" if prop.trace.history.fewest else "perhaps not the fewest"
        plain = f", {prop.steps:,} with plain ones" if prop.steps > len(atomic) else ""
        return f"{number(len(atomic), 'atomic step')} ({how}){plain}"
    return f"{steps(prop.steps)} ({'shortest in fused steps' if prop.trace.fused else 'shortest'})"


def _expectation(prop: Property) -> str:
    if prop.as_expected:
        return "" if prop.verdict is Verdict.SAFE else "  (expected)"
    if prop.expected is None or prop.expected is prop.verdict:
        return ""
    return f"  (expected {prop.expected.value}, found {prop.verdict.value})"
