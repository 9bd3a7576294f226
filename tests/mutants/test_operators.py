"""What each operator makes of a few lines of Go."""

from __future__ import annotations

import pytest

from verifier.model.read import read_text
from verifier.mutate.catalogue import weakened
from verifier.mutate.files import Files, rebuilt
from verifier.pipeline import Options, read_front

from .editing import changed, model, weaker

MAP = """\
var mu sync.RWMutex
var m = map[string]int{}
var n atomic.Int32
"""


def made(declare: str, body: str, operator: str) -> list[str]:
    return [lines for e, lines in weaker(model(declare, body)) if e.operator == operator]


def test_a_lock_goes_with_its_unlock() -> None:
    go = 'mu.Lock()\nm["a"] = 1\nmu.Unlock()\n'
    assert made(MAP, go, "lock removed") == ["-mu.Lock()\n-mu.Unlock()"]
    assert made(MAP, go, "read lock") == ["-mu.Lock()\n+mu.RLock()\n-mu.Unlock()\n+mu.RUnlock()"]
    assert made(MAP, go, "unlock removed") == ["-mu.Unlock()"]


def test_a_lock_goes_with_the_unlock_of_every_way_out() -> None:
    go = 'mu.Lock()\nif m["a"] == 1 {\n  mu.Unlock()\n  return\n}\nm["a"] = 1\nmu.Unlock()\n'
    assert made(MAP, go, "lock removed") == ["-mu.Lock()\n-mu.Unlock()\n-mu.Unlock()"]


def test_an_unlock_before_the_last_statement() -> None:
    go = 'mu.Lock()\n_ = len(m)\nm["a"] = 1\nmu.Unlock()\n'
    assert made(MAP, go, "unlock earlier") == ["+mu.Unlock()\n-mu.Unlock()"]
    assert made(MAP, go, "lock later") == ["+_ = len(m)\n-_ = len(m)"]


def test_a_deferred_unlock_before_the_last_statement_and_every_return() -> None:
    declare = MAP + "func get() int {\n  mu.RLock()\n  defer mu.RUnlock()\n  if len(m) == 0 {\n    return 0\n  }\n"
    declare += '  return m["a"]\n}\n'
    lines = made(declare, "_ = get()", "unlock earlier")
    assert lines == ["-defer mu.RUnlock()\n+mu.RUnlock()\n+mu.RUnlock()"]


def test_a_return_of_names_only_needs_no_lock_and_is_no_edit() -> None:
    declare = MAP + 'func get() int {\n  mu.RLock()\n  defer mu.RUnlock()\n  v := m["a"]\n  return v\n}\n'
    assert made(declare, "_ = get()", "unlock earlier") == []


def test_statements_in_one_line() -> None:
    lines = made(MAP, 'mu.Lock(); m["a"] = 1; mu.Unlock()\n', "lock removed")
    assert lines == ['-mu.Lock(); m["a"] = 1; mu.Unlock()\n+m["a"] = 1']


def test_a_label_stays() -> None:
    go = 'mu.Lock()\nhere:\nm["a"] = 1\nthere:\nmu.Unlock()\n'
    assert made(MAP, go, "lock removed") == ["-mu.Lock()\n-mu.Unlock()"]


def test_checks_under_a_lock() -> None:
    go = 'mu.Lock()\nif m["a"] == 0 {\n  m["a"] = 1\n}\nmu.Unlock()\n'
    assert made(MAP, go, "check removed") == ['-if m["a"] == 0 {\n+{']
    out = 'mu.Lock()\ndefer mu.Unlock()\nif m["a"] != 0 {\n  return\n}\nm["a"] = 1\n'
    assert made(MAP, out, "check removed") == ['-if m["a"] != 0 {\n-return\n-}']


def test_a_loop_around_wait() -> None:
    declare = "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar ready bool\n"
    go = "mu.Lock()\nfor !ready {\n  c.Wait()\n}\nready = true\nc.Broadcast()\nmu.Unlock()\n"
    assert made(declare, go, "looks once") == ["-for !ready {\n+if !ready {"]
    assert made(declare, go, "wakes one") == ["-c.Broadcast()\n+c.Signal()"]
    assert made(declare, go, "wake-up removed") == ["-c.Broadcast()"]


def test_atomic_operations() -> None:
    assert made(MAP, "n.Add(1)", "two operations") == ["-n.Add(1)\n+n.Store(n.Load() + 1)"]
    assert made(MAP, "n.Add(1)\n_ = n.Load()", "plain") == [
        "-var n atomic.Int32\n+var n int32\n-n.Add(1)\n+n += 1\n-_ = n.Load()\n+_ = n"
    ]
    go = "if n.CompareAndSwap(0, 1) {\n  n.Add(1)\n}\n"
    assert made(MAP, go, "unconditional") == [
        "-if n.CompareAndSwap(0, 1) {\n+if func() bool { n.Store(1); return true }() {"
    ]
    old = "var x int32\n"
    assert made(old, "atomic.StoreInt32(&x, 1)", "plain") == ["-atomic.StoreInt32(&x, 1)\n+x = 1"]


def test_a_sync_map() -> None:
    declare = "var users sync.Map\n"
    go = 'v, loaded := users.LoadOrStore("a", 1)\n_, _ = v, loaded\n'
    assert made(declare, go, "two operations") == [
        '-v, loaded := users.LoadOrStore("a", 1)\n'
        '+v, loaded := users.Load("a"); if !loaded { v = 1; users.Store("a", v) }'
    ]
    assert made(declare, 'users.Store("a", 1)', "plain") == [
        '-var users sync.Map\n+var users = map[string]any{}\n-users.Store("a", 1)\n+users["a"] = 1'
    ]
    assert made(declare, go, "plain") == [], "a plain map has no LoadOrStore"


def test_what_is_done_once_is_done_by_everybody() -> None:
    assert made("var once sync.Once\nvar x int\n", "once.Do(func() { x = 1 })", "every time") == [
        "-once.Do(func() { x = 1 })\n+func() { x = 1 }()"
    ]


def test_a_copy_is_shared() -> None:
    go = "next := map[string]int{}\nfor k, v := range m {\n  next[k] = v\n}\n"
    assert made(MAP, go, "copy removed") == ["-for k, v := range m {\n-next[k] = v\n+next = m\n-}"]


def test_a_channel_as_a_lock() -> None:
    go = 'sem <- true\nm["a"] = 1\n<-sem\n'
    assert "-sem <- true\n-<-sem" in made(MAP + "var sem = make(chan bool, 1)\n", go, "lock removed")


def test_edits_inside_quoted_text_are_left_alone() -> None:
    text = 'model: q\ndeclare: "var n atomic.Int32\\nvar s = \\"a\\""\ngoroutines:\n  w: "n.Add(1)"\n'
    document = read_text("q.yaml", text)
    files = Files(document)
    for edit in weakened(read_front(document, Options())):
        # Whatever has a place is put there right: the model can still be read.
        rebuilt(document, files.changed(edit.changes))


@pytest.mark.parametrize("name", ["mutex", "rwmutex", "cond", "copy-on-write", "atomic-pointer-cas"])
def test_an_edit_changes_what_it_says(name: str) -> None:
    from catalogue import ROOT, document

    made = document(ROOT / "models" / f"{name}.yaml")
    files = Files(made)
    edits = weakened(read_front(made, Options()))
    assert edits
    for edit in edits:
        assert changed(files, edit), edit
        assert files.slice(edit.span), edit
