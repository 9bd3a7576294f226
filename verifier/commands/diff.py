"""`verify diff OLD NEW`: what changed between two evidences."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser
from verifier.commands.kept import Damage, results
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNSAFE

USAGE = "verify diff OLD NEW"

ABOUT = "Say what changed between two evidences: verdicts, properties, states, statements that run, limits, proofs."

CODES = """\
exit status: 0 when nothing got worse, 1 when something did (a verdict, a property or model that is gone, fewer
goroutines, a statement that never runs any more, a proof for any number that is lost), 4 for damaged evidence.
Neither evidence is checked: `verify audit` does that.
"""


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
    from verifier.report.changes_text import side_by_side

    try:
        old, new = results(given.old), results(given.new)
    except Damage as error:
        console.err(str(error))
        return EXIT_INTERNAL
    compared = side_by_side(old, new)
    console.out(changes_text.markdown(compared) if given.format == "markdown" else changes_text.text(compared))
    return EXIT_UNSAFE if changes_text.worse(compared) else EXIT_OK
