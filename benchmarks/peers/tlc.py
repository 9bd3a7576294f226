"""TLC: interpret the TLA+ model in one Java process, with one worker."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.child import run
from benchmarks.peers import MODELS, number
from benchmarks.workload import Run, Workload


def tlc(workload: Workload, folder: Path, class_path: str, symmetry: bool = False) -> Run:
    """One worker, a heap of 8 GB; `symmetry` declares writers and readers interchangeable."""
    shutil.copy(MODELS / "rwmap.tla", folder)
    (folder / "rwmap.cfg").write_text(configuration(workload, symmetry))
    java = ["java", "-XX:+UseParallelGC", "-Xmx8g", "-cp", class_path, "tlc2.TLC", "-workers", "1", "-noGenerateSpecTE"]
    accept = frozenset({0}) if workload.locked else frozenset(range(1, 256))
    search = run([*java, "-metadir", "states", "-config", "rwmap.cfg", "rwmap.tla"], folder, accept)
    steps = 0 if workload.locked else shown(search.output)
    setting = "SYMMETRY" if symmetry else "no symmetry"
    found = distinct(search.output)
    return Run("TLC", setting, found, 0.0, search.cpu, search.user, search.memory, floor=search.floor, steps=steps)


def configuration(workload: Workload, symmetry: bool) -> str:
    """The .cfg file."""
    writers = ", ".join(f"w{n + 1}" for n in range(workload.writers))
    readers = ", ".join(f"r{n + 1}" for n in range(workload.readers))
    lines = [
        "INIT Init",
        "NEXT Next",
        "CHECK_DEADLOCK TRUE",
        "CONSTANTS",
        f"Writers = {{{writers}}}",
        f"Readers = {{{readers}}}",
        f"ROUNDS = {workload.rounds}",
        f"LOCK = {'TRUE' if workload.locked else 'FALSE'}",
        "None = None",
        *(["SYMMETRY Symm"] if symmetry else []),
    ]
    return "\n".join(lines) + "\n"


def distinct(output: str) -> int:
    """The number of distinct states, or of orbits, in what TLC prints last."""
    return number(output, r"([\d,]+) distinct states found")


def shown(output: str) -> int:
    """The length of the counterexample: TLC numbers the states before the failing step from 1, the initial one."""
    return number(output, r"(?:^|\n)State (\d+):")
