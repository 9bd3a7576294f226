"""Mutex and RWMutex."""

from __future__ import annotations

from ..case import case

LOCKED = "mu.Lock()\nn++\nmu.Unlock()"
HELD = """
    mu.Lock()
    n = 1
    mu.Unlock()
"""

MUTEX = (
    case("mutex.exclusive", "mutex-counts", "var mu sync.Mutex\nvar n int", LOCKED, LOCKED, LOCKED, shows="n"),
    case("mutex.exclusive", "mutex-not-reentrant", "var mu sync.Mutex", "mu.Lock()\nmu.Lock()"),
    case(
        "mutex.unlock",
        "mutex-other-unlocks",
        "var mu sync.Mutex\nvar n, got int\nvar locked atomic.Bool",
        "mu.Lock()\nn = 1\nlocked.Store(true)",
        "if locked.Load() {\n  mu.Unlock()\n  mu.Lock()\n  got = 1\n}",
        shows="n got",
    ),
    case(
        "mutex.unlock",
        "mutex-hands-over",
        "var mu sync.Mutex\nvar n, got int",
        "mu.Lock()\nn = 1\nmu.Unlock()",
        "mu.Lock()\ngot = n\nmu.Unlock()",
        shows="got",
    ),
    case(
        "mutex.unlock-unlocked",
        "mutex-unlock-unlocked",
        "var mu sync.Mutex",
        "defer func() { recover() }()\nmu.Unlock()",
    ),
    case(
        "mutex.unlock-unlocked",
        "mutex-unlock-twice",
        "var mu sync.Mutex",
        "mu.Lock()\nmu.Unlock()",
        "mu.Lock()\nmu.Unlock()\nmu.Unlock()",
    ),
    case(
        "mutex.trylock",
        "mutex-trylock",
        "var mu sync.Mutex\nvar got bool",
        "mu.Lock()\nmu.Unlock()",
        "if mu.TryLock() {\n  got = true\n  mu.Unlock()\n}",
        shows="got",
    ),
    case(
        "mutex.trylock",
        "mutex-trylock-held",
        "var mu sync.Mutex\nvar first, second bool",
        "first = mu.TryLock()\nsecond = mu.TryLock()",
        shows="first second",
    ),
    case(
        "mutex.trylock-failed",
        "mutex-trylock-orders-nothing",
        "var mu sync.Mutex\nvar n int",
        "n = 1\nmu.Lock()\nmu.Unlock()",
        "if mu.TryLock() {\n  mu.Unlock()\n} else {\n  n = 2\n}",
    ),
)

RWMUTEX = (
    case(
        "rwmutex.writer-first",
        "rwmutex-recursive-rlock",
        "var rw sync.RWMutex\nvar n int",
        "rw.RLock()\nrw.RLock()\nrw.RUnlock()\nrw.RUnlock()",
        "rw.Lock()\nn = 1\nrw.Unlock()",
        shows="n",
    ),
    case(
        "rwmutex.writer-first",
        "rwmutex-waiting-writer",
        "var rw sync.RWMutex\nvar again bool",
        "rw.RLock()\nif rw.TryRLock() {\n  again = true\n  rw.RUnlock()\n}\nrw.RUnlock()",
        "rw.Lock()\nrw.Unlock()",
        shows="again",
    ),
    case(
        "rwmutex.exclusive",
        "rwmutex-excludes",
        "var rw sync.RWMutex\nvar n, got int",
        "rw.Lock()\nn++\nn++\nrw.Unlock()",
        "rw.RLock()\ngot = n\nrw.RUnlock()",
        "rw.Lock()\nn++\nrw.Unlock()",
        shows="n got",
    ),
    case("rwmutex.exclusive", "rwmutex-upgrade", "var rw sync.RWMutex", "rw.RLock()\nrw.Lock()"),
    case("rwmutex.exclusive", "rwmutex-downgrade", "var rw sync.RWMutex", "rw.Lock()\nrw.RLock()"),
    case(
        "rwmutex.one-writer",
        "rwmutex-two-writers-one-reader",
        "var rw sync.RWMutex\nvar n int",
        "rw.RLock()\nrw.RUnlock()",
        "rw.Lock()\nn++\nrw.Unlock()",
        "rw.Lock()\nn++\nrw.Unlock()",
        shows="n",
    ),
    case("rwmutex.one-writer", "rwmutex-lock-twice", "var rw sync.RWMutex", "rw.Lock()\nrw.Lock()"),
    case(
        "rwmutex.readers-share",
        "rwmutex-readers-meet",
        "var rw sync.RWMutex\nvar in atomic.Int32\nvar together bool",
        "rw.RLock()\nin.Add(1)\nin.Add(-1)\nrw.RUnlock()",
        "rw.RLock()\ntogether = in.Load() == 1\nrw.RUnlock()",
        shows="together",
    ),
    case(
        "rwmutex.readers-share",
        "rwmutex-readers-write",
        "var rw sync.RWMutex\nvar n int",
        "rw.RLock()\nn = 1\nrw.RUnlock()",
        "rw.RLock()\nn = 2\nrw.RUnlock()",
    ),
    case(
        "rwmutex.unlock",
        "rwmutex-other-unlocks",
        "var rw sync.RWMutex\nvar locked atomic.Bool\nvar got bool",
        "rw.Lock()\nlocked.Store(true)",
        "if locked.Load() {\n  rw.Unlock()\n  rw.RLock()\n  got = true\n}",
        shows="got",
    ),
    case(
        "rwmutex.unlock",
        "rwmutex-after-unlock",
        "var rw sync.RWMutex\nvar n, got int",
        "rw.Lock()\nn++\nrw.Unlock()",
        "rw.RLock()\ngot = n\nrw.RUnlock()",
        "rw.Lock()\nn++\nrw.Unlock()",
        shows="got",
    ),
    case(
        "rwmutex.unlock-unlocked",
        "rwmutex-unlock-unlocked",
        "var rw sync.RWMutex",
        "defer func() { recover() }()\nrw.Unlock()",
    ),
    case("rwmutex.unlock-unlocked", "rwmutex-unlock-a-read-lock", "var rw sync.RWMutex", "rw.RLock()\nrw.Unlock()"),
    case(
        "rwmutex.runlock",
        "rwmutex-steals-a-read-lock",
        "var rw sync.RWMutex\nvar in atomic.Bool\nvar got bool",
        "rw.RLock()\nin.Store(true)",
        "if in.Load() {\n  rw.RUnlock()\n  rw.Lock()\n  got = true\n}",
        shows="got",
    ),
    case(
        "rwmutex.runlock",
        "rwmutex-runlock-orders-for-a-writer",
        "var rw sync.RWMutex\nvar n, got int",
        "rw.RLock()\ngot = n\nrw.RUnlock()",
        "rw.Lock()\nn = 1\nrw.Unlock()",
        shows="got",
    ),
    case(
        "rwmutex.runlock-unlocked",
        "rwmutex-runlock-unlocked",
        "var rw sync.RWMutex",
        "defer func() { recover() }()\nrw.RUnlock()",
    ),
    case("rwmutex.runlock-unlocked", "rwmutex-runlock-a-write-lock", "var rw sync.RWMutex", "rw.Lock()\nrw.RUnlock()"),
    case(
        "rwmutex.trylock",
        "rwmutex-trylock-beside-a-reader",
        "var rw sync.RWMutex\nvar got bool",
        "rw.RLock()\nrw.RUnlock()",
        "got = rw.TryLock()\nif got {\n  rw.Unlock()\n}",
        shows="got",
    ),
    case(
        "rwmutex.trylock",
        "rwmutex-trylock-held",
        "var rw sync.RWMutex\nvar first, second, third bool",
        "rw.RLock()\nfirst = rw.TryLock()\nrw.RUnlock()\nsecond = rw.TryLock()\nthird = rw.TryLock()",
        shows="first second third",
    ),
    case(
        "rwmutex.tryrlock",
        "rwmutex-tryrlock-waiting-writer",
        "var rw sync.RWMutex\nvar inside, waits atomic.Bool\nvar saw, got bool",
        """
            rw.RLock()
            inside.Store(true)
            if waits.Load() {
              saw = true
              got = rw.TryRLock()
            }
            rw.RUnlock()
        """,
        "rw.Lock()\nrw.Unlock()",
        """
            if inside.Load() {
              if rw.TryRLock() {
                rw.RUnlock()
              } else {
                waits.Store(true)
              }
            }
        """,
        shows="saw got",
    ),
    case(
        "rwmutex.tryrlock",
        "rwmutex-tryrlock-beside-a-reader",
        "var rw sync.RWMutex\nvar first, second bool",
        "rw.RLock()\nfirst = rw.TryRLock()\nrw.RUnlock()\nrw.RUnlock()\nrw.Lock()\nsecond = rw.TryRLock()",
        shows="first second",
    ),
)

CASES = (*MUTEX, *RWMUTEX)
