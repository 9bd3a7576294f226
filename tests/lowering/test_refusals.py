"""What the lowering cannot do yet is a located error that says what works instead."""

from __future__ import annotations

import pytest

from verifier.source import ModelError

from .models import Go, judge

REFUSED = {
    "a function value stored in data": 'm := map[string]func(){}\nm["a"]()',
    "assigned twice, or only on some paths": "var f func()\nif rand.Intn(2) == 0 { f = func() {} }\nf()",
    "which is set after this": "var f func()\ndefer func() { f() }()\nif rand.Intn(2) == 0 { return }\nf = func() {}",
    "returning different functions": (
        "f := func() func() { if rand.Intn(2) == 0 { return nil }; return func() {} }()\nf()"
    ),
    "deferred in a loop": "for i := range 2 { f := func() { println(i) }\ndefer func() { f() }() }",
    "a value of type P in an interface": "type P struct{ a, b int }\nvar e any = P{}\n_ = e",
    "a conversion from *A to *B": "type A struct{ n int }\ntype B struct{ n int }\n_ = (*B)(&A{})",
    "map keys of type [2]int": "m := map[[2]int]int{}\nm[[2]int{}] = 1",
    "a value of type P in an interface is": (
        "type P struct{ a, b int }\nvar e interface{ error } = nil\nvar x any = P{}\n_, _ = e, x"
    ),
    "an assertion to sync.Locker": "var x any = new(sync.Mutex)\n_, _ = x.(sync.Locker)",
    "channels of time.Time are those of timers": "_ = make(chan time.Time)",
    "calling Error through an interface": 'e := errors.New("x")\n_ = e.Error()',
    "of a function that can panic, in a model that recovers": (
        'f := sync.OnceFunc(func() { panic("x") })\ndefer func() { recover() }()\nf()'
    ),
    'can panic with "sync/atomic: store of nil value': (
        "var v atomic.Value\ndefer func() { recover() }()\nv.Store(nil)"
    ),
    "calling sync.Mutex.TryLock through": "var l interface{ TryLock() bool } = new(sync.Mutex)\n_ = l.TryLock()",
    "sync.OnceFunc of a function that is not known": "sync.OnceFunc(nil)()",
    "Tick of a duration that is not constant": "d := time.Duration(rand.Intn(2))\n<-time.Tick(d)",
    "a function value stored in data is": "f := sync.OnceValue(func() func() { return func() {} })\nf()()",
    "deferred in a loop is not": "for i := range 2 { defer sync.OnceFunc(func() { println(i) })() }",
    "Store of an interface value": "var v, w atomic.Value\nv.Store(w.Load())",
    "CompareAndSwap of an atomic.Value that holds values of type int": "var v atomic.Value\nv.CompareAndSwap(1, 2)",
    "comparing interface values in a model that puts a map": "var x, y any = map[string]int{}, 1\n_ = x == y",
    "comparing interface values in a model that puts a map[string]bool": (
        'var s sync.Map\ns.Store("k", map[string]bool{})\ns.CompareAndDelete("k", 1)'
    ),
}


@pytest.mark.parametrize("told", REFUSED)
def test_refused_with_a_place(told: str) -> None:
    with pytest.raises(ModelError) as caught:
        judge(Go({"main": REFUSED[told]}))
    assert told in str(caught.value)
    assert str(caught.value).startswith("case.yaml:")


INITIALISERS = {
    "a package initialiser with a choice": "var n = rand.Intn(3)",
    "starting a goroutine in a package initialiser": "func f() int { go func() {}(); return 1 }\nvar n = f()",
}


@pytest.mark.parametrize("told", INITIALISERS)
def test_refused_in_an_initialiser(told: str) -> None:
    with pytest.raises(ModelError) as caught:
        judge(Go({"main": "_ = n"}, INITIALISERS[told]))
    assert told in str(caught.value)
