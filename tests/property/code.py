"""Bodies as flat code: one operation per atomic step, loops unrolled, panics as jumps to their unwinding code."""

from __future__ import annotations

from dataclasses import dataclass

from . import programs as go

Op = tuple[object, ...]
"""(kind, operand …). Branching operations end with the position they jump to, failing ones too."""

LOCAL = frozenset({"jump", "if", "if p", "new"})
"""Kinds that touch nothing shared: they are run together with the step before them."""


@dataclass(frozen=True)
class Compiled:
    """The code of every goroutine, and how many objects `&T{}` can make in all."""

    codes: tuple[tuple[Op, ...], ...]
    objects: int


def compile_program(program: go.Program) -> Compiled:
    """Flat code; each occurrence of `&T{}` after unrolling has its own object number, from 1."""
    made, codes = 0, []
    for body in program.bodies:
        builder = _Builder(made)
        builder.block(body)
        codes.append(builder.finish())
        made = builder.made
    return Compiled(tuple(codes), made)


class _Builder:
    def __init__(self, made: int) -> None:
        self.out: list[Op] = []
        self.made = made
        self.cleanups: tuple[Op, ...] = ()
        self.failing: dict[tuple[Op, ...], list[int]] = {}

    def finish(self) -> tuple[Op, ...]:
        """Append the end and the unwinding code, and make every failing operation point at its own."""
        self.out.append(("end",))
        for cleanups, users in self.failing.items():
            start = len(self.out)
            self.out += [*reversed(cleanups), ("crash",)]
            for at in users:
                self.out[at] = (*self.out[at], start)
        return tuple(self.out)

    def emit(self, *op: object) -> None:
        self.out.append(op)

    def may_panic(self, *op: object) -> None:
        self.failing.setdefault(self.cleanups, []).append(len(self.out))
        self.out.append(op)

    def branch(self, op: Op, body: go.Block, orelse: go.Block, last: tuple[Op, ...] = ()) -> None:
        """`op` falls through to `body` and jumps to `orelse`."""
        at = len(self.out)
        self.emit()
        self.block(body)
        self.out += last
        over = len(self.out)
        self.emit()
        self.out[at] = (*op, len(self.out))
        self.block(orelse)
        self.out[over] = ("jump", len(self.out))

    def lock(self, lock: str) -> None:
        if lock == "rw":
            self.emit("announce")
        self.emit("lock", lock)

    def guarded(self, cleanup: Op, body: go.Block) -> None:
        """`body`, then `cleanup`, which also runs when `body` panics."""
        outer = self.cleanups
        self.cleanups = (*outer, cleanup)
        self.block(body)
        self.cleanups = outer
        self.out.append(cleanup)

    def block(self, block: go.Block) -> None:
        for s in block:
            self.statement(s)

    def statement(self, s: go.Stmt) -> None:
        match s:
            case go.Read(var):
                self.emit("read", var)
            case go.Write(var, value):
                self.emit("write", var, value)
            case go.Inc(var):
                self.emit("read to t", var)
                self.emit("write t+1", var)
            case go.Locked(lock, body):
                self.lock(lock)
                self.block(body)
                self.emit("unlock", lock)
            case go.DeferLocked(lock, body):
                self.lock(lock)
                self.guarded(("unlock", lock), body)
            case go.TryLocked(lock, body, orelse):
                self.branch(("try", lock), body, orelse, (("unlock", lock),))
            case go.LockOnly(lock):
                self.lock(lock)
            case go.UnlockOnly(lock):
                self.emit("unlock", lock)
            case go.AtomicLoad(on):
                self.emit("a.load", on)
            case go.AtomicStore(on, value):
                self.emit("a.store", on, value)
            case go.AtomicAdd(on):
                self.emit("a.add", on, 1)
            case go.AtomicSwap(on, value):
                self.emit("a.swap", on, value)
            case go.AtomicCas(on, old, new, body, orelse):
                self.branch(("a.cas", on, old, new), body, orelse)
            case go.Group("Done"):
                self.may_panic("wg.Done")
            case go.Group(op):
                self.emit(f"wg.{op}")
            case go.OnceDo(body):
                at = len(self.out)
                self.emit()
                self.guarded(("once done",), body)
                self.out[at] = ("once", len(self.out))
            case go.MapSet(key, value):
                self.may_panic("m.set", key, value)
            case go.MapInc(key):
                self.emit("m.get to t", key)
                self.may_panic("m.set t+1", key)
            case go.MapGet(key):
                self.emit("m.get", key)
            case go.MapDelete(key):
                self.emit("m.delete", key)
            case go.MapLen():
                self.emit("m.len")
            case go.MapSum():
                # One step: in a race-free program nobody writes the map between the steps of a range.
                self.emit("m.sum")
            case go.MapPrune():
                self.emit("m.prune")
            case go.MapClear():
                self.emit("m.clear")
            case go.MapHas(key, body, orelse):
                self.branch(("m.has", key), body, orelse)
            case go.SyncLoad(key):
                self.emit("sm.load", key)
            case go.SyncStore(key, value):
                self.emit("sm.store", key, value)
            case go.SyncLoadOrStore(key, value):
                self.emit("sm.loadorstore", key, value)
            case go.SyncDelete(key):
                self.emit("sm.delete", key)
            case go.SyncCas(key, old, new, body):
                self.branch(("sm.cas", key, old, new), body, ())
            case go.Spawn(g):
                self.emit("go", g)
            case go.New():
                self.made += 1
                self.emit("new", self.made)
            case go.Publish():
                self.emit("write", "q", "p")
            case go.Take():
                self.emit("read q", "p")
            case go.SetField(via, value):
                if via == "q":
                    self.emit("read q", "t")
                self.may_panic("f.set", "t" if via == "q" else "p", value)
            case go.GetField(via):
                if via == "q":
                    self.emit("read q", "t")
                self.may_panic("f.get", "t" if via == "q" else "p")
            case go.IfPointer(body):
                self.branch(("if p",), body, ())
            case go.If(equal, value, body, orelse):
                self.branch(("if", equal, value), body, orelse)
            case go.Loop(body):
                self.block(body)
                self.block(body)
            case go.Panic():
                self.may_panic("jump")
