"""Our side as the benchmarks see it: start `benchmarks.ours`, read its line, hold it to what must be found."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.child import ChildFailed
from benchmarks.python import first, python
from benchmarks.workload import Run, Workload

ALL = ("slice", "fuse", "symmetry")


def command(workload: Workload, engine: str, reductions: Sequence[str] = (), warm: bool = False) -> list[str]:
    """The command line of the child, after the name of the interpreter."""
    sizes = map(str, (workload.writers, workload.readers, workload.rounds))
    made = ["-m", "benchmarks.ours", *sizes, "--engine", engine]
    made += ["--reduce", ",".join(reductions)] if reductions else []
    return made + ([] if workload.locked else ["--unlocked"]) + (["--warm"] if warm else [])


def verify(
    workload: Workload, engine: str, reductions: Sequence[str] = (), warm: bool = False, *, new: bool = False
) -> Run:
    """Explore in a process of its own; `new`: with no bytecode written yet.

    Raises ChildFailed when it did not finish, found what is not there, or ran on another engine.
    """
    ended = (first if new else python)(command(workload, engine, reductions, warm))
    found = json.loads(ended.output)
    if engine == "kernel" and found["engine"] != "kernel":
        raise ChildFailed(f"{workload}: the kernel did not run")
    if workload.locked and (not found["complete"] or found["kinds"]):
        raise ChildFailed(f"{workload}: {found['limit'] or ', '.join(found['kinds'])}")
    if not workload.locked and not found["steps"]:
        raise ChildFailed(f"{workload}: no fatal error found")
    return Run(
        tool="verify",
        setting=f"{found['engine']}, {named(reductions)}{', first run' if new else ''}",
        states=found["states"],
        prepare=ended.cpu - found["search"],
        search=found["search"],
        user=found["user"],
        memory=ended.memory,
        floor=ended.floor,
        grown=found["grown"] if warm else None,
        steps=found["steps"],
    )


def named(reductions: Sequence[str]) -> str:
    """The reductions in words."""
    if not reductions:
        return "unreduced"
    return "all reductions" if set(reductions) == set(ALL) else " + ".join(reductions)
