"""Readable invariants of the catalogue and of snippets, and the states that exploration finds them true in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from catalogue import ROOT

from verifier.explore.search import Limits, explore
from verifier.model.read import read_model
from verifier.pipeline.load import program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Program, base
from verifier.program.semantics import at_rest
from verifier.prove.counters import Counters, Stretch
from verifier.prove.invariant import Invariant, readable


def lowered(path: Path, count: int = 2) -> Program:
    """The model with `count` goroutines of every role, composed, without the user's clauses."""
    document = read_model(str(path))
    front = read_front(document, Options())
    counts = tuple((role, count) for role, _ in front.counts)
    front = replace(front, counts=counts, package=replace(front.package, clauses=()))
    return program(front, "abstract", replace(document.bounds, heap=max(2, document.bounds.heap)))


def invariant(path: Path) -> Invariant:
    return readable(lowered(path), lambda: False)


def model(name: str) -> Path:
    return ROOT / "models" / f"{name}.yaml"


def snippet(directory: Path, declare: str, **bodies: str) -> Path:
    """A model file. Declarations start at line 4."""
    lines = ["model: snippet", 'go: "1.27"', "declare: |", *(f"  {line}" for line in declare.strip().splitlines())]
    lines.append("goroutines:")
    for role, body in bodies.items():
        lines += [f"  {role}:", "    count: 2", "    body: |", *(f"      {line}" for line in body.strip().splitlines())]
    path = directory / "snippet.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Explored:
    """States of a program as an abstraction sees them: every way to say which stretch each goroutine is in."""

    counters: Counters
    program: Program
    limit: int

    def states(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        found = explore(self.program, Limits(max_states=self.limit))
        for state in found.store.order:
            locations, cells = found.machine.layout.unpack(state)
            yield self._counts(locations, cells), tuple(cells[t.cell] for t in self.counters.tracked)

    def _counts(self, locations: tuple[int, ...], cells: tuple[int, ...]) -> tuple[int, ...]:
        counts = [0] * len(self.counters.stretches)
        for i in self.program.goroutines:
            if at_rest(locations[i.number]):
                continue
            own = cells[base(i, i.template) :]
            fits = [
                n
                for n, s in enumerate(self.counters.stretches)
                if s.template == i.template and _fits(s, locations[i.number], own)
            ]
            assert len(fits) == 1, f"{i.name} at {locations[i.number]} is in {len(fits)} stretches"
            counts[fits[0]] += 1
        return tuple(counts)


def _fits(stretch: Stretch, location: int, own: tuple[int, ...]) -> bool:
    return any(at == location and all(own[o] == v for o, v in known) for at, known in stretch.states)
