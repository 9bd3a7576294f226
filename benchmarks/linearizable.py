"""How far `linearizable` gets on the map types of models/linearizable: verdict, states, CPU seconds and peak memory.

    python -m benchmarks.linearizable [MODEL…]            print the table
    python -m benchmarks.linearizable --write [MODEL…]    put its rows into docs/linearizable.md, between the markers
    python -m benchmarks.linearizable --seconds 20        give every cell 20 CPU seconds instead of 60

Every cell is a process of its own, with all operations, keys and values that the model names. What was not done in its
seconds, or in 2 GB of states, is said to be so; a size that contains one of those is not tried.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models" / "linearizable"
PAGE = ROOT / "docs" / "linearizable.md"
SIZES = ((2, 1), (3, 1), (2, 2), (3, 2))
"""Goroutines and calls of each."""
SECONDS = 60
MEMORY = 2 << 30
MARK = "python -m benchmarks.linearizable"

_BLOCK = re.compile(rf"(<!-- table: {re.escape(MARK)} -->\n).*?(<!-- end -->)", re.DOTALL)
_COUNT = re.compile(r"^(  (goroutines|calls): )\d+$", re.M)


@dataclass(frozen=True)
class Cell:
    """One model at one size. `verdict` is empty where there is none; `why` says what ended it then."""

    verdict: str
    states: int = 0
    atomic: int = 0
    fewest: bool = True
    seconds: float = 0.0
    memory: int = 0
    why: str = ""

    def __str__(self) -> str:
        if not self.verdict:
            return self.why
        steps = f", {'' if self.fewest else 'at most '}{self.atomic} atomic steps" if self.atomic else ""
        size = f"{self.states:,} states, {self.seconds:.1f} s, {self.memory >> 20:,} MB"
        return f"{'**not**' if self.verdict == 'unsafe' else 'yes'}{steps}: {size}"


def text_of(name: str, goroutines: int, calls: int) -> str:
    """A model of models/linearizable with other numbers of goroutines and calls."""
    counts = {"goroutines": goroutines, "calls": calls}
    text = (MODELS / f"{name}.yaml").read_text(encoding="utf-8")
    made, changed = _COUNT.subn(lambda m: f"{m[1]}{counts[m[2]]}", text)
    if changed != len(counts):
        raise ValueError(f"{name}.yaml has not one line each for goroutines and calls")
    return made


def judge(name: str, goroutines: int, calls: int) -> dict[str, object]:
    """The verdict on one cell, in this process."""
    from verifier.model.read import read_text
    from verifier.pipeline import Options, verify

    text = text_of(name, goroutines, calls)
    document = read_text(str(MODELS / f"{name}.yaml"), text)
    result = verify(document, Options(any_number=False, max_memory=MEMORY))
    (found,) = [p for p in result.properties if p.kind == "linearizable"]
    history = found.trace.history if found.trace is not None else None
    return {
        "verdict": found.verdict.value.lower(),
        "why": found.reason,
        "states": result.explored.states,
        "atomic": len(history.atomic) if history is not None else 0,
        "fewest": history is None or history.fewest,
    }


def cell(name: str, goroutines: int, calls: int, seconds: int) -> Cell:
    """The verdict on one cell, from a process with so many CPU seconds."""
    command = [sys.executable, "-m", "benchmarks.linearizable", "--one", name, str(goroutines), str(calls)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (seconds, seconds + 2))
        assert child.stdout is not None
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Cell("", why=f"not in {seconds} s")
    if child.returncode:
        return Cell("", why=f"failed with status {child.returncode}")
    said = json.loads(printed)
    if "--max-memory" in said["why"]:
        return Cell("", why=f"not in {MEMORY >> 30} GB")
    if said["verdict"] not in ("safe", "unsafe"):
        return Cell("", why=f"not decided: {said['why']}")
    used = usage.ru_utime + usage.ru_stime
    return Cell(said["verdict"], said["states"], said["atomic"], said["fewest"], used, usage.ru_maxrss << 10)


def row(name: str, seconds: int) -> list[Cell]:
    """All sizes of one model."""
    out: dict[tuple[int, int], Cell] = {}
    for size in SIZES:
        less = [c for s, c in out.items() if s[0] <= size[0] and s[1] <= size[1]]
        undone = any(not c.verdict for c in less)
        out[size] = Cell("", why="not tried") if undone else cell(name, *size, seconds)
        print(f"{name} {size[0]}×{size[1]}: {out[size]}", file=sys.stderr)
    return list(out.values())


def table(rows: dict[str, list[str]]) -> str:
    """The rows as a Markdown table."""
    head = ["type", *(f"{g}×{c}" for g, c in SIZES)]
    lines = [head, ["---"] * len(head), *([name, *rows[name]] for name in sorted(rows))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def written() -> dict[str, list[str]]:
    """The rows of the page."""
    found = (line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines())
    return {name: cells for name, *cells in found if (MODELS / f"{name}.yaml").exists()}


def main(arguments: list[str]) -> int:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(prog=MARK, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="names of models/linearizable; all of them if none")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/linearizable.md")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="CPU seconds of a cell")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "G", "C"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        name, goroutines, calls = given.one
        print(json.dumps(judge(name, int(goroutines), int(calls))))
        return 0
    names = given.models or sorted(p.stem for p in MODELS.glob("*.yaml"))
    rows = {name: [str(c) for c in row(name, given.seconds)] for name in names}
    print(table(rows), end="")
    if given.write:
        text, made = PAGE.read_text(encoding="utf-8"), table(written() | rows)
        PAGE.write_text(_BLOCK.sub(lambda m: f"{m[1]}{made}{m[2]}", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
