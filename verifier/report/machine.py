"""Each goroutine's state machine, for reading: as text, as a Mermaid diagram, as a DOT graph."""

from __future__ import annotations

from verifier.program.expr import TRUE
from verifier.program.program import PACKAGE, Offer, Program, Step, Template
from verifier.report import diagram
from verifier.report.lines import steps as counted
from verifier.report.words import Words, location
from verifier.source import did_you_mean

FORMATS = ("text", "mermaid", "dot")


class NoSuchRole(ValueError):
    """The program has no goroutine of that name; the message lists those it has."""


def show(program: Program, format: str = "text", role: str | None = None) -> str:
    """The machines of every role and `go` statement, or of one role and the goroutines it starts.

    Raises `NoSuchRole` for a role the program does not have, `ValueError` for a format that is none of `FORMATS`.
    """
    chosen = _chosen(program, role)
    match format:
        case "text":
            return _text(program, chosen)
        case "mermaid":
            return diagram.mermaid(program, chosen)
        case "dot":
            return diagram.dot(program, chosen)
        case _:
            raise ValueError(f"no such format: {format} (one of {', '.join(FORMATS)})")


def _chosen(program: Program, role: str | None) -> tuple[Template, ...]:
    templates = tuple(t for t in program.templates if t.number != PACKAGE)
    if role is None:
        return templates
    chosen = tuple(t for t in templates if role in _ancestry(program, t))
    if not chosen:
        names = [t.name for t in templates]
        near = did_you_mean(role, names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise NoSuchRole(f"no goroutine is called '{role}' (there are: {', '.join(names) or 'none'}){hint}")
    return chosen


def _ancestry(program: Program, template: Template) -> set[str]:
    """The names of a template and of those that, directly or not, start it."""
    names = {template.name}
    while template.parent is not None:
        template = program.templates[template.parent]
        names.add(template.name)
    return names


def _text(program: Program, chosen: tuple[Template, ...]) -> str:
    return "\n".join(line for template in chosen for line in (*_template(program, template), ""))


def _template(program: Program, template: Template) -> list[str]:
    count = sum(i.template == template.number for i in program.instances)
    started = f", started by {program.templates[template.parent].name}" if template.parent is not None else ""
    many = f"{count} goroutine{'' if count == 1 else 's'}"
    lines = [f"=== {template.name}: {many}{started}; {counted(len(template.steps))}, from {location(template.entry)}"]
    for source in sorted({s.src for s in template.steps}):
        steps = [s for s in template.steps if s.src == source]
        lines += ["", _location(template, source, steps), *(line for s in steps for line in _step(program, s))]
    return lines


def _location(template: Template, number: int, steps: list[Step]) -> str:
    labels = [name for name, at in template.labels if at == number]
    places = sorted({(s.span.file, s.span.line) for s in steps if s.span})
    parts = [location(number), *(f"{name}:" for name in labels), *(f"{file}:{line}" for file, line in places)]
    return "  ".join(parts)


def _step(program: Program, step: Step) -> list[str]:
    words = Words(program)
    head = f"  {location(step.src)} -> {target(step)}  {label(step)}".rstrip()
    details = (
        ("in", " > ".join(call.function for call in step.stack[1:])),
        ("when", "" if step.guard == TRUE else words.expr(step.guard)),
        ("sets", ", ".join(words.update(ref, value) for ref, value in step.updates)),
        ("accesses", ", ".join(map(words.access, step.accesses))),
        ("sync", ", ".join(f"{s.op} {words.ref(s.ref)}" for s in step.sync)),
        ("allocates", step.alloc.site if step.alloc else ""),
        ("starts", program.templates[step.spawn].name if step.spawn is not None else ""),
        ("meets", "" if step.offer is None else _meets(words, step.offer)),
        ("symptom", step.symptom),
        ("fused", f"{len(step.origin)} steps" if len(step.origin) > 1 else ""),
        ("cite", step.cite),
    )
    return [head, *(f"      {name:<9} {text}" for name, text in details if text)]


def _meets(words: Words, offer: Offer) -> str:
    """The other half of a paired step."""
    polls = ", does not wait" if offer.polls else ""
    handed = f" with {', '.join(map(words.expr, offer.values))}" if offer.values else ""
    return f"a {'receive' if offer.sends else 'send'} on the same channel{handed}{polls}"


def label(step: Step) -> str:
    """The Go statement, and in brackets what this step of it does."""
    return f"{step.text}  [{step.detail}]" if step.detail else step.text


def target(step: Step) -> str:
    """Where a step leads: a location, or the failure it ends in."""
    return f"{step.fail.kind}: {step.fail.message}" if step.fail else location(step.dst)
