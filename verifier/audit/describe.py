"""States in words: the views of a timeline, the operation a goroutine stands at, a whole state."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verifier.audit.interpret import Interpreter, State
from verifier.audit.locks import Locks
from verifier.gosem.channel import WAITS
from verifier.program.concrete import Concrete
from verifier.program.program import END, IDLE, Bool, Program, View, high, show

_ONCE = ("not run", "running", "done")


def views(program: Program, state: State, locks: Locks) -> tuple[str, ...]:
    """Every view of the program as short text, in order. Without `locks`, a lock does not say who holds it."""
    return tuple(_view(program, v, state, locks) for v in program.views)


def _view(program: Program, view: View, state: State, locks: Locks) -> str:
    values = [state.cells[n] for n in view.cells]
    # A lock that was assigned to has no holders any more, whatever its steps said before.
    holders = locks.get(view.cells[0], ()) if any(values) else ()
    match view.kind:
        case "mutex":
            return ",".join(h.goroutine for h in holders) or ("held" if values[0] else "free")
        case "rwmutex":
            parts = [f"W:{h.goroutine}" for h in holders if h.mode == "W"]
            readers = ",".join(h.goroutine for h in holders if h.mode == "R")
            parts += [f"R:{readers}"] if readers else []
            parts += [f"next:{h.goroutine}" for h in holders if h.mode == "next"]
            return "  ".join(parts) or _unheld(values)
        case "once":
            return _ONCE[values[0]] if 0 <= values[0] < len(_ONCE) else str(values[0])
        case "cond":
            counts = ((values.count(n), word) for n, word in ((1, "waiting"), (2, "woken")))
            return ", ".join(f"{n} {word}" for n, word in counts if n) or "-"
        case "map" | "syncmap":
            return _map(program, view, state)
        case "channel":
            return _channel(program, view, state)
    shown = [_shown(program, n, state) for n in view.cells]
    if view.kind == "pointer":
        return "&{" + ", ".join(shown[1:]) + "}" if values[0] else "nil"
    return shown[0] if len(shown) == 1 else "{" + ", ".join(shown) + "}"


def _unheld(values: Sequence[int]) -> str:
    """An RWMutex of which nobody knows who holds it: copied while it was held, or a state without its past."""
    readers, pending, writer, *_ = (*values, 0, 0)
    parts = ["write-locked"] if writer else []
    parts += [f"read-locked {readers} times" if readers > 1 else "read-locked"] if readers else []
    return "  ".join([*parts, *(["a writer waits"] if pending else [])]) or "free"


def _map(program: Program, view: View, state: State) -> str:
    if not view.keys:
        return "{}"
    width = len(view.cells) // len(view.keys)
    entries: list[str] = []
    for n, key in enumerate(view.keys):
        present, *value = view.cells[n * width : (n + 1) * width]
        if not state.cells[present]:
            continue
        shown = [_shown(program, c, state) for c in value]
        text = shown[0] if len(shown) == 1 else "{" + ",".join(shown) + "}" if shown else ""
        entries.append(f"{key.strip(chr(34))}:{text}")
    return "{" + " ".join(entries) + "}"


def _channel(program: Program, view: View, state: State) -> str:
    """`[1 2]`, `[] closed`; of a channel without a buffer `open` or `closed`."""
    closed, *rest = view.cells
    if not rest:
        return "closed" if state.cells[closed] else "open"
    length, *buffer = rest
    width = len(buffer) // max(high(program.cells[length].domain, program.sorts), 1)
    filled = [buffer[i * width : (i + 1) * width] for i in range(state.cells[length])]
    values = [[_shown(program, c, state) for c in slot] for slot in filled]
    shown = " ".join(v[0] if len(v) == 1 else "{" + ",".join(v) + "}" for v in values)
    return f"[{shown}] closed" if state.cells[closed] else f"[{shown}]"


def _shown(program: Program, cell: int, state: State) -> str:
    return show(state.cells[cell], program.cells[cell].domain, program.sorts)


_TEXTS = (
    (re.compile(r"\.RLock\(\)"), "sync.RWMutex.RLock"),
    (re.compile(r"\.Lock\(\)"), "sync.Mutex.Lock"),
    (re.compile(r"\.Wait\(\)"), "sync.WaitGroup.Wait"),
    (re.compile(r"\.Do\("), "sync.Once.Do"),
)


def operation(program: Program, c: Concrete, state: State, interpreter: Interpreter) -> tuple[str, int]:
    """What a blocked step waits for in the words of Go's dump, and the first cell of the lock (-1: no lock)."""
    for mark in c.step.sync:
        cell = interpreter.cell(mark.ref, state)
        kinds = {v.kind for v in program.views if cell in v.cells}
        if mark.op == "rlock":
            return "sync.RWMutex.RLock", cell
        if mark.op in ("announce", "acquire") or (mark.op == "lock" and "rwmutex" in kinds):
            return "sync.RWMutex.Lock", cell
        if mark.op == "lock":
            return "sync.Mutex.Lock", cell
    text = c.step.text
    if c.step.cite.startswith("sync/cond.go"):
        return "sync.Cond.Wait", -1
    if c.step.cite in WAITS:
        return WAITS[c.step.cite], -1
    for pattern, words in _TEXTS:
        if pattern.search(text):
            return words, -1
    return text or "blocked", -1


def location(program: Program, state: State, interpreter: Interpreter, instance: int) -> str:
    """Where a goroutine is: the statement it stands at, `returned`, or `not started`."""
    at = state.locations[instance]
    if at in (END, IDLE):
        return "returned" if at == END else "not started"
    for c in interpreter.steps(instance, at):
        where = f"{c.step.span}: " if c.step.span else ""
        return f"{where}{c.step.text}"
    return "blocked for ever"


def nonzero(program: Program, values: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Every cell that is not zero, by its number: a name of its own, and the value in words."""
    there = _presence(program)
    return {
        n: (decl.name + (" is in the map" if n in there else ""), show(value, decl.domain, program.sorts))
        for n, (decl, value) in enumerate(zip(program.cells, values, strict=True))
        if value
    }


def _presence(program: Program) -> set[int]:
    """The cells that say that a key is in a map; the cell of its value, if it has one, has the same name."""
    first: dict[str, int] = {}
    twice = {first[decl.name] for n, decl in enumerate(program.cells) if first.setdefault(decl.name, n) != n}
    maps = [v for v in program.views if v.kind in ("map", "syncmap") and v.keys]
    known = {cell for v in maps for cell in v.cells[:: len(v.cells) // len(v.keys)]}
    return known | {n for n in twice if isinstance(program.cells[n].domain, Bool)}


def whole_state(program: Program, state: State, interpreter: Interpreter, locks: Locks) -> str:
    """The shared objects, all else that is not zero, where goroutines are, and the enabled steps with their numbers."""
    objects = zip((v.name for v in program.views), views(program, state, locks), strict=True)
    lines = ["shared objects:", *(f"  {name}  {text}" for name, text in objects)] if program.views else []
    said = {cell for view in program.views for cell in view.cells}
    rest = [f"  {name} = {text}" for n, (name, text) in nonzero(program, state.cells).items() if n not in said]
    lines += ["other cells that are not zero:" if lines else "cells that are not zero:", *(rest or ["  none"])]
    lines.append("goroutines:")
    lines += [f"  {i.name}  {location(program, state, interpreter, i.number)}" for i in program.goroutines]
    lines.append("enabled steps:")
    enabled = [
        f"  {n}  {program.instances[c.instance].name}  {_step(c)}" for n, c in enumerate(interpreter.enabled(state))
    ]
    lines += enabled or ["  none"]
    return "\n".join(lines)


def _step(c: Concrete) -> str:
    detail = f" ({c.step.detail})" if c.step.detail else ""
    fails = f"  fails: {c.step.fail.message}" if c.step.fail else ""
    return f"{c.step.text}{detail}{fails}"
