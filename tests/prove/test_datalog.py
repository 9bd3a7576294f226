"""The fixpoint of views against a second implementation: z3's datalog engine on rules for pairs of goroutines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from verifier.pipeline.load import program

from .build import Case, bug, front, prove
from .datalog import Rules, small

LOCK, UNLOCK, RLOCK, RUNLOCK = "mu.Lock()\n", "\nmu.Unlock()", "mu.RLock()\n", "\nmu.RUnlock()"
MUTEX = "var mu sync.Mutex\nvar n int\nvar full bool"
RW = MUTEX.replace("Mutex", "RWMutex")
ONCE = "var once sync.Once\nvar n int"

SAFE = {
    "mutex": Case(MUTEX, {"w": f"{LOCK}n = 1{UNLOCK}", "r": f"{LOCK}_ = n{UNLOCK}"}),
    "mutex, two cells agree": Case(
        MUTEX,
        {"w": f"{LOCK}n = 1\nfull = true{UNLOCK}", "r": f'{LOCK}if full && n != 1 {{ panic("torn") }}{UNLOCK}'},
    ),
    "defer": Case(MUTEX, {"w": "mu.Lock()\ndefer mu.Unlock()\nif full { return }\nfull = true"}),
    "TryLock": Case(MUTEX, {"w": "if mu.TryLock() { n = 2; mu.Unlock() }", "r": f"{LOCK}_ = n{UNLOCK}"}),
    "rwmutex": Case(RW, {"w": f"{LOCK}n = 1{UNLOCK}", "r": f"{RLOCK}_ = n{RUNLOCK}"}),
    "rwmutex, loops": Case(RW, {"w": f"for {{ {LOCK}n = 1{UNLOCK} }}", "r": f"for {{ {RLOCK}_ = n{RUNLOCK} }}"}),
    "two locks in one order": Case(
        MUTEX + "\nvar other sync.Mutex", {"w": f"{LOCK}other.Lock()\nn = 1\nother.Unlock(){UNLOCK}"}
    ),
    "atomic": Case("var n atomic.Int32", {"w": "n.Store(1)", "r": "_ = n.Load()"}),
    "a flag that is compared and swapped": Case(
        "var busy atomic.Bool\nvar n int", {"w": "if busy.CompareAndSwap(false, true) { n = 1; busy.Store(false) }"}
    ),
}
UNSAFE = {
    "no lock": Case(MUTEX, {"w": f"{LOCK}n = 1{UNLOCK}", "r": "_ = n"}),
    "unlock twice": Case(MUTEX, {"w": f"{LOCK}n = 1{UNLOCK}{UNLOCK}"}),
    "torn": Case(
        MUTEX,
        {
            "w": f"{LOCK}n = 1{UNLOCK}\n{LOCK}full = true\nn = 2{UNLOCK}",
            "r": f'{LOCK}if full && n != 2 {{ panic("torn") }}{UNLOCK}',
        },
    ),
    "write under RLock": Case(RW, {"w": f"{RLOCK}n = 1{RUNLOCK}"}),
    "RUnlock without RLock": Case(RW, {"w": f"{LOCK}n = 1{UNLOCK}", "r": "mu.RUnlock()"}),
    "another lock": Case(
        MUTEX + "\nvar other sync.Mutex", {"w": f"{LOCK}n = 1{UNLOCK}", "r": "other.Lock()\n_ = n\nother.Unlock()"}
    ),
    "TryLock ignored": Case(MUTEX, {"w": "mu.TryLock()\nn = 2"}),
    "a flag that is read and written": Case(
        "var busy atomic.Bool\nvar n int", {"w": "if !busy.Load() { busy.Store(true); n = 1; busy.Store(false) }"}
    ),
}


def datalog(case: Case) -> Rules:
    made = front(case)
    lowered = program(replace(made, counts=tuple((role, 2) for role, _ in made.counts)))
    assert all(small(c.domain) for c in lowered.cells)
    return Rules(lowered)


@pytest.mark.parametrize("name", SAFE)
def test_both_prove_what_is_safe(name: str) -> None:
    assert prove(front(SAFE[name])).proof is not None
    assert not datalog(SAFE[name]).violated()


@pytest.mark.parametrize("name", UNSAFE)
def test_neither_proves_what_is_not(name: str) -> None:
    assert bug(front(UNSAFE[name]))
    assert prove(front(UNSAFE[name])).proof is None
    assert datalog(UNSAFE[name]).violated()
