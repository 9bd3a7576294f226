"""All runs of a small program over channels, by an interpreter that shares nothing with the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .programs import Channels, Op, compiled


class State(NamedTuple):
    """Where each goroutine is, its register, what it left, the channels as (closed, values), and x."""

    at: tuple[int, ...]
    registers: tuple[int, ...]
    out: tuple[int, ...]
    channels: tuple[tuple[bool, tuple[int, ...]], ...]
    x: int


@dataclass(frozen=True)
class Found:
    """What some run shows. `finals`: (x, out0, out1, …) where all have returned."""

    panics: frozenset[str]
    deadlock: bool
    races: frozenset[str]
    finals: frozenset[tuple[int, ...]]
    states: int


class Panic(Exception):
    """A step that ends the process."""


class Enumerator:
    """Enumerates one program. Goroutines rest before operations others can see; `if` and `goto` run at once."""

    def __init__(self, program: Channels) -> None:
        self.capacities = program.capacities
        self.code = compiled(program)

    def run(self, limit: int) -> Found | None:
        """Everything, or None when there are more states than `limit`."""
        count = len(self.code)
        channels = tuple((False, ()) for _ in self.capacities)
        first = State((0,) * count, (0,) * count, (0,) * count, channels, 0)
        first = self._settled(first, range(count))
        seen, todo = {first}, [first]
        panics: set[str] = set()
        races: set[str] = set()
        finals: set[tuple[int, ...]] = set()
        edges: list[tuple[State, State | None, frozenset[int]]] = []
        while todo:
            s = todo.pop()
            races |= self._races(s)
            if self._done(s) == set(range(count)):
                finals.add((s.x, *s.out))
            for g in range(count):
                for after in self._moves(s, g):
                    if isinstance(after, str):
                        panics.add(after)
                        edges.append((s, None, frozenset((g,))))
                        continue
                    edges.append((s, after, frozenset(h for h in range(count) if s.at[h] != after.at[h]) | {g}))
                    if after not in seen:
                        seen.add(after)
                        todo.append(after)
            if len(seen) > limit:
                return None
        deadlock = self._stuck(seen, edges)
        return Found(frozenset(panics), deadlock, frozenset(races), frozenset(finals), len(seen))

    def _done(self, s: State) -> set[int]:
        return {g for g, at in enumerate(s.at) if at == len(self.code[g])}

    def _stuck(self, seen: set[State], edges: list[tuple[State, State | None, frozenset[int]]]) -> bool:
        """Whether somewhere a goroutine never moves again, though the process need not die."""
        able = {s: self._done(s) for s in seen}
        lives = dict.fromkeys(seen, True)
        for s, _, movers in edges:
            able[s] |= movers
        out: dict[State, list[State | None]] = {s: [] for s in seen}
        for s, after, _ in edges:
            out[s].append(after)
        changed = True
        while changed:
            changed = False
            for s, after, _ in edges:
                if after is not None and not able[after] <= able[s]:
                    able[s] |= able[after]
                    changed = True
            for s in seen:
                if lives[s] and out[s] and not any(a is not None and lives[a] for a in out[s]):
                    lives[s], changed = False, True
        return any(lives[s] and len(able[s]) < len(self.code) for s in seen)

    def _op(self, s: State, g: int) -> Op | None:
        return self.code[g][s.at[g]] if s.at[g] < len(self.code[g]) else None

    def _to(self, s: State, g: int, at: int, r: int | None = None, **change: Any) -> State:
        ats = (*s.at[:g], at, *s.at[g + 1 :])
        rs = s.registers if r is None else (*s.registers[:g], r, *s.registers[g + 1 :])
        return self._settled(s._replace(at=ats, registers=rs, **change), (g,))

    def _settled(self, s: State, goroutines: Any) -> State:
        for g in goroutines:
            while (op := self._op(s, g)) is not None and op[0] in ("if", "goto"):
                there = op[1] if op[0] == "goto" else s.at[g] + 1 if s.registers[g] == op[1] else op[2]
                s = s._replace(at=(*s.at[:g], there, *s.at[g + 1 :]))  # type: ignore[arg-type]
        return s

    def _moves(self, s: State, g: int) -> Iterator[State | str]:
        op = self._op(s, g)
        if op is None:
            return
        after, r = s.at[g] + 1, s.registers[g]
        match op:
            case ("enter", _):
                yield self._to(s, g, after)
            case ("write", _, v):
                yield self._to(s, g, after, x=v)
            case ("read", _, _):
                yield self._to(s, g, after, s.x)
            case ("out",):
                yield self._to(s, g, after, out=(*s.out[:g], r, *s.out[g + 1 :]))
            case ("length", int(c), _):
                yield self._to(s, g, after, len(s.channels[c][1]))
            case ("close", int(c), _):
                yield from self._close(s, g, c)
            case ("send", int(c), int(v)):
                yield from self._send(s, g, c, v or r, after, False)
            case ("receive" | "ok" | "each" as how, int(c), _):
                yield from self._receive(s, g, c, str(how), after, False)
            case ("select", tuple(cases)):
                yield from self._select(s, g, cases)

    def _close(self, s: State, g: int, c: int) -> Iterator[State | str]:
        if self.capacities[c] is None:
            yield "close of nil channel"
        elif s.channels[c][0]:
            yield "close of closed channel"
        else:
            yield self._to(s, g, s.at[g] + 1, channels=_with(s, c, True, s.channels[c][1]))

    def _send(self, s: State, g: int, c: int, v: int, after: int, polls: bool) -> Iterator[State | str]:
        capacity = self.capacities[c]
        if capacity is None:
            return
        closed, values = s.channels[c]
        if closed:
            yield "send on closed channel"
        elif len(values) < capacity:
            yield self._to(s, g, after, channels=_with(s, c, False, (*values, v)))
        elif capacity == 0:
            for h in range(len(self.code)):
                if h != g:
                    for partner in self._takers(s, h, c, v, polls):
                        yield self._to(partner, g, after)

    def _takers(self, s: State, h: int, c: int, v: int, polls: bool) -> Iterator[State]:
        """The states after goroutine h has received v from c, which another one hands to it."""
        match self._op(s, h):
            case ("receive" | "ok" | "each" as how, int(d), _) if d == c:
                got = {"ok": 1}.get(str(how), v)
                yield self._to(s, h, s.at[h] + 1, got)
            case ("select", tuple(cases)):
                if polls and any(case[0] == "default" for case in cases):
                    return
                for kind, d, _, there in cases:
                    if kind == "receive" and d == c:
                        yield self._to(s, h, there, v)

    def _receive(self, s: State, g: int, c: int, how: str, after: int, polls: bool) -> Iterator[State]:
        """Without the meetings: those are moves of whoever sends."""
        if self.capacities[c] is None:
            return
        closed, values = s.channels[c]
        if values:
            got = 1 if how == "ok" else values[0]
            yield self._to(s, g, after, got, channels=_with(s, c, closed, values[1:]))
        elif closed and how == "each":
            op = self._op(s, g)
            assert op is not None
            yield self._to(s, g, int(op[2]))  # type: ignore[call-overload]
        elif closed:
            yield self._to(s, g, after, 2 if how == "ok" else 0)

    def _select(self, s: State, g: int, cases: tuple[Any, ...]) -> Iterator[State | str]:
        polls = any(case[0] == "default" for case in cases)
        fact = False
        for kind, c, v, there in cases:
            if kind == "default" or self.capacities[c] is None:
                continue
            closed, values = s.channels[c]
            if kind == "send":
                fact |= closed or len(values) < self.capacities[c]
                yield from self._send(s, g, c, v or s.registers[g], there, polls)
            else:
                fact |= closed or bool(values)
                yield from self._receive(s, g, c, "receive", there, polls)
        for kind, _, _, there in cases:
            if kind == "default" and not fact:
                yield self._to(s, g, there)

    def _races(self, s: State) -> set[str]:
        """Places that two goroutines are about to touch, one of them writing."""
        found: set[str] = set()
        touched = [self._touches(s, g) for g in range(len(self.code))]
        for g, mine in enumerate(touched):
            for others in touched[g + 1 :]:
                for place, how in mine:
                    for other, what in others:
                        kinds = {how, what}
                        if place == other and ("write" in kinds or kinds == {"close", "read"}):
                            found.add(place)
        return found

    def _touches(self, s: State, g: int) -> list[tuple[str, str]]:
        match self._op(s, g):
            case ("write", _, _):
                return [("x", "write")]
            case ("read", _, _):
                return [("x", "read")]
            case ("enter", tuple(channels)):
                return [(f"c{c}", "read") for c in channels if self.capacities[c] is not None]
            case ("close", int(c), _) if self.capacities[c] is not None and not s.channels[c][0]:
                return [(f"c{c}", "close")]
        return []


def _with(s: State, c: int, closed: bool, values: tuple[int, ...]) -> tuple[tuple[bool, tuple[int, ...]], ...]:
    return (*s.channels[:c], (closed, values), *s.channels[c + 1 :])


def enumerated(program: Channels, limit: int = 20_000) -> Found | None:
    """What all runs of a program show; None when there are too many states."""
    return Enumerator(program).run(limit)
