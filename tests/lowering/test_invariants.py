"""What must hold of every lowered program, whatever the Go: checked on all cases and on the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verifier.golang.lower import lower as driver
from verifier.golang.lower.templates import Builder
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, read_front
from verifier.pipeline.load import GHOSTLY, LOWERINGS, program
from verifier.program.expr import At, Own, Ref, refs
from verifier.program.program import Kind, Step

from .models import MODELS, document
from .test_cases import CASES

DOCUMENTS: list[tuple[str, Document]] = [(c.name, document(c.model)) for c in CASES]
DOCUMENTS += [(p.stem, read_model(str(p))) for p in MODELS]


def touched(s: Step) -> Iterator[Ref]:
    """Every cell a step reads or writes, those inside indices included."""
    expressions = [s.guard, *(e for _, e in s.updates), *(a.when for a in s.accesses)]
    places = [r for r, _ in s.updates] + [a.ref for a in s.accesses] + [k.ref for k in s.sync]
    expressions += [r.index for r in places if isinstance(r, At)]
    for e in expressions:
        yield from refs(e)
    yield from places


def foreign(builders: list[Builder]) -> list[str]:
    """Private cells used by another goroutine: only the `go` step may, to fill those of the one it starts."""
    wrong = []
    for b in builders[1:]:
        for s in b.steps:
            filled = {r for r, _ in s.updates}
            for r in touched(s):
                if not isinstance(r, Own) or r.template == b.number or (r.template == s.spawn and r in filled):
                    continue
                if builders[r.template].frame[r.offset]:
                    wrong.append(f"{b.name}: {s.text} uses {builders[r.template].cells[r.offset][0]}")
    return wrong


def unsynchronised(builders: list[Builder]) -> list[str]:
    """Local steps must not read what others may write: a shared cell is only written by them when it is made."""
    written = {r for b in builders[1:] for s in b.steps if s.kind is not Kind.LOCAL for r, _ in s.updates}
    wrong = []
    for b in builders[1:]:
        for s in b.steps:
            if s.kind is Kind.LOCAL and not s.accesses:
                read = [r for e in (s.guard, *(e for _, e in s.updates)) for r in refs(e)]
                wrong += [
                    f"{b.name}: {s.text} reads {builders[r.template].cells[r.offset][0]}"
                    for r in read
                    if isinstance(r, Own) and r in written and not builders[r.template].frame[r.offset]
                ]
    return wrong


# Of an instrumented program the lowering is the abstract one: what is added comes after what is looked at here.
@pytest.mark.parametrize("lowering", [name for name in LOWERINGS if not name.startswith(GHOSTLY)])
def test_goroutines_keep_to_themselves(lowering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Builder]] = []
    real = driver.zero_dead_cells

    def look(builders: list[Builder]) -> None:
        seen.append([*builders])
        assert foreign(builders) == []
        assert unsynchronised(builders) == []
        real(builders)

    monkeypatch.setattr(driver, "zero_dead_cells", look)
    for name, d in DOCUMENTS:
        try:
            program(read_front(d, Options()), lowering)
        except AssertionError as e:
            raise AssertionError(f"{name}: {e}") from e
    assert len(seen) >= len(DOCUMENTS)
