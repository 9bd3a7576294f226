"""`verify adr MODEL…`: a decision record after MADR, with what a check says of every option in it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError, checks
from verifier.commands.judging import INTERRUPTED, interrupted, judged, named
from verifier.commands.setup import add_counts, add_limits, add_scheme, add_verbose, chosen, read
from verifier.report.outcome import Entry, Failed
from verifier.source import ModelError, suggestion
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, EXIT_USAGE

if TYPE_CHECKING:
    from verifier.commands.keep import Keeper
    from verifier.evidence.result import Result
    from verifier.model.document import Document
    from verifier.model.schemes import Scheme
    from verifier.report.adr import Option, Record

USAGE = "verify adr MODEL… [--chosen NAME] [-o FILE]"

ABOUT = """\
A decision record (MADR 4.0) with what the check says of every option. Of a workload its schemes are the options, of
several models each is one. What people decide or word is a TODO: status, date, names, reasons.
"""

STATUS = """\
exit status: that of the chosen option. Where none is chosen 0, unless an option could not be judged (2, 3, 4): an
option that fails is what a record is for.
"""


def parser() -> Parser:
    """The command line of `verify adr`."""
    made = Parser(USAGE, ABOUT, STATUS)
    add = made.add_argument
    add("models", nargs="*", metavar="MODEL", help="model files, or a workload")
    add("--compare", nargs="+", default=[], metavar="MODEL", help="more of them: the same as naming them first")
    add("--chosen", metavar="NAME", help="the option that was taken (default: `decision.chosen` of the model)")
    add("-o", dest="output", metavar="FILE", help="write the record to FILE, such as docs/adr/0007-cache.md")
    add("--fix", action="store_true", help="of options that fail the smallest edit with which they hold")
    add("--evidence", metavar="DIR", help="keep the evidence of every option too, and link to it")
    add_scheme(made, "only this scheme of a workload (repeatable), or a Go file that is one")
    add_counts(made)
    add("--check", type=checks, dest="checks", metavar="P,Q", help="judge only these properties")
    add_limits(made)
    proof = "try to prove race, fatal and panic for any number of goroutines (default: yes)"
    add("--any", action=argparse.BooleanOptionalAction, dest="any_number", default=None, help=proof)
    add_verbose(made)
    # The digest in the record is that of evidence, and that has the certificates of the proofs in it.
    made.set_defaults(quiet=False, certificate=True, mutants=False, odds=False, cache=True)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    from verifier.report import adr

    given = parser().read(arguments, many="models")
    models = list(dict.fromkeys([*given.models, *given.compare]))
    if not models:
        raise UsageError("which models?", f"usage: {USAGE}")
    if given.output is not None:
        if given.output.endswith((".yaml", ".yml")):
            raise UsageError(f"-o {given.output}: this is the name of a model", "-o takes the record to write")
        console.writable(given.output, models)
    keeper = _keeper(given, arguments)
    options: list[Option] = []
    documents: list[Document] = []
    for path in models:
        for option, document in _options(path, given, options, keeper):
            options.append(option)
            documents += [document] if document is not None else []
    record = _record(tuple(options), documents, given)
    if keeper is not None:
        keeper.finish([o.row.entry for o in options])
    if not all(isinstance(o.row.entry, Failed) for o in options):
        # Where nothing is known about any option there is nothing to record; why is said already.
        console.deliver(adr.render(record), given.output)
    return _status(record)


def _keeper(given: argparse.Namespace, arguments: Sequence[str]) -> Keeper | None:
    """Who keeps the evidence, if anybody wants it. Raises UsageError where it cannot be kept."""
    if given.evidence is None:
        return None
    from verifier.commands.keep import Keeper, is_file, usable

    if not is_file(given.evidence):
        usable(given.evidence)
    made = Keeper(given.evidence, ["adr", *arguments])
    made.expect_several()
    return made


def _options(
    path: str, given: argparse.Namespace, before: list[Option], keeper: Keeper | None
) -> Iterator[tuple[Option, Document | None]]:
    """What comes of a file: one option, or one for each scheme of a workload, with the model that was judged."""
    try:
        model = read(path, given)
    except ModelError:
        # Read once more by who tells the user; nothing is known about this option, and the others go on.
        yield _judged(path, named(path), given, lambda: read(path, given), None, before, keeper)
        return
    if not model.schemes:
        yield _judged(path, model.name, given, lambda: model, None, before, keeper)
        return
    from verifier.model.schemes import under

    for scheme in chosen(model, given):
        yield _judged(path, f"{model.name}/{scheme.name}", given, partial(under, model, scheme), scheme, before, keeper)


def _judged(
    path: str,
    name: str,
    given: argparse.Namespace,
    make: Callable[[], Document],
    scheme: Scheme | None,
    before: list[Option],
    keeper: Keeper | None,
) -> tuple[Option, Document | None]:
    from verifier.report.adr import Option
    from verifier.report.comparison import Row

    made: list[Document] = []

    def keeping() -> Document:
        made.append(make())
        return made[0]

    entry: Entry = Failed(name, path, INTERRUPTED, EXIT_UNKNOWN)
    if not before or not interrupted(before[-1].row.entry):
        entry = judged(path, name, given, keeping, f"{name}  ", scheme, keeper)
    digest = page = ""
    if keeper is not None and not isinstance(entry, Failed):
        folder, digest = keeper.kept[-1]
        page = _from_record(os.path.join(keeper.path, folder, "evidence.md"), given.output)
    elif made and not isinstance(entry, Failed):
        digest = _digest(entry, made[0])
    called = _unique(scheme.name if scheme is not None else name, before)
    file = path if scheme is None else ", ".join(scheme.paths)
    option = Option(Row(called, entry), file, _command(path, scheme, given), digest, page)
    return option, made[0] if made else None


def _from_record(page: str, record: str | None) -> str:
    """The path of a page as a link in the record needs it."""
    found = page if record is None else os.path.relpath(page, os.path.dirname(record) or ".")
    return found.replace(os.sep, "/")


def _unique(name: str, before: list[Option]) -> str:
    """Two options of one name would be one in the record."""
    taken = {o.name for o in before}
    return next(n for n in (name, *(f"{name} ({k})" for k in range(2, len(taken) + 3))) if n not in taken)


def _digest(found: Result, document: Document) -> str:
    """The digest that evidence of the same run has."""
    from verifier.commands.keep import gathered

    _, evidence, _ = gathered(found, document)
    return evidence.sha256_of_all


def _command(path: str, scheme: Scheme | None, given: argparse.Namespace) -> str:
    """The command that judges an option as it was judged here."""
    words = ["verify", path, *(["--scheme", scheme.name] if scheme is not None else [])]
    words += [word for role, n in given.count for word in ("--count", f"{role}={n}")]
    words += ["--check", ",".join(given.checks)] if given.checks is not None else []
    words += ["--max-states", str(given.max_states)] if given.max_states is not None else []
    words += ["--timeout", f"{given.timeout:g}"] if given.timeout is not None else []
    words += ["--max-memory", str(given.max_memory)] if given.max_memory is not None else []
    words += ["--engine", given.engine] if given.engine != "auto" else []
    words += ["--fix"] if given.fix else []
    words += ["--no-any"] if given.any_number is False else []
    return shlex.join(words)


def _record(options: tuple[Option, ...], documents: list[Document], given: argparse.Namespace) -> Record:
    """The record, with what the first model says about the decision. Raises UsageError for a choice that is none."""
    from verifier import __version__
    from verifier.evidence.result import Result
    from verifier.model.document import Decision
    from verifier.report.adr import Record

    first = documents[0] if documents else None
    decision = first.decision if first is not None and first.decision is not None else Decision()
    names = [o.name for o in options]
    choice = given.chosen or (decision.chosen if decision.chosen in names else "")
    if len(options) == 1 and not choice:
        choice = names[0]
    if choice and choice not in names:
        advice = suggestion(choice, names) or (f"options: {', '.join(names)}",)
        raise UsageError(f"--chosen: there is no option '{choice}'", *advice)
    title = first.title or first.name if first is not None and len({d.path for d in documents}) == 1 else ""
    about = first.about if first is not None and title else ""
    taken = next((o.row.entry for o in options if o.name == choice), None)
    if not title and isinstance(taken, Result):
        title = taken.title or choice
    return Record(title or " or ".join(names), about, options, decision, f"verify {__version__}", choice)


def _status(record: Record) -> int:
    """As the help says."""
    if record.choice is not None:
        return record.choice.row.entry.exit_code
    codes = {o.row.entry.exit_code for o in record.options if isinstance(o.row.entry, Failed)}
    return next((c for c in (EXIT_INTERNAL, EXIT_USAGE, EXIT_UNKNOWN) if c in codes), EXIT_OK)
