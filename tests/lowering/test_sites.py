"""Allocation sites are told apart, also those of objects without fields, which have no cells of their own."""

from __future__ import annotations

from pathlib import Path

from verifier.model.read import read_model
from verifier.pipeline.load import program, read_front
from verifier.pipeline.options import Options

MODEL = """\
model: m
declare: |
  type Empty struct{}
  type Full struct{ a, b int }
goroutines:
  w:
    count: 2
    body: |
      for i := 0; i < 3; i++ {
        e, f := &Empty{}, &Full{a: 1}
        g, h := &Empty{}, &Full{b: 2}
        _, _, _, _ = e, f, g, h
      }
"""


def test_every_site_gets_blocks_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MODEL, encoding="utf-8")
    made = program(read_front(read_model(str(path)), Options()))
    allocations = {s.alloc for t in made.templates for s in t.steps if s.alloc is not None}
    sorts = [made.sorts[a.sort].name for a in allocations]
    assert sorted(sorts) == sorted(2 * [made.sorts[a].name for a in {a.sort for a in allocations}])
    places = [(a.sort, n) for a in allocations for found in a.candidates for n in found]
    assert len(places) == len(set(places))
    for a in allocations:
        owners = [{made.sorts[a.sort].places[n - 1].owner for n in found} for found in a.candidates]
        assert all(len(o) == 1 for o in owners) and len(set.union(*owners)) == 2
