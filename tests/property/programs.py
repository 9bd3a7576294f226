"""A tiny language of concurrent Go programs for tests.

Every goroutine has a register `r` (int) and a local pointer `p`; the rest is shared:

    x, y int            plain variables                  mu sync.Mutex, rw sync.RWMutex, wg, once
    z int32             plain and `atomic.XxxInt32`      a atomic.Int32
    m map[string]int    plain map                        sm sync.Map with int values
    q *T                plain variable, T has a field f

When a goroutine returns, its register is copied to `out0`, `out1`, …, so that `finally` clauses can read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Read:
    """`r = x`."""

    var: str


@dataclass(frozen=True)
class Write:
    """`x = 1`, or `x = r` when value is None."""

    var: str
    value: int | None


@dataclass(frozen=True)
class Inc:
    """`x++`: a load, then a store."""

    var: str


@dataclass(frozen=True)
class Locked:
    """Lock, body, unlock. `lock` is "mu", "rw" (exclusive) or "rw.R" (shared), here and below."""

    lock: str
    body: Block


@dataclass(frozen=True)
class DeferLocked:
    """`func() { lock; defer unlock; body }()`."""

    lock: str
    body: Block


@dataclass(frozen=True)
class TryLocked:
    """`if mu.TryLock() { body; unlock } else { orelse }`."""

    lock: str
    body: Block
    orelse: Block


@dataclass(frozen=True)
class LockOnly:
    """A lock nobody promises to release."""

    lock: str


@dataclass(frozen=True)
class UnlockOnly:
    """An unlock without its lock."""

    lock: str


@dataclass(frozen=True)
class AtomicLoad:
    """`r = int(a.Load())`; `on` is "a" (the type) or "z" (the functions), here and below."""

    on: str


@dataclass(frozen=True)
class AtomicStore:
    """`a.Store(1)`."""

    on: str
    value: int


@dataclass(frozen=True)
class AtomicAdd:
    """`r = int(a.Add(1))`."""

    on: str


@dataclass(frozen=True)
class AtomicSwap:
    """`r = int(a.Swap(1))`."""

    on: str
    value: int


@dataclass(frozen=True)
class AtomicCas:
    """`if a.CompareAndSwap(0, 1) { body } else { orelse }`."""

    on: str
    old: int
    new: int
    body: Block
    orelse: Block


@dataclass(frozen=True)
class Group:
    """`wg.Add(1)`, `wg.Done()` or `wg.Wait()`."""

    op: str


@dataclass(frozen=True)
class OnceDo:
    """`once.Do(func() { body })`."""

    body: Block


@dataclass(frozen=True)
class MapSet:
    """`m["a"] = 1`, or `m["a"] = r` when value is None."""

    key: str
    value: int | None


@dataclass(frozen=True)
class MapGet:
    """`r = m["a"]`."""

    key: str


@dataclass(frozen=True)
class MapInc:
    """`m["a"]++`: a lookup, then an assignment."""

    key: str


@dataclass(frozen=True)
class MapDelete:
    """`delete(m, "a")`."""

    key: str


@dataclass(frozen=True)
class MapLen:
    """`r = len(m)`."""


@dataclass(frozen=True)
class MapSum:
    """`for _, v := range m { r += v }`."""


@dataclass(frozen=True)
class MapPrune:
    """`for k, v := range m { if v == 1 { delete(m, k) } }`."""


@dataclass(frozen=True)
class MapClear:
    """`clear(m)`."""


@dataclass(frozen=True)
class MapHas:
    """`if _, ok := m["a"]; ok { body } else { orelse }`."""

    key: str
    body: Block
    orelse: Block


@dataclass(frozen=True)
class SyncLoad:
    """`if v, ok := sm.Load("a"); ok { r = v.(int) }`."""

    key: str


@dataclass(frozen=True)
class SyncStore:
    """`sm.Store("a", 1)`."""

    key: str
    value: int


@dataclass(frozen=True)
class SyncLoadOrStore:
    """`if v, loaded := sm.LoadOrStore("a", 1); loaded { r = v.(int) }`."""

    key: str
    value: int


@dataclass(frozen=True)
class SyncDelete:
    """`sm.Delete("a")`."""

    key: str


@dataclass(frozen=True)
class SyncCas:
    """`if sm.CompareAndSwap("a", 0, 1) { body }`."""

    key: str
    old: int
    new: int
    body: Block


@dataclass(frozen=True)
class New:
    """`p = &T{}`."""


@dataclass(frozen=True)
class Publish:
    """`q = p`."""


@dataclass(frozen=True)
class Take:
    """`p = q`."""


@dataclass(frozen=True)
class SetField:
    """`q.f = 1`; `via` is "p" or "q". Panics when the pointer is nil."""

    via: str
    value: int


@dataclass(frozen=True)
class GetField:
    """`r = q.f`."""

    via: str


@dataclass(frozen=True)
class IfPointer:
    """`if p != nil { body }`."""

    body: Block


@dataclass(frozen=True)
class If:
    """`if r == 1 { body } else { orelse }`, or `!=`."""

    equal: bool
    value: int
    body: Block
    orelse: Block


@dataclass(frozen=True)
class Loop:
    """`for i := 0; i < 2; i++ { body }`."""

    body: Block


@dataclass(frozen=True)
class Spawn:
    """`go func() { … }()` with body number `g` of the program."""

    g: int


@dataclass(frozen=True)
class Panic:
    """`panic("boom")`."""


Stmt = (
    Read | Write | Inc | Locked | DeferLocked | TryLocked | LockOnly | UnlockOnly
    | AtomicLoad | AtomicStore | AtomicAdd | AtomicSwap | AtomicCas | Group | OnceDo
    | MapSet | MapGet | MapInc | MapDelete | MapLen | MapSum | MapPrune | MapClear | MapHas
    | SyncLoad | SyncStore | SyncLoadOrStore | SyncDelete | SyncCas
    | Spawn | New | Publish | Take | SetField | GetField | IfPointer | If | Loop | Panic
)  # fmt: skip
Block = tuple[Stmt, ...]


MAP = (MapSet, MapGet, MapInc, MapDelete, MapLen, MapSum, MapPrune, MapClear, MapHas)
"""The statements about the plain map."""


@dataclass(frozen=True)
class Program:
    """The bodies of goroutines g0, g1, … that all start at once; when `spawned`, only g0 does."""

    bodies: tuple[Block, ...]
    spawned: bool = False
    twins: int = 1
    """The first `twins` bodies are the same text: one role with that count, whose registers nobody can tell apart."""
    nil_map: bool = False
    """Whether `m` starts as the nil map."""

    def statements(self) -> Iterator[Stmt]:
        """Every statement, nested ones included."""
        for body in self.bodies:
            yield from walk(body)

    def uses(self, *kinds: type) -> bool:
        """Whether a statement of one of `kinds` occurs."""
        return any(isinstance(s, kinds) for s in self.statements())


def walk(block: Block) -> Iterator[Stmt]:
    """Every statement of a block, nested ones included."""
    for s in block:
        yield s
        for f in fields(s):
            part = getattr(s, f.name)
            if isinstance(part, tuple):
                yield from walk(part)
