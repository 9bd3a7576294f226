"""The options that several commands share, and what they make of a model file."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from verifier.commands.arguments import Parser, UsageError, count, existing_role, seconds, size, states
from verifier.records import replace
from verifier.source import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier.model.document import Document
    from verifier.model.schemes import Scheme
    from verifier.pipeline import Options
    from verifier.program.program import Program


def add_counts(parser: Parser) -> None:
    """`--count`: how many goroutines there are."""
    parser.add_argument(
        "--count",
        action="append",
        type=count,
        default=[],
        metavar="ROLE=N",
        help="run N goroutines of a role (repeatable)",
    )


def add_scheme(parser: Parser, words: str = "the protection scheme that a workload is taken under") -> None:
    """`--scheme`: which scheme of a workload, or a Go file that is one."""
    parser.add_argument("--scheme", action="append", default=[], dest="schemes", metavar="NAME", help=words)


def add_runtime(parser: Parser, words: str) -> None:
    """`--runtime`: maps as the runtime works on them."""
    parser.add_argument("--runtime", action="store_true", help=words)


def add_lowering(parser: Parser) -> None:
    """Which program is meant, for commands that look at one lowering of a model."""
    add_counts(parser)
    add_scheme(parser)
    add_runtime(parser, "lower maps to the runtime's own steps")
    words = "let TryLock fail although nobody holds the lock, as the memory model permits"
    parser.add_argument("--spurious", action="store_true", help=words)
    add_verbose(parser)


def add_verbose(parser: Parser, words: str = "after an internal error the traceback") -> None:
    """`-v`: say more."""
    parser.add_argument("-v", "--verbose", action="store_true", help=words)


def add_limits(parser: Parser) -> None:
    """What an exploration may spend. A limit that is hit makes the verdict UNKNOWN, never SAFE."""
    add = parser.add_argument
    add("--max-states", type=states, metavar="N", help="stop after N states")
    add("--timeout", type=seconds, metavar="S", help="stop after S seconds (also 5m, 1h)")
    add(
        "--max-memory",
        type=size,
        metavar="SIZE",
        help="stop at about SIZE of states, such as 2G (default: 70%% of the machine)",
    )
    engines = "how to explore (default: auto, the kernel for what turns out to be large)"
    add("--engine", choices=("auto", "reference", "kernel"), default="auto", help=engines)


def options(arguments: argparse.Namespace, progress: Callable[[int, int, int], None] | None = None) -> Options:
    """What the command line asks of the pipeline."""
    from verifier.pipeline import Options

    kept = getattr(arguments, "evidence", None) is not None or pages(arguments)
    kept = kept or getattr(arguments, "certificate", False)
    made = Options(counts=tuple(arguments.count), progress=progress, clock=time.perf_counter, certificate=kept)
    names = ("runtime", "checks", "max_states", "timeout", "max_memory", "any_number", "engine", "reduce", "contention")
    given = {name: getattr(arguments, name, None) for name in names}
    return replace(made, **{name: value for name, value in given.items() if value is not None})


def pages(arguments: argparse.Namespace) -> bool:
    """Whether a page is written, which shows the certificate of a proof."""
    return getattr(arguments, "html", None) is not None or getattr(arguments, "format", "") == "html"


def read(path: str, arguments: argparse.Namespace) -> Document:
    """Read a model or workload. Raises ModelError, or UsageError for a count of a role that it does not have."""
    from verifier.model.read import read_model

    found = read_model(path)
    existing_role(arguments.count, [role.name for role in found.roles], path)
    if _schemes(arguments) and not found.schemes:
        raise UsageError(f"--scheme: {path} is no workload: it names no `schemes:`")
    return found


def _schemes(arguments: argparse.Namespace) -> list[str]:
    """What `--scheme` names; nothing for a command without that option."""
    return list(getattr(arguments, "schemes", ()))


def chosen(workload: Document, arguments: argparse.Namespace) -> tuple[Scheme, ...]:
    """The schemes of a workload that are asked for. Raises ModelError, or UsageError for one that it does not have."""
    from verifier.model.schemes import chosen as by_name, schemes

    try:
        return by_name(workload, _schemes(arguments))
    except KeyError as unknown:
        name = str(unknown.args[0])
        known = [s.name for s in schemes(workload)]
        notes = suggestion(name, known) or (f"its schemes: {', '.join(known)}; or the path of a Go file",)
        raise UsageError(f"--scheme: {workload.path} has no scheme '{name}'", *notes) from None


def document(path: str, arguments: argparse.Namespace) -> Document:
    """Read a model; of a workload the one that it is under the scheme asked for. Raises ModelError and UsageError."""
    found = read(path, arguments)
    if not found.schemes:
        return found
    picked = chosen(found, arguments)
    if len(picked) > 1:
        names = ", ".join(s.name for s in picked)
        raise UsageError(f"{path} is a workload: under which scheme?", f"--scheme NAME, one of {names}")
    from verifier.model.schemes import under

    return under(found, picked[0])


def program(path: str, arguments: argparse.Namespace, lowering: str) -> Program:
    """Read a model and lower it in one of the pipeline's ways."""
    model = document(path, arguments)
    from verifier.pipeline import load

    return load(model, options(arguments), lowering)


def lowering(arguments: argparse.Namespace) -> str:
    """Which lowering the options of `add_lowering` ask for."""
    return "runtime" if arguments.runtime else "spurious" if arguments.spurious else "abstract"
