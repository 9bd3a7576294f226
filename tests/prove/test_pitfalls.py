"""What a proof must not overlook: each case was, or could have been, proved although it is wrong, or the other way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.prove.anynumber import attempt, in_the_way
from verifier.prove.shape import NotCovered, shape
from verifier.prove.views import fixpoint

from .build import Case, bug, explored, for_proof, front, machine, prove

COUNTER = "var mu sync.Mutex\nvar x int"
COUNT = "mu.Lock()\nx++\nmu.Unlock()"

BUGS = {
    "a counter beyond every bound of the model": Case(
        COUNTER, {"w": COUNT, "r": 'mu.Lock()\nv := x\nmu.Unlock()\nif v > 100 { panic("big") }'}
    ),
    "the third of many": Case("var a atomic.Int64", {"w": 'if a.Add(1) == 3 { panic("third") }'}),
    "a goroutine lets go of what another one holds": Case(
        "var mu sync.Mutex\nvar x int", {"w": "mu.Lock()\nx = 1\nmu.Unlock()", "u": "mu.Unlock()"}
    ),
    "a lock that is assigned to is free again": Case(
        "type S struct { rw sync.RWMutex; x int }\nvar mu, one sync.Mutex\nvar s S",
        {
            "r": "mu.Lock()\ns.rw.RLock()\nmu.Unlock()\n_ = s.x",
            "z": "one.Lock()\nmu.Lock()\ns.rw = sync.RWMutex{}\nmu.Unlock()\none.Unlock()",
            "w": "one.Lock()\nmu.Lock()\nok := s.rw.TryLock()\nmu.Unlock()\nif ok { s.x = 1 }\none.Unlock()",
        },
    ),
    "a copy of a lock is as locked as the lock": Case(
        "type S struct { mu sync.Mutex; x int }\nvar mu sync.Mutex\nvar s S",
        {
            "a": "mu.Lock()\ns.mu.Lock()\nmu.Unlock()\nmu.Lock()\ns.mu.Unlock()\nmu.Unlock()",
            "b": 'mu.Lock()\nc := s\nmu.Unlock()\nif !c.mu.TryLock() { panic("copied") }',
        },
    ),
    "two blocks of one site at once": Case(
        "type T struct { f int }\nvar p, q atomic.Pointer[T]",
        {
            "w": "for {\n a := &T{f: 1}\n b := p.Load()\n p.Store(a)\n q.Store(b)\n}",
            "r": "a := p.Load()\nb := q.Load()\nif a != nil && b != nil {\n if a != b { a.f = 2 }\n}",
        },
    ),
    "the maker of an object frees its lock": Case(
        "type T struct { mu sync.Mutex; f int }\nvar mu sync.Mutex\nvar p atomic.Pointer[T]",
        {
            "maker": "o := &T{}\np.Store(o)\nmu.Lock()\no.mu = sync.Mutex{}\nmu.Unlock()",
            "user": "mu.Lock()\nt := p.Load()\nok := t != nil && t.mu.TryLock()\nmu.Unlock()\nif ok { t.f = 1 }",
        },
    ),
    "three blocks of one site at once": Case(
        "type T struct { f int }\nvar p, q, o atomic.Pointer[T]",
        {
            "w": "for {\n x := &T{}\n o.Store(q.Load())\n q.Store(p.Load())\n p.Store(x)\n}",
            "r": "a := o.Load()\nb := q.Load()\nc := p.Load()\n"
            'if a != nil && a != b && b != c && a != c { panic("three") }',
        },
    ),
    "an object of the round before": Case(
        "type T struct { f int }\nvar p atomic.Pointer[T]",
        {
            "w": "var o *T\nfor {\n if o != nil { o.f = 2 }\n o = &T{}\n p.Store(o)\n}",
            "r": "if t := p.Load(); t != nil { _ = t.f }",
        },
    ),
    "a lock in an object of the round before": Case(
        "type T struct { mu sync.Mutex }\nvar p atomic.Pointer[T]",
        {"w": "for {\n o := &T{}\n p.Store(o)\n}", "r": "if t := p.Load(); t != nil { t.mu.Unlock() }"},
    ),
    "an interface value tells the types apart": Case(
        "type A struct { f int }\ntype B struct { f int }\nvar m sync.Map",
        {
            "a": 'm.Store("k", &A{})',
            "b": 'm.Store("k", &B{})',
            "r": 'if v, ok := m.Load("k"); ok {\n if b, is := v.(*B); is { b.f = 1 }\n}',
        },
    ),
    "an own variable whose address was taken early": Case(
        "var a atomic.Int32",
        {
            "w": "x, y := 1, 2\np := &x\nfor i := 0; i < 3; i++ {\n if i == 1 { p = &y }\n}\n"
            'a.Add(1)\n*p = 3\nif y == 3 { panic("y") }'
        },
    ),
    "the function of a Once runs once, not twice": Case(
        'var once sync.Once\nvar n int', {"w": 'once.Do(func() { n++ })\nif n == 1 { panic("one") }'}
    ),
    "a try fails when the lock is taken": Case(
        "var mu sync.Mutex", {"w": 'if mu.TryLock() { mu.Unlock() } else { panic("busy") }'}
    ),
    "readers keep a try of the writer out": Case(
        "var mu sync.RWMutex",
        {"r": "mu.RLock()\nmu.RUnlock()", "w": 'if mu.TryLock() { mu.Unlock() } else { panic("busy") }'},
    ),
}  # fmt: skip


REFUSED = {"a copy of a lock is as locked as the lock": "a copy of a lock that somebody holds"}
"""Cases the method does not cover, and says so."""


@pytest.mark.parametrize("name", BUGS)
def test_what_is_wrong_is_not_proved(name: str) -> None:
    made = front(BUGS[name])
    assert bug(made) or name.startswith("a counter"), "the case itself must be wrong"
    for k in (1, 2):
        found = fixpoint(machine(made), k, limit=2_000)
        assert found.bad is not None or found.stopped == REFUSED.get(name)


GOOD = {
    "a counter of any size": Case(COUNTER, {"w": COUNT}),
    "an own variable through a pointer": Case(
        "var a atomic.Int32", {"w": 'x := 1\np := &x\na.Add(1)\n*p = 2\nif x != 2 { panic("no") }'}
    ),
    "an own lock": Case("var a atomic.Int32", {"w": "var mu sync.Mutex\np := &mu\np.Lock()\na.Add(1)\np.Unlock()"}),
    "a value copy of a free lock": Case(
        "type S struct { mu sync.Mutex; x int }\nvar s S", {"w": "c := s\nc.mu.Lock()\nc.x = 1\nc.mu.Unlock()"}
    ),
    "a lock in an object of every round": Case(
        "type T struct { mu sync.RWMutex; f int }\nvar p atomic.Pointer[T]",
        {
            "w": "for {\n o := &T{}\n p.Store(o)\n o.mu.Lock()\n o.f = 1\n o.mu.Unlock()\n}",
            "r": "for {\n if t := p.Load(); t != nil { t.mu.RLock(); _ = t.f; t.mu.RUnlock() }\n}",
        },
    ),
    "try, and go without": Case(
        "var mu sync.Mutex\nvar x int",
        {"w": "if mu.TryLock() {\n x++\n mu.Unlock()\n}", "r": "mu.Lock()\n_ = x\nmu.Unlock()"},
    ),
    "a new lock every time": Case(
        "type S struct { rw sync.RWMutex; x int }\nvar p atomic.Pointer[S]",
        {
            "w": "s := &S{}\ns.rw.RLock()\ns.rw.RUnlock()\np.Store(s)",
            "r": "if s := p.Load(); s != nil { s.rw.RLock(); _ = s.x; s.rw.RUnlock() }",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_proved(name: str) -> None:
    made = front(GOOD[name])
    for count in (2, 3):
        assert not explored(made, count, 5_000).kinds
    tried = prove(made, largest=1)
    assert tried.proof is not None, in_the_way(tried)


def test_integers_that_were_cut_are_refused() -> None:
    made = front(GOOD["a counter of any size"])
    cut = for_proof(replace(made, document=replace(made.document)))
    narrow = replace(
        cut,
        cells=tuple(
            replace(c, domain=replace(c.domain, low=-8, high=63)) if getattr(c.domain, "low", 0) < 0 else c
            for c in cut.cells
        ),
    )
    with pytest.raises(NotCovered, match=r"integers cut to -8\.\.63"):
        shape(narrow)


def test_one_goroutine_a_role_is_refused() -> None:
    from verifier.pipeline.load import program

    made = front(GOOD["an own variable through a pointer"])
    with pytest.raises(NotCovered, match="lowered for one goroutine"):
        shape(program(made, "abstract"))


def test_a_limit_of_the_model_is_no_proof() -> None:
    tried = prove(front(Case("var wg sync.WaitGroup", {"w": "wg.Add(1)"})))
    assert tried.proof is None
    assert tried.bad is not None and tried.bad.kind == "bound"
    told = "a limit of the model may be reached: a WaitGroup counter above 15: one w at line"
    assert in_the_way(tried).startswith(told)


def test_counts_that_are_all_fixed_are_left_to_exploration() -> None:
    tried = prove(front(BUGS["the third of many"]), w=2)
    assert tried.proof is None
    assert "exploration decides" in in_the_way(tried)


OWNER = Case("var x int\nvar a atomic.Int32", {"owner": "x = 1\na.Add(1)\nx = 2", "others": "a.Add(1)"})


def test_a_role_that_exists_once_has_its_data_to_itself() -> None:
    assert prove(front(OWNER), owner=1).proof is not None
    assert prove(front(OWNER)).proof is None
    assert prove(front(OWNER), owner=2).proof is None


def test_what_is_in_the_way_names_lines_of_the_model() -> None:
    racy = Case("var x int", {"writer": "x = 1"})
    told = in_the_way(prove(front(racy)))
    assert told == "could not exclude a race on x: one writer at line 2 and one writer at line 2 at once"
    fails = Case("var m map[string]int", {"writer": 'm["a"] = 1'})
    told = in_the_way(prove(front(fails)))
    assert told == "could not exclude panic (assignment to entry in nil map): one writer at line 2"
    spawns = Case("var mu sync.Mutex", {"main": "go func() { mu.Lock() }()"})
    assert in_the_way(prove(front(spawns))) == "this method does not get past `go` inside a role"
    assert in_the_way(prove(front(GOOD["an own lock"]))) == ""


def test_time_is_kept() -> None:
    made = for_proof(front(GOOD["a lock in an object of every round"]))
    tried = attempt(made, lambda: True)
    assert tried.proof is None and tried.reason == "time"


def test_objects_without_fields_that_are_made_again_are_not_covered(tmp_path: Path) -> None:
    body = 'for i := 0; i < 3; i++ {\n        e := errors.New("x")\n        _ = e\n      }'
    path = tmp_path / "m.yaml"
    path.write_text(f"model: m\ngoroutines:\n  w:\n    count: 2\n    body: |\n      {body}\n", encoding="utf-8")
    found = verify(read_model(str(path)), Options()).any_number
    assert found is not None and "without fields" in found.reason


def test_a_proof_about_one_goroutine_says_nothing_about_three(tmp_path: Path) -> None:
    """`main` is meant to be one; with three of them a limit that is hit stays UNKNOWN."""
    path = tmp_path / "m.yaml"
    path.write_text(
        "model: m\ndeclare: |\n  var x int\n  var n atomic.Int32\ngoroutines:\n"
        "  main:\n    count: 1\n    body: |\n      x++\n      n.Add(1)\n"
        "  other:\n    count: 2\n    body: |\n      n.Add(1)\n",
        encoding="utf-8",
    )
    document = read_model(str(path))
    one = verify(document, Options()).any_number
    assert one is not None and one.verdict.name == "SAFE" and one.alone
    three = verify(document, Options(counts=(("main", 3),), max_states=1))
    assert [p.verdict.name for p in three.properties if p.name == "race"] != ["SAFE"]
