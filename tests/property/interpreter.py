"""An independent enumerator of all interleavings of a small program: what every verdict of the product is held against.

Sequentially consistent; one operation of `code` is one step. It shares no code with the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import programs as go
from .code import LOCAL, Compiled, Op, compile_program

IDLE = -1
"""Position of a goroutine that has not been started."""


class Thread(NamedTuple):
    """A goroutine: its position, register, local pointer, and the temporaries of a two-step statement."""

    pc: int
    r: int = 0
    p: int = 0
    t: int = 0


class Shared(NamedTuple):
    """Everything the goroutines share. Pointers are object numbers, 0 is nil; `m` is None when nil."""

    x: int
    y: int
    z: int
    a: int
    q: int
    mu: bool
    readers: int
    announced: bool
    writer: bool
    wg: int
    once: int
    m: tuple[tuple[str, int], ...] | None
    sm: tuple[tuple[str, int], ...]
    f: tuple[int, ...]


class State(NamedTuple):
    """One state of the program."""

    threads: tuple[Thread, ...]
    shared: Shared


class Move(NamedTuple):
    """A step of goroutine `g`. `state` is None when it kills the process; `outcome` says how the step went."""

    g: int
    op: Op
    outcome: str
    state: State | None


class Access(NamedTuple):
    """An access for race purposes."""

    location: tuple[object, ...]
    write: bool
    atomic: bool


def conflict(a: Access, b: Access) -> bool:
    """Same location, at least one write, at least one plain."""
    return a.location == b.location and (a.write or b.write) and not (a.atomic and b.atomic)


class Machine:
    """The transition system of a program. `spurious`: a TryLock may fail although the lock is free."""

    def __init__(self, program: go.Program, spurious: bool = False) -> None:
        compiled: Compiled = compile_program(program)
        self.codes = compiled.codes
        self.spurious = spurious
        shared = Shared(
            x=0, y=0, z=0, a=0, q=0, mu=False, readers=0, announced=False, writer=False, wg=0, once=0,
            m=None if program.nil_map else (), sm=(), f=(0,) * (compiled.objects + 1),
        )  # fmt: skip
        threads = [self._settle(code, Thread(0)) for code in self.codes]
        if program.spawned:
            threads[1:] = [Thread(IDLE)] * (len(threads) - 1)
        self.start = State(tuple(threads), shared)

    def next_op(self, state: State, g: int) -> Op:
        """What goroutine `g` is about to do."""
        pc = state.threads[g].pc
        return ("idle",) if pc == IDLE else self.codes[g][pc]

    def moves(self, state: State) -> Iterator[Move]:
        """Every step possible in `state`."""
        for g in range(len(self.codes)):
            yield from self._moves_of(state, g)

    def access(self, state: State, g: int) -> Access | None:
        """The memory access `g` is about to make.

        Every map access counts as one of the map's header: a slot is only ever written together with it, so the slots
        add no race. As for `-race`, an Add from zero conflicts with a Wait, but two Adds or two Waits do not.
        """
        op, me = self.next_op(state, g), state.threads[g]
        match op[0]:
            case "read" | "read to t":
                return Access((op[1],), False, False)
            case "read q":
                return Access(("q",), False, False)
            case "write" | "write t+1":
                return Access((op[1],), True, False)
            case "a.load" | "a.store" | "a.add" | "a.swap" | "a.cas":
                return Access((op[1],), op[0] != "a.load", True)
            case "m.get" | "m.get to t" | "m.len" | "m.has" | "m.sum":
                return Access(("m",), False, False) if state.shared.m is not None else None
            case "m.prune":
                writes = any(v == 1 for _, v in state.shared.m or ())
                return Access(("m",), writes, False) if state.shared.m is not None else None
            case "m.set" | "m.set t+1" | "m.delete" | "m.clear":
                return Access(("m",), True, False) if state.shared.m is not None else None
            case "wg.Add":
                return Access(("wg",), False, False) if state.shared.wg == 0 else None
            case "wg.Wait":
                return Access(("wg",), True, True)
            case "f.set" | "f.get":
                pointer = me.t if op[1] == "t" else me.p
                return Access(("f", pointer), op[0] == "f.set", False) if pointer else None
        return None

    def _settle(self, code: tuple[Op, ...], me: Thread) -> Thread:
        """Run local operations; the temporary dies at the end of its statement."""
        while True:
            op: Any = code[me.pc]
            if op[0] not in LOCAL:
                break
            if op[0] == "jump":
                me = me._replace(pc=op[1])
            elif op[0] == "new":
                me = me._replace(pc=me.pc + 1, p=op[1])
            elif op[0] == "if p":
                me = me._replace(pc=me.pc + 1 if me.p else op[1])
            else:
                me = me._replace(pc=me.pc + 1 if (me.r == op[2]) == op[1] else op[3])
        if op[0] not in ("write t+1", "m.set t+1", "f.set", "f.get"):
            me = me._replace(t=0)
        return me

    def _moves_of(self, state: State, g: int) -> Iterator[Move]:
        op: Any = self.next_op(state, g)
        me, s = state.threads[g], state.shared

        def to(
            outcome: str = "", pc: int | None = None, r: int = me.r, p: int = me.p, t: int = me.t, **change: Any
        ) -> Move:
            moved = self._settle(self.codes[g], Thread(me.pc + 1 if pc is None else pc, r, p, t))
            threads = (*state.threads[:g], moved, *state.threads[g + 1 :])
            return Move(g, op, outcome, State(threads, s._replace(**change) if change else s))

        match op[0]:
            case "end" | "idle":
                return
            case "go":
                after: Any = to().state
                child = self._settle(self.codes[op[1]], Thread(0))
                threads = (*after.threads[: op[1]], child, *after.threads[op[1] + 1 :])
                yield Move(g, op, "", after._replace(threads=threads))
            case "crash":
                yield Move(g, op, "panic", None)
            case "read":
                yield to(r=getattr(s, op[1]))
            case "read to t":
                yield to(t=getattr(s, op[1]))
            case "read q":
                yield to(p=s.q) if op[1] == "p" else to(t=s.q)
            case "write":
                value: Any = {None: me.r, "p": me.p}.get(op[2], op[2])
                change: dict[str, Any] = {op[1]: value}
                yield to(**change)
            case "write t+1":
                change = {op[1]: me.t + 1}
                yield to(**change)
            case "f.set" | "f.get":
                pointer = me.t if op[1] == "t" else me.p
                if not pointer:
                    yield to("panic", pc=op[-1])
                elif op[0] == "f.get":
                    yield to(r=s.f[pointer])
                else:
                    yield to(f=(*s.f[:pointer], op[2], *s.f[pointer + 1 :]))
            case "lock" | "unlock" | "try" | "announce":
                yield from self._lock_moves(op, s, to, g)
            case "wg.Add":
                yield to(wg=s.wg + 1)
            case "wg.Done":
                yield to("panic", pc=op[-1]) if s.wg == 0 else to(wg=s.wg - 1)
            case "wg.Wait":
                if s.wg == 0:
                    yield to()
            case "once":
                if s.once == 0:
                    yield to("first", once=1)
                elif s.once == 2:
                    yield to("done", pc=op[1])
            case "once done":
                yield to(once=2)
            case _ if op[0].startswith("a."):
                yield self._atomic_move(op, s, to)
            case _ if op[0].startswith("m."):
                yield self._map_move(op, s, me, to)
            case _ if op[0].startswith("sm."):
                yield self._sync_map_move(op, s, me, to)
            case _:
                raise AssertionError(op)

    def _lock_moves(self, op: Any, s: Shared, to: Any, g: int) -> Iterator[Move]:
        kind, lock = op[0], op[1] if len(op) > 1 else "rw"
        fatal = Move(g, op, "fatal", None)
        if kind == "announce":
            if not s.announced and not s.writer:
                yield to(announced=True)
            return
        if kind == "unlock":
            if lock == "mu":
                yield to(mu=False) if s.mu else fatal
            elif lock == "rw.R":
                yield to(readers=s.readers - 1) if s.readers else fatal
            elif s.announced:
                yield Move(g, op, "odd", None)
            else:
                yield to(writer=False) if s.writer else fatal
            return
        if lock == "mu":
            free = not s.mu
            taken: dict[str, Any] = {"mu": True}
        elif lock == "rw.R":
            free, taken = not s.announced and not s.writer, {"readers": s.readers + 1}
        elif kind == "lock":
            free, taken = not s.readers, {"announced": False, "writer": True}
        else:
            free, taken = not s.readers and not s.announced and not s.writer, {"writer": True}
        if free:
            yield to("taken", **taken)
        if kind == "try" and (not free or self.spurious):
            yield to("failed", pc=op[2])

    def _atomic_move(self, op: Any, s: Shared, to: Any) -> Move:
        kind, on = op[0], op[1]
        old: int = getattr(s, on)
        move: Move
        if kind == "a.load":
            move = to(r=old)
        elif kind == "a.store":
            move = to(**{on: op[2]})
        elif kind == "a.add":
            move = to(r=old + op[2], **{on: old + op[2]})
        elif kind == "a.swap":
            move = to(r=old, **{on: op[2]})
        elif old == op[2]:
            move = to("swapped", **{on: op[3]})
        else:
            move = to("kept", pc=op[4])
        return move

    def _map_move(self, op: Any, s: Shared, me: Thread, to: Any) -> Move:
        kind = op[0]
        content = dict(s.m or ())
        move: Move
        if kind in ("m.set", "m.set t+1"):
            if s.m is None:
                return to("panic", pc=op[-1])  # type: ignore[no-any-return]
            value = me.t + 1 if kind == "m.set t+1" else me.r if op[2] is None else op[2]
            move = to(m=_items({**content, op[1]: value}))
        elif kind == "m.get":
            move = to(r=content.get(op[1], 0))
        elif kind == "m.get to t":
            move = to(t=content.get(op[1], 0))
        elif kind == "m.len":
            move = to(r=len(content))
        elif kind == "m.sum":
            move = to(r=me.r + sum(content.values()))
        elif kind == "m.has":
            move = to() if op[1] in content else to(pc=op[2])
        elif s.m is None:
            move = to()
        elif kind == "m.clear":
            move = to(m=())
        elif kind == "m.prune":
            move = to(m=_items({k: v for k, v in content.items() if v != 1}))
        else:
            content.pop(op[1], None)
            move = to(m=_items(content))
        return move

    def _sync_map_move(self, op: Any, s: Shared, me: Thread, to: Any) -> Move:
        kind, key = op[0], op[1]
        content = dict(s.sm)
        move: Move
        if kind == "sm.load":
            move = to(r=content.get(key, me.r))
        elif kind == "sm.store":
            move = to(sm=_items({**content, key: op[2]}))
        elif kind == "sm.loadorstore":
            if key in content:
                move = to("loaded", r=content[key])
            else:
                move = to("stored", sm=_items({**content, key: op[2]}))
        elif kind == "sm.delete":
            content.pop(key, None)
            move = to(sm=_items(content))
        elif content.get(key) == op[2]:
            move = to("swapped", sm=_items({**content, key: op[3]}))
        else:
            move = to("kept", pc=op[4])
        return move


def _items(content: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(content.items()))


@dataclass
class Findings:
    """What an exploration found.

    `decided` is False when a limit was hit (or the program does what the abstract RWMutex does not describe): then
    nothing else in here is a verdict, except a race that was found. After a race the search stops.
    """

    race: tuple[Access, ...] = ()
    panic: bool = False
    fatal: bool = False
    deadlock: bool = False
    odd: bool = False
    """An rw.Unlock while a writer has only announced itself: what follows is outside the abstract RWMutex."""
    decided: bool = True
    states: int = 0
    finals: set[tuple[tuple[str, int], ...]] = field(default_factory=set)
    """Final values, by Go expression, of complete runs."""
    seen_xy: set[tuple[int, int]] = field(default_factory=set)
    """Every (x, y) of every reachable state."""


def explore(program: go.Program, spurious: bool = False, limit: int = 20_000, stop_at_race: bool = True) -> Findings:
    """Visit every reachable state."""
    machine, found = Machine(program, spurious), Findings()
    seen, todo = {machine.start}, [machine.start]
    while todo:
        state = todo.pop()
        found.seen_xy.add((state.shared.x, state.shared.y))
        found.race = found.race or _race_in(machine, state)
        if found.race and stop_at_race:
            break
        stuck = True
        for move in machine.moves(state):
            stuck = False
            if move.state is None:
                found.panic |= move.outcome == "panic"
                found.fatal |= move.outcome == "fatal"
                found.odd |= move.outcome == "odd"
            elif move.state not in seen:
                seen.add(move.state)
                todo.append(move.state)
        if stuck and all(machine.next_op(state, g)[0] in ("end", "idle") for g in range(len(machine.codes))):
            found.finals.add(_final_values(program, state))
        elif stuck:
            found.deadlock = True
        if len(seen) > limit:
            found.decided = False
            break
    found.decided = (found.decided and not found.odd) or bool(found.race)
    found.states = len(seen)
    return found


def _race_in(machine: Machine, state: State) -> tuple[Access, ...]:
    about = [a for g in range(len(machine.codes)) if (a := machine.access(state, g))]
    for i, one in enumerate(about):
        for other in about[:i]:
            if conflict(one, other):
                return (other, one)
    return ()


def _final_values(program: go.Program, state: State) -> tuple[tuple[str, int], ...]:
    s = state.shared
    values = [("x", s.x), ("y", s.y), ("a.Load()", s.a)]
    values += [(f"out{g}", t.r) for g, t in enumerate(state.threads) if program.twins == 1 or g >= program.twins]
    if program.uses(*go.MAP):
        content = dict(s.m or ())
        values += [("len(m)", len(content)), *((f'm["{k}"]', content.get(k, 0)) for k in ("a", "b"))]
    return tuple(values)


def judge(program: go.Program, limit: int = 20_000) -> Findings:
    """The verdicts the product must give: `race` with TryLock allowed to fail at will, everything else without."""
    found = explore(program, limit=limit)
    if program.uses(go.TryLocked) and found.decided and not found.race:
        ghost = explore(program, spurious=True, limit=limit)
        found.race = ghost.race
        found.decided = ghost.decided
    return found
