"""Sections 4 and 8 to 12 of the evidence document: what the answer rests on, how far it goes, how to get it again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from verifier import __version__
from verifier.evidence.counts import counted
from verifier.evidence.mutant import Mutant
from verifier.evidence.result import Coverage, Result
from verifier.report.draw import timeline
from verifier.report.intervals import judged
from verifier.report.lines import number, steps
from verifier.report.markup import block, bullets, code, link, marked, plain, table
from verifier.report.mutants import headline
from verifier.report.outcome import subject
from verifier.report.smallprint import REDUCED, command, replay
from verifier.source import Span
from verifier.verdict import Verdict

_CITED = re.compile(r"^(?P<rule>.*?)\s*\((?P<source>[^()]*)\)$")

LIMITS = {
    "int": "values of integer variables",
    "heap": "objects of one allocation that runs again, at a time",
    "goroutines": "goroutines of one `go` statement that runs again, at a time",
    "keys": "integer map keys",
    "recursion": "frames of one function on a stack",
    "defer": "deferred calls of one function in a loop",
    "slice": "elements of a slice that grows",
}
"""What `bounds:` limits."""


UNBOUNDED = (
    "They limit what was explored. The proof for any number of goroutines (section 7) goes beyond them: it knows no "
    "limit of integers, and of an allocation that runs again it follows any one object of each goroutine while all "
    "others may hold anything: what is shown of that one, whichever it is, holds for each of unboundedly many. If a "
    "goroutine could come to one of the other limits, there would be no such proof."
)
"""How the limits and a proof go together: `prove/shape.py` and `docs/proofs.md`, *Why nothing is missed*."""

ENGINES = {
    "reference": " (interprets the model, state by state)",
    "kernel": " (the model compiled to machine code)",
}
"""What explored, in words."""

OTHER = "other numbers of goroutines than "
"""How the line of `Result.not_shown` begins that is about counts."""

HEADER = "*Header*: what a map keeps about itself, its length for instance, apart from the entries."

PAGES = "docs/semantics.md"


def semantics(result: Result) -> list[str]:
    """Section 4: the rules of Go the model uses, the line of Go's sources each comes from, and what compares them."""
    cites = result.subject.cites if result.subject else ()
    used = result.subject.rules if result.subject else ()
    lines = [f"Rules of Go {plain(result.go)}; lines are those below `$(go env GOROOT)/src`.", ""]
    if result.rests_on:
        found = [(line, _CITED.match(line)) for line in result.rests_on]
        rows = [(plain(m["rule"]), code(_whole(m["source"]))) if m else (plain(line), "") for line, m in found]
        lines += table(("what the verdict rests on", "Go source"), rows)
        lines += ["", HEADER] if any("header" in line for line in result.rests_on) else []
    else:
        lines += ["No rule of a primitive was used."]
    if used:
        rows = [(plain(f"{r.about}: {r.says}"), code(r.cite)) for r in used]
        lines += ["", "Rules that steps of this model follow:", "", *table(("rule", "Go source"), rows)]
        abouts = ", ".join(dict.fromkeys(r.about for r in used))
        lines += [
            "",
            "Programs that run under the model and under the real toolchain, and have to agree, are listed for each",
            f"rule in {code(PAGES)} of `verify`, under {plain(abouts)}.",
        ]
    rest = [c for c in cites if c not in {r.cite for r in used}]
    if rest:
        lines += ["", f"Other lines that steps of this model stand for: {', '.join(map(code, rest))}."]
    return lines


def _whole(source: str) -> str:
    """The path that a report on a terminal shortens."""
    return f"internal/runtime/{source}" if source.startswith("maps/") else source


def alive(result: Result, files: Mapping[str, str]) -> list[str]:
    """Section 8: whether anything was checked at all. `files` as for `findings.counterexamples`."""
    return [*_statements(result), "", *_witnesses(result), "", *_reached(result, files), *_mutants(result.mutants)]


def _statements(result: Result) -> list[str]:
    seen = result.coverage
    if seen is None:
        return ["Which statements ran was not recorded."]
    never = "never ran" if result.explored.complete else "not run before the limit"
    lines = [f"{seen.reached} of {number(seen.total, 'statement')} reached. Branches are not counted."]
    rows = [(_place(span), code(text), "yes" if at is None else f"**no**, {never}") for span, text, at in _each(seen)]
    return [*lines, "", *table(("line", "statement", "reached"), rows)] if rows else lines


def _each(seen: Coverage) -> list[tuple[Span, str, Span | None]]:
    """Every statement, with itself again where it was missed."""
    missed = set(seen.missed)
    listed = seen.statements or seen.missed
    return [(span, text, span if (span, text) in missed else None) for span, text in listed]


def _place(span: Span) -> str:
    return plain(span.brief.removeprefix(":"))


def _witnesses(result: Result) -> list[str]:
    asked = [p for p in result.properties if p.kind == "sometimes"]
    if not asked:
        return ["No `sometimes:` clause says what has to be reachable."]
    rows = []
    for p in asked:
        said = {Verdict.SAFE: f"seen in {steps(p.steps)}" if p.trace else "seen", Verdict.UNSAFE: "**never reached**"}
        rows.append((plain(p.name), code(p.formula), said.get(p.verdict, f"{p.verdict.value}: not established")))
    return table(("has to be reachable", "formula", "found"), rows)


def _reached(result: Result, files: Mapping[str, str]) -> list[str]:
    """How what has to be reachable is reached."""
    lines: list[str] = []
    for p in result.properties:
        if p.kind != "sometimes" or p.verdict is not Verdict.SAFE or p.trace is None:
            continue
        drawn = timeline(judged(p.trace))
        said = f"How {plain(subject(p))} is reached, in {steps(p.steps)}:" if drawn else "It is so at the start."
        file = files.get(p.name, "")
        kept = ["", f"The same for programs: {link(f'{file}.json', f'{file}.json')}."] if file else []
        walk = ["", *block(drawn), "", *block([replay(result, p.trace)], "sh"), *kept] if drawn else []
        lines += [said, *walk, ""]
    return lines


def _mutants(mutants: tuple[Mutant, ...] | None) -> list[str]:
    if mutants is None:
        return ["What the model is worth without each lock, unlock or check in turn: not asked (`--mutants`)."]
    if not mutants:
        return ["There is no protective step that could be taken away."]
    rows = []
    for m in mutants:
        place = _place(m.span) if m.span is not None else ""
        rows.append((place, f"{code(m.step or m.edit)} {marked(m.what)}".strip(), marked(_worth(m))))
    lines = [f"The model with one protective step changed: {plain(headline(mutants))}.", ""]
    return [*lines, *table(("line", "change", "what comes of it"), rows)]


def _worth(m: Mutant) -> str:
    if m.needed:
        return f"needed: {' and '.join(m.broken)} fails{f' in {steps(m.steps)}' if m.steps else ''}"
    if m.verdict is not Verdict.SAFE:
        return f"not judged: {m.note or m.why or 'no reason given'}"
    return f"not noticed: {m.why or m.note or 'not needed for these properties, or the model cannot tell'}"


def bounds(result: Result) -> list[str]:
    """Section 9: limits, and what is taken for granted."""
    explored = result.explored
    counts = ", ".join(counted(n, role) for role, n in explored.counts) or "none"
    items = [
        f"goroutines explored: {plain(counts)}",
        f"explored: {number(explored.states, 'state')}, {number(explored.transitions, 'transition')}, "
        + ("complete" if explored.complete else f"**not complete**: {plain(explored.limit)}"),
        "engine: " + plain(explored.engine) + ENGINES.get(explored.engine, ""),
        "reductions: "
        + (plain(", ".join(REDUCED.get(r, r) for r in explored.reductions)) or "none, every state was visited"),
        "memory: a race-free Go program is sequentially consistent (Go memory model, June 2022), so that interleavings "
        "of its steps are all there is. That is why races are looked for in the first place",
    ]
    items += [f"note: {plain(note)}" for note in result.notes]
    lines = bullets(items)
    found = result.subject.bounds if result.subject else ()
    if found:
        rows = [(code(name), plain(value), LIMITS.get(name, "")) for name, value in found]
        lines += [
            "",
            "Limits of the model's values and objects, all of them, whether or not this model can come near one. A run",
        ]
        lines += ["that would leave one is UNKNOWN, never SAFE. None limits how many goroutines of a role there are:"]
        lines += ["", *table(("limit", "value", "of what"), rows)]
        lines += ["", UNBOUNDED] if result.any_number and result.any_number.verdict is Verdict.SAFE else []
    return lines


def not_shown(result: Result) -> list[str]:
    """Section 10: the honest rest."""
    opened = [
        f"{plain(subject(p))}: {plain(p.reason) or 'not finished'}"
        for p in result.properties
        if p.verdict is Verdict.UNKNOWN
    ]
    opened += [
        f"{plain(subject(p))}: its evidence failed the audit" for p in result.properties if p.verdict is Verdict.ERROR
    ]
    listed = [*opened, *(plain(_beyond(result, line)) for line in result.not_shown)]
    listed += [f"not asked in this run: {', '.join(asked)}"] if (asked := _unasked(result)) else []
    return bullets(listed) if listed else ["Nothing was listed. That your Go code is this model is never shown."]


def _beyond(result: Result, line: str) -> str:
    """A line about other numbers of goroutines, with the properties it is true of."""
    found = result.any_number
    if not line.startswith(OTHER) or found is None or found.verdict is not Verdict.SAFE:
        return line
    held = [subject(p) for p in result.properties if p.verdict is Verdict.SAFE and p.name not in found.properties]
    proved = f"{', '.join(found.properties)} are shown for {found.roles}"
    counts = ", ".join(counted(n, role) for role, n in result.explored.counts)
    return (
        f"{', '.join(held)}: for other numbers of goroutines than {counts}; {proved}"
        if held
        else f"other than {found.roles}"
    )


def _unasked(result: Result) -> list[str]:
    """What an option would have added."""
    asked = ["what each lock, unlock or check is worth (`--mutants`)"] if result.mutants is None else []
    failing = any(p.verdict is Verdict.UNSAFE for p in result.properties)
    return asked + (["a fix that verifies (`--fix`)"] if failing and result.fixes is None else [])


def reproduce(result: Result, digest: str) -> list[str]:
    """Section 11: the command with its defaults, and what it was applied to. Nothing that differs from run to run."""
    rows = [("`verify`", __version__), ("rules of Go", plain(result.go))]
    rows += [("model SHA-256", code(result.sha256))] if result.sha256 else []
    rows += [("evidence SHA-256: the digest in `evidence.json`, of all else in it", code(digest))] if digest else []
    lines = [*block([command(result)], "sh"), "", *table(("what", "which"), rows)]
    if digest:
        lines += [
            "",
            "When and where it ran, how long it took, and the versions of Python and the libraries are in",
            "[provenance.json](provenance.json), the one file here that another run writes differently.",
        ]
    return lines


def changes(kept: bool) -> list[str]:
    """Section 12: this page is the same whenever it is written, so what changed is told elsewhere."""
    where = "this directory" if kept else "evidence (`--evidence DIR`)"
    return [
        f"`verify diff OLD NEW` compares {where} with that of another run: verdicts, states, statements, properties."
    ]
