"""Lost updates in random programs, against an enumerator that follows dependences while it runs."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest

from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

LOCATIONS = ("x", "y")
REGISTERS = ("a", "b")
ASKED = Options(checks=("lost-update",), any_number=False)

Sites = frozenset[int]


@dataclass(frozen=True)
class Op:
    """`kind`: load, store, constant, add, cas, copy, if. `site` numbers the loads; `inside` is the body of an if."""

    kind: str
    location: str = ""
    register: str = ""
    number: int = 0
    site: int = 0
    inside: tuple[Op, ...] = ()


class Register(NamedTuple):
    value: int = 0
    data: Sites = frozenset()
    control: Sites = frozenset()


class Goroutine(NamedTuple):
    """What is left to do: operations, each with the reads that decided that it is done; and what reads are pending."""

    rest: tuple[tuple[Op, Sites], ...]
    registers: tuple[Register, ...] = (Register(), Register())
    pending: tuple[tuple[int, tuple[str, bool]], ...] = ()
    """By site: the location, and whether it has been changed since."""


def program(pick: random.Random) -> tuple[Op, ...]:
    sites = iter(range(100))

    def one(depth: int) -> Op:
        kinds = ("load", "load", "load", "store", "store", "store", "constant", "add", "cas", "copy")
        kind = "if" if pick.random() < (0.35, 0.2, 0.0)[depth] else pick.choice(kinds)
        inside = tuple(one(depth + 1) for _ in range(pick.randint(1, 2))) if kind == "if" else ()
        location, register = pick.choice("xxxy"), pick.choice("aaab")
        return Op(kind, location, register, pick.choice((0, 0, 1, 2)), next(sites), inside)

    # Without a read at the beginning most programs have nothing to lose.
    return (Op("load", "x", "a", 0, next(sites)), *(one(0) for _ in range(pick.randint(2, 4))))


def go(ops: tuple[Op, ...]) -> str:
    lines = []
    for o in ops:
        match o.kind:
            case "load":
                lines.append(f"{o.register} = {o.location}.Load()")
            case "store":
                lines.append(f"{o.location}.Store({o.register} + {o.number})")
            case "constant":
                lines.append(f"{o.location}.Store({o.number})")
            case "add":
                lines.append(f"{o.location}.Add({o.register})")
            case "cas":
                lines.append(f"{o.location}.CompareAndSwap({o.register}, {o.number})")
            case "copy":
                lines.append(f"{REGISTERS[1 - REGISTERS.index(o.register)]} = {o.register}")
            case "if":
                lines.append(f"if {o.register} == {o.number} {{\n{go(o.inside)}}}")
    return "".join(line + "\n" for line in lines)


def assigned(ops: tuple[Op, ...]) -> set[str]:
    out: set[str] = set()
    for o in ops:
        out |= {o.register} if o.kind == "load" else set()
        out |= {REGISTERS[1 - REGISTERS.index(o.register)]} if o.kind == "copy" else set()
        out |= assigned(o.inside)
    return out


def lost(programs: tuple[tuple[Op, ...], ...]) -> bool:
    """Whether some run overwrites what changed since the write was computed or decided."""
    start = (tuple(Goroutine(tuple((o, frozenset()) for o in ops)) for ops in programs), (0, 0))
    seen = {start}
    todo = [start]
    while todo:
        goroutines, memory = todo.pop()
        for n, g in enumerate(goroutines):
            if not g.rest:
                continue
            bad, mine, after = step(g, memory)
            if bad:
                return True
            changed = {x for x, a, b in zip(LOCATIONS, memory, after, strict=True) if a != b}
            others = tuple(mine if m == n else overtaken(h, changed) for m, h in enumerate(goroutines))
            if (others, after) not in seen:
                seen.add((others, after))
                todo.append((others, after))
    return False


def overtaken(g: Goroutine, changed: set[str]) -> Goroutine:
    return g._replace(pending=tuple((s, (x, stale or x in changed)) for s, (x, stale) in g.pending))


def step(g: Goroutine, memory: tuple[int, ...]) -> tuple[bool, Goroutine, tuple[int, ...]]:
    (op, why), rest = g.rest[0], g.rest[1:]
    registers, pending = dict(zip(REGISTERS, g.registers, strict=True)), dict(g.pending)
    cells = dict(zip(LOCATIONS, memory, strict=True))
    r = registers[op.register]
    bad = False
    match op.kind:
        case "load":
            registers[op.register] = Register(cells[op.location], frozenset((op.site,)), why)
            pending[op.site] = (op.location, False)
        case "store" | "constant":
            new = r.value + op.number if op.kind == "store" else op.number
            data, control = (r.data, r.control | why) if op.kind == "store" else (frozenset(), why)
            bad = _loses(op.location, data, control, pending, new != cells[op.location])
            cells[op.location] = new
        case "add":
            cells[op.location] += r.value
        case "cas" if cells[op.location] == r.value:
            cells[op.location] = op.number
        case "copy":
            other = REGISTERS[1 - REGISTERS.index(op.register)]
            registers[other] = r._replace(control=r.control | why)
        case "if":
            because = why | r.data | r.control
            if r.value == op.number:
                rest = (*((o, because) for o in op.inside), (Op("joined", inside=op.inside), because), *rest)
            else:
                rest = ((Op("joined", inside=op.inside), because), *rest)
            rest = tuple((replace(o, register="a") if o.kind == "joined" else o, w) for o, w in rest)
        case "joined":
            for name in assigned(op.inside):
                registers[name] = registers[name]._replace(control=registers[name].control | why)
    after = Goroutine(rest, tuple(registers[x] for x in REGISTERS), tuple(sorted(pending.items())))
    return bad, after, tuple(cells[x] for x in LOCATIONS)


def _loses(location: str, data: Sites, control: Sites, pending: dict[int, tuple[str, bool]], changes: bool) -> bool:
    if any(pending[s] == (location, True) for s in data):
        return True
    stale = any(pending[s] == (location, True) for s in control)
    fresh = any(pending[s] == (location, False) for s in data | control)
    return stale and not fresh and changes


def judged(programs: tuple[tuple[Op, ...], ...]) -> Verdict:
    text = "model: m\ndeclare: var x, y atomic.Int32\nbounds: {int: [-64, 255]}\ngoroutines:\n"
    for n, ops in enumerate(programs):
        body = "var a, b int32\n" + go(ops) + "_, _ = a, b\n"
        text += f"  g{n}: |\n" + "".join(f"    {line}\n" for line in body.splitlines())
    (found,) = verify(read_text("m.yaml", text), ASKED).properties
    assert found.verdict in (Verdict.SAFE, Verdict.UNSAFE), (found.reason, text)
    return found.verdict


def branches(programs: tuple[tuple[Op, ...], ...]) -> bool:
    """Whether a register gets its value in an if: then the text says less than a run does."""
    return any(assigned(o.inside) for ops in programs for o in ops)


@pytest.mark.parametrize("first", range(0, 150, 25))
def test_random_programs(first: int) -> None:
    for seed in range(first, first + 25):
        pick = random.Random(seed)
        programs = (program(pick), program(pick))
        shown = "\n---\n".join(map(go, programs))
        expected, found = lost(programs), judged(programs)
        if expected:
            assert found is Verdict.UNSAFE, f"seed {seed}: missed\n{shown}"
        elif not branches(programs):
            assert found is Verdict.SAFE, f"seed {seed}: false alarm\n{shown}"


def test_both_answers_occur() -> None:
    made = [random.Random(seed) for seed in range(150)]
    answers = [lost((program(p), program(p))) for p in made]
    assert 20 < sum(answers) < 130
