"""The operations of sync/atomic, and atomic.Value."""

from __future__ import annotations

from ..case import case

TWO = "var x, y atomic.Int32\nvar a, b int32"

ATOMIC = (
    case(
        "atomic.consistent",
        "atomic-store-buffering",
        TWO,
        "x.Store(1)\na = y.Load()",
        "y.Store(1)\nb = x.Load()",
        shows="a b",
    ),
    case(
        "atomic.consistent",
        "atomic-functions",
        "var x, y int32\nvar a, b int32",
        "atomic.StoreInt32(&x, 1)\na = atomic.LoadInt32(&y)",
        "atomic.StoreInt32(&y, 1)\nb = atomic.LoadInt32(&x)",
        shows="a b",
    ),
    case(
        "atomic.observed",
        "atomic-publishes",
        "var n, got int\nvar ready atomic.Bool",
        "n = 1\nready.Store(true)",
        "if ready.Load() {\n  got = n\n}",
        shows="got",
    ),
    case(
        "atomic.observed",
        "atomic-unobserved",
        "var n int\nvar ready atomic.Bool",
        "n = 1\nready.Store(true)",
        "if !ready.Load() {\n  n = 2\n}",
    ),
    case(
        "atomic.add",
        "atomic-add",
        "var x atomic.Int32\nvar a, b int32",
        "a = x.Add(1)",
        "b = x.Add(2)",
        shows="a b",
    ),
    case(
        "atomic.swap",
        "atomic-swap",
        "var x atomic.Int32\nvar a, b int32",
        "a = x.Swap(1)",
        "b = x.Swap(2)",
        shows="a b",
    ),
    case(
        "atomic.and-or",
        "atomic-and-or",
        "var x atomic.Int32\nvar a, b, c int32",
        "a = x.Or(1)",
        "b = x.Or(2)\nc = x.And(2)",
        shows="a b c",
    ),
    case(
        "atomic.cas",
        "atomic-cas",
        "var x atomic.Int32\nvar a, b bool",
        "a = x.CompareAndSwap(0, 1)",
        "b = x.CompareAndSwap(0, 2)",
        shows="a b",
    ),
    case(
        "atomic.cas",
        "atomic-cas-failed-orders",
        "var x atomic.Int32\nvar n, got int",
        "n = 1\nx.Store(1)",
        "if !x.CompareAndSwap(0, 2) {\n  got = n\n}",
        shows="got",
    ),
    case("atomic.mixed", "atomic-mixed", "var x int32", "atomic.StoreInt32(&x, 1)", "x = 2"),
    case("atomic.mixed", "atomic-mixed-reads", "var x int32", "atomic.LoadInt32(&x)", "_ = x"),
)

VALUE = (
    case(
        "atomicvalue.empty",
        "value-empty",
        "var v atomic.Value\nvar a, b bool",
        "a = v.Load() == nil\nb = v.Swap(1) == nil",
        shows="a b",
    ),
    case(
        "atomicvalue.store",
        "value-publishes",
        "var v atomic.Value\nvar n, got int",
        "n = 1\nv.Store(2)",
        "if v.Load() != nil {\n  got = n\n}",
        shows="got",
    ),
    case("atomicvalue.type", "value-store-other-type", "var v atomic.Value", "v.Store(1)\nv.Store(true)"),
    case("atomicvalue.type", "value-swap-other-type", "var v atomic.Value", "v.Store(1)\nv.Swap(true)"),
    case(
        "atomicvalue.type",
        "value-cas-other-type",
        "var v atomic.Value\nvar x int\nvar p, q bool",
        "v.Store(&x)\nv.CompareAndSwap(&p, &q)",
    ),
    case(
        "atomicvalue.cas",
        "value-cas",
        "var v atomic.Value\nvar x, y int\nvar a, b bool",
        "a = v.CompareAndSwap(nil, &x)",
        "b = v.CompareAndSwap(nil, &y)",
        shows="a b",
    ),
)

CASES = (*ATOMIC, *VALUE)
