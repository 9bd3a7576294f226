"""How long a verdict takes when there is next to nothing to explore."""

from __future__ import annotations

from benchmarks.attempts import Attempts, Setting, absence
from benchmarks.own import ALL, verify
from benchmarks.peers.rumur import rumur
from benchmarks.peers.spin import DEFAULT_WIDTH, spin
from benchmarks.peers.tlc import tlc
from benchmarks.python import python
from benchmarks.table import Table, megabytes, seconds, times
from benchmarks.workload import Run, Workload

SMALLEST = Workload(1, 1, 1)
STATES = 25
REPEATS = 5
SLOW_BUILD = ("-O0",)

HEAD = ("tool", "setting", "states", "before", "search", "whole", "peak MB", "whole, times ours")


def measure(setting: Setting) -> tuple[Table, ...]:
    """One row for each tool and setting; the ratio is its whole time over our whole time."""
    tries, repeats = Attempts(setting), setting.repeats(REPEATS)
    fast = tries.own(lambda: verify(SMALLEST, "auto", ALL), repeats)
    new = tries.own(lambda: verify(SMALLEST, "auto", ALL, new=True), repeats)
    whole = (
        *tries.own(lambda: verify(SMALLEST, "reference"), repeats),
        *tries.own(lambda: verify(SMALLEST, "kernel"), repeats),
    )
    full = (
        *tries.peer("SPIN", lambda f: spin(SMALLEST, f, (DEFAULT_WIDTH, 16)), repeats),
        *tries.peer("SPIN", lambda f: spin(SMALLEST, f, (16,), optimise="-O0"), repeats),
        *tries.peer("Rumur", lambda f: (rumur(SMALLEST, f),), repeats),
        *tries.peer("Rumur", lambda f: (rumur(SMALLEST, f, optimise=SLOW_BUILD),), repeats),
        *tries.peer("TLC", lambda f: (tlc(SMALLEST, f, setting.tlc or ""),), repeats),
    )
    tries.agree((*whole, *full), str(SMALLEST), STATES)
    alone = tries.own(interpreter, repeats)
    ours = fast[0] if fast else None
    about = (
        f"{SMALLEST}, {STATES} states unreduced: CPU seconds (user + system) of every process from the model to the "
        f"verdict, median of {repeats}. `before`: SPIN and Rumur generate C and compile it; we start Python and "
        "import; our `search` includes reducing the program and generating code."
    )
    notes = (
        "Our rows run the engine on a ready-made program; the command also reads YAML, parses Go and tries to prove "
        "the properties for any number of goroutines: table f.",
        "-w is the size of SPIN's hash table: 2^24 slots (128 MB) unless told otherwise. -O0 builds faster and "
        "searches slower: the best setting here, not on anything larger.",
        "First run: no bytecode of any module has been written yet; later runs find it.",
        "The ratio is to our first row, which decides the same question on the reduced program.",
    )
    rows = tuple(_row(r, ours) for r in (*fast, *new, *whole, *full, *alone))
    return (
        Table(
            "a", "Start-up", about, HEAD, rows, (*notes, *absence(setting, "SPIN", "Rumur", "TLC")), tuple(tries.wrong)
        ),
    )


def interpreter() -> Run:
    """Python doing nothing: what no program in Python can go below."""
    ended = python(["-c", "pass"])
    return Run("Python", "doing nothing", 0, ended.cpu, 0.0, 0.0, ended.memory, ended.floor)


def _row(r: Run, ours: Run | None) -> tuple[str, ...]:
    ratio = times(r.whole / ours.whole) if ours is not None else ""
    memory = megabytes(r.memory, r.floor)
    states = f"{r.states:,}" if r.states else ""
    return (r.tool, r.setting, states, seconds(r.prepare), seconds(r.search), seconds(r.whole), memory, ratio)
