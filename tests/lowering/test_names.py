"""How cells are called in reports: as Go would write them."""

from __future__ import annotations

import pytest

from .models import Go, judge

WRITE, READ = "write", "read"

PLACES = {
    "x": ("var x int\nvar p = &x", "*p = 1", "_ = x"),
    "s.n": ("type S struct{ n int }\nvar s S", "s.n = 1", "_ = s.n"),
    "s.state.value": ("type V struct{ value int }\ntype S struct{ state V }\nvar s S", "s.state.value = 1", "_ = s"),
    "p.held": ("type S struct{ held bool }\nvar p = &S{}", "p.held = true", "_ = p.held"),
    "out.in.v": (
        "type S struct{ v int }\ntype T struct{ in S }\nvar out T\nvar p, q = &out, &out.in",
        "p.in.v = 1",
        "_ = q.v",
    ),
    'm["a"].n': (
        'type S struct{ n int }\nvar m = map[string]*S{"a": {}}',
        'm["a"].n = 1',
        '_ = m["a"].n',
    ),
    "m (map header)": ("var m = map[string]int{}", 'm["a"] = 1', "_ = len(m)"),
    "a[1].mu": ("type S struct{ mu sync.Mutex }\nvar a [2]S", "a[1].mu.Lock()", "s := a[1]; _ = s.mu"),
    "n": ("var n atomic.Int32", "n.Add(1)", "c := n; _ = c.Load()"),
    "wg": ("var wg sync.WaitGroup", "wg.Add(1)\nwg.Done()", "wg.Wait()"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_race_names_its_place(name: str) -> None:
    declare, write, read = PLACES[name]
    race = next(p for p in judge(Go({WRITE: write, READ: read}, declare)).properties if p.name == "race")
    assert race.sentence == f"two goroutines touch {name} unordered"


def test_an_object_of_a_role_is_named_after_its_line() -> None:
    declare = "type S struct{ n int }\nvar p atomic.Pointer[S]"
    model = Go({WRITE: "s := &S{}\np.Store(s)\ns.n = 1", READ: "if s := p.Load(); s != nil { _ = s.n }"}, declare)
    race = next(p for p in judge(model).properties if p.name == "race")
    assert race.sentence == "two goroutines touch write: S@3.n unordered"


ASSERTIONS = {
    "interface {} is nil, not int": ("var i any", "_ = i.(int)"),
    "interface {} is int, not *S": ("type S struct{ n int }\nvar i any = 1", "_ = i.(*S)"),
    "interface {} is *S, not int": ("type S struct{ n int }\nvar i any = &S{}", "_ = i.(int)"),
    "E is nil, not string": ("type E interface{}\nvar i E", "defer println()\n_ = i.(string)"),
    "E is bool, not string": ("type E interface{}\nvar i E = true", "defer println()\n_ = i.(string)"),
    "interface is nil, not R": ("type R interface{ Get() int }\nvar i any", "_ = i.(R)"),
    "int is not R: missing method Get": ("type R interface{ Get() int; Put() }\nvar i any = 3", "_ = i.(R)"),
}
"""As gc 1.27 has them, which puts `main.` before a type of the program."""


@pytest.mark.parametrize("words", ASSERTIONS)
def test_a_failed_assertion_says_what_it_found(words: str) -> None:
    declare, body = ASSERTIONS[words]
    declare += "\nfunc println() {}"
    panic = next(p for p in judge(Go({WRITE: body}, declare)).properties if p.name == "panic")
    assert panic.sentence == f"panic: interface conversion: {words}"


def test_a_map_in_a_timeline_shows_keys_and_values_only() -> None:
    """Not the bit by which a range tells what was there when it began, even where a field has its name."""
    declare = 'type S struct{ fresh bool; n int }\nvar m = map[string]S{"a": {n: 1}}\nvar k = map[int]int{}'
    model = Go({WRITE: 'for range m {}\nm["b"] = S{true, 2}\nk[1] = 7\npanic("end")'}, declare)
    panic = next(p for p in judge(model).properties if p.name == "panic")
    assert panic.trace is not None
    shown = dict(zip(panic.trace.columns, panic.trace.steps[-1].objects, strict=True))
    assert shown == {"m": "{a:{false,1} b:{true,2}}", "k": "{1:7}"}


SAID = {
    "boom": ("", 'panic("boom")'),
    "7": ("const c = 7", "panic(c)"),
    "true": ("", "panic(true)"),
    'E("boom")': ("type E string", 'panic(E("boom"))'),
    "E(3)": ("type E int\nconst e E = 3", "panic(e)"),
    "later": ("", 'panic(errors.New("later"))'),
    "runtime error: panic called with nil argument": ("", "panic(nil)"),
    "E{1}": ("type E struct{ n int }", "panic(E{1})"),
    "f()": ("func f() int { return rand.Intn(2) }", "panic(f())"),
}
"""As gc 1.27 has them, but for the package before a type; what is not known before, as it is written."""


@pytest.mark.parametrize("words", SAID)
def test_a_panic_says_what_go_prints(words: str) -> None:
    declare, body = SAID[words]
    panic = next(p for p in judge(Go({WRITE: body}, declare)).properties if p.name == "panic")
    assert panic.sentence == f"panic: {words}"


def test_a_panic_with_nil_said_nothing_before_go_1_21() -> None:
    panic = next(p for p in judge(Go({WRITE: "panic(nil)"}, go="1.20")).properties if p.name == "panic")
    assert panic.sentence == "panic: nil"


SYNC_MAPS = {
    "strings": ('m.Store("b", 7)', "{b:7}"),
    "several": ('m.Store("b", 7)\nm.Store("a", 1)', "{b:7 a:1}"),
    "integers": ("m.Store(2, 7)", "{2:7}"),
    "none": ('m.Store("b", 7)\nm.Delete("b")', "{}"),
}


@pytest.mark.parametrize("name", SYNC_MAPS)
def test_a_sync_map_is_shown_with_what_is_in_it(name: str) -> None:
    body, shown = SYNC_MAPS[name]
    model = Go({WRITE: f"{body}\ndone = true"}, "var m sync.Map\nvar done bool", always=("!done",))
    trace = next(p for p in judge(model).properties if p.kind == "always").trace
    assert trace is not None
    assert dict(zip(trace.columns, trace.steps[-1].objects, strict=True))["m"] == shown
