"""`verify compare WORKLOAD`: one workload under every protection scheme, as a matrix."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, checks
from verifier.commands.judging import INTERRUPTED, interrupted, judged
from verifier.commands.setup import add_counts, add_limits, add_scheme, add_verbose, chosen, read
from verifier.report.outcome import Entry, Failed
from verifier.source import Span, fail
from verifier.verdict import EXIT_UNKNOWN

if TYPE_CHECKING:
    from verifier.report.comparison import Comparison

USAGE = "verify compare WORKLOAD [--scheme NAME] [--format text|markdown|json] [-o FILE]"

ABOUT = """\
A workload is a model with `schemes:`. Everything is judged under each of them as `verify WORKLOAD --scheme NAME` does.
"""

WIDTH = 100
"""Columns of a report that goes into a pipe or a file."""

CELLS = """\
cells: ok, UNSAFE and the steps of the shortest schedule that fails, ??? for not decided, - for not asked or not
worked out; `!` is not what the workload expects. Exit status as for several models: the gravest scheme decides.
"""


def parser() -> Parser:
    """The command line of `verify compare`."""
    made = Parser(USAGE, ABOUT, CELLS)
    add = made.add_argument
    add("model", metavar="WORKLOAD", help="model file with `schemes:`")
    add_scheme(made, "only this scheme (repeatable), or a Go file that is one, such as ./cache.go")
    add_counts(made)
    add("--check", type=checks, dest="checks", metavar="P,Q", help="judge only these properties")
    add_limits(made)
    proof = "try to prove race, fatal and panic for any number of goroutines (default: yes)"
    add("--any", action=argparse.BooleanOptionalAction, dest="any_number", default=None, help=proof)
    fewer = "let a state stand for many that are alike (default: once a model turns out to be large)"
    add("--reduce", action=argparse.BooleanOptionalAction, default=None, help=fewer)
    add("--contention", action=argparse.BooleanOptionalAction, default=True, help="who waits how much (default: yes)")
    add("--format", choices=("text", "markdown", "json"), default="text", help="how to report (default: text)")
    add("-o", dest="output", metavar="FILE", help="write the report to FILE")
    add("-q", "--quiet", action="store_true", help="only the matrix, without the schedules")
    add_verbose(made)
    made.set_defaults(evidence=None)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    from verifier.model.schemes import under
    from verifier.report.comparison import Comparison, Row

    given = parser().read(arguments)
    if given.output is not None:
        console.writable(given.output, [given.model])
    workload = read(given.model, given)
    if not workload.schemes:
        start = Span(given.model, 1, 1)
        raise fail("this is no workload: it has no `schemes:`", start, "`schemes: all` takes those in models/schemes")
    picked = chosen(workload, given)
    rows: list[Row] = []
    for number, scheme in enumerate(picked, 1):
        name = f"{workload.name}/{scheme.name}"
        entry: Entry = Failed(name, given.model, INTERRUPTED, EXIT_UNKNOWN)
        if not rows or not interrupted(rows[-1].entry):
            label = f"{scheme.name} ({number} of {len(picked)})  "
            entry = judged(given.model, name, given, partial(under, workload, scheme), label, scheme)
        rows.append(Row(scheme.name, entry))
    found = Comparison(workload.name, workload.title, given.model, tuple(rows))
    console.deliver(_report(found, given), given.output)
    return found.exit_code


def _report(found: Comparison, given: argparse.Namespace) -> str:
    if given.format == "json":
        from verifier.report import compare_json

        return compare_json.render(found)
    if given.format == "markdown":
        from verifier.report import compare_markdown

        return compare_markdown.render(found, given.quiet)
    from verifier.report import compare_text

    width = WIDTH if given.output is not None else shutil.get_terminal_size((WIDTH, 24)).columns
    return compare_text.render(found, max(width, 60), given.quiet)
