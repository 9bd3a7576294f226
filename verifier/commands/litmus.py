"""`verify litmus MODEL…`: which outcomes the Go memory model allows, beside sequential consistency and x86-TSO."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.setup import add_verbose
from verifier.evidence.litmus import LitmusResult
from verifier.records import replace
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, Verdict

USAGE = "verify litmus MODEL… [-o FILE]"


def parser() -> Parser:
    """The command line of `verify litmus`."""
    about = "Ask which outcomes memory models allow: that a `finally` clause does not hold when all have returned."
    made = Parser(USAGE, about)
    made.add_argument(
        "models", nargs="*", metavar="MODEL", help="model files: plain variables, atomics, locks; no loops"
    )
    made.add_argument("-o", dest="output", metavar="FILE", help="write to FILE")
    add_verbose(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 3 when a model was none to ask about, 4 when exploration sees another race column.

    Raises UsageError and ModelError.
    """
    from verifier.report import litmus as report

    given = parser().read(arguments, many="models")
    if not given.models:
        raise UsageError("which model?", f"usage: {USAGE}")
    if given.output is not None:
        console.writable(given.output, given.models)
    results: list[LitmusResult] = []
    disagree: list[str] = []
    for path in given.models:
        result, explored = _ask(path)
        results.append(result)
        if not result.reason and result.race is not (explored is Verdict.UNSAFE):
            disagree.append(f"{path}: race: exploration says {explored.value}, the axioms say the contrary")
    console.deliver(report.render(results), given.output)
    for line in disagree:
        console.err(line)
    if disagree:
        return EXIT_INTERNAL
    return EXIT_UNKNOWN if any(r.reason for r in results) else EXIT_OK


def _ask(path: str) -> tuple[LitmusResult, Verdict]:
    """The answers for one model, and what exploration says about races in it."""
    from verifier.model.read import read_model
    from verifier.pipeline import Options, load, verify
    from verifier.prove.litmus import litmus

    document = read_model(path)
    program = load(document, Options())
    result = litmus(program.raw or program, document.title)
    if result.reason:
        return result, Verdict.UNKNOWN
    race = verify(replace(document, clauses=()), Options(checks=("race",), any_number=False)).properties[0]
    return result, race.verdict
