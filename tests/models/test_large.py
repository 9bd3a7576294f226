"""Models too large to be explored as they are: what is reduced, what is said of it, and that nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from catalogue import ROOT

from verifier.evidence.result import Result
from verifier.model.read import read_model
from verifier.pipeline import Options, engines, verify
from verifier.report import terminal
from verifier.verdict import Verdict

QUICK = Options(any_number=False)

DEEP = """\
model: deep
declare: |
  var mu sync.Mutex
  var m = map[string]int{}
  var ready, x int
goroutines:
  noise:
    count: 6
    body: |
      mu.Lock()
      m["a"]++
      mu.Unlock()
      mu.Lock()
      ready++
      mu.Unlock()
  watcher:
    count: 2
    body: |
      mu.Lock()
      r := ready
      mu.Unlock()
      if r == 6 {
        x++
      }
finally: {all: 'm["a"] == 6'}
"""

LEAK = """\
model: leak
declare: |
  var mu, gate sync.Mutex
  var n int
goroutines:
  server:
    count: 3
    body: |
      for {
        mu.Lock()
        n = 1 - n
        mu.Unlock()
      }
  stuck:
    count: 2
    body: |
      mu.Lock()
      n = 0
      mu.Unlock()
      gate.Lock()
"""


def judged(text: str, tmp_path: Path, options: Options) -> Result:
    path = tmp_path / "model.yaml"
    path.write_text(text, encoding="utf-8")
    return verify(read_model(str(path)), options)


def test_ten_writers_and_ten_readers() -> None:
    counts = (("writer", 10), ("reader", 10))
    found = verify(read_model(str(ROOT / "models/rwmutex.yaml")), replace(QUICK, counts=counts))
    assert found.verdict is Verdict.SAFE and found.explored.complete
    assert found.explored.engine == "kernel" and found.explored.reductions == ("slice", "fuse", "symmetry")
    assert found.explored.states < 10_000
    text = terminal.render(found)
    assert "each state stands for many: values nobody looks at left out" in text


def test_a_bug_behind_many_states_is_undone_and_said_to_be_shortest_in_fused_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a search that fuses nothing finds it among a few hundred states.
    monkeypatch.setattr(engines, "SHORTEST", 10)
    found = judged(DEEP, tmp_path, QUICK)
    (race,) = [p for p in found.properties if p.kind == "race"]
    assert race.verdict is Verdict.UNSAFE and race.trace is not None and race.trace.fused
    assert "steps (shortest in fused steps)" in terminal.render(found)
    # Every step is one of the model's own, and the goroutines are real ones.
    assert {s.goroutine for s in race.trace.steps} >= {f"noise{n}" for n in range(1, 7)}
    assert {a.goroutine for a in race.trace.race} == {"watcher1", "watcher2"}
    whole = judged(DEEP, tmp_path, replace(QUICK, reduce=False))
    assert [(p.name, p.verdict) for p in whole.properties] == [(p.name, p.verdict) for p in found.properties]
    assert whole.explored.states > 100 * found.explored.states
    assert "(shortest)" in terminal.render(whole)


def test_what_few_states_can_show_is_shown_in_the_fewest_steps() -> None:
    model = read_model(str(ROOT / "models/pointer-escape.yaml"))
    counts = tuple((r.name, 5) for r in model.roles)
    found = verify(model, replace(QUICK, counts=counts))
    assert found.explored.reductions
    (race,) = [p for p in found.properties if p.kind == "race"]
    alone = verify(model, QUICK)
    (expected,) = [p for p in alone.properties if p.kind == "race"]
    # Five of each run through `get` before anything is fused; two of them are enough for the race.
    assert race.trace is not None and not race.trace.fused
    assert race.steps == expected.steps


@pytest.mark.parametrize("beginning", [1, 1_000_000])
def test_goroutines_stuck_while_others_run_on(beginning: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a beginning of one state the reduced program decides, where three servers and two others are exchanged."""
    monkeypatch.setattr(engines, "BEGINNING", beginning)
    monkeypatch.setattr(engines, "SMALL_GRAPH", 0)
    found = judged(LEAK, tmp_path, QUICK)
    (deadlock,) = [p for p in found.properties if p.kind == "deadlock"]
    assert deadlock.verdict is Verdict.UNSAFE and deadlock.trace is not None
    assert found.explored.reductions == (("slice", "fuse") if beginning == 1 else ())
    assert [w.operation for w in deadlock.trace.waiting] == ["sync.Mutex.Lock"]


def test_without_llvmlite_the_report_says_who_explored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from verifier.explore.kernel import jit

    def missing() -> None:
        raise jit.Missing("llvmlite is not installed")

    monkeypatch.setattr(jit, "_binding", missing)
    found = judged(DEEP, tmp_path, QUICK)
    assert found.explored.engine == "reference" and found.explored.reductions
    assert "explored by the reference back end: llvmlite is not installed" in terminal.render(found)


def test_clauses_nobody_asks_for_do_not_keep_states_apart() -> None:
    model = read_model(str(ROOT / "models/rwmutex.yaml"))
    way = replace(QUICK, reduce=True)
    whole, part = verify(model, way), verify(model, replace(way, checks=("race", "fatal")))
    assert part.explored.states < whole.explored.states
