"""How fast and in how much memory a large state space is visited, without and with reductions."""

from __future__ import annotations

from benchmarks.attempts import Attempts, Setting, absence
from benchmarks.own import ALL, verify
from benchmarks.peers.rumur import rumur
from benchmarks.peers.spin import spin
from benchmarks.peers.tlc import tlc
from benchmarks.table import Table, megabytes, seconds, thousands, times
from benchmarks.workload import Run, Workload

LARGE, STATES, ORBITS = Workload(4, 4, 2), 10_675_152, 62_355
QUICK, QUICK_STATES, QUICK_ORBITS = Workload(3, 3, 2), 199_584, 10_125
WIDTHS = (24, 26)
REPEATS = 3

HEAD = (
    "tool",
    "setting",
    "states",
    "before",
    "search",
    "of it user",
    "states / CPU s",
    "states / user s",
    "our rate, times its",
    "peak MB",
    "B / state",
    "our B / state, times its",
)
REDUCED_HEAD = ("tool", "setting", "states or orbits", "before", "search", "whole", "peak MB", "whole, times ours")


def unreduced(setting: Setting) -> tuple[Table, ...]:
    """Every reduction off on both sides: the counts must agree."""
    workload, expected = (QUICK, QUICK_STATES) if setting.quick else (LARGE, STATES)
    tries = Attempts(setting)
    mine = tries.own(lambda: verify(workload, "kernel", warm=True))
    peers = tries.peer("SPIN", lambda f: spin(workload, f, WIDTHS))
    if setting.everything:
        peers += tries.peer("SPIN", lambda f: spin(workload, f, WIDTHS[-1:], optimise="-O3"))
        peers += tries.peer("SPIN", lambda f: spin(workload, f, WIDTHS[-1:], reduced=True))
        peers += tries.peer("Rumur", lambda f: (rumur(workload, f),))
    tries.agree((*mine, *peers), str(workload), expected)
    ours = mine[0] if mine else None
    about = (
        f"{workload}, {expected:,} states, no reduction on either side, one thread, one run each. CPU seconds are user "
        "+ system; `before` (C generated and compiled; Python started, libraries loaded) is not in the rates."
    )
    notes = [
        "Our rate over a peer's is our states per CPU second (user + system) over its states per second of user time: "
        "the comparison least kind to us; of SPIN's rows the best one counts. Our search includes generating and "
        "compiling its code.",
        "B / state is the whole peak memory over the states, interpreter, LLVM and SPIN's hash table (-w) included.",
        "SPIN and Rumur check the assertion and deadlock; we check those and data races, and keep each state's "
        "parent for the shortest schedule; SPIN searches depth first and keeps none.",
        "TLC is not run here: without symmetry it had not finished rwmap(4,4,2) after 300 s when it was tried.",
    ]
    if ours is not None and ours.grown is not None:
        growth = f"{megabytes(ours.grown)} MB, {ours.grown / ours.states:,.0f} B / state"
        notes.insert(2, f"Ours alone, growth over the interpreter with its libraries loaded: {growth}.")
    if not setting.everything:
        notes.append("not run: Rumur without symmetry, SPIN with -O3 or partial order reduction (--all runs them)")
    rows = tuple(_row(r, ours) for r in (*mine, *peers))
    every = (*notes, *absence(setting, "SPIN", "Rumur"))
    return (Table("b", "A large state space, unreduced", about, HEAD, rows, every, tuple(tries.wrong)),)


def reduced(setting: Setting) -> tuple[Table, ...]:
    """Each tool with what it has, start-up included."""
    workload, orbits = (QUICK, QUICK_ORBITS) if setting.quick else (LARGE, ORBITS)
    tries, repeats = Attempts(setting), setting.repeats(REPEATS)
    mine = tries.own(lambda: verify(workload, "auto", ALL), repeats)
    symmetric = tries.own(lambda: verify(workload, "kernel", ("symmetry",)), repeats)
    peers = tries.peer("Rumur", lambda f: (rumur(workload, f, "heuristic"),), repeats)
    if setting.everything:
        peers += tries.peer("Rumur", lambda f: (rumur(workload, f, "exhaustive"),))
        peers += tries.peer("TLC", lambda f: (tlc(workload, f, setting.tlc or "", symmetry=True),))
    tries.agree((*symmetric, *peers), f"{workload}, orbits under symmetry alone", orbits)
    ours = mine[0] if mine else None
    about = (
        f"The verdict on {workload}, start-up included: each tool with the reductions it has. CPU seconds, median of "
        f"{repeats}{' (Rumur exhaustive and TLC: one run)' if setting.everything else ''}."
    )
    notes = [
        "Symmetry alone must leave the same number of orbits in every tool; all of ours together leave fewer.",
        "SPIN has no symmetry reduction, and its partial order reduction removes no state of this workload: its figure "
        "for this question is table b's `before` + `search`.",
    ]
    if not setting.everything:
        notes.append("not run: Rumur exhaustive, TLC SYMMETRY (--all runs them)")
    rows = tuple(_whole(r, ours) for r in (*mine, *symmetric, *peers))
    every = (*notes, *absence(setting, "Rumur", *(("TLC",) if setting.everything else ())))
    return (Table("c", "The same, reduced", about, REDUCED_HEAD, rows, every, tuple(tries.wrong)),)


def _row(r: Run, ours: Run | None) -> tuple[str, ...]:
    per_state = r.memory / r.states
    rate = memory = ""
    if ours is not None and r is not ours:
        rate = times(ours.rate / r.user_rate)
        memory = times(ours.memory / ours.states / per_state)
    return (
        r.tool,
        r.setting,
        f"{r.states:,}",
        seconds(r.prepare),
        seconds(r.search),
        seconds(r.user),
        thousands(r.rate),
        thousands(r.user_rate),
        rate,
        megabytes(r.memory, r.floor),
        f"{per_state:,.0f}",
        memory,
    )


def _whole(r: Run, ours: Run | None) -> tuple[str, ...]:
    ratio = times(r.whole / ours.whole) if ours is not None else ""
    figures = (seconds(r.prepare), seconds(r.search), seconds(r.whole), megabytes(r.memory, r.floor), ratio)
    return (r.tool, r.setting, f"{r.states:,}", *figures)
