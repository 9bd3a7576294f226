"""Shares of schedules that show a failure: against sums over all schedules one by one, and worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from textwrap import indent

import pytest
from catalogue import CATALOGUE, ROOT, document

from verifier.audit.replay import replay
from verifier.evidence.odds import MILLION, Odds
from verifier.explore.chances import NotCounted, graph, turns
from verifier.explore.detect import detected
from verifier.explore.outcome import Exploration, Limits
from verifier.explore.search import explore
from verifier.model.document import Document
from verifier.model.read import read_text
from verifier.pipeline import Options, load, verify
from verifier.pipeline.odds import odds
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.passes.ordered import ACQUIRE, BOTH, RELEASE, REPLACE, edges
from verifier.verdict import Verdict

LUCKY = """\
model: lucky
declare: |
  var mu sync.Mutex
  var n int
goroutines:
  put: |
    n = 1
    mu.Lock()
    mu.Unlock()
  get: |
    mu.Lock()
    _ = n
    mu.Unlock()
"""
"""The write is outside of the lock, and -race does not see it when put is done before get begins."""


def model(declare: str, body: str) -> Document:
    head = ["model: small", "declare: |", indent(declare, "  "), "goroutines:", "  w:", "    count: 2", "    body: |"]
    return read_text("small.yaml", "\n".join([*head, indent(body, "      "), ""]))


ACROSS = """\
model: across
declare: |
  var a, b sync.Mutex
  var n int
goroutines:
  put: |
    n = 1
    a.Lock()
    a.Unlock()
  carry: |
    a.Lock()
    a.Unlock()
    b.Lock()
    b.Unlock()
  get: |
    b.Lock()
    _ = n
    b.Unlock()
"""


def explored(made: Document, most: int = 20_000) -> Exploration:
    return explore(load(made, Options()), Limits(max_states=most))


def told(made: Document) -> dict[str, Odds]:
    asked = Options(any_number=False, explain=False)
    return {o.property: o for o in odds(made, asked, verify(made, asked))}


class Schedules:
    """All schedules one by one, each with vector clocks: what `explore.detect` says without either."""

    def __init__(self, found: Exploration) -> None:
        self.found = found
        self.edges, _ = graph(found)

    def reported(self, n: int = 0, done: tuple[int, ...] = ()) -> float:
        """The share of schedules, from a state on, in which some race is reported."""
        out = 0.0
        for share, k, to in turns(self.found, self.edges[n]):
            path = (*done, n, k)
            if self._races(path):
                out += share
            elif to >= 0:
                out += share * self.reported(to, path)
        return out

    def _races(self, path: tuple[int, ...]) -> bool:
        """Whether the last step of a schedule is unordered with an earlier one that it conflicts with."""
        clocks: dict[int, dict[int, int]] = {}
        passed: dict[tuple[int, int], dict[int, int]] = {}
        seen: list[tuple[int, int, tuple[int, bool, bool]]] = []
        for n, k in zip(path[::2], path[1::2], strict=True):
            c = self.found.machine.steps[k]
            g = c.instance
            mine = clocks.setdefault(g, {})
            last = (n, k) == path[-2:]
            touches = list(self._touches(n, k))
            if last:
                return any(
                    h != g and mine.get(h, 0) < at and x[0] == y[0] and (x[1] or y[1]) and not (x[2] and y[2])
                    for h, at, x in seen
                    for y in touches
                )
            locations, cells = self.found.machine.layout.unpack(self.found.store.order[n])
            marks = [(e.action, (place(e.ref, Valuation(cells, locations)), e.channel)) for e in edges(c.step)]
            for action, where in marks:
                if action in (ACQUIRE, BOTH):
                    _join(mine, passed.get(where, {}))
            mine[g] = mine.get(g, 0) + 1
            seen += [(g, mine[g], t) for t in touches]
            for action, where in marks:
                if action in (RELEASE, BOTH):
                    _join(passed.setdefault(where, {}), mine)
                elif action == REPLACE:
                    passed[where] = dict(mine)
            if c.child is not None:
                _join(clocks.setdefault(c.child, {}), mine)
        raise AssertionError

    def _touches(self, n: int, k: int) -> Iterator[tuple[int, bool, bool]]:
        locations, cells = self.found.machine.layout.unpack(self.found.store.order[n])
        now = Valuation(cells, locations)
        for a in self.found.machine.steps[k].step.accesses:
            if evaluate(a.when, now):
                yield place(a.ref, now), a.write, a.atomic


def _join(into: dict[int, int], other: dict[int, int]) -> None:
    for g, at in other.items():
        into[g] = max(into.get(g, 0), at)


def small() -> list[Document]:
    names = ["map-variable-replaced", "atomic-pointer-publish", "lazy-init", "mixed-atomic", "len-unlocked"]
    own = [read_text("lucky.yaml", LUCKY), read_text("across.yaml", ACROSS)]
    return [*own, *(document(ROOT / "models" / f"{n}.yaml") for n in names)]


@pytest.mark.parametrize("made", small(), ids=lambda d: d.name)
def test_shares_are_those_of_all_schedules(made: Document) -> None:
    found = explored(made)
    assert detected(found).share == pytest.approx(Schedules(found).reported() * MILLION, abs=1)


STATEMENTS = (
    "x = 1",
    "_ = x",
    "mu.Lock()\nx = 2\nmu.Unlock()",
    "mu.Lock()\nmu.Unlock()",
    "rw.RLock()\n_ = x\nrw.RUnlock()",
    "rw.Lock()\nrw.Unlock()",
    "a.Store(1)",
    "if a.Load() == 1 {\n_ = x\n}",
    "a.Add(1)",
    "once.Do(func() { x = 3 })",
    "atomic.StoreInt32(&y, 1)",
    "_ = y",
    "if mu.TryLock() {\nmu.Unlock()\n}",
)
SHARED = "var mu sync.Mutex\nvar rw sync.RWMutex\nvar x int\nvar y int32\nvar a atomic.Int32\nvar once sync.Once\n"


def test_shares_of_random_programs() -> None:
    rng = Random(7)
    partly = 0
    for _ in range(60):
        lines = ["model: r", "declare: |", indent(SHARED, "  "), "goroutines:"]
        for g in range(2):
            body = "\n".join(rng.choice(STATEMENTS) for _ in range(rng.randint(1, 3)))
            lines += [f"  g{g}: |", indent(body, "    ")]
        found = explored(read_text("r.yaml", "\n".join([*lines, ""])))
        share = detected(found).share
        assert share == pytest.approx(Schedules(found).reported() * MILLION, abs=1), lines
        assert (share > 0) == any(v.kind == "race" for v in found.violations), lines
        partly += 0 < share < MILLION
    assert partly >= 2


def test_luck_worked_out_by_hand() -> None:
    # Silent only if put moves first (1/2) and again (1/2); then get waits for the lock, and put lets it go for sure.
    made = told(read_text("lucky.yaml", LUCKY))["race"]
    assert made.share == 750_000 and made.steps == 3
    assert made.silent[1] == (
        "as when put's mu.Unlock() (line 9) comes before get's mu.Lock() (line 11): "
        "in such a schedule that orders the accesses"
    )
    command, choices = made.silent[2].rsplit(" ", 1)
    assert command == "such a schedule: verify replay lucky.yaml"
    walked = replay(load(read_text("lucky.yaml", LUCKY), Options()), [int(c) for c in choices.split("/")])
    assert [s.goroutine for s in walked.steps] == ["put"] * 3 + ["get"] * 3


def test_an_order_by_way_of_another_goroutine() -> None:
    made = told(read_text("across.yaml", ACROSS))["race"]
    assert made.share is not None and 0 < made.share < MILLION
    assert any(", by way of another goroutine:" in s for s in made.silent)


def test_a_detector_reports_what_is_unsafe_and_only_that() -> None:
    counted: dict[bool, int] = {True: 0, False: 0}
    for path in CATALOGUE[::2]:
        made = document(path)
        found = explored(made, 200)
        try:
            share = detected(found).share
        except NotCounted:
            continue
        racy = any(v.kind == "race" for v in found.violations)
        assert (share > 0) == racy, path.name
        counted[racy] += 1
    assert min(counted.values()) >= 4


@pytest.mark.parametrize(
    ("name", "prop", "share"),
    [
        ("lock-order", "deadlock", 500_000),
        ("nil-map", "panic", MILLION),
        ("atomic-value-too-early", "panic", 666_667),
        ("atomic-pointer-lost-update", "lost-update", 500_000),
        ("atomic-pointer-lost-update", "both hits are counted", 500_000),
        ("unprotected", "race", MILLION),
    ],
)
def test_shares_worked_out_by_hand(name: str, prop: str, share: int) -> None:
    assert told(document(ROOT / "models" / f"{name}.yaml"))[prop].share == share


def test_what_is_not_counted_says_why() -> None:
    close = told(document(ROOT / "models" / "channel-close-early.yaml"))["race"]
    assert close.share is not None and close.meaning == "come to a moment when both accesses are next"
    assert close.silent[0].startswith("how often it reports it is not counted: ")
    endless = model("var n int\n", "for {\n  n = 1\n}")
    made = told(endless)["race"]
    assert made.share is None and made.reason == "goroutines can go round in circles, so a schedule need not end"


def test_what_is_safe_has_no_odds() -> None:
    made = document(ROOT / "models" / "once.yaml")
    result = verify(made, Options(any_number=False))
    assert result.verdict is Verdict.SAFE and odds(made, Options(), result) == ()


def test_as_unlikely_as_a_number_can_be_is_not_never() -> None:
    # The other goroutine has to wait for 1,200 rounds: 1 in 2 to the power of that, which is 0 as a float.
    late = """\
model: late
declare: |
  var n atomic.Int32
  var done bool
goroutines:
  slow: |
    for i := 0; i < 40; i++ {
      for j := 0; j < 30; j++ {
        n.Store(1)
      }
    }
    n.Store(2)
  look: |
    if n.Load() == 2 {
      done = true
    }
always:
  early: "!done"
"""
    found = told(read_text("late.yaml", late))
    assert found["early"].share == 1


def test_an_add_beside_a_wait_is_not_counted() -> None:
    # Go 1.27 says nothing when Wait comes after Done, and reports the two when it comes before: only then it waits.
    go = "model: late\ndeclare: var wg sync.WaitGroup\ngoroutines:\n  work: |\n    wg.Add(1)\n    wg.Done()\n"
    go += "  wait: wg.Wait()\n"
    found = told(read_text("late.yaml", go))["race"]
    assert found.meaning == "come to a moment when both accesses are next"
    assert "depends on who has to wait" in found.silent[0]
    # Where the Add comes before, what the WaitGroup orders is followed.
    go = "model: early\ndeclare: |\n  var wg sync.WaitGroup\n  var n int\ngoroutines:\n  main: |\n    wg.Add(1)\n"
    go += "    go func() {\n      n = 1\n      wg.Done()\n      n = 2\n    }()\n    wg.Wait()\n    n = 3\n"
    assert told(read_text("late.yaml", go))["race"].meaning.startswith("have two of the accesses")
