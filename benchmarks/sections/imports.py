"""Where the start-up of our commands goes: imports by top-level package."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.attempts import Attempts, Setting
from benchmarks.child import ChildFailed
from benchmarks.own import ALL, command
from benchmarks.python import python
from benchmarks.table import Table
from benchmarks.workload import Workload

REPEATS = 3
SHOWN = 0.5
"""Milliseconds below which a package is not worth a row of its own."""

APART = {"argparse": "argparse", "ruamel": "ruamel.yaml", "_ruamel_yaml": "ruamel.yaml"}
"""Modules named apart although they are in the standard library, or come under several names."""
INTERPRETER, LIBRARY = "interpreter, until `site` is done", "standard library, rest"

COMMANDS = {
    "verify --help": ["-m", "verifier", "--help"],
    "verify models/rwmutex.yaml": ["-m", "verifier", "models/rwmutex.yaml"],
    "kernel, all reductions": command(Workload(2, 2, 1), "kernel", ALL),
}

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Split:
    """One command: milliseconds by package, modules imported, and CPU milliseconds of the process without tracing."""

    packages: Mapping[str, float]
    modules: int
    cpu: float


def measure(setting: Setting) -> tuple[Table, ...]:
    """A row for each package that costs something, a column for each command."""
    tries, repeats = Attempts(setting), setting.repeats(REPEATS)
    found: dict[str, Split] = {}
    for name, line in COMMANDS.items():
        try:
            found[name] = split(line, repeats)
        except ChildFailed as failed:
            tries.wrong.append(f"{name}: {failed}")
    rows = [(p, *(_ms(one.packages.get(p, 0.0)) for one in found.values())) for p in dearest(tuple(found.values()))]
    rows += [
        ("all imports", *(_ms(sum(one.packages.values())) for one in found.values())),
        ("modules imported", *(str(one.modules) for one in found.values())),
        ("whole process, CPU", *(f"{one.cpu:.0f}" for one in found.values())),
    ]
    about = (
        "`python -X importtime`: milliseconds that the modules of a package take themselves, without those they "
        f"import, of the run with the middle sum out of {repeats}. `whole process` is CPU time without the tracing."
    )
    notes = (f"Packages below {SHOWN} ms are only in the sum. Import times are of the wall clock, tracing included.",)
    head = ("package", *found)
    return (Table("g", "Start-up by import, in ms", about, head, tuple(rows), notes, tuple(tries.wrong)),)


def dearest(splits: Sequence[Split]) -> list[str]:
    """The packages worth a row, the dearest in any command first."""
    names = {name for one in splits for name in one.packages}
    largest = {name: max(one.packages.get(name, 0.0) for one in splits) for name in names}
    return sorted((n for n in names if largest[n] >= SHOWN), key=lambda n: (-largest[n], n))


def split(line: list[str], repeats: int) -> Split:
    """Run a command with and without tracing."""
    sums = sorted(
        (packages(python(["-X", "importtime", *line]).errors) for _ in range(repeats)), key=lambda s: sum(s[0].values())
    )
    costs, modules = sums[len(sums) // 2]
    cpu = sorted(python(line).cpu for _ in range(repeats))[repeats // 2]
    return Split(costs, modules, cpu * 1000)


def packages(trace: str) -> tuple[Mapping[str, float], int]:
    """What `-X importtime` printed: milliseconds by package, and the number of modules."""
    costs: defaultdict[str, float] = defaultdict(float)
    imported = [(match[3], int(match[1]) / 1000) for match in _LINE.finditer(trace)]
    names = [name for name, _ in imported]
    started = names.index("site") if "site" in names else -1
    for position, (name, cost) in enumerate(imported):
        top = name.split(".")[0]
        if position <= started:
            package = INTERPRETER
        elif top in APART:
            package = APART[top]
        elif top in sys.stdlib_module_names:
            package = LIBRARY
        else:
            package = top
        costs[package] += cost
    return costs, len(imported)


def _ms(cost: float) -> str:
    return f"{cost:.1f}" if cost else "-"
