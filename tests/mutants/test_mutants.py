"""Mutants end to end: what is noticed and by what, why the others are not, what is kept, what a limit does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from catalogue import ROOT, document

from verifier.evidence.mutant import IDLE, Mutant
from verifier.model.document import Document
from verifier.mutate import pool as pools
from verifier.mutate.cache import Cache, directory
from verifier.mutate.judge import Budget, Judged, Task, judged
from verifier.mutate.mutants import NOTHING_HOLDS, mutants
from verifier.mutate.pool import Pool
from verifier.mutate.reasons import NO_REASON
from verifier.pipeline import Options, verify
from verifier.report.mutants import headline
from verifier.verdict import Verdict

from .editing import model

ASKED = Options(any_number=False)
NOWHERE = Cache(None, "")
MAP = "var mu sync.Mutex\nvar m = map[string]int{}\n"


def of(made: Document, pool: Pool | None = None, budget: Budget | None = None) -> tuple[Mutant, ...]:
    return mutants(made, ASKED, verify(made, ASKED), pool or Pool(NOWHERE), budget or Budget())


def test_every_step_of_a_mutex_is_needed() -> None:
    found = of(document(ROOT / "models" / "mutex.yaml"))
    assert [(m.span.line if m.span else 0, m.what, m.broken[0], m.steps) for m in found] == [
        (17, "removed with its Unlock", "race", 2),
        (19, "removed", "deadlock", 4),
        (19, 'moved before `users["alice"] = &User{Age: 30}`', "race", 5),
        (23, "removed with its Unlock", "race", 3),
        (25, "removed", "deadlock", 4),
        (25, 'moved before `u := users["alice"]`', "race", 5),
    ]


def test_survivors_have_reasons() -> None:
    found = {m.edit: m for m in of(document(ROOT / "models" / "trylock.yaml"))}
    assert found["mu.Unlock(): removed"].why.startswith("nobody ever waits for a lock")
    assert found["skipped.Add(1): a Load, then a Store"].why == (
        "none of the properties asked looks: lost-update in 7 steps"
    )
    assert found["mu.TryLock(): always succeeds, without a lock"].needed


def test_a_lock_around_nothing_that_is_shared() -> None:
    found = of(model(MAP, 'mu.Lock()\nx := 1\n_ = x\nmu.Unlock()\nmu.Lock()\nm["a"] = 1\nmu.Unlock()'))
    first = next(m for m in found if m.what == "removed with its Unlock")
    assert not first.needed and first.why.startswith("what is no longer inside touches nothing")


def test_needed_by_more_goroutines_only() -> None:
    made = model("var n atomic.Int32\nvar ready atomic.Bool\n", "if ready.Swap(true) {\n  n.Add(1)\n}")
    plain = next(m for m in of(made) if m.what == "plain int32")
    assert not plain.needed
    assert plain.why == "needed for more goroutines: race in 6 steps with 3 workers"


def test_no_reason_is_not_made_up() -> None:
    # Two locks around one map: either would do, and only both together are missed.
    twice = MAP + "var also sync.Mutex\n"
    go = 'mu.Lock()\nalso.Lock()\nm["a"] = 1\nalso.Unlock()\nmu.Unlock()'
    whys = [m.why for m in of(model(twice, go)) if m.what == "removed with its Unlock"]
    assert len(whys) == 2 and all(w.endswith("makes up for it: edited so as well, race in 2 steps") for w in whys)
    alone = model(MAP + "var n int\n", "mu.Lock()\nif n == 0 {\n  n = 0\n}\nmu.Unlock()")
    assert NO_REASON in {m.why for m in of(alone) if m.step == "if n == 0"}


def test_code_that_never_runs_is_told_apart() -> None:
    unused = MAP + 'func never() {\n  mu.Lock()\n  m["b"] = 1\n  mu.Unlock()\n}\n'
    found = of(model(unused, 'mu.Lock()\nm["a"] = 1\nmu.Unlock()'))
    assert {m.why for m in found if m.span and m.span.line < 9} == {IDLE}
    assert headline(found) == "3 of 3 edits of protective steps are noticed"


def test_what_does_not_fit_into_the_budget_is_not_decided() -> None:
    made = document(ROOT / "models" / "once.yaml")
    found = of(made, budget=Budget(max_states=3))
    assert found and all(m.verdict is Verdict.UNKNOWN and "--max-states" in m.note for m in found if not m.needed)
    assert all(not m.why for m in found if m.verdict is Verdict.UNKNOWN)


def test_a_property_that_did_not_hold_before_cannot_be_lost() -> None:
    found = of(model("var m = map[string]int{}\nvar n atomic.Int32\n", 'm["a"] = 1\nn.Add(1)'))
    assert found and not any("race" in m.broken for m in found)


def test_verdicts_are_kept_by_what_they_depend_on(tmp_path: Path) -> None:
    made = document(ROOT / "models" / "mutex.yaml")
    cache = Cache(str(tmp_path / "deep" / "er"), "1")
    first = of(made, Pool(cache))
    kept = list((tmp_path / "deep" / "er").iterdir())
    assert len(kept) == len(first)
    for file in kept:
        file.write_text(file.read_text("utf-8").replace("UNSAFE", "SAFE"), "utf-8")
    assert not any(m.needed for m in of(made, Pool(cache))), "what is kept is used"
    assert of(made, Pool(Cache(cache.directory, "2"))) == first, "another version of the tool judges anew"
    number = '{"said": [["race", "race", "SAFE", 1e999, ""]], "wrong": "", "states": 1}'
    for file, text in zip(kept, ("{", "[]", '{"said": 3}', "[" * 100_000, number, "\0"), strict=True):
        file.write_text(text, "utf-8")
    assert of(made, Pool(cache)) == first, "what cannot be read is judged anew"


def test_what_the_clock_or_a_user_ended_is_not_kept(tmp_path: Path) -> None:
    task = Task(document(ROOT / "models" / "mutex.yaml"), (), timeout=1.0)
    cache = Cache(str(tmp_path), "1")
    from verifier.mutate.judge import Said

    for reason in ("interrupted after 3 states", "1 s passed (--timeout)", "3 MiB of states reached (--max-memory)"):
        cache.put(task, Judged((Said("race", "race", Verdict.UNKNOWN, 0, reason),)))
    assert not list(tmp_path.iterdir())


def test_processes_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document(ROOT / "models" / "mutex.yaml")
    told: list[tuple[int, int]] = []
    shared = of(made, Pool(NOWHERE, 2, lambda done, n: told.append((done, n))))
    monkeypatch.setattr(pools, "FEW", 100)
    assert shared == of(made, Pool(NOWHERE, 2))
    assert told[-1] == (6, 6)


def test_ctrl_c_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document(ROOT / "models" / "mutex.yaml")
    done: list[Task] = []

    def impatient(task: Task) -> Judged:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(task)
        return judged(task)

    monkeypatch.setattr(pools, "judged", impatient)
    pool = Pool(NOWHERE)
    found = of(made, pool)
    assert [m.verdict for m in found] == [Verdict.UNSAFE] * 2 + [Verdict.UNKNOWN] * 4
    assert found[-1].note == "not judged: interrupted"
    assert pool.stopped and pool.judged([done[0]]) == [None], "one Ctrl-C is enough"


def test_a_process_that_ended_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pools, "judged", lambda task: pools.LOST)
    found = of(document(ROOT / "models" / "mutex.yaml"), Pool(Cache(str(tmp_path), "1")))
    assert found and all(m.verdict is Verdict.UNKNOWN and "its process ended" in m.note for m in found)
    assert not list(tmp_path.iterdir()), "and that is not kept"


def test_where_verdicts_are_kept() -> None:
    assert directory({"XDG_CACHE_HOME": "/x"}) == "/x/verify/mutants"
    assert directory({"XDG_CACHE_HOME": "relative"}).endswith("/.cache/verify/mutants")


def whys(declare: str, go: str, check: str) -> dict[tuple[int, str], str]:
    """Why the edits of a small model are not noticed, by line and edit."""
    made = model(declare, go, f"check: [{check}]\n")
    return {(m.span.line, m.what): m.why for m in of(made) if m.span and not m.needed}


def test_a_lock_that_holds_beyond_its_list_is_not_called_idle() -> None:
    # Deferred in a block, and left by a break: what comes behind is under the lock although no list says so.
    deferred = 'if true {\n  mu.Lock()\n  defer mu.Unlock()\n  x := 1\n  _ = x\n}\nm["a"] = 1'
    found = whys(MAP, deferred, "deadlock")
    assert found[10, "removed with its Unlock"] == "none of the properties asked looks: race in 2 steps"
    left = 'for i := 0; i < 2; i++ {\n  mu.Lock()\n  if i == 0 {\n    break\n  }\n  mu.Unlock()\n}\nm["a"] = 1'
    assert "race in 2 steps" in whys(MAP, left, "fatal")[10, "removed with its Unlock"]


def test_a_lock_around_nothing_that_orders_others_is_not_called_idle() -> None:
    # Who has seen the flag waits in the empty section until the one who set it is out of its own.
    declare = "var mu sync.Mutex\nvar first, flag atomic.Bool\nvar data int\n"
    go = """
    if first.CompareAndSwap(false, true) {
      mu.Lock()
      flag.Store(true)
      data = 1
      mu.Unlock()
    } else if flag.Load() {
      mu.Lock()
      x := 1
      _ = x
      mu.Unlock()
      data = 2
    }"""
    found = whys(declare, go, "deadlock")
    assert found[16, "removed with its Unlock"] == "none of the properties asked looks: race in 7 steps"


@pytest.mark.parametrize("go", ["ch <- 1", "wg.Add(1)", 's.Store("a", 1)', "c.Broadcast()"])
def test_what_synchronises_is_not_nothing(go: str) -> None:
    declare = "var mu sync.Mutex\nvar ch = make(chan int, 2)\nvar wg sync.WaitGroup\nvar s sync.Map\n"
    found = whys(declare + "var c = sync.NewCond(&mu)\n", f"mu.Lock()\n{go}\nmu.Unlock()", "race")
    assert found[12, "removed with its Unlock"] == f"what is no longer inside synchronises by itself: `{go}`"


def test_two_operations_that_synchronise_are_not_one() -> None:
    found = whys("var mu sync.Mutex\nvar a, b atomic.Int32\n", "mu.Lock()\na.Store(1)\nb.Store(1)\nmu.Unlock()", "race")
    assert found[9, "removed with its Unlock"] == (
        "what is no longer inside synchronises by itself, each operation on its own: `a.Store(1)`, `b.Store(1)`"
    )


def test_nothing_is_not_needed_in_a_model_that_is_not_decided() -> None:
    made = document(ROOT / "models" / "mutex.yaml")
    asked = replace(ASKED, max_states=3)
    result = verify(made, asked)
    assert result.verdict is Verdict.UNKNOWN
    found = mutants(made, ASKED, result, Pool(NOWHERE), Budget())
    assert found and all(m.needed or m.verdict is Verdict.UNKNOWN for m in found)
    assert {m.note for m in found} == {NOTHING_HOLDS}


def test_what_was_asked_of_the_model_is_asked_of_its_mutants() -> None:
    made = document(ROOT / "models" / "mutex.yaml")
    asked = replace(ASKED, checks=("lost-update",))
    found = mutants(made, asked, verify(made, asked), Pool(NOWHERE), Budget())
    assert all(m.needed or m.verdict is Verdict.SAFE for m in found), [m.note for m in found]


def test_what_fails_anyway_cannot_be_missed() -> None:
    # The write races with or without the read lock.
    get = "var mu sync.RWMutex\nvar m = map[string]int{}\nfunc get() int {\n  mu.RLock()\n  defer mu.RUnlock()\n"
    made = model(get + '  return m["a"]\n}\n', 'x := get()\nm["a"] = x')
    found = {m.what: m for m in of(made)}
    assert found["removed with its RUnlock"].why == (
        "not needed for what holds in this model: race and fatal do not hold with it either"
    )


def test_a_model_with_nothing_to_lose_is_not_mutated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "judged", lambda task: pytest.fail("judged"))
    made = model(MAP, 'm["a"] = 1\nmu.Lock()\nm["a"] = 2\nmu.Unlock()', "check: [race]\n")
    found = of(made)
    assert found and all(m.verdict is Verdict.UNKNOWN and "is known to hold" in m.note for m in found)
