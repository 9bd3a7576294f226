"""What the command takes on each model of the catalogue: reading, exploring, proving and reporting."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attempts import Attempts, Setting
from benchmarks.child import ROOT, ChildFailed, Finished
from benchmarks.python import python
from benchmarks.table import Table, megabytes, seconds

REPEATS = 3
TARGET = 0.6
"""CPU seconds that a model of the catalogue should not exceed."""

HEAD = ("model", "verdict", "states", "engine", "verdict, CPU s", "and proof, CPU s", "peak MB", f"over {TARGET} s")


@dataclass(frozen=True, slots=True)
class Judged:
    """One model: the report as JSON, and the runs in the middle by CPU time.

    `alone`: without the proof for any number of goroutines, which has a budget of its own.
    """

    name: str
    report: dict[str, object]
    ended: Finished
    alone: Finished


def measure(setting: Setting) -> tuple[Table, ...]:
    """A row for each model file."""
    tries, repeats = Attempts(setting), setting.repeats(REPEATS)
    judged: list[Judged] = []
    for path in sorted((ROOT / "models").glob("*.yaml")):
        try:
            judged.append(judge(path, repeats))
        except ChildFailed as failed:
            tries.wrong.append(f"{path.stem}: {failed}")
    over = sum(j.alone.cpu > TARGET for j in judged), sum(j.ended.cpu > TARGET for j in judged)
    total = sum(j.alone.cpu for j in judged), sum(j.ended.cpu for j in judged)
    about = (
        f"`verify models/NAME.yaml --format json`, the whole process: CPU seconds, median of {repeats}; `verdict` is "
        "with `--no-any`, `and proof` as it is, with the proof for any number of goroutines. No peer reads Go, so "
        "nothing stands beside it."
    )
    notes = (
        f"{len(judged)} models, {seconds(total[0])} CPU s together, with proofs {seconds(total[1])}; "
        f"{over[0]} take more than {TARGET} s for the verdict, {over[1]} with the proof",
    )
    rows = tuple(row(j) for j in judged)
    return (Table("f", "The catalogue", about, HEAD, rows, notes, tuple(tries.wrong)),)


def judge(path: Path, repeats: int) -> Judged:
    """Run the command some times. A verdict of any kind will do; an error will not."""
    line = ["-m", "verifier", str(path.relative_to(ROOT)), "--format", "json"]
    whole, alone = (_middle([*line, *more], repeats) for more in ([], ["--no-any"]))
    return Judged(path.stem, json.loads(whole.output), whole, alone)


def _middle(line: list[str], repeats: int) -> Finished:
    runs = sorted((python(line, accept=frozenset({0, 1, 3})) for _ in range(repeats)), key=lambda r: r.cpu)
    return runs[len(runs) // 2]


def row(judged: Judged) -> tuple[str, ...]:
    """The model as cells."""
    explored = judged.report["explored"]
    assert isinstance(explored, dict)
    alone, cpu = judged.alone.cpu, judged.ended.cpu
    over = "yes" if alone > TARGET else "with the proof" if cpu > TARGET else ""
    figures = (seconds(alone), seconds(cpu), megabytes(judged.ended.memory, judged.ended.floor), over)
    return (judged.name, str(judged.report["verdict"]), f"{explored['states']:,}", str(explored["engine"]), *figures)
