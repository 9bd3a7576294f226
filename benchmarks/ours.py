"""Our side, as a child of its own: `python -m benchmarks.ours W R ROUNDS`, one line of JSON.

It imports what a run of the product imports and nothing of the benchmarks but the workload. `--warm` explores the
smallest workload first, so that libraries are loaded before memory and CPU are looked at; the code for the workload
itself is generated and compiled after that, and counts.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Sequence

from benchmarks.rwmap import rwmap
from verifier.explore.search import Exploration, Limits, Violation, explore
from verifier.program.program import Program

PASSES = ("slice", "fuse", "symmetry")


def shrunk(program: Program, passes: frozenset[str]) -> Program:
    """The program after the reductions that were asked for; they are only imported when there are any."""
    if passes & {"slice", "fuse"}:
        from verifier.program.passes.reduce import reduced

        program = reduced(program, slicing="slice" in passes, fusing="fuse" in passes)
    if "symmetry" in passes:
        from verifier.program.passes.symmetry import symmetric

        program = symmetric(program)
    return program


def searched(program: Program, engine: str, wanted: frozenset[str]) -> Exploration:
    """Explore without a limit on states."""
    return explore(program, Limits(max_states=1 << 31), stop_when=wanted, engine=engine)


def steps(found: Exploration, violation: Violation) -> int:
    """The length of the schedule to a failing step, in steps of the program that was explored."""
    taken, state = 1, violation.state
    while state:
        taken, state = taken + 1, found.store.links[state] // found.store.width
    return taken


def memory(field: str) -> int:
    """A line of this process's status in bytes: `VmRSS` now, `VmHWM` at its peak."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    raise LookupError(field)


def main(arguments: Sequence[str]) -> int:
    """Explore once and print what was found and what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs=3, type=int, metavar="N")
    parser.add_argument("--engine", choices=("reference", "kernel", "auto"), default="auto")
    parser.add_argument("--reduce", default="", metavar="P,Q", help="some of " + ", ".join(PASSES))
    parser.add_argument("--unlocked", action="store_true", help="leave out the lock and stop at the fatal error")
    parser.add_argument("--warm", action="store_true", help="load every library before looking at memory and CPU")
    given = parser.parse_args(arguments)
    passes = frozenset(filter(None, given.reduce.split(",")))
    wanted = frozenset({"fatal"}) if given.unlocked else frozenset[str]()
    writers, readers, rounds = given.size
    if given.warm:
        searched(shrunk(rwmap(1, 1, 1), passes), given.engine, wanted)
    resident, before = memory("VmRSS"), resource.getrusage(resource.RUSAGE_SELF)
    found = searched(shrunk(rwmap(writers, readers, rounds, not given.unlocked), passes), given.engine, wanted)
    after = resource.getrusage(resource.RUSAGE_SELF)
    first = found.first("fatal")
    report = {
        "states": found.states,
        "complete": found.complete,
        "limit": found.limit,
        "kinds": sorted({v.kind for v in found.violations}),
        "steps": 0 if first is None else steps(found, first),
        "engine": found.engine,
        "user": after.ru_utime - before.ru_utime,
        "search": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        "grown": memory("VmHWM") - resident,
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
