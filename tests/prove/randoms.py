"""Random programs in three classes, every body a role: straight-line, bodies in loops, locks inside objects."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, fields, replace

from property import programs as go
from property.generate import EVERY, FAMILIES, TRY_FAMILIES, from_seed
from property.text import to_go

from verifier.model.document import Bounds

from .build import Case

CLASSES = ("straight", "loops", "objects")
_FAMILIES = tuple({**FAMILIES, **TRY_FAMILIES})
_HEAP = Bounds(heap=4)


def case(kind: str, seed: int) -> Case:
    """The program of a class and a seed."""
    if kind == "objects":
        return _objects(seed)
    family = _FAMILIES[seed % len(_FAMILIES)]
    made = from_seed(seed, EVERY[family])
    made = replace(made, bodies=tuple(_unrolled(b) for b in made.bodies))
    declare, roles = to_go(made)
    # Every goroutine of a role would write the role's result: that race would be all there is to see.
    roles = {name: re.sub(r"^out\d+ = r$", "_ = r", body, flags=re.MULTILINE) for name, body in roles.items()}
    if kind == "loops":
        roles = {name: _for_ever(body) for name, body in roles.items()}
    return Case(declare, roles, _HEAP)


def _unrolled(block: go.Block) -> go.Block:
    """Loops replaced by their bodies."""
    out: list[go.Stmt] = []
    for s in block:
        if isinstance(s, go.Loop):
            out += _unrolled(s.body)
            continue
        inner = {f.name: _unrolled(v) for f in fields(s) if isinstance(v := getattr(s, f.name), tuple)}
        out.append(replace(s, **inner))  # type: ignore[arg-type]
    return tuple(out)


def _for_ever(body: str) -> str:
    return "for {\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "}\n"


_DECLARE = """type T struct {
    mu sync.Mutex
    rw sync.RWMutex
    f, g int
    to *T
}
var mu sync.Mutex
var rw sync.RWMutex
var q *T
var p atomic.Pointer[T]
var n atomic.Int32
"""

_SLIP = 9
"""One slip in so many decisions: most programs do most things right."""


@dataclass
class _Writer:
    """Writes roles that make objects, hand them over, and lock them. `o` is the object at hand."""

    rng: random.Random
    looped: bool
    field_guard: str
    lines: list[str] = field(default_factory=list)

    def slip(self) -> bool:
        return self.rng.randrange(_SLIP) == 0

    def put(self, *lines: str) -> None:
        self.lines += lines

    def role(self) -> str:
        self.put("var o *T", "_ = o")
        if self.looped:
            self.put("for i := 0; i < 2; i++ {" if self.rng.random() < 0.4 else "for {")
        for _ in range(1 + self.rng.randrange(3)):
            self.statement()
        if self.looped:
            self.put("}")
        return "\n".join(self.lines) + "\n"

    def statement(self) -> None:
        make = (self.fresh, self.take, self.take, self.take, self.count)[self.rng.randrange(5)]
        make()

    def fresh(self) -> None:
        """A new object, filled and handed over; writing it afterwards without its lock is a slip."""
        self.put("o = &T{}" if self.rng.random() < 0.5 else "o = &T{f: 1}")
        if self.rng.random() < 0.6:
            self.put(f"o.f = {self.rng.randrange(1, 3)}")
        self.hand_over()
        if self.slip():
            self.put("o.g = 2")
        elif self.rng.random() < 0.5:
            self.inside()

    def hand_over(self) -> None:
        match self.rng.randrange(4):
            case 0:
                self.put("p.Store(o)")
            case 1:
                self.put("if p.CompareAndSwap(nil, o) {", "    n.Add(1)", "}")
            case 2:
                self.put("p.Store(o)" if self.looped else "_ = p.CompareAndSwap(p.Load(), o)")
            case _:
                self.guarded("q = o", writes=True)

    def guarded(self, line: str, writes: bool) -> None:
        if self.slip():
            self.put(line)
        elif writes or self.rng.random() < 0.5:
            self.put("rw.Lock()", line, "rw.Unlock()")
        else:
            self.put("rw.RLock()", line, "rw.RUnlock()")

    def take(self) -> None:
        """An object from somewhere, used under its lock."""
        if self.rng.random() < 0.5:
            self.put("o = p.Load()")
        else:
            self.guarded("o = q", writes=False)
        if self.slip():
            return self.inside()
        self.put("if o != nil {")
        self.inside()
        self.put("}")
        return None

    def inside(self) -> None:
        lock, shared = self.field_guard, self.rng.random() < 0.5
        writes = self.rng.random() < 0.6
        if lock == "rw" and not writes and shared:
            begin, end = "o.rw.RLock()", "o.rw.RUnlock()"
        else:
            begin, end = f"o.{lock}.Lock()", f"o.{lock}.Unlock()"
        if self.slip():
            begin = end = ""
        elif self.rng.randrange(40) == 0:
            begin = ""
        elif self.rng.randrange(40) == 0:
            begin, end = f"if o.{lock}.TryLock() {{", f"o.{lock}.Unlock()\n}}"
        uses = ("o.g = 1", "o.g++", "o.g = o.f") if writes else ("_ = o.g", 'if o.f > 5 { panic("f") }')
        self.put(*(x for x in (begin, uses[self.rng.randrange(len(uses))], end) if x))

    def count(self) -> None:
        self.put("if n.Add(1) == 7 {", '    panic("seven")', "}") if self.slip() else self.put("n.Store(1)")


def _objects(seed: int) -> Case:
    rng = random.Random(seed)
    guard = ("mu", "rw")[rng.randrange(2)]
    looped = rng.random() < 0.4
    roles = {f"g{i}": _Writer(rng, looped, guard).role() for i in range(1 + rng.randrange(3))}
    return Case(_DECLARE, roles, _HEAP)
