"""Sections 1, 2, 3 and 5 of the evidence document: the verdict, what it is wanted for, of what, and what it claims."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.proof import PROVABLE
from verifier.evidence.result import Property, Result
from verifier.evidence.subject import File, Part, Subject
from verifier.report.blocks import summary
from verifier.report.lines import number, steps
from verifier.report.markup import block, bullets, code, link, plain, table
from verifier.report.meanings import LOOKED, meaning
from verifier.report.outcome import subject
from verifier.source import Span
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, Verdict

WHOLE = 150
"""Lines of a file that is shown whole; of a longer one, the parts that matter."""

CERTIFICATE = "its certificate"

TOGETHER = f"{', '.join(PROVABLE)} are proved for other numbers together, once all hold for those of section 3"

_SAYS = {
    Verdict.SAFE: "every property holds in everything that was explored",
    Verdict.UNSAFE: "a schedule breaks a property; it is in section 6",
    Verdict.UNKNOWN: "the check did not finish, and what it did not finish is not established",
    Verdict.ERROR: "the evidence failed its own audit: a bug in `verify`, to be reported; nothing is established",
}


def verdict(result: Result) -> list[str]:
    """Section 1: the verdict, and a row a property."""
    lines = [f"**{result.verdict.value}**: {_said(result)}.", *_expectation(result), ""]
    head = (
        "property",
        "verdict",
        "expected",
        "how it was shown",
        "any number of goroutines",
        "`verify audit` checks again",
    )
    rows = [
        (
            plain(subject(p)),
            _word(p),
            p.expected.value if p.expected else "",
            plain(_how(result, p) + _caveat(result, p)),
            plain(_lifted(result, p)),
            _rechecked(result, p),
        )
        for p in result.properties
    ]
    return [*lines, *([*table(head, rows), *_note(result)] if rows else ["Nothing was checked."])]


def _rechecked(result: Result, p: Property) -> str:
    """What of the evidence `verify audit` can check without exploring."""
    if p.verdict in (Verdict.UNKNOWN, Verdict.ERROR):
        return "nothing"
    if p.trace is not None and (p.verdict is Verdict.UNSAFE or p.kind == "sometimes"):
        return "its schedule"
    found = result.any_number
    lifted = found is not None and found.verdict is Verdict.SAFE and p.name in found.properties
    if found is not None and lifted and found.certificate is not None and p.verdict is Verdict.SAFE:
        return CERTIFICATE
    return "nothing: run `verify` again"


def _caveat(result: Result, p: Property) -> str:
    """Beside every SAFE of a model with a race: the words that keep it from being read alone."""
    racy = any(q.kind == "race" and q.verdict is Verdict.UNSAFE for q in result.properties)
    return "; of interleavings only, as there is a race" if racy and p.verdict is Verdict.SAFE else ""


def _note(result: Result) -> list[str]:
    """What the words of the last columns mean, of those that stand there."""
    words = {
        "these counts only": "shown for the numbers of goroutines of section 3; of other numbers nothing is known",
        "not asked": "the run was told not to try (`--no-any`)",
        "not shown": f"no proof for other numbers was found{'; section 7 says why' if result.any_number else ''}",
        "proved": "see section 7",
    }
    said = {_lifted(result, p) for p in result.properties}
    words |= {word: TOGETHER for word in said if word.startswith("not tried")}
    parts = [f"*{word}*: {means}" for word, means in words.items() if word in said]
    if "" in said:
        parts.append("blank: the property does not hold, or is not decided, for the numbers explored")
    if any(_rechecked(result, p) == CERTIFICATE for p in result.properties):
        parts.append(f"*{CERTIFICATE}*: for two goroutines or more in all, whatever their roles")
    return ["", f"{'; '.join(parts)}."] if parts else []


def _said(result: Result) -> str:
    if not result.properties:
        return "nothing was checked, so nothing is established"
    failing = [p for p in result.properties if p.verdict is Verdict.UNSAFE]
    if result.verdict is Verdict.UNSAFE and all(p.trace is None for p in failing):
        return "a state that should be reachable is not, so the check was vacuous"
    said = _SAYS[result.verdict]
    found = result.any_number
    if result.verdict is Verdict.SAFE and found is not None and found.verdict is Verdict.SAFE:
        return f"{said}; {', '.join(found.properties)} also for {plain(found.roles)}"
    return said


def _expectation(result: Result) -> list[str]:
    code_ = f"Exit status {result.exit_code}"
    expects = any(p.expected is not None for p in result.properties)
    match result.exit_code:
        case c if c == EXIT_OK and expects and result.verdict is not Verdict.SAFE:
            return [f"{code_}: that is the verdict the model file expects; it is kept as an example of the mistake."]
        case c if c == EXIT_OK:
            return [f"{code_}: as it should be."]
        case c if c == EXIT_UNKNOWN:
            return [f"{code_}: not finished, which is never success."]
        case c if c == EXIT_INTERNAL:
            return [f"{code_}: internal error."]
    wrong = ", ".join(plain(subject(p)) for p in result.properties if not p.as_expected)
    return [f"{code_}: not as expected: {wrong}."]


def _word(p: Property) -> str:
    # `sometimes` asks for something to be reachable: "safe" alone would say nothing of that.
    reached = " (reached)" if p.kind == "sometimes" and p.verdict is Verdict.SAFE else ""
    return f"**{p.verdict.value}**{reached}" + ("" if p.as_expected else " (!)")


def _how(result: Result, p: Property) -> str:
    match p.verdict:
        case Verdict.UNKNOWN:
            return f"not finished: {p.reason or 'no reason given'}"
        case Verdict.ERROR:
            return f"failed its audit: {p.reason or 'no reason given'}"
        case Verdict.UNSAFE if p.trace is None:
            return "never reached: the check was vacuous" if p.kind == "sometimes" else summary(p)
        case Verdict.UNSAFE:
            assert p.trace is not None
            shortest = "the shortest in fused steps" if p.trace.fused else "the shortest"
            loop = f", the last {p.trace.loop} for ever" if p.trace.loop else f", {shortest}"
            return f"counterexample of {steps(p.steps)}{loop}: {summary(p)}"
        case _ if p.kind == "sometimes":
            return f"seen in {steps(p.steps)}" if p.trace else "seen"
    if not p.states:
        return p.method
    return f"{'all ' if result.explored.complete and p.states > 1 else ''}{number(p.states, 'state')} explored"


def _lifted(result: Result, p: Property) -> str:
    found = result.any_number
    if found is not None and p.kind in found.properties and found.verdict is not Verdict.SAFE:
        # A role of `count: any` makes UNKNOWN what holds for those explored.
        return "" if p.verdict in (Verdict.UNSAFE, Verdict.ERROR) else "not shown"
    if p.verdict is not Verdict.SAFE:
        return ""
    if found is None or p.kind not in found.properties:
        return "these counts only" if p.kind not in PROVABLE else _not_lifted(result)
    return "proved"


def _not_lifted(result: Result) -> str:
    """Why nothing is said of other numbers."""
    if "--no-any" in result.settings:
        return "not asked"
    failing = [q.name for q in result.properties if q.kind in PROVABLE and q.verdict is Verdict.UNSAFE]
    # With nothing that fails it was tried: of roles that exist once, a proof that is not found is not spoken of.
    return f"not tried: {' and '.join(failing)} fail{'s' if len(failing) == 1 else ''}" if failing else "not shown"


def decision(result: Result) -> list[str]:
    """Section 2: the words of the model file, or what to write there."""
    found = result.subject.decision if result.subject else None
    if found is None:
        return [
            "The model file names no decision. To have it here, add `decision:` with `question`, `record` (the ADR),",
            "`chosen` and `considered`. `verify compare WORKLOAD` judges one workload under several schemes.",
        ]
    rows = (
        ("question", plain(found.question)),
        ("decision record", plain(found.record)),
        ("scheme chosen", plain(found.chosen)),
        ("schemes considered", plain(", ".join(found.considered))),
    )
    return table(("field", "in the words of the model file"), [(a, b or "not filled in") for a, b in rows])


def modelled(result: Result) -> list[str]:
    """Section 3: goroutines, shared objects, and the text itself."""
    found = result.subject
    if found is None:
        return [f"{code(result.path)}; its text was not kept with this result."]
    about = [plain(line) for line in found.about.splitlines()]
    lines = ["The model's author says:", "", *(f"> {line}".rstrip() for line in about), ""] if about else []
    lines += _goroutines(result, found)
    if found.shared:
        lines += ["", f"Shared, by name: {', '.join(map(code, found.shared))}."]
    for n, file in enumerate(found.files):
        what = "The model" if n == 0 else "Go source"
        lines += ["", f"{what}, {link(file.path, file.path)}:", "", *_listing(file, found.parts)]
    return lines


def _goroutines(result: Result, found: Subject) -> list[str]:
    explored = dict(result.explored.counts)
    rows = []
    for crew in found.crews:
        asked = "any number" if crew.count is None else str(crew.count)
        rows.append((code(crew.role), asked, str(explored.get(crew.role, asked)), _line(crew.span)))
    for role, count in result.explored.counts:
        if role not in {crew.role for crew in found.crews}:
            rows.append((code(role), "made by `verify`", str(count), ""))
    return table(("goroutine", "in the model", "explored", "stands at"), rows) if rows else ["No goroutines."]


def _listing(file: File, parts: tuple[Part, ...]) -> list[str]:
    width = len(str(len(file.lines)))
    if len(file.lines) <= WHOLE:
        return block(_numbered(file, 1, len(file.lines), width), "yaml" if not file.path.endswith(".go") else "go")
    inside = [p for p in parts if p.path == file.path]
    if not inside:
        return [f"{len(file.lines):,} lines, not shown here."]
    out: list[str] = []
    for part in inside:
        out += ["", f"{plain(part.what)}:", "", *block(_numbered(file, part.first, part.last, width), "yaml")]
    return out[1:]


def _numbered(file: File, first: int, last: int, width: int) -> list[str]:
    lines = list(file.lines[first - 1 : last])
    while lines and not lines[-1].strip():
        lines.pop()
    return [f"{n:>{width}}  {line}".rstrip() for n, line in enumerate(lines, first)]


def properties(result: Result) -> list[str]:
    """Section 5: what each property says if it holds."""
    if not result.properties:
        return ["None."]
    out = []
    for p in result.properties:
        formula = f" {code(p.formula)}" if p.formula else ""
        place = f", {_line(p.span)}" if p.span is not None else ""
        out.append(f"**{plain(subject(p))}**{formula}{place}: {meaning(p)}")
    looked = ["", LOOKED] if any(p.kind == "race" for p in result.properties) else []
    built = (
        ["", "Where no formula stands, the property is built in."]
        if any(not p.formula for p in result.properties)
        else []
    )
    return [*bullets(out), *built, *looked]


def _line(span: Span) -> str:
    return link(f"{span.file}:{span.line}", f"{span.file}#L{span.line}")


def crew(result: Result) -> str:
    """`2 writers, 1 reader`."""
    return ", ".join(counted(n, role) for role, n in result.explored.counts) or "no goroutines"
