"""Judging one file of a command line: its verdicts, or why there are none. A workload has some for each scheme."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import UsageError
from verifier.commands.progress import for_terminal
from verifier.commands.setup import chosen, options, pages, read
from verifier.records import replace
from verifier.report.outcome import Entry, Failed
from verifier.source import ModelError, Note
from verifier.verdict import EXIT_INTERNAL, EXIT_UNKNOWN, EXIT_USAGE

if TYPE_CHECKING:
    from verifier.commands.keep import Keeper
    from verifier.model.document import Document
    from verifier.model.schemes import Scheme

INTERRUPTED = "not checked: interrupted"


def judge(path: str, given: argparse.Namespace, keeper: Keeper | None = None) -> Iterator[Entry]:
    """What came of a file, once for each scheme of a workload. What is wrong is printed at once. Never raises."""
    try:
        model = read(path, given)
        if not model.schemes:
            yield judged(path, named(path), given, lambda: model, keeper=keeper)
            return
        picked = chosen(model, given)
        if keeper is not None and len(picked) > 1:
            keeper.expect_several()
        if len(picked) > 1 and pages(given):
            raise UsageError("html is a page about one model", f"name one scheme of {path} with --scheme")
    except BaseException as error:
        yield _failed(path, named(path), given, error)
        return
    from verifier.model.schemes import under

    for scheme in picked:
        yield judged(path, f"{model.name}/{scheme.name}", given, partial(under, model, scheme), "", scheme, keeper)


def judged(
    path: str,
    name: str,
    given: argparse.Namespace,
    make: Callable[[], Document],
    label: str = "",
    scheme: Scheme | None = None,
    keeper: Keeper | None = None,
) -> Entry:
    """The result for the model that `make` reads, or why there is none (already printed)."""
    line = for_terminal(given.quiet, label)
    try:
        model = make()
        from verifier.pipeline import verify

        asked = options(given, line)
        found = verify(model, asked)
        if any(getattr(given, name, False) for name in ("mutants", "fix", "odds")):
            # Imported here: few runs ask.
            from verifier.commands.editing import edited

            found = edited(found, model, asked, given, line)
        if keeper is not None:
            keeper.take(found, model)
        return found
    except ModelError as error:
        return _failed(path, name, given, _told(error, scheme))
    except BaseException as error:
        return _failed(path, name, given, error)
    finally:
        if line is not None:
            line.erase()


def _told(error: ModelError, scheme: Scheme | None) -> ModelError:
    """The error with the scheme it shows under: the others may be fine."""
    if scheme is None:
        return error
    note = Note(f"under the scheme '{scheme.name}', {', '.join(scheme.paths)}")
    return ModelError(*(replace(d, notes=(*d.notes, note)) for d in error.diagnostics))


def _failed(path: str, name: str, given: argparse.Namespace, error: BaseException) -> Failed:
    """Prints what went wrong. Raises what only ends a process, as SystemExit does."""
    span = None
    match error:
        case ModelError():
            code, message, span = EXIT_USAGE, console.model_text(error), error.diagnostics[0].span
        case UsageError():
            code, message = EXIT_USAGE, console.usage_text(error)
        case KeyboardInterrupt():
            code, message = EXIT_UNKNOWN, f"{path}: interrupted: nothing is established"
        case Exception():
            code, message = EXIT_INTERNAL, console.internal(path, error, given.verbose)
        case _:
            raise error
    sys.stdout.flush()
    console.err(message)
    return Failed(name, path, message, code, span)


def named(path: str) -> str:
    """What to call a model that could not be read."""
    return os.path.splitext(os.path.basename(path))[0] or path


def interrupted(entry: Entry) -> bool:
    """Whether Ctrl-C ended it: what would come next is not even begun."""
    if isinstance(entry, Failed):
        return entry.exit_code == EXIT_UNKNOWN
    if entry.contention is not None and entry.contention.reason == "interrupted":
        return True
    return entry.explored.limit == "interrupted"
