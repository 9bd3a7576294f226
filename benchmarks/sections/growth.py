"""How the cost grows with the number of goroutines."""

from __future__ import annotations

from benchmarks.attempts import Attempts, Setting, absence
from benchmarks.own import ALL, verify
from benchmarks.peers.rumur import rumur
from benchmarks.peers.spin import spin
from benchmarks.peers.tlc import tlc
from benchmarks.table import Table, seconds, times
from benchmarks.workload import Run, Workload

LARGEST = 10
SPIN_TO, TLC_TO = 5, 4
SOME = (1, 4, 7, 10)
ORBITS = {1: 25, 2: 135, 3: 470, 4: 1_300, 5: 3_096, 6: 6_615, 7: 13_000, 8: 23_895, 9: 41_575, 10: 69_091}
STATES = {1: 25, 2: 370, 3: 5_527, 4: 87_676, 5: 1_451_065}
WIDTH = 22

HEAD = (
    "n",
    "verify states",
    "verify s",
    "Rumur orbits",
    "Rumur s",
    "Rumur, times ours",
    "SPIN states",
    "SPIN s",
    "SPIN, times ours",
    "TLC s",
    "TLC, times ours",
)


def measure(setting: Setting) -> tuple[Table, ...]:
    """A row for each n = writers = readers, one round."""
    tries = Attempts(setting)
    largest = 4 if setting.quick else LARGEST
    rows = tuple(_row(n, tries, setting) for n in range(1, largest + 1))
    about = (
        "n writers and n readers, one round, whole process in CPU seconds, one run each: ours with all reductions, "
        "Rumur with heuristic symmetry (generate + compile + run), SPIN without reductions "
        f"(-O2, -w{WIDTH}, generate + compile + run; it has no symmetry) up to n = {SPIN_TO}, TLC with SYMMETRY up to "
        f"n = {TLC_TO}."
    )
    notes = ["`orbits` are states up to swapping writers and swapping readers; ours are fewer: steps are fused too."]
    if not setting.everything:
        notes.append(f"Rumur is run for n = {', '.join(map(str, SOME))} only (--all runs every n).")
    every = (*notes, *absence(setting, "SPIN", "Rumur", "TLC"))
    return (Table("d", "Growth", about, HEAD, rows, every, tuple(tries.wrong)),)


def _row(n: int, tries: Attempts, setting: Setting) -> tuple[str, ...]:
    workload = Workload(n, n, 1)
    ours = tries.own(lambda: verify(workload, "auto", ALL))
    orbits: tuple[Run, ...] = ()
    full: tuple[Run, ...] = ()
    symmetric: tuple[Run, ...] = ()
    if setting.everything or n in SOME:
        orbits = tries.peer("Rumur", lambda f: (rumur(workload, f, "heuristic"),))
    if n <= SPIN_TO:
        full = tries.peer("SPIN", lambda f: spin(workload, f, (WIDTH,)))
        tries.agree(full, str(workload), STATES[n])
    if n <= TLC_TO:
        symmetric = tries.peer("TLC", lambda f: (tlc(workload, f, setting.tlc or "", symmetry=True),))
    tries.agree((*orbits, *symmetric), f"{workload}, orbits", ORBITS[n])
    mine = _cells(ours)
    return (str(n), *mine, *_beside(orbits, ours), *_beside(full, ours), *_beside(symmetric, ours)[1:])


def _cells(runs: tuple[Run, ...]) -> tuple[str, str]:
    return (f"{runs[0].states:,}", seconds(runs[0].whole)) if runs else ("", "")


def _beside(theirs: tuple[Run, ...], ours: tuple[Run, ...]) -> tuple[str, str, str]:
    ratio = times(theirs[0].whole / ours[0].whole) if theirs and ours else ""
    return (*_cells(theirs), ratio)
