"""How long the first counterexample takes when there is one, and how long it is."""

from __future__ import annotations

from benchmarks.attempts import Attempts, Setting, absence
from benchmarks.own import ALL, verify
from benchmarks.peers.rumur import rumur
from benchmarks.peers.spin import spin
from benchmarks.peers.tlc import tlc
from benchmarks.table import Table, megabytes, seconds, times
from benchmarks.workload import Run, Workload

SIZES = (Workload(2, 2, 1, locked=False), Workload(4, 4, 2, locked=False))
SHORTEST = 3
REPEATS = 3
WIDTH = 16

HEAD = ("workload", "tool", "setting", "steps", "states", "before", "search", "whole", "peak MB", "whole, times ours")


def measure(setting: Setting) -> tuple[Table, ...]:
    """A row for each size and tool."""
    tries, repeats = Attempts(setting), setting.repeats(REPEATS)
    rows = tuple(row for workload in SIZES for row in _rows(workload, tries, setting, repeats))
    about = (
        "The map without its lock: whole process in CPU seconds until the fatal error of the runtime is found, median "
        f"of {repeats}. `steps` is the length of the counterexample; the shortest has {SHORTEST}."
    )
    notes = (
        "SPIN is told to search breadth first (-DBFS), else its counterexample has 8 and 40 steps; its replay of the "
        "trail is not counted, nor is ours.",
        "Data races are not asked for: the peers do not look for them, and ours is there before the first step. The "
        "steps of our reduced run are those of the reduced program.",
    )
    every = (*notes, *absence(setting, "SPIN", "Rumur", "TLC"))
    return (Table("e", "First counterexample", about, HEAD, rows, every, tuple(tries.wrong)),)


def _rows(workload: Workload, tries: Attempts, setting: Setting, repeats: int) -> list[tuple[str, ...]]:
    mine = tries.own(lambda: verify(workload, "auto"), repeats)
    others = (
        *tries.own(lambda: verify(workload, "auto", ALL), repeats),
        *tries.peer("SPIN", lambda f: spin(workload, f, (WIDTH,), breadth_first=True), repeats),
        *tries.peer("Rumur", lambda f: (rumur(workload, f),), repeats),
        *tries.peer("TLC", lambda f: (tlc(workload, f, setting.tlc or ""),), repeats),
    )
    for r in (*mine, *(o for o in others if o.tool != "verify")):
        if r.steps != SHORTEST:
            tries.wrong.append(f"{workload}: {r.tool} ({r.setting}) needs {r.steps} steps, not {SHORTEST}")
    return [_row(workload, r, mine[0] if mine else None) for r in (*mine, *others)]


def _row(workload: Workload, r: Run, ours: Run | None) -> tuple[str, ...]:
    ratio = times(r.whole / ours.whole) if ours is not None else ""
    figures = (seconds(r.prepare), seconds(r.search), seconds(r.whole), megabytes(r.memory, r.floor), ratio)
    return (str(workload), r.tool, r.setting, str(r.steps), f"{r.states:,}", *figures)
