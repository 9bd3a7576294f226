"""The packages every model may use without an import: which names they offer, with which signatures, since when."""

from __future__ import annotations

from verifier.golang import types as t
from verifier.source import Span

PACKAGES = {
    "sync": "sync",
    "atomic": "sync/atomic",
    "time": "time",
    "rand": "math/rand",
    "fmt": "fmt",
    "errors": "errors",
    "context": "context",
    "runtime": "runtime",
    "strings": "strings",
}
"""Package name → import path."""

_HERE = Span("", 0, 0)
_INT32, _INT64 = t.Basic("int32"), t.Basic("int64")


def _sig(params: tuple[t.Type, ...] = (), results: tuple[t.Type, ...] = ()) -> t.Signature:
    return t.Signature(params, results)


ERROR = t.Named("error", _HERE, t.Interface((("Error", _sig((), (t.STRING,))),)))
DURATION = t.Named("time.Duration", _HERE, _INT64)

_ACTION, _TRY, _CALLBACK = _sig(), _sig((), (t.BOOL,)), _sig((_sig(),))

LOCKER = t.Named("sync.Locker", _HERE, t.Interface((("Lock", _ACTION), ("Unlock", _ACTION))))
WAITERS = t.StructField("·waiters", t.Primitive("sync.notifyList"))
"""The field of a Cond that cannot be named: the methods of the Cond are those of its type."""
COND_L = t.StructField("L", LOCKER)
COND = t.Named("sync.Cond", _HERE, t.Struct((COND_L, WAITERS)))

TIME = t.Named("time.Time", _HERE, t.Struct(()))
"""What timers send. It has no content: a model has no clock."""
_C = t.StructField("C", t.Chan(TIME, "receive"))
_RUNNING = t.Primitive("time.runtimeTimer"), t.Primitive("time.runtimeTicker")
TIMER, TICKER = (
    t.Named(f"time.{name}", _HERE, t.Struct((_C, t.StructField(f"·{of.name}", of, embedded=True))))
    for name, of in zip(("Timer", "Ticker"), _RUNNING, strict=True)
)
"""Their methods are those of a field that cannot be named."""
TIMERS = _RUNNING

_SYNC: dict[str, dict[str, t.Signature]] = {
    "time.runtimeTimer": {"Stop": _TRY, "Reset": _sig((DURATION,), (t.BOOL,))},
    "time.runtimeTicker": {"Stop": _ACTION, "Reset": _sig((DURATION,))},
    "sync.Mutex": {"Lock": _ACTION, "Unlock": _ACTION, "TryLock": _TRY},
    "sync.RWMutex": {
        "Lock": _ACTION,
        "Unlock": _ACTION,
        "TryLock": _TRY,
        "RLock": _ACTION,
        "RUnlock": _ACTION,
        "TryRLock": _TRY,
    },
    "sync.WaitGroup": {"Add": _sig((t.INT,)), "Done": _ACTION, "Wait": _ACTION, "Go": _CALLBACK},
    "sync.Once": {"Do": _CALLBACK},
    "sync.Map": {
        "Load": _sig((t.ANY,), (t.ANY, t.BOOL)),
        "Store": _sig((t.ANY, t.ANY)),
        "LoadOrStore": _sig((t.ANY, t.ANY), (t.ANY, t.BOOL)),
        "LoadAndDelete": _sig((t.ANY,), (t.ANY, t.BOOL)),
        "Delete": _sig((t.ANY,)),
        "Swap": _sig((t.ANY, t.ANY), (t.ANY, t.BOOL)),
        "CompareAndSwap": _sig((t.ANY, t.ANY, t.ANY), (t.BOOL,)),
        "CompareAndDelete": _sig((t.ANY, t.ANY), (t.BOOL,)),
        "Range": _sig((_sig((t.ANY, t.ANY), (t.BOOL,)),)),
        "Clear": _ACTION,
    },
}

_ATOMICS: dict[str, t.Type] = {
    "atomic.Int32": _INT32,
    "atomic.Int64": _INT64,
    "atomic.Uint32": t.Basic("uint32"),
    "atomic.Uint64": t.Basic("uint64"),
    "atomic.Uintptr": t.Basic("uintptr"),
    "atomic.Bool": t.BOOL,
}

_VALUE: dict[str, t.Type] = {"atomic.Value": t.ANY}

_SINCE = {
    ("sync.WaitGroup", "Go"): 125,
    ("sync.Map", "Clear"): 123,
    ("sync.Map", "Swap"): 120,
    ("sync.Map", "CompareAndSwap"): 120,
    ("sync.Map", "CompareAndDelete"): 120,
    **{(name, method): 123 for name in _ATOMICS for method in ("And", "Or")},
}

_LATER: dict[str, str] = {
    "sync.Pool": "use a variable guarded by a sync.Mutex",
    "atomic.Pointer": "",
    "time.AfterFunc": "use a goroutine of its own: a model has no clock",
    "time.Now": "a model has no clock; use an int that a goroutine counts up, or rand.Intn(n) for any choice",
    "time.Since": "a model has no clock; use an int that a goroutine counts up, or rand.Intn(n) for any choice",
    "context.WithDeadline": "use context.WithTimeout: a model has no clock",
    "context.WithValue": "pass the value as a parameter",
    "context.WithCancelCause": "use context.WithCancel, and keep the cause in a variable",
    "context.WithoutCancel": "use context.Background()",
    "context.AfterFunc": "use a goroutine that waits for Done",
    "context.Cause": "use Err",
    "fmt.Sprintf": "strings are opaque constants here: use a literal",
    "fmt.Sprint": "strings are opaque constants here: use a literal",
    "fmt.Sprintln": "strings are opaque constants here: use a literal",
    "fmt.Errorf": 'use errors.New("…")',
    "errors.Is": "compare the errors with ==",
    "errors.As": "use a type assertion",
    "errors.Join": "use one error made by errors.New",
    "errors.Unwrap": "use one error made by errors.New",
    "rand.Int": "use rand.Intn(n), a choice among n values",
    "rand.Float64": "use rand.Intn(n), a choice among n values",
    "rand.IntN": "use rand.Intn(n), a choice among n values",
    "rand.Perm": "use rand.Intn(n), a choice among n values",
    "runtime.NumGoroutine": "use runtime.Gosched, or at(role, label) in a clause",
    "runtime.GC": "leave it out",
}
_OPAQUE = "strings are opaque constants here: use a literal"
_COPY = "copy in a loop, such as `for k, v := range m { c[k] = v }`"

ELSEWHERE: dict[str, str] = {
    "strings": _OPAQUE,
    **dict.fromkeys(("log", "slog", "io", "bufio", "bytes"), "use fmt.Println, or leave it out"),
    **dict.fromkeys(("os", "syscall"), 'to end a goroutine use `return`; to end the program `panic("…")`'),
    **dict.fromkeys(("strconv", "regexp", "json", "unicode", "utf8"), _OPAQUE),
    **dict.fromkeys(("maps", "slices"), _COPY),
    **dict.fromkeys(("math", "bits"), "write the integer arithmetic out"),
    "cmp": "compare with `<`; as a constraint write `~int`, or an interface of the types you use",
    **dict.fromkeys(("fnv", "maphash", "crc32", "sha256", "md5", "xxhash"), "declare a func without a body: any hash"),
    **dict.fromkeys(("http", "net", "sql"), "leave it out, or stand rand.Intn(n) in for what it answers"),
    "sort": "write the loop out",
    "errgroup": "use a sync.WaitGroup, and keep the error in a variable under a sync.Mutex",
    "singleflight": "use a sync.Mutex or a sync.Once",
    "semaphore": "use a sync.Mutex",
    "reflect": "write the code for the types you use",
    "unsafe": "use the types of sync/atomic",
    "debug": "leave it out",
    "testing": "leave it out",
}
"""Packages that Go or its projects have and models do not, by name: what to write instead of them."""


def holds_cond(of: t.Type) -> bool:
    """Whether a value of the type contains a sync.Cond."""
    if of is COND:
        return True
    match t.underlying(of):
        case t.Struct(fields=fields):
            return any(holds_cond(f.type) for f in fields)
        case t.Array(elem=elem):
            return holds_cond(elem)
        case _:
            return False


RLOCKER = "call RLock and RUnlock themselves"
"""What to write instead of `RWMutex.RLocker`."""


def offered() -> str:
    """The import paths of the packages that models can use something of, as a sentence has them."""
    *paths, last = [path for name, path in PACKAGES.items() if name not in ELSEWHERE]
    return f"{', '.join(paths)} and {last}"


def methods(of: t.Primitive) -> dict[str, t.Signature]:
    """The methods of a primitive type; all have pointer receivers. Source: go doc sync, sync/atomic."""
    if of == WAITERS.type:
        return {"Wait": _ACTION, "Signal": _ACTION, "Broadcast": _ACTION}
    if of.name in _SYNC:
        return _SYNC[of.name]
    value = t.Pointer(of.arg or t.INVALID) if of.name == "atomic.Pointer" else (_ATOMICS | _VALUE)[of.name]
    table = {
        "Load": _sig((), (value,)),
        "Store": _sig((value,)),
        "Swap": _sig((value,), (value,)),
        "CompareAndSwap": _sig((value, value), (t.BOOL,)),
    }
    if t.is_integer(value):
        table |= {name: _sig((value,), (value,)) for name in ("Add", "And", "Or")}
    return table


def since(of: t.Primitive, method: str) -> int:
    """The first Go version (125 = 1.25) that has the method; 0 for one that was always there."""
    return _SINCE.get((of.name, method), 0)


ONCE_VALUES = {"OnceValue": 1, "OnceValues": 2}
"""The generic functions of sync, and how many results the function has that they are given and return."""


def function_since(package: str, name: str) -> int:
    """The first Go version (121 = 1.21) that has the function; 0 for one that was always there."""
    return 121 if package == "sync" and name.startswith("Once") else 0


def _atomic_functions() -> dict[str, t.Signature]:
    table: dict[str, t.Signature] = {}
    for name, of in _ATOMICS.items():
        suffix = name.removeprefix("atomic.")
        if suffix == "Bool":
            continue
        place = t.Pointer(of)
        table[f"Load{suffix}"] = _sig((place,), (of,))
        table[f"Store{suffix}"] = _sig((place, of))
        table[f"Swap{suffix}"] = _sig((place, of), (of,))
        table[f"Add{suffix}"] = _sig((place, of), (of,))
        table[f"CompareAndSwap{suffix}"] = _sig((place, of, of), (t.BOOL,))
    return table


def _functions(package: str) -> dict[str, t.Signature | None]:
    fixed: dict[str, dict[str, t.Signature | None]] = {
        "time": {
            "Sleep": _sig((DURATION,)),
            **{name: _sig((DURATION,), (t.Chan(TIME, "receive"),)) for name in ("After", "Tick")},
            "NewTimer": _sig((DURATION,), (t.Pointer(TIMER),)),
            "NewTicker": _sig((DURATION,), (t.Pointer(TICKER),)),
        },
        "runtime": {"Gosched": _ACTION},
        "rand": {"Intn": _sig((t.INT,), (t.INT,))},
        "fmt": {"Print": None, "Println": None, "Printf": None},
        "errors": {"New": _sig((t.STRING,), (ERROR,))},
        "sync": {
            "NewCond": _sig((LOCKER,), (t.Pointer(COND),)),
            "OnceFunc": _sig((_ACTION,), (_ACTION,)),
            **dict.fromkeys(ONCE_VALUES),
        },
    }
    return dict(_atomic_functions()) if package == "atomic" else fixed.get(package, {})


def members(package: str) -> dict[str, t.Object]:
    """What `package` (by name, e.g. `atomic`) offers to models."""
    table: dict[str, t.Object] = {}
    for name, signature in _functions(package).items():
        table[name] = t.LibraryFunc(package, name, signature)
    for name in (*(n for n in _SYNC if n not in (of.name for of in _RUNNING)), *_ATOMICS, *_VALUE, "atomic.Pointer"):
        if name.startswith(f"{package}."):
            short = name.split(".")[1]
            table[short] = t.TypeName(short, t.Primitive(name))
    if package == "sync":
        table |= {"Cond": t.TypeName("Cond", COND), "Locker": t.TypeName("Locker", LOCKER)}
    if package == "time":
        for of in (TIME, TIMER, TICKER, DURATION):
            short = of.name.removeprefix("time.")
            table[short] = t.TypeName(short, of)
        units = {"Nanosecond": 1, "Microsecond": 10**3, "Millisecond": 10**6, "Second": 10**9}
        units |= {"Minute": 60 * 10**9, "Hour": 3600 * 10**9}
        for name, value in units.items():
            table[name] = t.ConstObj(name, DURATION, value, _HERE)
    return table


def not_yet(package: str, name: str) -> str | None:
    """What to use instead of a name that Go's package has but models do not; None when Go has no such name either."""
    if package == "atomic" and name.endswith("Pointer"):
        return "use atomic.Pointer[T]"
    return _LATER.get(f"{package}.{name}")


CONTEXT = (
    *("Background", "TODO", "WithCancel", "WithTimeout"),
    *("Context", "CancelFunc", "Canceled", "DeadlineExceeded"),
)
"""What the package context offers; it is Go itself (see `contexts`)."""
