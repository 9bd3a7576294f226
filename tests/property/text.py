"""Small programs as Go text and as model files."""

from __future__ import annotations

from .dialects import restyle, restyle_expression
from .programs import (
    MAP,
    AtomicAdd,
    AtomicCas,
    AtomicLoad,
    AtomicStore,
    AtomicSwap,
    Block,
    DeferLocked,
    GetField,
    Group,
    If,
    IfPointer,
    Inc,
    Locked,
    LockOnly,
    Loop,
    MapClear,
    MapDelete,
    MapGet,
    MapHas,
    MapInc,
    MapLen,
    MapPrune,
    MapSet,
    MapSum,
    New,
    OnceDo,
    Panic,
    Program,
    Publish,
    Read,
    SetField,
    Spawn,
    Stmt,
    SyncCas,
    SyncDelete,
    SyncLoad,
    SyncLoadOrStore,
    SyncStore,
    Take,
    TryLocked,
    UnlockOnly,
    Write,
    walk,
)

LOCK = {"mu": "mu.Lock()", "rw": "rw.Lock()", "rw.R": "rw.RLock()"}
UNLOCK = {"mu": "mu.Unlock()", "rw": "rw.Unlock()", "rw.R": "rw.RUnlock()"}
TRY = {"mu": "mu.TryLock()", "rw": "rw.TryLock()", "rw.R": "rw.TryRLock()"}


def to_go(program: Program) -> tuple[str, dict[str, str]]:
    """The declarations, and the body of each role."""
    lines = [_body(i, block, not is_twin(program, i)) for i, block in enumerate(program.bodies)]
    if program.spawned:
        lines = [_with_children(lines[0], lines)]
    bodies = {f"g{i}": "\n".join(body) + "\n" for i, body in enumerate(lines) if i == 0 or not is_twin(program, i)}
    text = "\n".join(bodies.values())
    outs = ", ".join(f"out{i}" for i in range(len(program.bodies)) if not is_twin(program, i))
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
    declared += [f"var {outs} int"] if outs else []
    declared += ["var x, y int", "var a atomic.Int32"]
    declared += [line for mark, line in candidates if _mentions(text, mark)]
    if program.uses(*MAP):
        declared.append(made)
    return "\n".join(declared) + "\n", bodies


def is_twin(program: Program, i: int) -> bool:
    """Whether body `i` is one of several that are one role."""
    return i < program.twins and program.twins > 1


def _body(i: int, block: Block, tells: bool) -> list[str]:
    head = ["r := 0"]
    if any(isinstance(s, New | Publish | Take | SetField | GetField | IfPointer) for s in walk(block)):
        head += ["var p *T", "_ = p"]
    return [*head, *_lines(block), f"out{i} = r" if tells else "_ = r"]


def _with_children(main: list[str], bodies: list[list[str]]) -> list[str]:
    """`main` with every `go gN` replaced by the literal of that body."""
    out: list[str] = []
    for line in main:
        start = line.find("go g")
        if start < 0:
            out.append(line)
            continue
        by = line[:start]
        out += [f"{by}go func() {{", *_indent(bodies[int(line[start + 4 :])], by + "    "), f"{by}}}()"]
    return out


def _mentions(text: str, mark: str) -> bool:
    if mark == "z":
        return any(w in text for w in ("z = ", "z++", "&z", "int(z)"))
    if mark == "q":
        return any(w in text for w in ("q = ", "= q", "q.f"))
    return mark in text


def to_yaml(program: Program, clauses: tuple[tuple[str, str, str], ...] = (), dialect: str = "plain") -> str:
    """A whole model file; `clauses` are (always|sometimes|finally, name, Go expression)."""
    declare, bodies = restyle(*to_go(program), dialect)
    out = ["model: random", "declare: |", *_indent(declare.splitlines(), "  "), "goroutines:"]
    for role, body in bodies.items():
        out += [
            f"  {role}:",
            f"    count: {program.twins if role == 'g0' else 1}",
            "    body: |",
            *_indent(body.splitlines(), "      "),
        ]
    for when in ("always", "sometimes", "finally"):
        mine = [(name, text) for w, name, text in clauses if w == when]
        if mine:
            out += [f"{when}:", *(f"  {name}: '{restyle_expression(text, dialect)}'" for name, text in mine)]
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
        case MapSum():
            return ["for _, v := range m {", "    r += v", "}"]
        case MapPrune():
            return ["for k, v := range m {", "    if v == 1 {", "        delete(m, k)", "    }", "}"]
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
        case Spawn(g):
            return [f"go g{g}"]
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
