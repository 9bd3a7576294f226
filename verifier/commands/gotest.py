"""`verify gotest MODEL`: the counterexample as a Go test that forces the schedule on the real runtime."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.progress import for_terminal
from verifier.commands.setup import add_counts, add_limits, add_scheme, add_verbose, document, options
from verifier.source import suggestion
from verifier.verdict import EXIT_OK, EXIT_UNKNOWN, EXIT_UNSAFE, Verdict

if TYPE_CHECKING:
    from verifier.evidence.result import Property, Result
    from verifier.gotest.gofile import GoTest
    from verifier.gotest.toolchain import Ran
    from verifier.pipeline.load import Front

CONTRADICTED = "contradicted: the model is SAFE, and its goroutines are not. Please report this, with the model file."

USAGE = "verify gotest MODEL [-o x_test.go] [--run]"


def parser() -> Parser:
    """The command line of `verify gotest`."""
    words = "A counterexample as a Go test: the same goroutines, in the same order, on the real runtime."
    made = Parser(USAGE, words)
    add = made.add_argument
    add("model", metavar="MODEL", help="model file")
    add("-o", dest="output", metavar="FILE", help="write the test to FILE, which ends in _test.go")
    words = "with --run: keep the test and Go's output in DIR"
    add("--evidence", dest="attach", metavar="DIR", help=words)
    add("--property", metavar="NAME", help="which counterexample (default: the first in the report)")
    add("--safe", action="store_true", help="of a SAFE model: a test that looks for a contradiction (default there)")
    add("--run", action="store_true", help="run the test too (needs go; for a race also a C compiler)")
    add_counts(made)
    add_scheme(made)
    add_limits(made)
    add_verbose(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    if given.output is not None:
        if not given.output.endswith("_test.go"):
            raise UsageError(f"-o {given.output}: `go test` only looks at files that end in _test.go")
        console.writable(given.output, [given.model])
    if given.attach is not None and not given.run:
        raise UsageError("--evidence keeps what Go prints", "add --run")
    if given.attach is not None:
        try:
            os.makedirs(given.attach, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--evidence {given.attach}: {error.strerror or error}") from None
    model = document(given.model, given)
    from verifier.gotest.make import go_test
    from verifier.gotest.request import candidates, request
    from verifier.gotest.toolchain import FILE
    from verifier.pipeline import verify
    from verifier.pipeline.load import read_front

    line = for_terminal(False)
    try:
        asked = options(given, line)
        found = verify(model, asked)
    finally:
        if line is not None:
            line.erase()
    front = read_front(model, asked)
    if given.safe or not candidates(found):
        prop, made = None, _stress(front, found, given)
    else:
        prop = _property(found, given)
        made = go_test(front, request(prop))
    if given.output is not None:
        console.deliver(made.text, given.output)
        console.err(_written(made, prop, given))
    elif not given.run:
        console.out(made.text)
    if not given.run:
        return EXIT_OK
    log, code = _run(made, prop, model.go, os.path.basename(given.output or FILE))
    if given.attach is not None:
        _attach(made, log, given.attach)
    return code


def _stress(front: Front, found: Result, given: argparse.Namespace) -> GoTest:
    """The test for a model without a counterexample. Raises UsageError when it is not SAFE."""
    from verifier.gotest.make import stress_test
    from verifier.gotest.request import KINDS, refused

    if kinds := dict.fromkeys(p.kind for p in refused(found)):
        raise UsageError(f"{given.model}: no Go test can show {', '.join(kinds)}", f"one can show {', '.join(KINDS)}")
    if found.verdict is not Verdict.SAFE:
        what = "has a counterexample, so nothing could contradict it" if given.safe else "has no counterexample"
        why = (f"`verify {given.model}` says why",) if found.verdict is Verdict.UNKNOWN else ()
        raise UsageError(f"{given.model} {what}: {found.verdict.name}", *why)
    if given.property is not None:
        raise UsageError(f"--property: {given.model} has no counterexample: {found.verdict.name}")
    return stress_test(front, found)


def _property(found: Result, given: argparse.Namespace) -> Property:
    """The property whose counterexample is meant. Raises UsageError when there is none of that name."""
    from verifier.gotest.request import candidates

    known = candidates(found)
    if given.property is None:
        return known[0]
    names = [p.name for p in known]
    if given.property not in names:
        notes = suggestion(given.property, names) or (f"its counterexamples: {', '.join(names)}",)
        raise UsageError(f"--property: {given.model} has no counterexample for '{given.property}'", *notes)
    return known[names.index(given.property)]


def _written(made: GoTest, prop: Property | None, given: argparse.Namespace) -> str:
    from verifier.gotest.head import command

    does = "which looks for a contradiction" if prop is None else f"which shows {prop.name}"
    return f"wrote {given.output}, {does}: {command(made)} {shlex.quote(given.output)}"


def _run(made: GoTest, prop: Property | None, version: str, name: str) -> tuple[str, int]:
    """Run the test, show Go's own report, and say whether it is the predicted one. Raises UsageError.

    Returns what was printed, and the exit code.
    """
    import tempfile
    from pathlib import Path

    from verifier.gotest.toolchain import NoToolchain, compiled, ran

    with tempfile.TemporaryDirectory(prefix="verify-gotest-") as directory:
        try:
            binary = compiled(made, Path(directory), version, name)
            done = ran(binary, made, prop)
        except NoToolchain as error:
            raise UsageError(f"--run: {error}") from None
        except ValueError as error:
            console.out(f"{error}\n")
            console.err("not shown: Go does not compile the test")
            return f"{error}\n", EXIT_UNKNOWN
        except KeyboardInterrupt:
            words = "interrupted: Go and its test are stopped, and nothing is shown"
            console.err(words)
            return f"{words}\n", EXIT_UNKNOWN
    words, code = _said(made, prop, done, name)
    console.out(f"{done.output.rstrip()}\n{words}\n")
    return f"{done.output.rstrip()}\n{words}\n", code


def _said(made: GoTest, prop: Property | None, done: Ran, name: str) -> tuple[str, int]:
    """What a run came to, in words and as an exit code."""
    if prop is None:
        words = "no contradiction: Go ran the model and had nothing to say"
        return (words, EXIT_OK) if done.shown else (CONTRADICTED, EXIT_UNSAFE)
    if not done.shown:
        luck = "" if made.forced else ": nothing is forced here, it takes luck, and the counterexample stands"
        return f"not shown: {prop.name} is not what this run came to{luck}", EXIT_UNKNOWN
    if prop.kind != "race" or prop.trace is None:
        return f"shown: {prop.name}, as the model predicts", EXIT_OK
    spans = [r.span.brief.removeprefix(":") for r in prop.trace.race if r.span is not None]
    return f"shown: the race between lines {' and '.join(spans)} of the model, as predicted", EXIT_OK


def _attach(made: GoTest, log: str, directory: str) -> None:
    """Keep the test and what Go said of it, in a directory that exists."""
    from verifier.gotest.head import command
    from verifier.gotest.toolchain import go_version

    stem = os.path.join(directory, made.name.lower())
    console.deliver(made.text, f"{stem}_test.go")
    console.deliver(f"$ {command(made)}\n{go_version()}\n\n{log}", f"{stem}.txt")
    console.err(f"kept in {directory}: {made.name.lower()}_test.go, {made.name.lower()}.txt")
