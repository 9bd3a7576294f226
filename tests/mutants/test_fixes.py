"""Suggested fixes: what is suggested for the UNSAFE models, that it verifies, and what is said where nothing does."""

from __future__ import annotations

import re

import pytest
from catalogue import CATALOGUE, ROOT, document, is_safe

from verifier.evidence.fix import Fixes
from verifier.model.document import Document
from verifier.mutate import suggest
from verifier.mutate.cache import Cache
from verifier.mutate.files import rebuilt
from verifier.mutate.judge import Budget
from verifier.mutate.pool import Pool
from verifier.mutate.suggest import candidates, fixes
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

from .editing import model

ASKED = Options(any_number=False)

SUGGESTED = {
    "channel-leak": "room for one value in the channel of line 15",
    "copied-mutex": "a pointer receiver for Inc on line 14: a value is copied, its lock too",
    "double-checked-locking": "hold mu from the beginning to the end of get",
    "lazy-init": "guard lines 11 to 14 with a new mutex, mu",
    "len-unlocked": "guard line 20 with mu",
    "lock-order": "guard lines 17 to 22 with a new mutex, mutex",
    "map-variable-replaced": "guard line 20 with mu",
    "mixed-atomic": "atomic.LoadInt64(&hits) on line 17",
    "mutex-early-return": "defer mu.Unlock() right behind line 13",
    "nil-map": "make the map: hits = map[string]int{} on line 9",
    "nested-map-escape": "guard line 24 with mu",
    "pointer-escape": "guard lines 24 and 29 with mu",
    "recover-keeps-lock": "defer mu.Unlock() right behind line 13",
    "rwmutex-recursive-rlock": "read directly instead of calling c.Get, which locks again, on line 21",
    "rwmutex-write-under-rlock": "Lock for RLock on line 17",
    "sync-map-check-then-act": "LoadOrStore for Load on line 16 and Store on line 17",
    "unprotected": "guard lines 17, 21 and 25 with a new mutex, mu",
    "wg-add-inside": "wg.Add(1) before `go` on line 15",
}


def of(made: Document) -> Fixes:
    return fixes(made, ASKED, verify(made, ASKED), Pool(Cache(None, "")), Budget(max_states=20_000))


LONG = {
    "copied-mutex",
    "lock-order",
    "map-variable-replaced",
    "nested-map-escape",
    "pointer-escape",
    "recover-keeps-lock",
}
"""Those are judged when the page is made."""


@pytest.mark.parametrize("name", sorted(SUGGESTED.keys() - LONG))
def test_the_smallest_edit_verifies(name: str) -> None:
    made = document(ROOT / "models" / f"{name}.yaml")
    found = of(made)
    assert found.found[0].what == SUGGESTED[name]
    # What the diff says is what was judged, and it is SAFE to who judges it again.
    known = next(c for c in candidates(made, ASKED, verify(made, ASKED)) if c.diff == found.found[0].diff)
    again = verify(rebuilt(made, dict(known.texts)), ASKED)
    assert again.verdict is Verdict.SAFE and len(again.properties) == found.found[0].properties
    assert _patched(made, found.found[0].diff) == dict(known.texts)[made.path]


def _patched(made: Document, diff: str) -> str:
    """The model with a unified diff applied, as `patch` would."""
    lines = list(made.lines)
    out: list[str] = []
    at = 0
    for row in diff.split("\n"):
        if row[:3] in ("---", "+++"):
            continue
        hunk = re.match(r"@@ -(\d+)", row)
        if hunk:
            out += lines[at : int(hunk[1]) - 1]
            at = int(hunk[1]) - 1
        elif row[:1] == "+":
            out.append(row[1:])
        else:
            assert lines[at] == row[1:]
            out += [] if row[:1] == "-" else [lines[at]]
            at += 1
    return "\n".join([*out, *lines[at:]])


def test_nothing_is_suggested_that_loses_a_witness() -> None:
    # With a lock around everything nobody could see both at once, which the model demands to be possible.
    go = "n++\nhere:\nn++"
    made = model("var n int\n", go, "sometimes:\n  both at once: at(worker, here) == 2\n")
    found = of(made)
    assert not found.found or all("both at once" not in f.what for f in found.found)
    for f in found.found:
        known = next(c for c in candidates(made, ASKED, verify(made, ASKED)) if c.diff == f.diff)
        assert verify(rebuilt(made, dict(known.texts)), ASKED).verdict is Verdict.SAFE


def test_what_is_safe_needs_no_fix() -> None:
    found = of(document(ROOT / "models" / "once.yaml"))
    assert found.found == () and found.reason == "nothing is UNSAFE, so there is nothing to fix"


def test_no_edit_helps() -> None:
    found = of(document(ROOT / "models" / "channel-close-early.yaml"))
    assert found.found == () and found.tried == found.known and "verifies" in found.reason


def test_what_hangs_is_no_fix() -> None:
    # Deadlock is not asked, and a lock that is never let go keeps the other goroutine away from the map.
    go = 'mu.Lock()\nm["a"] = 1\nmu.Unlock()\nm["a"] = 2'
    made = model("var mu sync.Mutex\nvar m = map[string]int{}\n", go, "check: [race]\n")
    found = of(made)
    assert found.found and found.found[0].properties == 4
    assert "mu.Unlock()" in found.found[0].diff


def test_a_fix_says_that_updates_are_still_lost() -> None:
    get = "func get() int {\n  mu.Lock()\n  defer mu.Unlock()\n  return n\n}\n"
    made = model("var mu sync.Mutex\nvar n int\n" + get, "x := get()\nn = x + 1")
    found = of(made)
    assert found.found[0].scope.endswith("; not asked, and not SAFE: n is overwritten from a stale read")


def test_none_for_clients() -> None:
    made = document(ROOT / "models" / "linearizable" / "rwmutex-unchecked.yaml")
    unsafe = verify(document(ROOT / "models" / "nil-map.yaml"), ASKED)
    found = fixes(made, ASKED, unsafe, Pool(Cache(None, "")), Budget())
    assert found.found == () and "whether calls return" in found.reason


def test_a_limit_makes_no_fix() -> None:
    made = document(ROOT / "models" / "len-unlocked.yaml")
    result = verify(made, ASKED)
    assert not fixes(made, ASKED, result, Pool(Cache(None, "")), Budget(max_states=3)).found


def test_the_whole_pipeline_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document(ROOT / "models" / "len-unlocked.yaml")
    result = verify(made, ASKED)
    # A memory, or a process, that says SAFE to everything is not believed.
    monkeypatch.setattr(suggest, "_safe", lambda found: True)
    whats = {f.what for f in fixes(made, ASKED, result, Pool(Cache(None, "")), Budget()).found}
    assert whats == {"guard line 20 with mu"}


def test_ctrl_c_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from verifier.mutate import pool as pools

    def impatient(task: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pools, "judged", impatient)
    assert of(document(ROOT / "models" / "len-unlocked.yaml")).found == ()


def test_the_page_names_every_unsafe_model() -> None:
    page = (ROOT / "docs" / "fixes.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \[([\w-]+)\]\(\S*models/[\w-]+\.yaml\) \| (.*?) \|", page, re.M))
    unsafe = {p.stem for p in CATALOGUE if any(v is Verdict.UNSAFE for _, v in document(p).expect)}
    assert not any(is_safe(p) for p in CATALOGUE if p.stem in unsafe)
    assert set(rows) == unsafe, "run `python docs/mutants.py`"
    assert {name: rows[name] for name in SUGGESTED} == SUGGESTED
    assert sum("*none:*" not in said for said in rows.values()) >= 30


def test_what_makes_dead_code_is_no_fix() -> None:
    # With a map from the beginning there is no race on the variable, and what made the map never runs.
    go = 'if m == nil {\n  m = map[string]int{}\n}\nmu.Lock()\nm["a"] = 1\nmu.Unlock()'
    made = model("var mu sync.Mutex\nvar m map[string]int\n", go)
    found = of(made)
    assert any(c.edit.operator == "made" for c in candidates(made, ASKED, verify(made, ASKED)))
    assert found.found and not any("make the map" in f.what for f in found.found)


USERS = 'type User struct{ Age int }\nvar mu sync.RWMutex\nvar users = map[string]*User{"a": &User{Age: 30}}\n'
GREET = 'mu.RLock()\nu := users["a"]\nmu.RUnlock()\n_ = u.Age'
BIRTHDAY = '  birthday:\n    count: 1\n    body: |\n      mu.Lock()\n      users["a"].Age++\n      mu.Unlock()\n'
GETTER = "func get(k string) *User {\n  mu.RLock()\n  defer mu.RUnlock()\n  return users[k]\n}\n"


def test_a_copy_is_made_before_the_lock_is_let_go() -> None:
    found = of(model(USERS, GREET, BIRTHDAY)).found[0]
    assert found.what == "a copy of u, made under the lock on line 11"
    assert "\n+      if u != nil { copied := *u; u = &copied }\n" in found.diff


def test_a_getter_returns_a_copy() -> None:
    found = of(model(USERS + GETTER, 'u := get("a")\n_ = u.Age', BIRTHDAY))
    made = model(USERS + GETTER, 'u := get("a")\n_ = u.Age\n_ = get("a").Age', BIRTHDAY)
    copies = [c for c in candidates(made, ASKED, verify(made, ASKED)) if c.edit.operator == "copy out"]
    assert [c.edit.what for c in copies] == ["a copy of what get returns, made under the lock on line 9"]
    assert verify(rebuilt(made, dict(copies[0].texts)), ASKED).verdict is Verdict.SAFE
    assert found.found


@pytest.mark.parametrize(
    "go",
    [
        "u.Age++",
        "u.Age = 3",
        "p := &u.Age\n*p = 3",
        'mu.Lock()\nusers["b"] = u\nmu.Unlock()',
        "v := u\nv.Age = 1",
        "u.grow()",
    ],
)
def test_no_copy_for_who_does_more_than_read(go: str) -> None:
    # What is written through a copy is lost: no race, and wrong.
    grow = "func (u *User) grow() { u.Age++ }\n"
    for declare, body in ((USERS + grow, f"{GREET}\n{go}"), (USERS + grow + GETTER, f'u := get("a")\n_ = u.Age\n{go}')):
        made = model(declare, body, BIRTHDAY)
        assert not [c for c in candidates(made, ASKED, verify(made, ASKED)) if c.edit.operator == "copy out"]


def test_no_copy_of_a_lock() -> None:
    users = USERS.replace("Age int", "Age int; own sync.Mutex")
    made = model(users, GREET, BIRTHDAY)
    assert not [c for c in candidates(made, ASKED, verify(made, ASKED)) if c.edit.operator == "copy out"]
