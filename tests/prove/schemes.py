"""Protection schemes as roles that any number of goroutines run, and unsafe twins: one protective step removed each."""

from __future__ import annotations

from .build import Case

USER = "type User struct{ Age int }\n"
SAFE: dict[str, Case] = {}
TWINS: dict[str, Case] = {}

Swap = tuple[str, str, str]
"""Where ("declare" or a role), the text to be replaced, and what stands there instead."""


def _safe(name: str, declare: str, **roles: str) -> None:
    SAFE[name] = Case(declare, roles)


def _twin(of: str, name: str, *swaps: Swap) -> None:
    declare, roles = SAFE[of].declare, dict(SAFE[of].roles)
    for where, old, new in swaps:
        before = declare if where == "declare" else roles[where]
        assert old in before, (of, name, old)
        if where == "declare":
            declare = before.replace(old, new)
        else:
            roles[where] = before.replace(old, new)
    TWINS[f"{of}: {name}"] = Case(declare, roles)


_CHECKED = "if u != nil { _ = u.Age }"

_safe(
    "mutex",
    USER + "var mu sync.Mutex\nvar users = map[string]*User{}",
    writer='mu.Lock()\nusers["alice"] = &User{Age: 30}\nmu.Unlock()',
    reader=f'mu.Lock()\nu := users["alice"]\nmu.Unlock()\n{_CHECKED}',
)
_twin("mutex", "the writer does not lock", ("writer", "mu.Lock()\n", ""), ("writer", "\nmu.Unlock()", ""))
_twin("mutex", "the reader does not lock", ("reader", "mu.Lock()\n", ""), ("reader", "mu.Unlock()\n", ""))
_twin("mutex", "the reader only unlocks", ("reader", "mu.Lock()\n", ""))
_twin("mutex", "no nil check", ("reader", _CHECKED, "_ = u.Age"))
_twin("mutex", "write after Unlock", ("writer", "mu.Unlock()", 'u := users["alice"]\nmu.Unlock()\nu.Age = 31'))

_safe(
    "rwmutex",
    USER + "var mu sync.RWMutex\nvar users = map[string]*User{}",
    writer='mu.Lock()\nusers["alice"] = &User{Age: 30}\nmu.Unlock()',
    reader=f'mu.RLock()\nu := users["alice"]\nmu.RUnlock()\n{_CHECKED}',
)
_twin("rwmutex", "write under RLock", ("writer", "mu.Lock()", "mu.RLock()"), ("writer", "mu.Unlock()", "mu.RUnlock()"))
_twin("rwmutex", "the reader does not lock", ("reader", "mu.RLock()\n", ""), ("reader", "mu.RUnlock()\n", ""))
_twin("rwmutex", "the writer does not lock", ("writer", "mu.Lock()\n", ""), ("writer", "\nmu.Unlock()", ""))
_twin("rwmutex", "the reader only unlocks", ("reader", "mu.RLock()\n", ""))
_twin("rwmutex", "no nil check", ("reader", _CHECKED, "_ = u.Age"))
_twin("rwmutex", "the pointee is written", ("reader", "_ = u.Age", "u.Age++"))

_OBJECTS = (
    "type User struct { mu sync.Mutex; Age int }\nvar mu sync.RWMutex\n"
    'var users = map[string]*User{"alice": {Age: 1}}\n'
    "func get(k string) *User { mu.RLock(); defer mu.RUnlock(); return users[k] }"
)
_EDIT = 'u := get("alice")\nu.mu.Lock()\nu.Age = 2\nu.mu.Unlock()'
_LOOK = 'u := get("alice")\nu.mu.Lock()\n_ = u.Age\nu.mu.Unlock()'
_FRESH = 'mu.Lock()\nusers["alice"] = &User{Age: 3}\nmu.Unlock()'
_safe("pointer-per-object-lock", _OBJECTS, w=_EDIT, r=_LOOK)
_safe("pointer-per-object-lock with fresh objects", _OBJECTS, w=_EDIT, r=_LOOK, a=_FRESH)
for _base in ("pointer-per-object-lock", "pointer-per-object-lock with fresh objects"):
    _twin(_base, "w does not lock the object", ("w", "u.mu.Lock()\n", ""), ("w", "\nu.mu.Unlock()", ""))
    _twin(_base, "r does not lock the object", ("r", "u.mu.Lock()\n", ""), ("r", "\nu.mu.Unlock()", ""))
_twin(_base, "a does not lock the map", ("a", "mu.Lock()\n", ""), ("a", "\nmu.Unlock()", ""))
_twin(_base, "get does not lock the map", ("declare", "mu.RLock(); defer mu.RUnlock(); ", ""))

_LOADED = 'if v, ok := m.Load("a"); ok { _ = v.(*User).Age }'
_safe("sync-map", USER + "var m sync.Map", w='m.Store("a", &User{Age: 1})', r=_LOADED)
_twin("sync-map", "the pointee is written", ("r", "_ = v.(*User).Age", "u := v.(*User); u.Age++"))
_STORED = 'm.Store("a", &User{Age: 1})'
_twin("sync-map", "write after Store", ("w", _STORED, 'u := &User{Age: 1}\nm.Store("a", u)\nu.Age = 2'))
_twin("sync-map", "no ok check", ("r", _LOADED, 'v, _ := m.Load("a")\n_ = v.(*User).Age'))

_safe(
    "sync-map-load-or-store",
    USER + "var m sync.Map\nvar made atomic.Int32",
    w='if _, loaded := m.LoadOrStore("a", &User{}); !loaded {\n if made.Add(1) > 1 { panic("created twice") }\n}',
)
_twin(
    "sync-map-load-or-store",
    "check, then act",
    (
        "w",
        'if _, loaded := m.LoadOrStore("a", &User{}); !loaded {',
        'if _, ok := m.Load("a"); !ok {\n m.Store("a", &User{})',
    ),
)

_SET = "func set(k string, v int) { s := &shards[of(k)]; s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = v }"
_GET = "func get(k string) int { s := &shards[of(k)]; s.mu.RLock(); defer s.mu.RUnlock(); return s.m[k] }"
_safe(
    "sharded",
    "type shard struct { mu sync.RWMutex; m map[string]int }\n"
    "var shards = [2]shard{{m: map[string]int{}}, {m: map[string]int{}}}\n"
    f'func of(k string) int {{ if k == "a" {{ return 0 }}; return 1 }}\n{_SET}\n{_GET}',
    w='set("a", 1)\nset("b", 2)',
    w2='set("b", 3)',
    r='_ = get("a")\n_ = get("b")',
)
_twin(
    "sharded",
    "two hashes",
    ("declare", "s := &shards[of(k)]; s.mu.RLock()", "i := of(k); s := &shards[1-i]; s.mu.RLock()"),
    ("declare", "return s.m[k]", "return shards[i].m[k]"),
)
_twin("sharded", "set does not lock", ("declare", "s.mu.Lock(); defer s.mu.Unlock(); ", ""))
_twin("sharded", "get does not lock", ("declare", "s.mu.RLock(); defer s.mu.RUnlock(); ", ""))
_EXCLUSIVE, _SHARED = "s.mu.Lock(); defer s.mu.Unlock(); ", "s.mu.RLock(); defer s.mu.RUnlock(); "
_twin("sharded", "set takes the read lock", ("declare", _EXCLUSIVE, _SHARED))

_WHOLE = 'if u := p.Load(); u != nil { if u.Age != 7 { panic("half built") } }'
_safe("atomic-pointer-publish", USER + "var p atomic.Pointer[User]", w="u := &User{}\nu.Age = 7\np.Store(u)", r=_WHOLE)
_twin("atomic-pointer-publish", "published first", ("w", "u.Age = 7\np.Store(u)", "p.Store(u)\nu.Age = 7"))
_twin(
    "atomic-pointer-publish",
    "no nil check",
    ("r", _WHOLE, 'u := p.Load()\nif u.Age != 7 { panic("half built") }'),
)
_twin(
    "atomic-pointer-publish",
    "plain pointer",
    ("declare", "atomic.Pointer[User]", "*User"),
    ("w", "p.Store(u)", "p = u"),
    ("r", "u := p.Load()", "u := p"),
)

_POINTER = USER + "var p atomic.Pointer[User]"
_READ = "if u := p.Load(); u != nil { _ = u.Age }"
_safe(
    "atomic-pointer-cas",
    _POINTER,
    w="for {\n old := p.Load()\n n := &User{Age: 1}\n if old != nil { n.Age = old.Age }\n"
    " if p.CompareAndSwap(old, n) { return }\n}",
    r=_READ,
)
_twin("atomic-pointer-cas", "update in place", ("w", "n.Age = old.Age", "old.Age = 2"))
_twin("atomic-pointer-cas", "write after CAS", ("w", "{ return }", "{ n.Age = 3; return }"))
_twin("atomic-pointer-cas", "no nil check", ("r", _READ, "u := p.Load()\n_ = u.Age"))
_WON = 'if p.CompareAndSwap(nil, n) { if won.Add(1) > 1 { panic("two winners") } }'
_safe(
    "atomic-pointer-cas with one winner",
    _POINTER + "\nvar won atomic.Int32",
    w=f"old := p.Load()\nif old == nil {{\n n := &User{{Age: 1}}\n {_WON}\n}}",
    r=_READ,
)
_twin(
    "atomic-pointer-cas with one winner",
    "Store for CompareAndSwap",
    ("w", _WON, 'p.Store(n)\n if won.Add(1) > 1 { panic("two winners") }'),
)

_COPY = (
    " next := map[string]int{}\n if old := p.Load(); old != nil { for k, v := range *old { next[k] = v } }\n"
    " next[k] = v\n p.Store(&next)"
)
_TABLE = 'if m := p.Load(); m != nil { _ = (*m)["a"] }'
_safe(
    "copy-on-write",
    "var p atomic.Pointer[map[string]int]\nvar mu sync.Mutex\n"
    f"func set(k string, v int) {{\n mu.Lock(); defer mu.Unlock()\n{_COPY}\n}}",
    w1='set("a", 1)',
    w2='set("b", 2)',
    r=_TABLE,
)
_IN_PLACE = " m := p.Load()\n if m == nil { n := map[string]int{}; m = &n }\n (*m)[k] = v\n p.Store(m)"
_twin("copy-on-write", "in place", ("declare", _COPY, _IN_PLACE))
_twin(
    "copy-on-write",
    "published before the write",
    ("declare", "next[k] = v\n p.Store(&next)", "p.Store(&next)\n next[k] = v"),
)
_twin("copy-on-write", "no nil check", ("r", _TABLE, 'm := p.Load()\n_ = (*m)["a"]'))

_MAKE = "once.Do(func() { inst = &User{Age: 1} }); return inst"
_safe(
    "once",
    f"{USER}var once sync.Once\nvar inst *User\nfunc get() *User {{ {_MAKE} }}",
    w="_ = get().Age",
)
_twin("once", "no Once", ("declare", _MAKE, "if inst == nil { inst = &User{Age: 1} }; return inst"))
_twin("once", "fast path", ("declare", "once.Do(func", "if inst != nil { return inst }; once.Do(func"))

_safe(
    "one lock per request",
    "type Job struct { mu sync.Mutex; n int }\nvar next atomic.Pointer[Job]",
    giver="for {\n j := &Job{n: 1}\n next.Store(j)\n j.mu.Lock()\n j.n = 2\n j.mu.Unlock()\n}",
    taker="if j := next.Load(); j != nil {\n j.mu.Lock()\n j.n = 3\n j.mu.Unlock()\n}",
)
_twin(
    "one lock per request",
    "the giver does not lock",
    ("giver", " j.mu.Lock()\n", ""),
    ("giver", " j.mu.Unlock()\n", ""),
)
_twin(
    "one lock per request", "the taker unlocks twice", ("taker", " j.mu.Unlock()\n", " j.mu.Unlock()\n j.mu.Unlock()\n")
)
