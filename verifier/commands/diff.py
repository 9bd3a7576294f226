"""`verify diff OLD NEW`: what changed between two evidences."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser
from verifier.commands.rechecking import read
from verifier.source import Span, fail
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNSAFE

if TYPE_CHECKING:
    from verifier.evidence.result import Result

USAGE = "verify diff OLD NEW"

ABOUT = "Say what changed between two evidences: verdicts, properties, states, statements that run, limits, proofs."

CODES = """\
exit status: 0 when nothing got worse, 1 when something did (a verdict, a property or model that is gone, fewer
goroutines, a statement that never runs any more, a proof for any number that is lost), 4 for damaged evidence.
Neither evidence is checked: `verify audit` does that.
"""


class Damage(Exception):
    """A file of evidence that is not as it was written."""


def parser() -> Parser:
    """The command line of `verify diff`."""
    made = Parser(USAGE, ABOUT, CODES)
    made.add_argument(
        "old", metavar="OLD", help="a directory that `verify --evidence` wrote, or one of its files in .json"
    )
    made.add_argument("new", metavar="NEW", help="the same of a later run")
    made.add_argument("--format", choices=("text", "markdown"), default="text", help="how to say it (default: text)")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    from verifier.report import changes_text
    from verifier.report.changes import changes
    from verifier.report.changes_text import Compared

    try:
        old, new = _results(given.old), _results(given.new)
    except Damage as error:
        console.err(str(error))
        return EXIT_INTERNAL
    if len(old) == len(new) == 1:
        # One model each, perhaps by another name: then the name is one of the differences.
        ((name, before),), ((now, after),) = old.items(), new.items()
        compared = [Compared(now if name == now else f"{name} -> {now}", changes(before, after))]
    else:
        compared = [
            Compared(name, only="old" if name in old else "new")
            if (name in old) != (name in new)
            else Compared(name, changes(old[name], new[name]))
            for name in dict.fromkeys([*old, *new])
        ]
    console.out(changes_text.markdown(compared) if given.format == "markdown" else changes_text.text(compared))
    return EXIT_UNSAFE if changes_text.worse(compared) else EXIT_OK


def _results(path: str) -> dict[str, Result]:
    """The results that are kept at a path, by model. Raises ModelError where there is no evidence, and Damage."""
    from verifier.report import index
    from verifier.report.folder import EVIDENCE

    if not os.path.isdir(path):
        return dict([_result(path)])
    at = os.path.join(path, index.INDEX)
    if not os.path.isfile(at):
        return dict([_result(os.path.join(path, EVIDENCE))])
    try:
        with open(at, encoding="utf-8", errors="surrogateescape", newline="") as file:
            listed = index.load(file.read()).listed
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damage(f"{at}: damaged: {error}") from None
    return dict(_result(os.path.join(path, entry.folder, EVIDENCE)) for entry in listed)


def _result(path: str) -> tuple[str, Result]:
    found = read(path)
    if isinstance(found, str):
        raise Damage(f"{path}: damaged: {found}")
    if found.result is None:
        note = "run `verify MODEL --evidence DIR` again"
        raise fail("this evidence is of an older version, and holds verdicts only", Span(path, 1, 1), note)
    return found.model, found.result
