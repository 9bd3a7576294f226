"""`verify schema`: the JSON Schema of model files, for editors, or of our own JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.commands import console
from verifier.commands.arguments import Parser

USAGE = "verify schema [--report]"


def run(arguments: Sequence[str]) -> int:
    """Print a schema."""
    made = Parser(USAGE, "Print the JSON Schema (2020-12) of model files, for editors.")
    words = "print that of `verify --format json` and of report.json in evidence instead"
    made.add_argument("--report", action="store_true", help=words)
    if made.read(arguments).report:
        from verifier.report import jsonschema

        console.out(jsonschema.text())
        return 0
    from verifier.model import schema

    console.out(schema.text())
    return 0
