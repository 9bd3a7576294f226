"""Rumur: generate a verifier in C, compile it with the flags of its own driver, search breadth first."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.child import Finished, run
from benchmarks.peers import MODELS, number
from benchmarks.workload import Run, Workload

FAST = ("-O3", "-march=native", "-flto", "-fwhole-program")
"""What `rumur-run` gives gcc."""


def rumur(workload: Workload, folder: Path, symmetry: str = "off", optimise: tuple[str, ...] = FAST) -> Run:
    """One thread; `symmetry` is off, heuristic or exhaustive."""
    (folder / "x.m").write_text(model(workload))
    options = ["--deadlock-detection", "stuck", "--threads", "1", "--symmetry-reduction", symmetry]
    generate = run(["rumur", "-q", *options, "--scalarset-schedules", "off", "-o", "x.c", "x.m"], folder)
    build = run(["gcc", "-std=c11", *optimise, "-mcx16", "-o", "x", "x.c", "-lpthread"], folder)
    search = run(["./x"], folder, frozenset({0} if workload.locked else {1}))
    setting = f"{optimise[0]}, {'no' if symmetry == 'off' else symmetry} symmetry"
    return _read(search, setting, generate.cpu + build.cpu, workload.locked)


def model(workload: Workload) -> str:
    """The text of the model, sizes filled in."""
    text = (MODELS / "rwmap.m").read_text()
    values = {"W": workload.writers, "R": workload.readers, "N": workload.rounds, "LOCKED": int(workload.locked)}
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def _read(search: Finished, setting: str, before: float, locked: bool) -> Run:
    states, steps = explored(search.output), 0 if locked else fired(search.output)
    return Run(
        "Rumur", setting, states, before, search.cpu, search.user, search.memory, floor=search.floor, steps=steps
    )


def explored(output: str) -> int:
    """The number of distinct states, or of orbits, in what the verifier prints."""
    return number(output, r"([\d,]+) states, [\d,]+ rules fired")


def fired(output: str) -> int:
    """The length of the counterexample: the rules of its trace."""
    return len(re.findall(r'^Rule ".*fired\.$', output, re.MULTILINE))
