"""The command `verify`: picks the command, turns every failure into a message and an exit code."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import cast

from verifier.commands import console
from verifier.commands.arguments import UsageError
from verifier.source import ModelError, did_you_mean
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN, EXIT_USAGE

COMMANDS = ("adr", "compare", "replay", "gotest", "audit", "diff", "show", "graph", "litmus", "new", "schema")
"""The first word of a command line may be one of these; else it is a model. A file of that name is `./new`."""

ASKED = ("mutants", "fix", "odds", "evidence")
"""Options that one may take for commands."""

BRIEF = """\
verify: model-check goroutines that share maps, written as Go in a YAML file

  verify new cache              write cache.yaml, a commented model to start from
  verify cache.yaml             judge it: every interleaving, the shortest failing schedule
  verify show cache.yaml        see what each goroutine does, step by step

`verify --help` lists every command and option.
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command line (without the program's name); returns the exit code. Never raises."""
    console.prepare()
    verbose = "-v" in arguments or "--verbose" in arguments
    try:
        return _run(list(arguments))
    except UsageError as error:
        console.err(console.usage_text(error))
        return EXIT_USAGE
    except ModelError as error:
        console.err(console.model_text(error))
        return EXIT_USAGE
    except SystemExit as stop:
        # Only argparse exits, after it has printed a help page.
        return stop.code if isinstance(stop.code, int) else EXIT_OK
    except KeyboardInterrupt:
        console.err("interrupted: nothing is established")
        return EXIT_UNKNOWN
    except Exception as error:
        console.err(console.internal("", error, verbose))
        return EXIT_INTERNAL


def _run(arguments: list[str]) -> int:
    if not arguments:
        console.err(BRIEF)
        return EXIT_USAGE
    first, *rest = arguments
    if first in COMMANDS:
        return _command(first)(rest)
    if first == "help":
        return _command("check")([*rest, "--help"])
    if not (first.startswith("-") or os.path.exists(first) or "." in first or os.sep in first):
        if first in ASKED:
            raise UsageError(f"'{first}' is neither a file nor a command", f"did you mean 'verify MODEL --{first}'?")
        models = [name for name in (f"{first}.yaml", f"{first}.yml") if os.path.exists(name)]
        if models:
            raise UsageError(f"'{first}' is neither a file nor a command", f"did you mean 'verify {models[0]}'?")
        near = did_you_mean(first, COMMANDS)
        advice = f"did you mean 'verify {near}'?" if near else "a model file, or one of: " + ", ".join(COMMANDS)
        raise UsageError(f"'{first}' is neither a file nor a command", advice)
    return _command("check")(arguments)


def _command(name: str) -> Callable[[list[str]], int]:
    module = importlib.import_module(f"verifier.commands.{name}")
    return cast(Callable[[list[str]], int], module.run)
