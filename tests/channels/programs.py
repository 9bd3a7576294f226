"""Small random programs over channels: as Go text, and as flat code for the enumerator."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

Op = tuple[object, ...]
"""An operation of the flat code; jumps name positions. See `Compiler` for all of them."""


@dataclass(frozen=True)
class Statement:
    """One statement; `kind` tells which of the other fields count."""

    kind: str
    channel: int = 0
    value: int = 0
    body: tuple[Statement, ...] = ()
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Case:
    """A case of a select: send, receive or default."""

    kind: str
    channel: int = 0
    value: int = 0
    body: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Channels:
    """A program: the capacity of each channel (None: nil) and the statements of each goroutine."""

    capacities: tuple[int | None, ...]
    goroutines: tuple[tuple[Statement, ...], ...]


def random_program(seed: int) -> Channels:
    """Two or three goroutines, each of a few statements, on one to three channels."""
    r = random.Random(seed)
    capacities = tuple(r.choice((0, 0, 0, 1, 1, 2, None) if n else (0, 0, 0, 1, 2)) for n in range(r.randint(1, 3)))
    count = r.choice((2, 2, 3))
    most = 4 if count == 2 else 3
    made = tuple(_block(r, len(capacities), r.randint(1, most), 1) for _ in range(count))
    return Channels(capacities, made)


def _block(r: random.Random, channels: int, length: int, depth: int) -> tuple[Statement, ...]:
    return tuple(_statement(r, channels, depth) for _ in range(length))


def _statement(r: random.Random, channels: int, depth: int) -> Statement:
    kinds = ["send"] * 4 + ["receive"] * 4 + ["ok"] + ["close"] + ["write", "read"] + ["length"]
    kinds += ["select"] * 6 + ["range", "if"] if depth else []
    kind = r.choice(kinds)
    channel, value = r.randrange(channels), r.randint(0, 2)
    if kind in ("range", "if"):
        return Statement(kind, channel, value, _block(r, channels, 1, depth - 1))
    if kind == "select":
        count = r.choice((1, 2, 2, 2, 3))
        cases = [
            Case(r.choice(("send", "receive")), r.randrange(channels), r.randint(0, 2), _small(r, channels, depth))
            for _ in range(count)
        ]
        if r.random() < 0.5:
            cases.insert(r.randint(0, count), Case("default", body=_small(r, channels, depth)))
        return Statement(kind, cases=tuple(cases))
    return Statement(kind, channel, value)


def _small(r: random.Random, channels: int, depth: int) -> tuple[Statement, ...]:
    return _block(r, channels, r.randint(0, 1), depth - 1)


# ---- Go


def declare(p: Channels) -> str:
    """The package: channels, a plain variable, and where each goroutine leaves what it has seen."""
    lines = ["var x int"]
    lines += [f"var out{n} int" for n in range(len(p.goroutines))]
    for n, capacity in enumerate(p.capacities):
        size = f", {capacity}" if capacity else ""
        lines.append(f"var c{n} chan int" if capacity is None else f"var c{n} = make(chan int{size})")
    return "\n".join(lines)


def body(p: Channels, number: int) -> str:
    """The Go of one goroutine."""
    return "\n".join(["r := 0", *_lines(p.goroutines[number]), f"out{number} = r"])


def _lines(block: tuple[Statement, ...]) -> list[str]:
    return [line for s in block for line in _go(s)]


def _go(s: Statement) -> list[str]:
    c, v = f"c{s.channel}", s.value
    match s.kind:
        case "send":
            return [f"{c} <- {v if v else 'r'}"]
        case "receive":
            return [f"r = <-{c}"]
        case "ok":
            return [f"if _, ok := <-{c}; ok {{", "\tr = 1", "} else {", "\tr = 2", "}"]
        case "close":
            return [f"close({c})"]
        case "write":
            return [f"x = {v}"]
        case "read":
            return ["r = x"]
        case "length":
            return [f"r = len({c})"]
        case "range":
            return [f"for v := range {c} {{", "\tr = v", *_indented(s.body), "}"]
        case "if":
            return [f"if r == {v} {{", *_indented(s.body), "}"]
    lines = ["select {"]
    for case in s.cases:
        sent = case.value if case.value else "r"
        head = {"send": f"case c{case.channel} <- {sent}:", "receive": f"case r = <-c{case.channel}:"}
        lines += [head.get(case.kind, "default:"), *_indented(case.body)]
    return [*lines, "}"]


def _indented(block: tuple[Statement, ...]) -> list[str]:
    return [f"\t{line}" for line in _lines(block)]


# ---- flat code


@dataclass
class Compiler:
    """Statements to operations: enter, send, receive, ok, close, write, read, length, select, if, goto, out.

    `closes`: whether the program closes a channel; only then a send shows itself to the race detector first.
    """

    closes: bool
    code: list[Op] = field(default_factory=list)

    def block(self, block: tuple[Statement, ...]) -> None:
        for s in block:
            self.statement(s)

    def statement(self, s: Statement) -> None:
        match s.kind:
            case "send":
                self.enter((s.channel,))
                self.code.append(("send", s.channel, s.value))
            case "range":
                head = len(self.code)
                self.code.append(("each", s.channel, -1))
                self.block(s.body)
                self.code.append(("goto", head))
                self.code[head] = ("each", s.channel, len(self.code))
            case "if":
                at = len(self.code)
                self.code.append(("if", s.value, -1))
                self.block(s.body)
                self.code[at] = ("if", s.value, len(self.code))
            case "select":
                self.select(s)
            case _:
                self.code.append((s.kind, s.channel, s.value))

    def enter(self, channels: tuple[int, ...]) -> None:
        if self.closes and channels:
            self.code.append(("enter", channels))

    def select(self, s: Statement) -> None:
        self.enter(tuple(c.channel for c in s.cases if c.kind == "send"))
        at = len(self.code)
        self.code.append(())
        jumps, cases = [], []
        for case in s.cases:
            cases.append((case.kind, case.channel, case.value, len(self.code)))
            self.block(case.body)
            jumps.append(len(self.code))
            self.code.append(())
        for jump in jumps:
            self.code[jump] = ("goto", len(self.code))
        self.code[at] = ("select", tuple(cases))


def closes(block: tuple[Statement, ...]) -> bool:
    """Whether some statement closes a channel."""
    return any(s.kind == "close" or closes(s.body) or any(closes(c.body) for c in s.cases) for s in block)


def compiled(p: Channels) -> tuple[tuple[Op, ...], ...]:
    """The flat code of every goroutine."""
    made = []
    closing = any(map(closes, p.goroutines))
    for block in p.goroutines:
        c = Compiler(closing)
        c.block(block)
        c.code.append(("out",))
        made.append(tuple(c.code))
    return tuple(made)
