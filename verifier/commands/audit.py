"""`verify audit DIR`: check stored evidence again, without any engine."""

from __future__ import annotations

import os
from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser
from verifier.commands.rechecking import lines, read, tell
from verifier.verdict import EXIT_INTERNAL

USAGE = "verify audit DIR"


def parser() -> Parser:
    """The command line of `verify audit`."""
    made = Parser(USAGE, "Check evidence again: replay its schedules, re-prove its certificate. No engine is used.")
    made.add_argument("evidence", metavar="DIR", help="what `verify --evidence` wrote, a directory or one file")
    made.add_argument("--smt", metavar="DIR", help="write the obligations there as SMT-LIB2, for other solvers")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    if os.path.isdir(given.evidence):
        from verifier.commands import audit_folder

        return audit_folder.run(given.evidence, given)
    found = read(given.evidence)
    if isinstance(found, str):
        console.err(f"{given.evidence}: audit failed: the file is damaged: {found}")
        return EXIT_INTERNAL
    return tell(found, given.evidence, lines(found, given))
