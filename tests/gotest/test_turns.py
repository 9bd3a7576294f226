"""Models made for one difficulty each: what their tests hold, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verifier.cli import main
from verifier.gotest.gofile import GoTest

from .made import ROOT, made, stressed
from .written import CHECKED, UNCHECKED, clients, model


def turns(test: GoTest) -> list[tuple[str, int, str]]:
    """The schedule in a test: goroutine, place, mode."""
    table = test.text.split("var schedule = ")[1].split("\n}\n")[0]
    return [(m[1], int(m[2]), m[3]) for m in re.finditer(r'\{"([^"]+)", (\d+), (\w+)\}', table)]


def test_our_names_step_aside(tmp_path: Path) -> None:
    path = model(tmp_path, "var at, schedule int", "a: at++\nb: at++\nc: schedule++")
    text = made(path)[0].text
    assert "func at_(n int) {" in text and "at_(1)" in text and "\tat++" in text
    assert "var schedule_ = []turn{" in text and "\tschedule++" in text


def test_labels_that_nobody_jumps_to_become_comments(tmp_path: Path) -> None:
    body = "a: |\n  here:\n  x = 1\nb: |\n  outer:\n  for x == 0 {\n    for {\n      break outer\n    }\n  }"
    text = made(model(tmp_path, "var x int", body))[0].text
    assert "// here:" in text and "\nouter:\n" in text and "break outer" in text


def test_a_statement_goes_on_after_a_call(tmp_path: Path) -> None:
    declare = (
        "var mu sync.Mutex\nvar m = map[int]int{}\nfunc next() int {\n  mu.Lock()\n  defer mu.Unlock()\n  return 1\n}"
    )
    test, _ = made(model(tmp_path, declare, "a: m[0] = next()\nb: m[1] = next()"), "race")
    assert "m[0] = then(" in test.text
    assert turns(test)[-1][2] == "begins"


def test_a_statement_is_written_as_two_where_others_come_between(tmp_path: Path) -> None:
    path = model(
        tmp_path,
        "var n atomic.Int32",
        "a: n.Store(n.Load() + 1)\nb: n.Store(n.Load() + 1)",
        "finally: {both: n.Load() == 2}\n",
    )
    text = made(path, "both")[0].text
    assert "was := n.Load() + 1" in text and "n.Store(was)" in text


def test_choices_are_those_of_the_schedule(tmp_path: Path) -> None:
    path = model(tmp_path, "var a [3]int", "x: |\n  i := rand.Intn(5)\n  a[i] = 1", "check: [panic]\n")
    text = made(path)[0].text
    assert "i := choose(5)" in text and "choices: []int{3}}" in text
    assert '"math/rand"' not in text


def test_a_function_without_a_body_gets_the_one_that_leads_to_the_schedule(tmp_path: Path) -> None:
    declare = "func hash(string, int) uint8\nfunc ok(bool) bool\nvar a [4]int"
    body = 'x: |\n  if ok(true) {\n    a[hash("k", 2)%4] = 1\n  }\ny: |\n  if ok(false) { a[3] = 2 }'
    text = made(model(tmp_path, declare, body, "check: [race]\n"))[0].text
    assert "func hash(a0 string, a1 int) uint8 {" in text
    assert 'case a0 == "k" && a1 == 2:\n\t\treturn 3\n\t}\n\treturn 0\n}' in text
    assert "func ok(a0 bool) bool {" in text and "switch a0 {\n\tcase false:\n\t\treturn true\n" in text


def test_of_a_safe_model_a_function_without_a_body_is_another_one_in_every_round(tmp_path: Path) -> None:
    declare = "func hash(k string, n uint8, b bool) uint32\nfunc odd(int) bool\nvar a [2]int"
    path = model(tmp_path, declare, 'x: |\n  if odd(1) {\n    a[hash("k", 1, true)%2]++\n  }')
    text = stressed(path).text
    assert "mixed := variant * 3" in text and "return uint32(mixed >> 7 % 2)" in text
    assert "mixed := variant * 5" in text and "return mixed>>7%2 == 1" in text
    assert "\tvariant = rand.Uint32()\n" in text


def test_the_loop_of_a_starvation_is_repeated(tmp_path: Path) -> None:
    body = "a: |\n  for !done.Load() {\n  }\nb: |\n  for {\n    n.Store(1)\n    n.Store(2)\n  }"
    declare = "var done atomic.Bool\nvar n atomic.Int32"
    test, prop = made(model(tmp_path, declare, body, "check: [starvation]\n"))
    found = turns(test)
    first = int(test.text.split("loop, n := schedule[")[1].split(":")[0])
    assert prop.trace is not None and prop.trace.loop
    # One round: whoever moves in the loop of the trace moves in it, as often.
    moved = [s.goroutine for s in prop.trace.steps[-prop.trace.loop :]]
    assert sorted(t[0] for t in found[first:]) == sorted(moved)
    assert "no further in %d rounds" in test.text and "stuck(" not in test.text.split("func Test")[1].split("\n}")[0]


def test_who_starves_in_a_lock_waits_there_before_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test, _ = made("models/naive-rwlock-writer-starves.yaml")
    found = turns(test)
    first = int(test.text.split("loop, n := schedule[")[1].split(":")[0])
    assert [t for t in found[:first] if t[0] == "writer"] and not [t for t in found[first:] if t[0] == "writer"]
    assert [t[2] for t in found if t[0] == "writer"] == ["begins"]


def test_a_goroutine_that_is_started_again_is_another_one_in_go(tmp_path: Path) -> None:
    body = "a: |\n  for i := 0; i < 2; i++ {\n    wg.Add(1)\n    go func() {\n      n++\n      wg.Done()\n    }()\n"
    path = model(tmp_path, "var wg sync.WaitGroup\nvar n int", body + "    wg.Wait()\n  }", "finally: {one: n == 1}\n")
    test, _ = made(path, "one")
    started = list(dict.fromkeys(who for who, _, _ in turns(test)))
    assert started == ["a", "a.go1#1", "a.go1#1 (2)"]
    assert test.text.count("child: true") == 2


def test_what_the_library_does_at_the_end_of_a_goroutine_has_no_turn(tmp_path: Path) -> None:
    body = "a: |\n  var wg sync.WaitGroup\n  wg.Go(func() { n = 1 })\n  wg.Wait()"
    test, _ = made(model(tmp_path, "var n int", body, "finally: {zero: n == 0}\n"), "zero")
    assert [(who, mode) for who, _, mode in turns(test)] == [("a", "runs"), ("a.go1", "begins"), ("a", "runs")]


def test_the_calls_of_a_history_are_made_and_judged_in_go(tmp_path: Path) -> None:
    test, prop = made(clients(tmp_path, UNCHECKED))
    assert prop.kind == "linearizable" and prop.trace is not None and prop.trace.history is not None
    rows = test.text.split("var history = ")[1].split("\n}\n")[0]
    assert rows.count("{who:") == len(prop.trace.history.calls)
    assert "stored(m.LoadOrStore(keyA, value1))" in test.text and "explained(make(" in test.text
    begun = [int(n) for n in re.findall(r"\tat\((\d+)\)\n\tcall\(", test.text)]
    table = {slot: mode for _, slot, mode in turns(test)}
    # Every call waits for its turn, so that what does not overlap in the history does not overlap in Go.
    assert len(begun) == 2 and all(table[n] == "runs" for n in begun)


def test_clients_of_a_safe_model_make_random_calls(tmp_path: Path) -> None:
    text = stressed(clients(tmp_path, CHECKED)).text
    rows = text.split("var operations = ")[1].split("\n}\n")[0]
    assert rows.count("func() string") == 1 and "stored(m.LoadOrStore(keyA, value1))" in rows
    # The map is made anew in every round, and the time of a call orders no goroutines.
    assert "func reset() {\n\tm = NewMap()\n}" in text and '"sync/atomic"' not in text


def test_every_loop_header_can_hold(tmp_path: Path) -> None:
    body = "a: |\n  for i := 0; i < n; i++ {\n    n--\n  }\nb: n = 3"
    text = made(model(tmp_path, "var n int", body))[0].text
    assert re.search(r"for i := 0; pass\(\d\) && i < n; i\+\+ \{", text)


def test_source_files_lose_their_header(tmp_path: Path) -> None:
    (tmp_path / "c.go").write_text(
        'package c\n\nimport (\n\t"sync"\n)\n\nvar mu sync.Mutex\nvar x int\n', encoding="utf-8"
    )
    path = tmp_path / "m.yaml"
    path.write_text("model: m\nsource: c.go\ngoroutines:\n  a: x = 1\n  b: x = 2\n", encoding="utf-8")
    text = made(str(path))[0].text
    assert text.count("package ") == 1 and text.count("import (") == 1 and "var mu sync.Mutex" in text


def test_both_halves_of_a_meeting_have_a_turn(tmp_path: Path) -> None:
    body = "a: |\n  c <- 1\n  x = 1\nb: |\n  <-c\n  x = 2"
    test, _ = made(model(tmp_path, "var c = make(chan int)\nvar x int", body), "race")
    assert turns(test)[:3] == [("a", 1, "begins"), ("b", 3, "runs"), ("a", 1, "ends")]


def test_a_race_in_a_select_is_in_the_case_of_that_channel(tmp_path: Path) -> None:
    body = "a: close(d)\nb: |\n  select {\n  case c <- 1:\n  case d <- 1:\n  }"
    path = model(tmp_path, "var c, d = make(chan int, 1), make(chan int, 1)", body, "check: [race]\n")
    text = made(path)[0].text
    assert re.search(r'\{"b", \d, \w+, 2\}', text) and "case d <- 1:" not in text and "only(1, d) <- 1" in text


def test_initialisers_take_no_turns(tmp_path: Path) -> None:
    declare = "var n atomic.Int32\nfunc set(k int32) bool {\n  n.Store(k)\n  return true\n}\n"
    body = "a: set(1)\nb: set(2)"
    for made_by, guarded in (("var ok = set(5)", True), ("var c = make(chan int)", False)):
        (tmp_path / str(guarded)).mkdir()
        path = model(tmp_path / str(guarded), declare + made_by, body, "finally: {two: n.Load() == 2}\n")
        text = made(path)[0].text
        assert ("\tif !playing {\n\t\treturn\n" in text) is guarded
        assert ("playing = true" in text) is guarded


def test_what_a_pointer_points_to_can_be_read_later(tmp_path: Path) -> None:
    declare = "var p atomic.Pointer[int]\nvar s, t, got int\nvar ok = first()\nfunc first() bool {\n  p.Store(&s)\n"
    declare += "  return true\n}\nfunc get() int {\n  return *p.Load()\n}"
    body = "a: got = get()\nb: |\n  p.Store(&t)\n  s = 1"
    path = model(tmp_path, declare, body, "check: [panic]\nfinally: {old: got == 0}\n")
    test, _ = made(path)
    assert "was := p.Load()" in test.text and "return *was" in test.text and not test.loose


def test_who_only_looks_meets_somebody_who_waits(tmp_path: Path) -> None:
    body = "a: |\n  for {\n    select {\n    case c <- 1:\n    default:\n    }\n  }\nb: |\n  <-c\n  panic(1)"
    test, _ = made(model(tmp_path, "var c = make(chan int)", body, "check: [panic]\n"))
    found = [(who, mode) for who, _, mode in re.findall(r'\{"(\w+)", (\d+), (\w+)', test.text.split("schedule = ")[1])]
    assert found.index(("b", "begins")) < found.index(("a", "runs")) < found.index(("b", "ends"))


def test_a_select_takes_the_case_of_the_schedule(tmp_path: Path) -> None:
    body = "a: |\n  select {\n  case <-c:\n  case <-d:\n    panic(1)\n  }\nb: |\n  c <- 1\n  d <- 1"
    path = model(tmp_path, "var c, d = make(chan int, 1), make(chan int, 1)", body, "check: [panic]\n")
    test, _ = made(path)
    assert "case <-only(0, c):" in test.text and re.search(r'"a", \d, runs, 2}', test.text)


def test_a_generic_function_is_held_once_for_all_its_instances(tmp_path: Path) -> None:
    declare = "func put[V any](m map[int]V, v V) {\n  m[0] = v\n}\nvar a, b = map[int]int{}, map[int]bool{}"
    text = made(model(tmp_path, declare, "x: |\n  put(a, 1)\n  put(b, true)\ny: put(a, 2)"))[0].text
    body = text.split("func put[V any]")[1].split("\n}")[0]
    assert body.count("at(") == 1 and "m[0] = v" in body


def test_what_context_does_stands_where_it_is_called(tmp_path: Path) -> None:
    called = "ctx, cancel := context.WithCancel(context.Background())\n  if n == 1 { cancel() }\n  <-ctx.Done()"
    body = f"x: |\n  {called}\ny: n = 0"
    test, prop = made(model(tmp_path, "var n int", body), "deadlock")
    assert prop.trace is not None and '"context"' in test.text
    assert "cancelCtx" not in test.text
    assert {f.function for s in prop.trace.steps for f in s.stack} <= {"x", "y"}


def test_what_should_be_ordered_is_probed_at_its_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test, prop = made("models/real/go-81187-delete-absent.yaml")
    assert prop.kind == "ordered" and test.race
    rows = [row.strip() for row in test.text.split("\n")]
    (first, _), (last, _) = test.lines
    assert rows[first - 1 : first + 2] == ["probe = 1", "// deleting:", "m.Delete()"]
    assert rows[last - 2 : last + 1] == ["m.Load()", "learn(probe)", "// loaded:"]


def test_the_owner_of_a_scheme_is_there_and_the_others_leave(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["gotest", "models/workloads/check-then-create.yaml", "--scheme", "channelowner"]) == 0
    text = capsys.readouterr().out
    assert "func login() {\n\tdefer ownerLeave()\n" in text and "func owner() {\n\tsessions.Own()\n}" in text
    assert "it runs:" not in text and text.count("defer ownerLeave()") == 1
