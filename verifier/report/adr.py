"""A decision record after MADR 4.0, filled in as far as a check can: options, what holds of each, how to confirm it.

What people have to decide or to word is a TODO. The status stays `proposed`: nothing here signs a decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.evidence.counts import counted
from verifier.evidence.result import Property, Result
from verifier.model.document import Decision
from verifier.records import dataclass
from verifier.report.blocks import summary
from verifier.report.comparison import Comparison, Row, conclusion, grid, legend, remarks, shortest
from verifier.report.lines import steps
from verifier.report.markup import block, bullets, code, link, plain, table
from verifier.report.matrix import total
from verifier.report.meanings import meaning
from verifier.report.outcome import Failed, subject
from verifier.report.smallprint import bounds
from verifier.report.terminal import counterexample
from verifier.verdict import EXIT_OK, Verdict

TODO = "TODO"


@dataclass(frozen=True, slots=True)
class Option:
    """One design: what came of it, the command that judges it, and the digest of its evidence, empty without any.

    `path` is the file that makes it what it is: a model, or the Go of a scheme. `page` is that of its evidence, as the
    record has to link to it, empty where none was kept.
    """

    row: Row
    path: str
    command: str
    evidence: str = ""
    page: str = ""

    @property
    def name(self) -> str:
        """What the record calls it."""
        return self.row.scheme


@dataclass(frozen=True, slots=True)
class Record:
    """What the record is about. `chosen` names one of the options, or is empty; `decision` is what the model says."""

    title: str
    about: str
    options: tuple[Option, ...]
    decision: Decision
    tool: str
    chosen: str = ""

    @property
    def choice(self) -> Option | None:
        """The option that was taken, if somebody said."""
        return next((o for o in self.options if o.name == self.chosen), None)

    @property
    def compared(self) -> Comparison:
        """The options side by side."""
        return Comparison(self.title, self.about, "", tuple(o.row for o in self.options))


def render(record: Record) -> str:
    """The record as Markdown. Equal runs give equal texts: its date is for people to set."""
    sections = (
        ("## Context and Problem Statement", _context(record)),
        ("## Decision Drivers", _drivers(record)),
        ("## Considered Options", bullets(_named(o) for o in record.options)),
        ("## Decision Outcome", _outcome(record)),
        ("### Consequences", _consequences(record)),
        ("### Confirmation", _confirmation(record)),
        ("## Pros and Cons of the Options", _options(record)),
        ("## More Information", _more(record)),
    )
    lines = [*_front(), "", f"# {_title(record)}", ""]
    for heading, body in sections:
        lines += [heading, "", *body, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _front() -> list[str]:
    people = [f"{key}: [{TODO}]" for key in ("decision-makers", "consulted", "informed")]
    return ["---", "status: proposed", f"date: {TODO}", *people, "---"]


def _title(record: Record) -> str:
    name = f"{plain(record.decision.record)}: " if record.decision.record else ""
    words = plain(record.decision.question or record.title)
    return f"{name}{words}" if record.chosen else f"{TODO} {name}{words}"


def _named(option: Option) -> str:
    entry = option.row.entry
    # Under a scheme, the title is that of the workload.
    title = f": {plain(entry.title)}" if isinstance(entry, Result) and entry.title and not entry.scheme else ""
    return f"{plain(option.name)}{title} ({code(option.path)})"


def _context(record: Record) -> list[str]:
    asked = plain(record.decision.question) or f"{TODO}: the question, and why it has to be answered now."
    about = [plain(p) for p in record.about.split("\n\n") if p.strip()]
    lines = [asked, *(line for p in about for line in ("", p))]
    entries = [o.row.entry for o in record.options if isinstance(o.row.entry, Result)]
    # A scheme may bring a goroutine of its own.
    counts = min((e.explored.counts for e in entries), key=len, default=())
    if counts and all(e.explored.counts[: len(counts)] == counts for e in entries):
        words = ", ".join(counted(n, role) for role, n in counts)
        lines += ["", f"Modelled with {words}, after Go {entries[0].go}."]
    prose = [name for name in record.decision.considered if name not in {o.name for o in record.options}]
    if prose:
        lines += ["", f"Considered as well, and not modelled here: {', '.join(map(plain, prose))}."]
    return lines


def _drivers(record: Record) -> list[str]:
    """What has to hold, in words; a clause also as it is written."""
    seen: dict[tuple[str, str], Property] = {}
    for option in record.options:
        if isinstance(option.row.entry, Result):
            for p in option.row.entry.properties:
                seen.setdefault((p.kind, p.name), p)
    told = [f"**{plain(subject(p))}**: {_formula(p)}{meaning(p)}" for p in seen.values()]
    return bullets([*told, f"{TODO}: what else counts, such as speed, memory, and who has to understand it."])


def _formula(prop: Property) -> str:
    # Outside of tables, a code span has no escapes.
    return code(prop.formula).replace("\\|", "|") + ". " if prop.formula else ""


def _outcome(record: Record) -> list[str]:
    choice = record.choice
    if choice is None:
        found = bullets(map(plain, conclusion(record.compared)))
        return [f'Chosen option: "{TODO}", because {TODO}.', "", "What the check has to say about that:", "", *found]
    supports, words = _verdict(choice)
    chosen = f'Chosen option: "{plain(choice.name)}", because {TODO}.'
    return [chosen, "", words if supports else f"**The check does not support this choice.** {words}"]


def _verdict(option: Option) -> tuple[bool, str]:
    """Whether everything holds, and what does and does not in a sentence. An expectation that is met is no excuse."""
    entry = option.row.entry
    if isinstance(entry, Failed):
        return False, f"It could not be checked: {plain(entry.first)}"
    if entry.verdict is Verdict.SAFE:
        number = len(entry.properties)
        return entry.exit_code == EXIT_OK, f"SAFE: {number} of {number} properties hold."
    bad = [f"{subject(p)} ({p.verdict.value})" for p in entry.properties if p.verdict is not Verdict.SAFE]
    return False, f"{entry.verdict.value}: {plain(', '.join(bad) or 'nothing was checked')}."


def _consequences(record: Record) -> list[str]:
    choice = record.choice
    if choice is None:
        return [f"{TODO}, once an option is chosen: what holds of each, and what was not shown, stands below."]
    return bullets([*_arguments(choice), *_unshown(choice), f"{TODO}: what else follows."])


def _arguments(option: Option) -> Iterator[str]:
    """For and against, a property each. What is not decided speaks for nothing."""
    entry = option.row.entry
    if isinstance(entry, Failed):
        yield f"Bad, because nothing is known: {plain(entry.first)}"
        return
    for p in entry.properties:
        name = plain(subject(p))
        match p.verdict:
            case Verdict.SAFE:
                holds = "is reached" if p.kind == "sometimes" else "holds"
                yield f"Good, because {name} {holds}{_lifted(p)}"
            case Verdict.UNSAFE:
                length = f", in {steps(p.steps)}" if p.trace else ""
                yield f"Bad, because {name} {_fails(p)}{length}"
            case Verdict.UNKNOWN:
                yield f"Neutral, because {name} is not decided: {plain(p.reason or 'no reason given')}"
            case _:
                yield f"Bad, because what was found about {name} failed its audit: {plain(p.reason)}"
    if not entry.properties:
        yield "Neutral, because nothing was checked"


def _lifted(prop: Property) -> str:
    proof = prop.any_number
    return ", for any number of goroutines" if proof is not None and proof.verdict is Verdict.SAFE else ""


def _fails(prop: Property) -> str:
    if prop.kind == "sometimes":
        return "is never reached: the check was vacuous"
    return f"fails: {plain(summary(prop))}"


def _unshown(option: Option) -> list[str]:
    entry = option.row.entry
    return [] if isinstance(entry, Failed) else [f"Neutral, because not shown: {plain(x)}" for x in entry.not_shown]


def _confirmation(record: Record) -> list[str]:
    """How anybody finds out whether this is still so: commands, with what they have to come to."""
    choice = record.choice
    options = record.options if choice is None else (choice,)
    sound = [o for o in options if _verdict(o)[0]]
    lines = ["In CI, for each change:" if choice else "Once an option is chosen, its line goes into CI:", ""]
    lines += block([f"{o.command}  # exit status {_status(o)}" for o in sound or options], "sh")
    kept = [f"{plain(o.name)}: sha256 {code(o.evidence)}, {_kept(o)}" for o in options if o.evidence]
    return [*lines, "", "Evidence, which `verify audit` checks again:", "", *bullets(kept)] if kept else lines


def _kept(option: Option) -> str:
    if option.page:
        return f"{link(option.page, option.page)}"
    folder = re.sub(r"[^\w.-]+", "-", option.name)
    return f"from {code(f'{option.command} --evidence evidence/{folder}')}"


def _status(option: Option) -> str:
    entry = option.row.entry
    words = "" if isinstance(entry, Failed) or entry.verdict is Verdict.SAFE else f": {entry.verdict.value}"
    expected = ", as the model expects" if words and entry.exit_code == EXIT_OK else ""
    return f"{entry.exit_code} today{words}{expected}"


def _options(record: Record) -> list[str]:
    compared = record.compared
    found = grid(compared)
    head = ["option", *(plain(c.name) for c in found.columns[1:])]
    lines = table(head, [[plain(cell) for cell in row] for row in found.rows])
    lines += ["", *bullets([f"**{plain(name)}**: {plain(words)}" for name, words in legend(compared)])]
    lines += bullets(["A number behind UNSAFE is the steps of the shortest schedule that fails; `-` is not asked."])
    lines += bullets(f"{plain(name)}: {plain(words)}" for name, words in remarks(compared))
    for option in record.options:
        lines += ["", f"### {plain(option.name)}", "", *bullets(_arguments(option))]
        entry = option.row.entry
        prop = shortest(entry)
        if isinstance(entry, Result) and prop is not None:
            shown = block(line.rstrip() for line in counterexample(entry, prop))
            lines += ["", f"The shortest schedule that fails, {plain(subject(prop))}:", "", *shown]
            lines += _fix(entry)
    return lines


def _fix(entry: Result) -> list[str]:
    """One edit with which the option holds, where somebody looked for it and found it."""
    if entry.fixes is None or not entry.fixes.found:
        return []
    fix = entry.fixes.found[0]
    said = f"A suggestion, with which verify finds everything SAFE within {plain(fix.scope)}: {plain(fix.what)}."
    return ["", said, "", *block(fix.diff.split("\n"), "diff")]


def _more(record: Record) -> list[str]:
    lines = bullets([f"{total(record.compared.entries, 'option')}; {plain(record.tool)}"])
    for option in record.options:
        entry = option.row.entry
        if isinstance(entry, Result):
            facts = [("explored", bounds(entry)), ("rests on", entry.rests_on), ("not shown", entry.not_shown)]
            lines += bullets([f"{plain(option.name)}: {code(option.path)}, sha256 {code(entry.sha256)}"])
            lines += [f"  * {label}: {plain(words)}" for label, several in facts for words in several]
    return lines
