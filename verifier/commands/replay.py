"""`verify replay MODEL CHOICES`: walk a schedule with the auditor's interpreter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verifier.commands.arguments import Parser, UsageError
from verifier.commands.setup import add_model_options, program

USAGE = "verify replay MODEL CHOICES [--at N]"


def parser() -> Parser:
    """The command line of `verify replay`."""
    made = Parser(USAGE, "Walk a schedule step by step. CHOICES is what a report prints after `replay`.")
    made.add_argument("model", metavar="MODEL", help="model file")
    made.add_argument("choices", metavar="CHOICES", help="such as 0/0/1; `-` takes no step")
    made.add_argument("--at", type=int, metavar="N", help="print the whole state after row N (0: the start)")
    add_model_options(made)
    return made


def choices(text: str) -> tuple[int, ...]:
    """The numbers of a schedule. Raises UsageError."""
    if text == "-":
        return ()
    if not re.fullmatch(r"[0-9]{1,6}(/[0-9]{1,6})*", text):
        raise UsageError(f"'{text}' is no schedule", "numbers with `/` between them, such as 0/0/1, or `-`")
    return tuple(map(int, text.split("/")))


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    taken = choices(given.choices)
    found = program(given.model, given)
    raise NotImplementedError((taken, found))
