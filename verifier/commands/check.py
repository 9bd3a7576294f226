"""`verify MODEL…`: judge models, print a report each and a matrix at the end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console, formats
from verifier.commands.arguments import Parser, UsageError, checks
from verifier.commands.editing import add_editing
from verifier.commands.judging import INTERRUPTED, interrupted, judge, named
from verifier.commands.setup import add_counts, add_limits, add_runtime, add_scheme, add_verbose
from verifier.report.outcome import Entry, Failed, exit_code
from verifier.verdict import EXIT_UNKNOWN

if TYPE_CHECKING:
    from verifier.commands.keep import Keeper

USAGE = "verify MODEL… [options]"

COMMANDS = """\
commands:
  verify compare WORKLOAD       one workload under every protection scheme, as a matrix
  verify adr MODEL…             a decision record (MADR): what a check says of every option
  verify replay MODEL CHOICES   walk a schedule step by step (--at N prints the whole state)
  verify audit DIR              check stored evidence again, without any engine
  verify diff OLD NEW           what changed between two stored evidences
  verify gotest MODEL           the counterexample as a Go test for the real runtime
  verify show MODEL             each goroutine's state machine, as text, Mermaid or DOT
  verify graph MODEL            the state graph, or one schedule of it, as DOT, GraphML or JSON
  verify litmus MODEL…          which outcomes the Go memory model allows, beside SC and x86-TSO
  verify new NAME               write a commented model to start from
  verify schema                 print the JSON Schema of model files
  `verify COMMAND --help` says more.

exit status: 0 as expected, 1 UNSAFE, 2 command or model wrong, 3 UNKNOWN, 4 internal error
"""


def parser() -> Parser:
    """The command line of `verify MODEL…`."""
    made = Parser(USAGE, "Model-check goroutines that share maps, written as Go in a YAML file.", COMMANDS)
    add = made.add_argument
    add("models", nargs="*", metavar="MODEL", help="model files")
    add_counts(made)
    add_scheme(made, "judge a workload under this protection scheme only (repeatable; or the path of a Go file)")
    add_runtime(made, "explore the runtime's own map steps too: what a race would lead to")
    add("--check", type=checks, dest="checks", metavar="P,Q", help="judge only these properties")
    add_limits(made)
    proof = "try to prove race, fatal and panic for any number of goroutines (default: yes)"
    add("--any", action=argparse.BooleanOptionalAction, dest="any_number", default=None, help=proof)
    fewer = "let a state stand for many that are alike (default: once a model turns out to be large)"
    add("--reduce", action=argparse.BooleanOptionalAction, default=None, help=fewer)
    add_editing(made)
    formats.add_formats(made)
    add("--evidence", metavar="DIR", help="write what `verify audit DIR` can check again (a name in .json: one file)")
    add("-q", "--quiet", action="store_true", help="only what is not as expected, and the last line")
    add_verbose(made, "every schedule there is; after an internal error the traceback")
    add("--version", action="store_true", help="print the version")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code. Raises UsageError."""
    given = parser().read(arguments, many="models")
    if given.version:
        from verifier import __version__

        console.out(f"verify {__version__}\n")
        return 0
    if not given.models:
        raise UsageError("which model?", f"usage: {USAGE}")
    formats.check(given)
    keeper = _keeper(given, arguments)
    texts: list[str] = []
    entries: list[Entry] = []
    for at, path in enumerate(given.models):
        for entry in judge(path, given, keeper):
            entries.append(entry)
            if given.format == "text" and not isinstance(entry, Failed):
                _print_or_keep(_report(entry, given), texts, given)
            if interrupted(entry):
                break
        if interrupted(entries[-1]):
            entries += [Failed(named(p), p, INTERRUPTED, EXIT_UNKNOWN) for p in given.models[at + 1 :]]
            break
    if given.format != "text":
        _print_or_keep(formats.render(given.format, entries, given, arguments), texts, given)
    elif len(entries) > 1:
        from verifier.report import matrix

        _print_or_keep(("\n" if not given.quiet else "") + matrix.render(entries), texts, given)
    if given.output is not None and any(texts):
        console.deliver("".join(texts), given.output)
    formats.beside(entries, given, arguments)
    if keeper is not None:
        _told(keeper.finish(entries), given)
    return exit_code(entries)


def _keeper(given: argparse.Namespace, arguments: Sequence[str]) -> Keeper | None:
    """Who keeps the evidence, if anybody wants it. Raises UsageError where it cannot be kept."""
    if given.evidence is None:
        return None
    # Imported here: most runs keep nothing.
    from verifier.commands import keep

    if not keep.is_file(given.evidence):
        keep.usable(given.evidence)
    made = keep.Keeper(given.evidence, arguments)
    if len(given.models) > 1:
        made.expect_several()
    return made


def _told(lines: list[str], given: argparse.Namespace) -> None:
    """Where the evidence is: for people, who may have sent the report somewhere else."""
    if lines and given.format == "text" and not given.quiet:
        console.out("".join(f"{line}\n" for line in lines))


def _print_or_keep(text: str, kept: list[str], given: argparse.Namespace) -> None:
    if given.output is None:
        console.out(text)
    else:
        kept.append(text)


def _report(entry: Entry, given: argparse.Namespace) -> str:
    from verifier.report import terminal

    assert not isinstance(entry, Failed)
    text = terminal.render(entry, verbose=given.verbose, quiet=given.quiet)
    alone = len(given.models) == 1 and (not entry.scheme or len(given.schemes) == 1)
    return text if given.quiet or alone else text + "\n"
