"""`verify MODEL…`: judge models, print a report each and a matrix at the end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError, checks
from verifier.commands.progress import for_terminal
from verifier.commands.setup import add_counts, add_limits, add_runtime, add_verbose, document, options
from verifier.report.outcome import Entry, Failed, exit_code
from verifier.source import ModelError
from verifier.verdict import EXIT_INTERNAL, EXIT_UNKNOWN, EXIT_USAGE

USAGE = "verify MODEL… [options]"

COMMANDS = """\
commands:
  verify replay MODEL CHOICES   walk a schedule step by step (--at N prints the whole state)
  verify audit EVIDENCE.json    check stored evidence again, without any engine
  verify gotest MODEL           the counterexample as a Go test for the real runtime
  verify show MODEL             each goroutine's state machine, as text, Mermaid or DOT
  verify graph MODEL            the state graph, as DOT, GraphML or JSON
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
    add_runtime(made, "explore the runtime's own map steps too: what a race would lead to")
    add("--check", type=checks, dest="checks", metavar="P,Q", help="judge only these properties")
    add_limits(made)
    proof = "try to prove race, fatal and panic for any number of goroutines (default: yes)"
    add("--any", action=argparse.BooleanOptionalAction, dest="any_number", default=None, help=proof)
    fewer = "let a state stand for many that are alike (default: once a model turns out to be large)"
    add("--reduce", action=argparse.BooleanOptionalAction, default=None, help=fewer)
    add("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    add("--evidence", metavar="FILE", help="write what `verify audit FILE` can check again (one model)")
    add("-o", dest="output", metavar="FILE", help="write the report to FILE")
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
    if given.output is not None:
        console.writable(given.output, given.models)
    if given.evidence is not None:
        if len(given.models) > 1:
            raise UsageError("--evidence is about one model", "run `verify` once per model")
        console.writable(given.evidence, given.models)
    texts: list[str] = []
    entries: list[Entry] = []
    for path in given.models:
        entry = _judge(path, given)
        entries.append(entry)
        if given.format == "text" and not isinstance(entry, Failed):
            _print_or_keep(_report(entry, given), texts, given)
        if _interrupted(entry):
            entries += [
                Failed(_name(p), p, "not checked: interrupted", EXIT_UNKNOWN) for p in given.models[len(entries) :]
            ]
            break
    if given.format == "json":
        from verifier.report import jsonfile

        _print_or_keep(jsonfile.render(entries), texts, given)
    elif len(entries) > 1:
        from verifier.report import matrix

        _print_or_keep(("\n" if not given.quiet else "") + matrix.render(entries), texts, given)
    if given.output is not None and texts:
        console.deliver("".join(texts), given.output)
    return exit_code(entries)


def _print_or_keep(text: str, kept: list[str], given: argparse.Namespace) -> None:
    if given.output is None:
        console.out(text)
    else:
        kept.append(text)


def _judge(path: str, given: argparse.Namespace) -> Entry:
    """The result for one model, or why there is none (already printed)."""
    line = for_terminal(given.quiet)
    try:
        model = document(path, given)
        from verifier.pipeline import verify

        found = verify(model, options(given, line))
        if given.evidence is not None:
            from verifier.evidence.store import dump

            certificate = found.any_number.certificate if found.any_number else None
            console.deliver(dump(found, model, certificate), given.evidence)
        return found
    except ModelError as error:
        return _failed(path, console.model_text(error))
    except UsageError as error:
        return _failed(path, console.usage_text(error))
    except KeyboardInterrupt:
        return _failed(path, f"{path}: interrupted: nothing is established", EXIT_UNKNOWN)
    except Exception as error:
        return _failed(path, console.internal(path, error, given.verbose), EXIT_INTERNAL)
    finally:
        if line is not None:
            line.erase()


def _failed(path: str, message: str, code: int = EXIT_USAGE) -> Failed:
    sys.stdout.flush()
    console.err(message)
    return Failed(_name(path), path, message, code)


def _name(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0] or path


def _interrupted(entry: Entry) -> bool:
    if isinstance(entry, Failed):
        return entry.exit_code == EXIT_UNKNOWN
    return entry.explored.limit == "interrupted"


def _report(entry: Entry, given: argparse.Namespace) -> str:
    from verifier.report import terminal

    assert not isinstance(entry, Failed)
    text = terminal.render(entry, verbose=given.verbose, quiet=given.quiet)
    return text if given.quiet or len(given.models) == 1 else text + "\n"
