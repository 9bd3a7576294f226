"""A tiny language of concurrent Go programs for tests: statements, and how they read as Go and as a model file.

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
class Panic:
    """`panic("boom")`."""


Stmt = (
    Read | Write | Inc | Locked | DeferLocked | TryLocked | LockOnly | UnlockOnly
    | AtomicLoad | AtomicStore | AtomicAdd | AtomicSwap | AtomicCas | Group | OnceDo
    | MapSet | MapGet | MapInc | MapDelete | MapLen | MapClear | MapHas
    | SyncLoad | SyncStore | SyncLoadOrStore | SyncDelete | SyncCas
    | New | Publish | Take | SetField | GetField | IfPointer | If | Loop | Panic
)  # fmt: skip
Block = tuple[Stmt, ...]


@dataclass(frozen=True)
class Program:
    """The bodies of goroutines g0, g1, … that all start at once."""

    bodies: tuple[Block, ...]
    nil_map: bool = False
    """Whether `m` starts as the nil map."""

    def statements(self) -> Iterator[Stmt]:
        """Every statement, nested ones included."""
        for body in self.bodies:
            yield from _walk(body)

    def uses(self, *kinds: type) -> bool:
        """Whether a statement of one of `kinds` occurs."""
        return any(isinstance(s, kinds) for s in self.statements())


def _walk(block: Block) -> Iterator[Stmt]:
    for s in block:
        yield s
        for f in fields(s):
            part = getattr(s, f.name)
            if isinstance(part, tuple):
                yield from _walk(part)


# --- as Go text ------------------------------------------------------------------------------------------------

LOCK = {"mu": "mu.Lock()", "rw": "rw.Lock()", "rw.R": "rw.RLock()"}
UNLOCK = {"mu": "mu.Unlock()", "rw": "rw.Unlock()", "rw.R": "rw.RUnlock()"}
TRY = {"mu": "mu.TryLock()", "rw": "rw.TryLock()", "rw.R": "rw.TryRLock()"}


def to_go(program: Program) -> tuple[str, dict[str, str]]:
    """The declarations, and the body of each role."""
    bodies: dict[str, str] = {}
    for i, block in enumerate(program.bodies):
        head = ["r := 0"]
        if any(isinstance(s, New | Publish | Take | SetField | GetField | IfPointer) for s in _walk(block)):
            head += ["var p *T", "_ = p"]
        bodies[f"g{i}"] = "\n".join([*head, *_lines(block), f"out{i} = r"]) + "\n"
    text = "\n".join(bodies.values())
    outs = ", ".join(f"out{i}" for i in range(len(program.bodies)))
    made = "var m map[string]int" if program.nil_map else "var m = map[string]int{}"
    candidates = [
        ("mu.", "var mu sync.Mutex"),
        ("rw.", "var rw sync.RWMutex"),
        ("z", "var z int32"),
        ("wg.", "var wg sync.WaitGroup"),
        ("once.", "var once sync.Once"),
        ("sm.", "var sm sync.Map"),
        ("q", "var q *T"),
    ]
    declared = ["type T struct{ f int }"] if "*T" in text else []
    declared += [f"var {outs} int", "var x, y int", "var a atomic.Int32"]
    declared += [line for mark, line in candidates if _mentions(text, mark)]
    if program.uses(MapSet, MapGet, MapInc, MapDelete, MapLen, MapClear, MapHas):
        declared.append(made)
    return "\n".join(declared) + "\n", bodies


def _mentions(text: str, mark: str) -> bool:
    if mark == "z":
        return any(w in text for w in ("z = ", "z++", "&z", "int(z)"))
    if mark == "q":
        return any(w in text for w in ("q = ", "= q", "q.f"))
    return mark in text


def to_yaml(program: Program, clauses: tuple[tuple[str, str, str], ...] = ()) -> str:
    """A whole model file; `clauses` are (always|sometimes|finally, name, Go expression)."""
    declare, bodies = to_go(program)
    out = ["model: random", "declare: |", *_indent(declare.splitlines(), "  "), "goroutines:"]
    for role, body in bodies.items():
        out += [f"  {role}:", "    count: 1", "    body: |", *_indent(body.splitlines(), "      ")]
    for when in ("always", "sometimes", "finally"):
        mine = [(name, text) for w, name, text in clauses if w == when]
        if mine:
            out += [f"{when}:", *(f"  {name}: '{text}'" for name, text in mine)]
    out += ["check: [race, fatal, panic, deadlock]", "bounds: {heap: 4}"]
    return "\n".join(out) + "\n"


def _indent(lines: list[str], by: str = "    ") -> list[str]:
    return [by + line for line in lines]


def _lines(block: Block) -> list[str]:
    return [line for s in block for line in _stmt(s)]


def _choice(condition: str, body: Block, orelse: Block, extra: tuple[str, ...] = ()) -> list[str]:
    out = [f"if {condition} {{", *_indent([*_lines(body), *extra])]
    if orelse:
        out += ["} else {", *_indent(_lines(orelse))]
    return [*out, "}"]


def _atomic(on: str, op: str, *args: int) -> str:
    if on == "a":
        return f"a.{op}({', '.join(map(str, args))})"
    return f"atomic.{op}Int32({', '.join(['&z', *map(str, args)])})"


def _stmt(s: Stmt) -> list[str]:  # one line per statement kind: a flat table reads best here
    match s:
        case Read("z"):
            return ["r = int(z)"]
        case Read(var):
            return [f"r = {var}"]
        case Write("z", None):
            return ["z = int32(r)"]
        case Write(var, value):
            return [f"{var} = {'r' if value is None else value}"]
        case Inc(var):
            return [f"{var}++"]
        case Locked(lock, body):
            return [LOCK[lock], *_lines(body), UNLOCK[lock]]
        case DeferLocked(lock, body):
            inner = [LOCK[lock], f"defer {UNLOCK[lock]}", *_lines(body)]
            return ["func() {", *_indent(inner), "}()"]
        case TryLocked(lock, body, orelse):
            return _choice(TRY[lock], body, orelse, (UNLOCK[lock],))
        case LockOnly(lock):
            return [LOCK[lock]]
        case UnlockOnly(lock):
            return [UNLOCK[lock]]
        case AtomicLoad(on):
            return [f"r = int({_atomic(on, 'Load')})"]
        case AtomicStore(on, value):
            return [_atomic(on, "Store", value)]
        case AtomicAdd(on):
            return [f"r = int({_atomic(on, 'Add', 1)})"]
        case AtomicSwap(on, value):
            return [f"r = int({_atomic(on, 'Swap', value)})"]
        case AtomicCas(on, old, new, body, orelse):
            return _choice(_atomic(on, "CompareAndSwap", old, new), body, orelse)
        case Group(op):
            return [f"wg.{op}({'1' if op == 'Add' else ''})"]
        case OnceDo(body):
            return ["once.Do(func() {", *_indent(_lines(body)), "})"]
        case MapSet(key, value):
            return [f'm["{key}"] = {"r" if value is None else value}']
        case MapGet(key):
            return [f'r = m["{key}"]']
        case MapInc(key):
            return [f'm["{key}"]++']
        case MapDelete(key):
            return [f'delete(m, "{key}")']
        case MapLen():
            return ["r = len(m)"]
        case MapClear():
            return ["clear(m)"]
        case MapHas(key, body, orelse):
            return _choice(f'_, ok := m["{key}"]; ok', body, orelse)
        case SyncLoad(key):
            return [f'if v, ok := sm.Load("{key}"); ok {{', "    r = v.(int)", "}"]
        case SyncStore(key, value):
            return [f'sm.Store("{key}", {value})']
        case SyncLoadOrStore(key, value):
            return [f'if v, loaded := sm.LoadOrStore("{key}", {value}); loaded {{', "    r = v.(int)", "}"]
        case SyncDelete(key):
            return [f'sm.Delete("{key}")']
        case SyncCas(key, old, new, body):
            return _choice(f'sm.CompareAndSwap("{key}", {old}, {new})', body, ())
        case New():
            return ["p = &T{}"]
        case Publish():
            return ["q = p"]
        case Take():
            return ["p = q"]
        case SetField(via, value):
            return [f"{via}.f = {value}"]
        case GetField(via):
            return [f"r = {via}.f"]
        case IfPointer(body):
            return _choice("p != nil", body, ())
        case If(equal, value, body, orelse):
            return _choice(f"r {'==' if equal else '!='} {value}", body, orelse)
        case Loop(body):
            return ["for i := 0; i < 2; i++ {", *_indent(_lines(body)), "}"]
        case Panic():
            return ['panic("boom")']
