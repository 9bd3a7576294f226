"""A lock that is held when all have returned: said in a note, with the schedule; where somebody waits, a deadlock."""

from __future__ import annotations

import pytest

from verifier.evidence.result import Result
from verifier.model.read import read_text
from verifier.pipeline import verify
from verifier.pipeline.options import Options
from verifier.verdict import Verdict

MODEL = """model: m
declare: |
  var mu sync.RWMutex
  var m = map[string]int{}
goroutines:
  get:
    count: COUNT
    body: |
      mu.LOCK()
      if _, ok := m["a"]; ok { return }
      MORE
      mu.UNLOCK()
"""

PLAIN = Options(any_number=False)
KERNEL = Options(any_number=False, engine="kernel", reduce=False)


def judged(lock: str, count: int, body: str, options: Options = PLAIN) -> Result:
    text = MODEL.replace("COUNT", str(count)).replace("UNLOCK", lock.replace("Lock", "Unlock")).replace("LOCK", lock)
    return verify(read_text("m.yaml", text.replace("MORE", body)), options)


def deadlock(result: Result) -> Verdict:
    return next(p.verdict for p in result.properties if p.kind == "deadlock")


@pytest.mark.parametrize("options", [PLAIN, KERNEL])
def test_the_return_that_forgets_the_lock_is_noted(options: Options) -> None:
    result = judged("Lock", 2, 'm["a"] = 1', options)
    assert deadlock(result) is Verdict.SAFE
    (note,) = result.notes[:1]
    assert note.startswith("mu is still locked by get2 (m.yaml:9) when all have returned, in schedule 0/")
    assert deadlock(judged("Lock", 3, 'm["a"] = 1', options)) is Verdict.UNSAFE


def test_a_read_lock_too() -> None:
    result = judged("RLock", 1, "return")
    assert result.notes == (
        "mu is still read-locked by get (m.yaml:9) when all have returned, in schedule 0/0: "
        "one goroutine more that locks it may wait for ever",
    )


@pytest.mark.parametrize(("count", "body"), [(1, 'm["a"] = 1'), (3, 'm["a"] = 1')])
def test_no_note_where_it_is_given_back_or_somebody_waits(count: int, body: str) -> None:
    assert not judged("Lock", count, body).notes
