"""What a page shows beside a `Result`: schedules walked by the auditor, state graphs small enough to be drawn."""

from __future__ import annotations

from verifier.audit.moments import walkthrough
from verifier.evidence.exhibit import Exhibit
from verifier.evidence.picture import Picture
from verifier.evidence.result import Result
from verifier.evidence.trace import Trace
from verifier.evidence.walkthrough import Walkthrough
from verifier.model.document import Document
from verifier.pipeline.load import lowered, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Program


def exhibit(document: Document, result: Result) -> Exhibit:
    """Walk every schedule of a result again, and draw the states of the lowerings that they are of.

    Raises AuditError when a schedule cannot be walked, ModelError when the model is not the one that was judged.
    """
    from verifier.pipeline.picture import picture

    programs = _programs(document, result)
    drawn = _drawn(result)
    complete = result.explored.complete
    of = {name: [t for t in drawn if t.lowering == name] for name in _names(drawn)}
    pictures = tuple(picture(programs[name], name, found, complete) for name, found in of.items())
    return Exhibit(_walks(programs, result), pictures)


def again(document: Document, result: Result, pictures: tuple[Picture, ...]) -> Exhibit:
    """The same with state graphs that were drawn before: all of it is checked, and no engine explores anything."""
    return Exhibit(_walks(_programs(document, result), result), pictures)


def _programs(document: Document, result: Result) -> dict[str, Program]:
    """Every lowering that is shown, by name."""
    front = read_front(document, Options(counts=result.overrides))
    names = dict.fromkeys(["abstract", *(t.lowering for t in traces(result))])
    return {name: lowered(front, name) for name in names}


def _walks(programs: dict[str, Program], result: Result) -> tuple[tuple[str, Walkthrough], ...]:
    return tuple((t.path, walkthrough(programs[t.lowering], t.choices, _before(t))) for t in traces(result))


def traces(result: Result) -> list[Trace]:
    """Every schedule of a result once: of its properties, then of what a race can lead to."""
    found = [p.trace for p in result.properties if p.trace is not None] + [c.trace for c in result.consequences]
    return list({t.path: t for t in found}.values())


def _before(trace: Trace) -> int:
    return 0 if trace.history is None else trace.history.setup


def _drawn(result: Result) -> list[Trace]:
    """The schedules that are shown in a state graph: of the properties, for each graph has to be explored."""
    return [p.trace for p in result.properties if p.trace is not None]


def _names(drawn: list[Trace]) -> list[str]:
    """The lowerings that are drawn; of a model without any schedule the one that decides."""
    return list(dict.fromkeys(t.lowering for t in drawn)) or ["abstract"]
