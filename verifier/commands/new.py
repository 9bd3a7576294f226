"""`verify new NAME`: a commented model that verifies at once."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError

USAGE = "verify new NAME"


def run(arguments: Sequence[str]) -> int:
    """Write NAME.yaml, never over a file that exists. Raises UsageError."""
    from verifier.model import skeleton

    parser = Parser(USAGE, "Write NAME.yaml: a commented model that verifies at once.")
    parser.add_argument("name", metavar="NAME", help="letters, digits, `-`, `_`, `.`; a directory before it is fine")
    given = parser.read(arguments)
    path = given.name if given.name.endswith(".yaml") else f"{given.name}.yaml"
    name = os.path.basename(path).removesuffix(".yaml")
    if not skeleton.is_name(name):
        raise UsageError(f"'{name}' cannot name a model", "letters, digits, `-`, `_` and `.`, first a letter or digit")
    shown = shlex.quote(path)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(skeleton.text(name, shown))
    except FileExistsError:
        raise UsageError(f"{path} exists already", "nothing was written") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    console.out(f"wrote {path}; check it with: verify {shown}\n")
    return 0
