"""Sections 6 and 7 of the evidence document: what goes wrong and how, and what shows that nothing does."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.evidence.fix import Fixes
from verifier.evidence.result import ForAnyNumber, Property, Result
from verifier.evidence.trace import Trace
from verifier.report.blocks import block as go_block, summary
from verifier.report.draw import timeline
from verifier.report.intervals import judged
from verifier.report.lines import number, steps
from verifier.report.markup import block, bullets, code, link, plain, table
from verifier.report.meanings import why_tests_pass
from verifier.report.odds import lines as odds
from verifier.report.outcome import subject
from verifier.report.overview import crew
from verifier.report.sequence import TooLarge, diagram
from verifier.report.smallprint import REDUCED, given, replay
from verifier.report.why import why
from verifier.verdict import Verdict

COLUMNS = (
    "How to read it: time runs down, a row is one step, a column is one goroutine; the last columns are the shared "
    "objects *after* the step. `:14` is a line of the model, `.` a goroutine that has not begun or has returned, `|` "
    "one that stands still inside,"
)
LISTED = (
    "How to read it: time runs down, a row is one step: which goroutine takes it, and what it does; the last columns "
    "are the shared objects *after* the step. `:14` is a line of the model,"
)
LEGEND = (
    "`W:a` a lock that a holds for writing, `R:a,b` one that a and b hold for reading, `next:a` a writer that waits "
    "for its turn. A statement may take several rows: `x++` loads, then stores. A row `defer f()` is the deferred call "
    "itself, when its function returns."
)
SIGNS = {
    "(announce)": "`Lock` of a `RWMutex` takes two: it announces itself, so that new readers wait, and gets in when "
    "the readers inside have left.",
    "  WAITS": "`WAITS`: the call cannot go on, its goroutine is stopped in it.",
    "* for ever": "`* for ever`: from here on that goroutine gets no further.",
    "repeat for ever": "The rows between the two rules repeat for ever: after the last of them everything is as it was "
    "before the first.",
}
"""What else a timeline may have in it, and what that means."""
RACING = (
    "The two rows marked `<- race` are the accesses themselves: both are possible after the row above them. They count "
    "as steps of the counterexample but are not in the path that `verify replay` takes, which ends where both can go."
)
HISTORY = (
    "How to read the calls: a line is a goroutine, and time runs to the right. `[` is where a call begins, `*` a step "
    "of it that others can see, `]` where it returns; one that ends in `>` has not returned. Of calls that overlap "
    "either may have taken effect first; of others the one that returned first did. Below stands every such order, up "
    "to the first call that contradicts it: `a < b: must give x, gave y` says that a map on which one goroutine makes "
    "these calls in this order gives x for the last of them, and that this one gave y."
)
STYLE = "Written by `verify` from the schedule, in the style of Go's own reports; no Go program was run:"
PATH = "Each number of the path says which of the steps possible in that state is taken, 0 the first."
RACY = (
    "With the race of section 6, Go promises nothing about the order in which goroutines see each other's writes: what "
    "holds here holds for interleavings of the steps, and is worth little before the race is mended."
)
PAIRS = (
    "A race takes two: any two situations of the list that agree on locks and shared variables are put side by side, "
    "as those of two goroutines, and in no such pair are both accesses of a race possible."
)
BETWEEN = (
    "*Between lines 5 and 7*: the goroutine's next step is that of line 5, that of line 7, or one that stands between "
    "them; what is before line 5 is done, what line 7 does is not."
)
EXCLUDED = (
    "That is how a lock excludes a race: two accesses inside such stretches, one of them where the lock is held for "
    "writing, are never both possible. Data used without a lock, through a pointer for instance, is not in these "
    "lines. It is covered by the situations themselves: each says which object a pointer leads to and whether others "
    "can reach it yet. What is written only before others can reach it, and only read afterwards, makes no race."
)
GUESS = (
    "By itself that is no counterexample: the method sees one or two goroutines and of the others only what locks and "
    "shared variables tell, and where it cannot exclude something, that may still be impossible."
)
ANNOUNCED = (
    "*Announced*: a goroutine is inside `Lock` and waits for the readers that were there before it; from then on new "
    "readers have to wait for it."
)


def counterexamples(result: Result, files: Mapping[str, str]) -> list[str]:
    """Section 6: every refuted property with its schedule."""
    failing = [p for p in result.properties if p.verdict is Verdict.UNSAFE]
    if not failing:
        return [_none(result)]
    lines: list[str] = []
    first = next((p for p in failing if p.trace is not None), None)
    for p in failing:
        said = summary(p).removeprefix(f"{p.name}: ")
        lines += ["", f"### {plain(subject(p))}: {plain(said)}", ""]
        lines += _one(result, p, files.get(p.name, ""), explained=p is first)
    lines += _fixes(result.fixes)
    for c in result.consequences:
        lines += [
            "",
            f"### What that can lead to: {plain(c.name)}",
            "",
            f"{plain(c.sentence)}, in {steps(c.trace.rows)}:",
            "",
        ]
        lines += block(timeline(c.trace))
    return lines[1:]


def _fixes(found: Fixes | None) -> list[str]:
    """The smallest edits that verify, where somebody asked."""
    if found is None:
        return ["", "A fix that verifies: not asked (`--fix`)."]
    if not found.found:
        return ["", f"A fix that verifies: none found, {plain(found.reason)}."]
    lines: list[str] = []
    for fix in found.found:
        holds = "the 1 property is" if fix.properties == 1 else f"all {fix.properties} properties are"
        lines += ["", f"### A suggestion: {plain(fix.what)}", ""]
        lines += [
            f"Judged by `verify`, not by anybody who knows your program: {holds} SAFE within {plain(fix.scope)}.",
            "",
        ]
        lines += block(fix.diff.rstrip("\n").split("\n"), "diff")
    return lines


def _none(result: Result) -> str:
    match result.verdict:
        case Verdict.SAFE:
            return "None: no property is violated in anything that was explored."
        case Verdict.ERROR:
            return "None that survived its audit. Whether there is one is not established."
    return "None was found before the check stopped. Whether there is one is not established."


def _one(result: Result, p: Property, file: str, explained: bool) -> list[str]:
    trace = p.trace
    if trace is None:
        return [
            "No schedule can show it: the state is in none of those explored. A check that never gets there is vacuous."
        ]
    lines = [STYLE, "", *block(go_block(p)), "", *([HISTORY, ""] if trace.history is not None else [])]
    drawn = timeline(judged(trace))
    if drawn:
        legend = _legend(drawn) if explained else ""
        lines += [*block(drawn), "", *filter(None, (legend, RACING if trace.race else ""))]
    told = why(trace)
    lines += ["", *told, *([""] if told else []), *_held(trace), *_tests(result, p), "", *_picture(p)]
    lines += [
        "",
        "To walk it, and to see any state of it (`--at N`):",
        "",
        *block(_commands(result, trace), "sh"),
        "",
        PATH,
    ]
    if file:
        lines += ["", f"The same for programs: {link(f'{file}.json', f'{file}.json')}."]
    return lines


def _legend(drawn: list[str]) -> str:
    """What the signs of a timeline mean, of those that stand in it."""
    layout = LISTED if drawn[0].split()[1:3] == ["goroutine", "does"] else COLUMNS
    return " ".join([layout, LEGEND, *(means for sign, means in SIGNS.items() if any(sign in line for line in drawn))])


def _held(trace: Trace) -> list[str]:
    """Who holds what when it goes wrong."""
    if not trace.columns or trace.history is not None:
        return []
    if not trace.held:
        if not trace.race:
            return []
        return ["At that moment nobody holds a lock.", ""]
    words = {"W": "for writing", "R": "for reading", "next": "waits to be next"}
    rows = [
        (
            code(h.lock),
            code(h.goroutine),
            words.get(h.mode, h.mode),
            str(h.since or ""),
            str(h.span.line) if h.span else "",
        )
        for h in trace.held
    ]
    return ["Locks at that moment:", "", *table(("lock", "goroutine", "how", "since step", "line"), rows), ""]


def _tests(result: Result, p: Property) -> list[str]:
    """Why nobody may have noticed; how likely that is, where somebody asked."""
    counted = odds(result, p, 11)
    if counted:
        # Counted over all schedules: what is said of such mistakes in general may not be true of this one.
        return ["Would a test have seen it?", "", *block(line[4:] for line in counted)]
    said = why_tests_pass(p, result.subject)
    return [f"Why tests may be green: {said}"] if said else []


def _picture(p: Property) -> list[str]:
    try:
        drawn = diagram(p).rstrip("\n").split("\n")
    except TooLarge as error:
        return [f"As a picture: {error}."]
    return ["<details open><summary>As a sequence diagram</summary>", "", *block(drawn, "mermaid"), "", "</details>"]


def _commands(result: Result, trace: Trace) -> list[str]:
    lines = [replay(result, trace)]
    if trace.loop or trace.history is not None:
        return lines
    return [
        *lines,
        f"verify gotest {result.path}{given(result)} --run    # the same on Go's own runtime, where it can be forced",
    ]


def proof(result: Result, certificate: str) -> list[str]:
    """Section 7: what SAFE rests on, and who can check it."""
    held = [p for p in result.properties if p.verdict is Verdict.SAFE and p.kind != "sometimes"]
    seen = [p for p in result.properties if p.verdict is Verdict.SAFE and p.kind == "sometimes"]
    if not held and not seen:
        return ["None: no property was shown to hold."]
    lines = _explored(result, held) if held else []
    if seen:
        names = ", ".join(plain(subject(p)) for p in seen)
        lines += ["", f"**By a schedule** that gets there ({names}): section 8 shows it."]
    if any(p.kind == "race" and p.verdict is Verdict.UNSAFE for p in result.properties):
        lines += ["", RACY]
    if result.any_number is not None:
        lines += ["", *_any_number(result.any_number, certificate)]
    if result.sharding is not None:
        lines += ["", f"For every hash function: {plain(result.sharding.sentence)} (z3)."]
    return [*lines, "", *_audited(result)]


def _audited(result: Result) -> list[str]:
    """What this run checked a second time; the certificate is not among it."""
    lines = [f"Audited in this run: {plain(result.audited) or 'nothing'}."]
    if any(p.trace is not None for p in result.properties):
        lines += [
            "That interpreter is separate from the search. The unreduced program is the model's before any steps are"
        ]
        lines += ["joined or values left out, whether or not that was done here."]
    if result.any_number is not None and result.any_number.certificate is not None:
        lines += ["The certificate was written in this run and not checked in it: that is left to `verify audit`."]
    return lines


def _explored(result: Result, held: list[Property]) -> list[str]:
    explored = result.explored
    names = ", ".join(plain(subject(p)) for p in held)
    size = f"{number(explored.states, 'state')} and {number(explored.transitions, 'transition')}"
    if not explored.complete:
        names = ", ".join(plain(subject(p)) for p in held if not _by_proof(result, p))
        stopped = f"the exploration stopped ({plain(explored.limit)})"
        return [f"Not a proof: {names} held in {size}, then {stopped}." if names else f"After {size}, {stopped}."]
    lines = [
        f"**By exhaustion** ({names}): {size} are *all* that {crew(result)} can reach, by every interleaving; the",
        "properties were looked at in each of them. The states are not kept: to check this part, run `verify` again.",
    ]
    fewer = ", ".join(REDUCED.get(r, r) for r in explored.reductions)
    return [*lines, *([f"Each state stands for many: {plain(fewer)}."] if fewer else [])]


def _by_proof(result: Result, p: Property) -> bool:
    """The proof for any number of goroutines shows it, whatever was explored."""
    found = result.any_number
    return not p.states and found is not None and found.verdict is Verdict.SAFE and p.kind in found.properties


def _any_number(found: ForAnyNumber, certificate: str) -> list[str]:
    names = ", ".join(found.properties)
    if found.verdict is not Verdict.SAFE:
        said = f"{names} not shown for {plain(found.roles)}: {plain(found.reason)}."
        return [f"**For any number of goroutines**: {said}", *([GUESS] if "could not exclude" in found.reason else [])]
    size = number(found.views, "situation")
    whose = "a goroutine" if found.k == 1 else number(found.k, "goroutine")
    lines = [
        f"**For any number of goroutines** ({names}; {plain(found.roles)}): there is a list of {size} that",
        f"{whose} can be in: the line it is at, what it holds,",
        "and what is true of locks and shared variables then. At the start every goroutine is in one of them; no step,",
        "its own or anybody else's, leads out of the list, however many goroutines there are; and in none of them",
        f"a violation of {names} is possible. Such a list is called an *inductive invariant*. It says nothing of the",
        "other properties: what section 1 says of them, it says of the goroutines explored.",
    ]
    lines += [PAIRS] if found.k == 1 and "race" in found.properties else []
    if found.invariant:
        lines += ["", "What it says about locks, and about locks only, in words:", ""]
        lines += bullets(plain(line) for line in found.invariant)
        lines += ["", *_terms(found)]
    if found.certificate is not None:
        where = f"{link(certificate, certificate)}, " if certificate else ""
        lines += [
            "",
            f"Certificate: {where}SHA-256 {code(found.certificate.sha256)}. `verify audit`",
            "builds every step of the model anew, without the engine that found the list, and asks z3 for a proof",
            "that the start is in it, that each step, one's own or another's, stays inside it, and that nothing in it",
            "violates what is claimed, for two goroutines or more in all.",
        ]
    return lines


def _terms(found: ForAnyNumber) -> list[str]:
    """What the words of the invariant mean, and how a race is out of the question with it."""
    lines = [ANNOUNCED, ""] if any("announced" in line for line in found.invariant) else []
    if any("between lines" in line for line in found.invariant):
        lines += [BETWEEN, ""]
    return [*lines, *([EXCLUDED] if "race" in found.properties else [])]
