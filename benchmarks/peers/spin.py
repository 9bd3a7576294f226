"""SPIN: generate a verifier in C, compile it, search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.child import Finished, run
from benchmarks.peers import MODELS, number
from benchmarks.workload import Run, Workload

MEMORY_LIMIT = 8000
"""Megabytes that the verifier may take (-DMEMLIM)."""
DEFAULT_WIDTH = 24
"""`pan` without -w: a table of 2^24 slots, 128 MB."""


def spin(
    workload: Workload,
    folder: Path,
    widths: Sequence[int] = (DEFAULT_WIDTH,),
    *,
    breadth_first: bool = False,
    reduced: bool = False,
    optimise: str = "-O2",
) -> tuple[Run, ...]:
    """Compile once, then search once for each width of the hash table, given as a power of two.

    Unless `reduced`, partial order reduction and SPIN's rewriting of the model are off: it must count the same states.
    """
    macros = [f"-DW={workload.writers}", f"-DR={workload.readers}", f"-DN={workload.rounds}"]
    macros += [] if workload.locked else ["-DUNLOCKED"]
    rewriting = [] if reduced else ["-o1", "-o2", "-o3"]
    flags = ["-DSAFETY", *([] if reduced else ["-DNOREDUCE"]), *(["-DBFS"] if breadth_first else [])]
    generate = run(["spin", *rewriting, *macros, "-a", str(MODELS / "rwmap.pml")], folder)
    build = run(["gcc", optimise, *flags, f"-DMEMLIM={MEMORY_LIMIT}", "-o", "pan", "pan.c"], folder)
    before = generate.cpu + build.cpu
    shown = " ".join((optimise, *(f for f in flags if f != "-DSAFETY"))) + (", its reductions," if reduced else "")
    return tuple(
        _read(run(["./pan", "-m10000", f"-w{w}"], folder), f"{shown} -w{w}", before, workload.locked) for w in widths
    )


def _read(search: Finished, setting: str, before: float, locked: bool) -> Run:
    states, steps = stored(search.output), 0 if locked else depth(search.output)
    return Run("SPIN", setting, states, before, search.cpu, search.user, search.memory, floor=search.floor, steps=steps)


def stored(output: str) -> int:
    """The number of distinct states in what `pan` prints."""
    return number(output, r"([\d,]+) states, stored")


def depth(output: str) -> int:
    """The length of the counterexample: `pan` counts its depth from 0."""
    return number(output, r"assertion violated .*\(at depth (\d+)\)") + 1
