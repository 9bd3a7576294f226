"""`verify schema`: the JSON Schema of model files, for editors."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser

USAGE = "verify schema"


def run(arguments: Sequence[str]) -> int:
    """Print the schema."""
    from verifier.model import schema

    Parser(USAGE, "Print the JSON Schema (2020-12) of model files, for editors.").read(arguments)
    console.out(schema.text())
    return 0
