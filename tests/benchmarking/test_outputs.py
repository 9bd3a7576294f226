"""What the peers print, read: figures must come from the line that means them."""

from __future__ import annotations

import pytest

from benchmarks.child import ChildFailed
from benchmarks.machine import family
from benchmarks.peers import rumur, spin, tlc
from benchmarks.sections.imports import INTERPRETER, LIBRARY, packages

PAN = """\
pan:1: assertion violated  !(flag) (at depth 2)
pan: wrote rwmap.pml.trail

State-vector 48 byte, depth reached 44, errors: 0
     3816 states, stored
      29 nominal states (stored-atomic)
     4141 states, matched
     7957 transitions (= stored+matched)
"""

RUMUR = """\
        Assertion failed: x.m:41.5-40: concurrent map writes

Startstate 1 fired.
flag:false
----------

Rule "check", i: 0 fired.
w_at[0]:4
----------

Rule "set", i: 0 fired.
flag:true
----------

Rule "check", i: 1 fired.
----------

End of the error trace.

        19 states, 24 rules fired in 0s.
"""

TLC = """\
Progress(9) at 2026-11-23 10:00:00: 500 states generated (9 s/min), 301 distinct states found (9 ds/min), 17 states left
Error: The behavior up to this point is:
State 1: <Initial predicate>
/\\ writing = FALSE
State 2: <WCheck(w1) line 30, col 14 to line 32, col 74 of module rwmap>
/\\ writing = FALSE
State 3: <WSet(w1) line 33, col 12 to line 35, col 72 of module rwmap>
/\\ writing = TRUE
1,685 states generated, 1,370 distinct states found, 0 states left on queue.
"""

TRACE = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _io
import time:       250 |        350 | site
import time:       500 |        500 |   enum
import time:      1000 |       1500 | argparse
import time:        70 |         70 |   ruamel
import time:       930 |       1000 | ruamel.yaml
import time:        10 |         10 | verifier
import time:        20 |         30 | verifier.cli
something else on stderr
"""


def test_spin_counts_what_is_stored_and_its_depth_from_zero() -> None:
    assert (spin.stored(PAN), spin.depth(PAN)) == (3816, 3)


def test_rumur_counts_states_and_a_step_for_each_rule_of_the_trace() -> None:
    assert (rumur.explored(RUMUR), rumur.fired(RUMUR)) == (19, 3)


def test_tlc_counts_what_it_prints_last_and_the_failing_step_after_the_last_state() -> None:
    # Three states are two steps; the third step is the one that fails.
    assert (tlc.distinct(TLC), tlc.shown(TLC)) == (1370, 3)


@pytest.mark.parametrize("read", [spin.stored, spin.depth, rumur.explored, tlc.distinct, tlc.shown])
def test_a_figure_that_is_not_there_is_never_made_up(read: object) -> None:
    assert callable(read)
    with pytest.raises(ChildFailed, match="out of memory"):
        read("out of memory\n")


def test_the_trace_of_imports_is_summed_by_package_without_what_it_imports() -> None:
    costs, modules = packages(TRACE)
    assert {name: round(cost, 3) for name, cost in costs.items()} == {
        INTERPRETER: 0.35,
        LIBRARY: 0.5,
        "argparse": 1.0,
        "ruamel.yaml": 1.0,
        "verifier": 0.03,
    }
    assert modules == 8


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz", "Intel Xeon Platinum"),
        ("AMD EPYC 7R13 48-Core Processor", "AMD EPYC"),
    ],
)
def test_a_processor_is_told_by_its_family(name: str, kind: str) -> None:
    assert family(name) == kind
