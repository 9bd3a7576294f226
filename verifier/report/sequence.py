"""A schedule as a Mermaid sequence diagram, which GitHub draws: goroutines and shared objects are lifelines."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.evidence.result import Property, Result
from verifier.evidence.trace import Trace, TraceStep
from verifier.records import dataclass
from verifier.report.blocks import summary
from verifier.report.outcome import subject
from verifier.report.timeline import words
from verifier.source import Span
from verifier.verdict import Verdict

LIFELINES = 12
MESSAGES = 60
"""More than these cannot be read as a picture."""

_PLAIN = frozenset(" _.,()[]=+*/?'!@-:…")
_RED = "rect rgb(255, 226, 226)"


class TooLarge(ValueError):
    """The schedule makes no readable diagram; the message says why."""


@dataclass(frozen=True, slots=True)
class _Cast:
    """The lifelines: a name in the diagram for each goroutine and each object that takes part."""

    goroutines: dict[str, str]
    objects: dict[str, str]

    @property
    def span(self) -> str:
        """From the first lifeline to the last, for notes."""
        everybody = [*self.goroutines.values(), *self.objects.values()]
        return everybody[0] if len(everybody) == 1 else f"{everybody[0]},{everybody[-1]}"


def diagram(prop: Property) -> str:
    """The diagram of a property's schedule. Raises TooLarge; ValueError for a property without one."""
    trace = prop.trace
    if trace is None:
        raise ValueError(f"{prop.name} has no schedule")
    cast = _cast(trace)
    if len(cast.goroutines) + len(cast.objects) > LIFELINES:
        raise TooLarge(f"{len(cast.goroutines) + len(cast.objects)} lifelines are more than {LIFELINES}")
    lines = list(_body(prop, trace, cast))
    if sum(": " in line for line in lines) > MESSAGES:
        raise TooLarge(f"{trace.rows} steps are more than a diagram of {MESSAGES} messages can show")
    people = [f"participant {alias} as {label(name)}" for name, alias in cast.goroutines.items()]
    things = [f"participant {alias} as {label(name)}" for name, alias in cast.objects.items()]
    return (
        "\n".join(["sequenceDiagram", "    autonumber", *(f"    {line}" for line in (*people, *things, *lines))]) + "\n"
    )


def render(result: Result) -> str:
    """The first counterexample, or what there is instead of one; comments say what became of every property."""
    heads = [
        f"%% {subject(p)}: {p.verdict.value}{'' if p.as_expected else ' (not as expected)'}" for p in result.properties
    ]
    head = [f"%% {label(result.model)}: {result.verdict.value}, exit status {result.exit_code}", *map(_comment, heads)]
    failing = [p for p in result.properties if p.verdict is Verdict.UNSAFE and p.trace is not None]
    if not failing:
        said = ", ".join(f"{subject(p)} {p.verdict.value}" for p in result.properties) or "nothing was checked"
        note = f"    Note over M: {label(f'{result.verdict.value}: {said}')}"
        return "\n".join([*head, "sequenceDiagram", f"    participant M as {label(result.model)}", note]) + "\n"
    try:
        return "\n".join(head) + "\n" + diagram(failing[0])
    except TooLarge as error:
        note = f"    Note over M: {label(f'{result.verdict.value}: {summary(failing[0])}. No picture: {error}')}"
        return "\n".join([*head, "sequenceDiagram", f"    participant M as {label(result.model)}", note]) + "\n"


def _comment(text: str) -> str:
    return "%% " + label(text.removeprefix("%% "))


def label(text: str) -> str:
    """A text as Mermaid takes it anywhere: what may be syntax becomes the number of the character.

    >>> label('m["a"] = 1; // end')
    'm[#34;a#34;] = 1#59; // #101;nd'
    """
    one_line = " ".join(text.split())
    safe = "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in one_line)
    # A word `end` closes the block that the label stands in.
    return " ".join(f"#{ord(w[0])};{w[1:]}" if w.lower().strip("().,:!?'") == "end" else w for w in safe.split(" "))


def _cast(trace: Trace) -> _Cast:
    names = (
        {s.goroutine for s in trace.steps} | {a.goroutine for a in trace.race} | {w.goroutine for w in trace.waiting}
    )
    names |= {s.meets.goroutine for s in trace.steps if s.meets is not None}
    goroutines = {g: f"G{n}" for n, g in enumerate(trace.goroutines) if g in names}
    states = (trace.start, *(s.objects for s in trace.steps))
    changing = [c for i, c in enumerate(trace.columns) if len({state[i] for state in states}) > 1]
    awaited = [w.lock for w in trace.waiting if w.lock in trace.columns]
    raced = [a.location for a in trace.race]
    return _Cast(goroutines, {o: f"O{n}" for n, o in enumerate(dict.fromkeys([*changing, *awaited, *raced]))})


def _body(prop: Property, trace: Trace, cast: _Cast) -> Iterator[str]:
    before = trace.start
    loop = len(trace.steps) - trace.loop + 1 if trace.loop else 0
    setup = trace.history.setup if trace.history is not None else 0
    for step in trace.steps:
        if step.number == loop:
            yield "loop for ever"
        if step.number > setup:
            yield from _calls(trace, step.number, cast, begins=True)
            yield from _step(trace, step, before, cast)
            yield from _calls(trace, step.number, cast, begins=False)
        before = step.objects
    if loop:
        yield "end"
    yield _RED
    yield from _racing(trace, cast)
    yield f"Note over {cast.span}: {label(summary(prop))}" if cast.goroutines else "Note over O0: before any goroutine"
    yield "end"


def _calls(trace: Trace, number: int, cast: _Cast, begins: bool) -> Iterator[str]:
    """The calls of a history that begin or return in a row."""
    for call in trace.history.calls if trace.history is not None else ():
        who = cast.goroutines.get(call.goroutine, "")
        if who and number == (call.begins if begins else call.returns):
            said = f"calls {call.text}" if begins else f"{call.text} returns {call.gave}".rstrip()
            yield f"Note over {who}: {label(said)}"


def _step(trace: Trace, step: TraceStep, before: tuple[str, ...], cast: _Cast) -> Iterator[str]:
    who = cast.goroutines[step.goroutine]
    said = label(words(step) + _at(step.span))
    if step.waits:
        lock = next((w.lock for w in trace.waiting if w.goroutine == step.goroutine), "")
        yield f"{who}-x{cast.objects.get(lock, who)}: {said} waits"
        return
    if step.meets is not None:
        yield f"{who}->>{cast.goroutines[step.meets.goroutine]}: {said} meets {label(step.meets.text)}"
    changed = [i for i, (old, new) in enumerate(zip(before, step.objects, strict=True)) if old != new]
    for n, i in enumerate(changed):
        thing = cast.objects[trace.columns[i]]
        if n == 0 and step.meets is None:
            yield f"{who}->>{thing}: {said}"
        yield f"Note right of {thing}: {label(trace.columns[i])} is {label(step.objects[i])}"
    if not changed and step.meets is None:
        yield f"{who}->>{who}: {said}"


def _racing(trace: Trace, cast: _Cast) -> Iterator[str]:
    """The two accesses that nothing orders, side by side."""
    for n, access in enumerate(trace.race):
        yield "par unordered" if n == 0 else "and"
        text = access.text or access.location
        verb = "writes" if access.write else "reads"
        who = cast.goroutines[access.goroutine]
        yield f"{who}->>{cast.objects[access.location]}: {verb} {label(text + _at(access.span))}"
    if trace.race:
        yield "end"


def _at(span: Span | None) -> str:
    return f" {span.brief}" if span is not None else ""
