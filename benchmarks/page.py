"""The page of figures: tables of one run, with the machine, the date and the command that made it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from benchmarks.table import Table

INTRODUCTION = """\
# Beside SPIN, Rumur and TLC

Written by `{command}` on {day}, in one run on one machine: {machine}.

"""

FAIRNESS = """\
## How it is measured

* The workload is `benchmarks/rwmap.py`: writers and readers of one map key under a `sync.RWMutex`, every step visible.
  The models of the peers (`benchmarks/peers/`) have the same atomic steps; unreduced, all tools must count the same
  states, and a run in which they do not says so and fails.
* Time is CPU time of the finished child, user + system, as `wait4` reports it, unless a column says user. Each of our
  figures comes from a process of its own, with the bytecode of its modules written by an earlier run, unless it says
  first run. Where a table says whole, our figure includes starting Python and importing, a peer's includes generating
  and compiling C. Our reductions and generating our code are part of our search.
* Memory is the peak of the process that searches. A child's peak cannot be told below that of the process which started
  it; such a figure is shown as `< N`.
* Settings of the peers: SPIN generates with `-o1 -o2 -o3` (no rewriting of the model) and is compiled with `-DSAFETY
  -DNOREDUCE`, `pan -m10000`; Rumur runs with `--threads 1` and gcc flags of its own driver; TLC with one worker and
  `-XX:+UseParallelGC`. No tool uses a second core.
* What the peers do not do is not held against them, and not taken off ours: we check data races as well, keep parents
  for the shortest schedule, and in table f read Go and prove for any number of goroutines.
"""


def page(tables: Sequence[Table], machine: Sequence[str], command: str) -> str:
    """The text of the page."""
    head = INTRODUCTION.format(command=command, day=date.today().isoformat(), machine="; ".join(machine))
    return head + "\n".join(t.markdown for t in tables) + "\n" + FAIRNESS
