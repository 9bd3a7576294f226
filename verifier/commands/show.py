"""`verify show MODEL`: each goroutine's state machine."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.setup import add_lowering, lowering, program

USAGE = "verify show MODEL [--format text|mermaid|dot] [--role ROLE] [-o FILE]"


def parser() -> Parser:
    """The command line of `verify show`."""
    made = Parser(USAGE, "Show what each goroutine does, step by step, as the checker sees it.")
    made.add_argument("model", metavar="MODEL", help="model file")
    made.add_argument("--format", choices=("text", "mermaid", "dot"), default="text", help="default: text")
    made.add_argument("--role", metavar="ROLE", help="only this role and the goroutines it starts")
    made.add_argument("-o", dest="output", metavar="FILE", help="write to FILE")
    add_lowering(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    from verifier.report import machine

    given = parser().read(arguments)
    if given.output is not None:
        console.writable(given.output, [given.model])
    found = program(given.model, given, lowering(given))
    try:
        text = machine.show(found, given.format, given.role)
    except machine.NoSuchRole as error:
        raise UsageError(f"--role: {error}") from None
    console.deliver(text if text.endswith("\n") else text + "\n", given.output)
    return 0
