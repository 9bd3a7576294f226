"""Our exploration beside SPIN and Rumur on one workload, in one run: `python -m benchmarks.peers [--json]`.

CPU seconds (user + system, from wait4) and peak memory of each tool's search, compiling apart. On a shared machine
only the ratios mean something. A peer that is not installed is named as missing, never guessed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = ((4, 4, 1), (4, 2, 2), (3, 3, 2))
"""(writers, readers, rounds): 87,676, 203,760 and 199,584 states."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many writers and readers, and how many rounds each of them makes."""

    writers: int
    readers: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Run:
    """One search. `cpu` in seconds and `memory` in bytes are the search's own, `prepare` is what comes before it.

    `prepare`: generating and compiling for the peers; starting Python and generating code for us.
    """

    tool: str
    states: int
    cpu: float
    memory: int
    prepare: float

    @property
    def rate(self) -> float:
        """States per CPU second."""
        return self.states / max(self.cpu, 1e-3)

    @property
    def per_state(self) -> float:
        """Bytes per state."""
        return self.memory / self.states


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that ended: what it printed, its CPU seconds and its peak memory in bytes."""

    output: str
    cpu: float
    memory: int


def run(command: Sequence[str], folder: Path) -> Finished:
    """Run a command to its end. Raises RuntimeError with its output when it fails."""
    with tempfile.TemporaryFile(mode="w+") as out:
        child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, text=True)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {child.returncode}\n{printed}")
    return Finished(printed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


_OURS = """
import json, resource, sys, time
sys.path.insert(0, sys.argv[1])
from benchmarks.rwmap import rwmap
from verifier.explore.search import explore
program = rwmap(*map(int, sys.argv[2:]))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
memory, began = peak(), time.process_time()
found = explore(program)
cpu = time.process_time() - began
assert found.complete and not found.violations, found.limit or found.violations
print(json.dumps({"states": found.states, "cpu": cpu, "memory": peak() - memory, "prepare": began}))
"""


def ours(size: Size, folder: Path) -> Run:
    """Our reference back end, in a process of its own; `memory` is the growth over what Python takes anyway."""
    command = [sys.executable, "-c", _OURS, str(HERE.parent), *map(str, asdict(size).values())]
    found = json.loads(run(command, folder).output)
    return Run("verify (reference)", found["states"], found["cpu"], found["memory"], found["prepare"])


def spin(size: Size, folder: Path) -> Run:
    """SPIN, every reduction and rewriting off: it must count the same states."""
    macros = [f"-DW={size.writers}", f"-DR={size.readers}", f"-DN={size.rounds}"]
    model = str(HERE / "peers" / "rwmap.pml")
    generate = run(["spin", "-o1", "-o2", "-o3", *macros, "-a", model], folder)
    build = run(["gcc", "-O2", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=8000", "-o", "pan", "pan.c"], folder)
    search = run(["./pan", "-m10000", "-w20"], folder)
    return Run("SPIN", _states(search, r"(\d+) states, stored"), search.cpu, search.memory, generate.cpu + build.cpu)


def rumur(size: Size, folder: Path) -> Run:
    """Rumur with one thread and without symmetry."""
    text = (HERE / "peers" / "rwmap.m").read_text()
    for name, value in (("W", size.writers), ("R", size.readers), ("N", size.rounds)):
        text = text.replace(f"@{name}@", str(value))
    (folder / "x.m").write_text(text)
    options = ["--deadlock-detection", "stuck", "--threads", "1", "--symmetry-reduction", "off"]
    generate = run(["rumur", "-q", *options, "--scalarset-schedules", "off", "-o", "x.c", "x.m"], folder)
    compiler = ["gcc", "-std=c11", "-O3", "-march=native", "-mcx16", "-o", "x", "x.c", "-lpthread"]
    build = run(compiler, folder)
    search = run(["./x"], folder)
    return Run(
        "Rumur", _states(search, r"(\d+) states, \d+ rules"), search.cpu, search.memory, generate.cpu + build.cpu
    )


def _states(search: Finished, pattern: str) -> int:
    found = re.findall(pattern, search.output)
    if not found:
        raise RuntimeError(f"no state count in:\n{search.output}")
    return int(found[-1])


def missing() -> tuple[str, ...]:
    """Peers that cannot run here, each with the reason."""
    needs = {"SPIN": ("spin", "gcc"), "Rumur": ("rumur", "gcc")}
    return tuple(
        f"{peer}: {', '.join(absent)} not installed"
        for peer, tools in needs.items()
        if (absent := [t for t in tools if shutil.which(t) is None])
    )


def measure(size: Size, absent: tuple[str, ...]) -> tuple[Run, ...]:
    """Every tool that is there, on one size, one after the other."""
    runs: list[Run] = []
    for tool in (ours, spin, rumur):
        if any(line.lower().startswith(f"{tool.__name__}:") for line in absent):
            continue
        with tempfile.TemporaryDirectory() as folder:
            runs.append(tool(size, Path(folder)))
    return tuple(runs)


def as_text(size: Size, runs: tuple[Run, ...]) -> str:
    """The table for one size; the ratios are ours over the peer's."""
    lines = [f"rwmap W={size.writers} R={size.readers} rounds={size.rounds}"]
    mine = runs[0]
    for r in runs:
        ratio = (
            "" if r is mine else f"  we: {mine.rate / r.rate:.2f}x its rate, {mine.per_state / r.per_state:.2f}x memory"
        )
        lines.append(
            f"  {r.tool:<19} {r.states:>11,} states  {r.rate / 1000:>7,.0f}k states/CPU s  "
            f"{r.per_state:>6,.0f} B/state  {r.prepare:>5.2f} s before{ratio}"
        )
    counts = {r.states for r in runs}
    if len(runs) == 1:
        lines.append("  nothing to compare the count with")
    else:
        lines.append("  counts agree" if len(counts) == 1 else f"  COUNTS DIFFER: {sorted(counts)}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the tools count different states."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--size", nargs=3, type=int, metavar=("W", "R", "ROUNDS"), action="append")
    chosen = parser.parse_args(arguments)
    absent = missing()
    agree = True
    report: list[dict[str, object]] = []
    for triple in chosen.size or SIZES:
        size = Size(*triple)
        runs = measure(size, absent)
        agree = agree and len({r.states for r in runs}) == 1
        report.append({"size": asdict(size), "runs": [asdict(r) for r in runs]})
        if not chosen.json:
            print(as_text(size, runs), flush=True)
    if chosen.json:
        print(json.dumps({"missing": absent, "agree": agree, "measured": report}, indent=2))
    for line in absent if not chosen.json else ():
        print(f"missing: {line}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
