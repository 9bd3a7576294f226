"""Random small programs: one generator, driven by `random.Random` or by hypothesis (which shrinks what it finds)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from . import programs as go

Pick = Callable[[int], int]
"""`pick(n)` is a number in 0..n-1; smaller numbers mean simpler programs."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "mutex": ("mu",),
    "rwmutex": ("rw",),
    "once": ("once", "mu"),
    "atomic": ("atomic",),
    "atomic functions": ("atomic", "mixed"),
    "map": ("map", "mu"),
    "map rw": ("map", "rw"),
    "sync.Map": ("sm",),
    "pointers": ("pointer", "mu"),
    "publication": ("pointer", "atomic"),
    "panics": ("mu", "rw", "panic", "map", "nilmap"),
    "misuse": ("mu", "rw", "misuse"),
    "all": ("mu", "rw", "once", "atomic", "map", "sm", "pointer", "panic"),
}
"""Features that occur together. No TryLock, no WaitGroup: those have families of their own below."""

TRY_FAMILIES: dict[str, tuple[str, ...]] = {
    "try": ("mu", "try"),
    "try rw": ("rw", "try rw"),
    "try all": ("mu", "rw", "try", "try rw", "atomic", "map"),
}

GROUP_FAMILIES: dict[str, tuple[str, ...]] = {"waitgroup": ("wg",), "waitgroup all": ("wg", "mu", "atomic")}

TWIN_FAMILIES: dict[str, tuple[str, ...]] = {
    "twins": ("twins", "mu", "rw"),
    "twins pointers": ("twins", "pointer", "mu"),
    "twins all": ("twins", "mu", "rw", "once", "atomic", "map", "sm", "pointer", "panic"),
}
"""Several goroutines of one role."""

SPAWN_FAMILIES: dict[str, tuple[str, ...]] = {
    "spawn": ("spawn", "mu"),
    "spawn all": ("spawn", "mu", "rw", "atomic", "map", "sm"),
}
"""g0 starts the others and, as a rule, waits for them with a WaitGroup."""


EVERY: dict[str, tuple[str, ...]] = {
    **FAMILIES,
    **TRY_FAMILIES,
    **GROUP_FAMILIES,
    **SPAWN_FAMILIES,
    **TWIN_FAMILIES,
}


def program(pick: Pick, features: tuple[str, ...]) -> go.Program:
    """A program of two or three goroutines over `features`."""
    return _Generator(pick, features).program()


def from_seed(seed: int, features: tuple[str, ...]) -> go.Program:
    """The program of a seed."""
    rng = random.Random(seed)
    return program(rng.randrange, features)


@st.composite
def programs(draw: st.DrawFn, features: tuple[str, ...]) -> go.Program:
    """Hypothesis strategy over the same programs."""
    return program(lambda n: draw(st.integers(0, n - 1)) if n > 1 else 0, features)


@dataclass
class _Generator:
    pick: Pick
    features: tuple[str, ...]
    guards: dict[str, str] = field(default_factory=dict)
    budget: int = 0
    tells: bool = False
    """Whether the goroutine being made is one that publishes data rather than one that uses it."""

    def program(self) -> go.Program:
        locks = [f for f in ("mu", "rw") if f in self.features]
        # Most plain data has a guard, as in real programs: an access outside it is the exception that races.
        self.guards = {v: locks[self.pick(len(locks))] if locks else "" for v in ("x", "y", "q", "m", "f")}
        count = 2 + (self.pick(3) == 2)
        if "twins" in self.features:
            return self.with_twins(count)
        if "spawn" in self.features:
            return self.parent_and_children(count)
        bodies = []
        for i in range(count):
            self.budget = 6 if count == 2 else 4
            self.tells = i == 0
            body = self.block(2, ())
            if "wg" in self.features and i == 0 and self.pick(5):
                body = (go.Group("Add"), *body)
            bodies.append(body)
        return go.Program(tuple(bodies), nil_map="nilmap" in self.features and self.pick(3) == 2)

    def with_twins(self, count: int) -> go.Program:
        """Two goroutines of one role, and at times a third of another."""
        self.features = tuple(f for f in self.features if f != "twins")
        self.budget = 4
        twin = self.block(2, ())
        self.tells = True
        self.budget = 3
        return go.Program((twin, twin, *((self.block(2, ()),) if count == 3 else ())), twins=2)

    def parent_and_children(self, count: int) -> go.Program:
        """wg.Add(1); go …; work; wg.Wait(); work. Add in the child, or a missing Done or Wait, are the slips."""
        late, no_done, no_wait = self.pick(8) == 7, self.pick(10) == 9, self.pick(8) == 7
        add, done = go.Group("Add"), go.Group("Done")
        children: list[go.Block] = []
        starts: list[go.Stmt] = []
        self.features = tuple(f for f in self.features if f != "spawn")
        for g in range(1, count):
            self.budget = 4
            self.tells = g == 1
            body = self.block(2, ())
            children.append((*((add,) if late else ()), *body, *(() if no_done else (done,))))
            starts += [go.Spawn(g)] if late else [add, go.Spawn(g)]
        self.budget = 2
        before = self.block(1, ())
        during = self.block(1, ())
        after = (go.Read("x"), go.Write("y", None))[: self.pick(3)]
        main = (*before, *starts, *during, *(() if no_wait else (go.Group("Wait"),)), *after)
        return go.Program((main, *children), spawned=True)

    def block(self, depth: int, held: tuple[str, ...]) -> go.Block:
        out: list[go.Stmt] = []
        for _ in range(1 + self.pick(3 if depth == 2 else 2)):
            if self.budget > 0:
                out += self.statement(depth, held)
        return tuple(out)

    def statement(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        """One statement, or a few that belong together."""
        options = ["data", *self.features, *self.features]
        if depth == 2:
            options.append("loop")
        choice = options[self.pick(len(options))]
        self.budget -= 1
        makers: dict[str, Callable[[int, tuple[str, ...]], list[go.Stmt]]] = {
            "data": self.data, "mu": self.mutex, "rw": self.rwmutex, "try": self.try_mutex, "try rw": self.try_rwmutex,
            "once": self.once, "atomic": self.atomic, "mixed": self.mixed, "map": self.map, "sm": self.sync_map,
            "pointer": self.pointer, "panic": self.panic, "misuse": self.misuse, "wg": self.group, "loop": self.loop,
            "nilmap": self.map,
        }  # fmt: skip
        return makers[choice](depth, held)

    def value(self) -> int:
        return self.pick(2) + 1

    def then(self, made: list[go.Stmt], depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        """`made`, and now and then a decision on the register it left behind."""
        if depth and self.pick(2):
            orelse = self.block(0, held) if self.pick(4) == 3 else ()
            made.append(go.If(not self.pick(3), self.pick(3), self.block(depth - 1, held), orelse))
        return made

    def under(self, guard: str, writes: bool, held: tuple[str, ...], made: list[go.Stmt]) -> list[go.Stmt]:
        """`made` under its guard, unless that is held already, or once in a while."""
        enough = guard in held or (guard == "rw" and not writes and "rw.R" in held)
        if not guard or enough or self.pick(12) == 11:
            return made
        if guard == "rw" and ("rw.R" in held or not writes):
            return made if "rw.R" in held else [self.section("rw.R", tuple(made))]
        return [self.section(guard, tuple(made))]

    def section(self, lock: str, body: go.Block) -> go.Stmt:
        return go.DeferLocked(lock, body) if self.pick(3) == 2 else go.Locked(lock, body)

    def data(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        var = "xxy"[self.pick(3)]
        if not self.guards[var] and self.pick(4):
            return self.unguarded()
        kind = self.pick(4)
        if kind == 0:
            return self.then(self.under(self.guards[var], False, held, [go.Read(var)]), depth, held)
        made: list[go.Stmt] = [go.Write(var, self.value()), go.Inc(var), go.Write(var, None)]
        return self.under(self.guards[var], True, held, [made[kind - 1]])

    def unguarded(self) -> list[go.Stmt]:
        """Where there is no lock, plain data is handed over by whatever else there is."""
        if "sm" in self.features:
            return self.hand_over_key("a")
        return self.hand_over("z" if "mixed" in self.features else "a") if "atomic" in self.features else []

    def mutex(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        if "mu" in held or not depth:
            return self.data(depth, held)
        return [self.section("mu", self.block(depth - 1, (*held, "mu")))]

    def rwmutex(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        lock = ("rw.R", "rw")[self.pick(2)]
        nested = "rw" in held or "rw.R" in held
        if not depth or (nested and self.pick(8) < 7):
            return self.data(depth, held)
        return [self.section(lock, self.block(depth - 1, (*held, lock)))]

    def try_mutex(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        return self.try_lock("mu", depth, held)

    def try_rwmutex(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        return self.try_lock(("rw.R", "rw")[self.pick(2)], depth, held)

    def try_lock(self, lock: str, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        if not depth or any(h.startswith(lock[:2]) for h in held):
            return self.data(depth, held)
        inside = (*held, lock)
        # Going on without the lock is the slip that needs the try to fail.
        orelse = ((), self.block(0, held), self.block(0, inside))[self.pick(3)]
        return [go.TryLocked(lock, self.block(depth - 1, inside), orelse)]

    def once(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        if not depth or "once" in held:
            return self.data(depth, held)
        # What Do protects is written inside it and read after it.
        inside = (*held, "once", "mu", "rw") if self.pick(2) else (*held, "once")
        return [go.OnceDo(self.block(depth - 1, inside))]

    def atomic(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        on = "z" if "mixed" in self.features else "a"
        if self.pick(3) == 2:
            return self.hand_over(on)
        kind = self.pick(5)
        if kind == 4 and depth:
            orelse = self.block(0, held) if self.pick(3) == 2 else ()
            return [go.AtomicCas(on, self.pick(2), self.value(), self.block(depth - 1, held), orelse)]
        if kind == 0 or kind == 4:
            return self.then([go.AtomicLoad(on)], depth, held)
        if kind == 1:
            return [go.AtomicStore(on, self.value())]
        return self.then([go.AtomicAdd(on) if kind == 2 else go.AtomicSwap(on, self.value())], depth, held)

    def hand_over(self, on: str) -> list[go.Stmt]:
        """Plain data published by an atomic, or used after an atomic said so."""
        v = self.value()
        if self.tells != (self.pick(8) == 7):
            tells: list[go.Stmt] = [go.AtomicStore(on, v), go.AtomicAdd(on), go.AtomicSwap(on, v)]
            tells.append(go.AtomicCas(on, 0, v, (), ()))
            return [go.Write("x", v), tells[self.pick(4)]]
        use: go.Block = ((go.Read("x"), go.Write("x", 3))[self.pick(2)],)
        kind = self.pick(4)
        if kind == 3:
            return [go.AtomicCas(on, v, v + 1, use, ())]
        asks: list[go.Stmt] = [go.AtomicLoad(on), go.AtomicSwap(on, 0), go.AtomicAdd(on)]
        return [asks[kind], go.If(True, v + (kind == 2), use, ())]

    def hand_over_key(self, key: str) -> list[go.Stmt]:
        """The same through a key of the sync.Map."""
        v = self.value()
        if self.tells != (self.pick(8) == 7):
            tells: list[go.Stmt] = [go.SyncStore(key, v), go.SyncLoadOrStore(key, v), go.SyncDelete(key)]
            tells.append(go.SyncCas(key, 3 - v, v, ()))
            return [go.Write("x", v), tells[self.pick(4)]]
        use: go.Block = ((go.Read("x"), go.Write("x", 3))[self.pick(2)],)
        kind = self.pick(4)
        if kind == 3:
            return [go.SyncCas(key, v, 3 - v, use)]
        ask: go.Stmt = go.SyncLoadOrStore(key, 3 - v) if kind == 2 else go.SyncLoad(key)
        return [ask, go.If(True, v, use, ())]

    def mixed(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        if self.pick(8) < 7:
            return self.atomic(depth, held)
        made: list[go.Stmt] = [go.Read("z"), go.Write("z", self.value()), go.Write("z", None), go.Inc("z")]
        return [made[self.pick(4)]]

    def map(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        key, guard = "aab"[self.pick(3)], self.guards["m"]
        kind = self.pick(8)
        if kind < 3:
            look: go.Stmt = (go.MapGet(key), go.MapSum(), go.MapLen())[kind]
            return self.then(self.under(guard, False, held, [look]), depth, held)
        if kind == 3 and depth:
            inside = (*held, "rw.R" if guard == "rw" else guard)
            return self.under(guard, False, held, [go.MapHas(key, self.block(depth - 1, inside), ())])
        made: list[go.Stmt] = [go.MapSet(key, self.value()), go.MapInc(key), go.MapDelete(key), go.MapSet(key, None)]
        rare: dict[int, go.Stmt] = {7: go.MapClear(), 6: go.MapPrune()}
        last = rare.get(self.pick(8), made[kind % 4])
        return self.under(guard, True, held, [last])

    def sync_map(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        key = "aab"[self.pick(3)]
        if self.pick(2):
            return self.hand_over_key("a")
        kind = self.pick(6)
        if kind == 4:
            return [go.SyncDelete(key)]
        if kind == 5 and depth:
            return [go.SyncCas(key, self.value(), self.value(), self.block(depth - 1, held))]
        if kind == 1:
            return [go.SyncStore(key, self.value())]
        if kind == 2:
            return self.then([go.SyncLoadOrStore(key, self.value())], depth, held)
        return self.then([go.SyncLoad(key)], depth, held)

    def pointer(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        guard = self.guards["q"]
        kind = self.pick(7)
        if kind == 0:
            return [go.New(), *self.under(guard, True, held, [go.Publish()])]
        if kind == 1:
            return [go.New(), go.SetField("p", self.value()), *self.under(guard, True, held, [go.Publish()])]
        if kind == 2 and depth:
            inside = (*held, "rw.R" if guard == "rw" else guard)
            return self.under(guard, False, held, [go.Take(), go.IfPointer((go.GetField("p"), *self.block(0, inside)))])
        if kind == 3:
            return self.under(guard, False, held, [go.Take(), go.IfPointer((go.GetField("p"),))])
        if kind == 4:
            return self.under(guard, True, held, [go.Take(), go.IfPointer((go.SetField("p", self.value()),))])
        if kind == 5:
            return self.under(guard, False, held, [go.GetField("q")])
        return self.under(guard, True, held, [go.SetField("q", self.value())])

    def panic(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        read = self.under(self.guards["x"], False, held, [go.Read("x")])
        return [*read, go.If(True, self.value(), (go.Panic(),), ())]

    def misuse(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        lock = ("mu", "mu", "rw", "rw.R")[self.pick(4)]
        kind = self.pick(4)
        if kind == 3:
            return [go.UnlockOnly(lock)]
        return [go.LockOnly(lock)] if kind == 2 else self.mutex(depth, held)

    def group(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        return [go.Group(("Wait", "Done", "Wait", "Add")[self.pick(4)])]

    def loop(self, depth: int, held: tuple[str, ...]) -> list[go.Stmt]:
        self.budget -= 1
        return [go.Loop(self.block(0, held))]
