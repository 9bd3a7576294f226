"""Once, WaitGroup and Cond."""

from __future__ import annotations

from ..case import case

ONCE = (
    case(
        "once.waits",
        "once-done-before",
        "var once sync.Once\nvar n, a, b int",
        "once.Do(func() {\n  n = 1\n})\na = n",
        "once.Do(func() {\n  n = 1\n})\nb = n",
        shows="a b",
    ),
    case(
        "once.once",
        "once-one-call",
        "var once sync.Once\nvar who, calls int",
        "once.Do(func() {\n  who = 1\n  calls++\n})",
        "once.Do(func() {\n  who = 2\n  calls++\n})\nonce.Do(func() {\n  calls++\n})",
        shows="who calls",
    ),
    case(
        "once.panic",
        "once-panics",
        "var once sync.Once\nvar calls, after int",
        "func() {\n  defer func() { recover() }()\n  once.Do(func() {\n    calls++\n    panic(1)\n  })\n}()\n"
        "once.Do(func() {\n  calls++\n})\nafter = calls",
        shows="after",
    ),
    case("once.reentrant", "once-reentrant", "var once sync.Once", "once.Do(func() {\n  once.Do(func() {})\n})"),
    case(
        "once.overwritten",
        "once-overwritten",
        "var once sync.Once",
        "once.Do(func() {\n  once = sync.Once{}\n})",
    ),
)

WAITGROUP = (
    case(
        "waitgroup.wait",
        "waitgroup-orders",
        "var wg sync.WaitGroup\nvar n, got int",
        "wg.Add(1)\ngo func() {\n  n = 1\n  wg.Done()\n}()\nwg.Wait()\ngot = n",
        shows="got",
    ),
    case(
        "waitgroup.counter",
        "waitgroup-waits-for-all",
        "var wg sync.WaitGroup\nvar n atomic.Int32\nvar got int32",
        "wg.Add(2)\ngo func() {\n  n.Add(1)\n  wg.Done()\n}()\ngo func() {\n  n.Add(1)\n  wg.Done()\n}()\n"
        "wg.Wait()\ngot = n.Load()",
        shows="got",
    ),
    case("waitgroup.counter", "waitgroup-zero", "var wg sync.WaitGroup", "wg.Wait()\nwg.Add(1)\nwg.Done()\nwg.Wait()"),
    case("waitgroup.counter", "waitgroup-never", "var wg sync.WaitGroup", "wg.Add(1)\nwg.Wait()"),
    case(
        "waitgroup.negative",
        "waitgroup-negative",
        "var wg sync.WaitGroup\nvar done bool",
        "wg.Add(1)\nwg.Done()\ndone = true\nwg.Done()",
        shows="done",
    ),
    case("waitgroup.negative", "waitgroup-add-negative", "var wg sync.WaitGroup", "wg.Add(1)\nwg.Add(-2)"),
    case(
        "waitgroup.add-race",
        "waitgroup-add-inside",
        "var wg sync.WaitGroup\nvar n atomic.Int32",
        "wg.Add(1)\nn.Add(1)\nwg.Done()",
        "wg.Wait()\nn.Load()",
    ),
    case(
        "waitgroup.add-race",
        "waitgroup-add-not-from-zero",
        "var wg sync.WaitGroup\nvar n atomic.Int32",
        "wg.Add(1)\ngo func() {\n  wg.Add(1)\n  n.Add(1)\n  wg.Done()\n  wg.Done()\n}()\nwg.Wait()",
    ),
    case(
        "waitgroup.go",
        "waitgroup-go",
        "var wg sync.WaitGroup\nvar n, got int",
        "wg.Go(func() {\n  n = 1\n})\nwg.Wait()\ngot = n",
        shows="got",
    ),
)

COND = (
    case(
        "cond.signal",
        "cond-signal-wakes-one",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar waiting, woken int\nvar left bool",
        "mu.Lock()\nwaiting++\nc.Wait()\nwoken++\nmu.Unlock()",
        "mu.Lock()\nwaiting++\nc.Wait()\nwoken++\nmu.Unlock()",
        "mu.Lock()\nleft = waiting == 2\nc.Signal()\nmu.Unlock()",
        shows="left",
    ),
    case(
        "cond.signal",
        "cond-signal-order",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar waiting, first int",
        "mu.Lock()\nif waiting == 0 {\n  waiting = 1\n  c.Wait()\n"
        "  if first == 0 {\n    first = 1\n    c.Signal()\n  }\n}\nmu.Unlock()",
        "mu.Lock()\nif waiting == 1 {\n  waiting = 2\n  c.Wait()\n"
        "  if first == 0 {\n    first = 2\n    c.Signal()\n  }\n}\nmu.Unlock()",
        "mu.Lock()\nif waiting == 2 {\n  c.Signal()\n} else {\n  c.Broadcast()\n}\nmu.Unlock()",
        shows="first",
        rare={"end first=2": "Go wakes who has waited longest; its documentation promises any one"},
    ),
    case(
        "cond.lost",
        "cond-signal-lost",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar woken bool",
        "mu.Lock()\nc.Wait()\nwoken = true\nmu.Unlock()",
        "c.Signal()",
        shows="woken",
    ),
    case(
        "cond.lost",
        "cond-broadcast-lost",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)",
        "c.Broadcast()\nmu.Lock()\nc.Wait()",
    ),
    case(
        "cond.ticket",
        "cond-signal-under-the-lock",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar waits, ready bool",
        "mu.Lock()\nif !ready {\n  waits = true\n  c.Wait()\n}\nmu.Unlock()",
        "mu.Lock()\nready = true\nif waits {\n  c.Signal()\n}\nmu.Unlock()",
        shows="ready waits",
    ),
    case(
        "cond.broadcast",
        "cond-broadcast-wakes-all",
        "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar woken int\nvar ready bool",
        "mu.Lock()\nif !ready {\n  c.Wait()\n}\nwoken++\nmu.Unlock()",
        "mu.Lock()\nif !ready {\n  c.Wait()\n}\nwoken++\nmu.Unlock()",
        "mu.Lock()\nready = true\nc.Broadcast()\nmu.Unlock()",
        shows="woken",
    ),
)

CASES = (*ONCE, *WAITGROUP, *COND)
