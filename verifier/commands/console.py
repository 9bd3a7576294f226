"""What reaches the user: standard output, standard error, files, and how errors look."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence

from verifier.commands.arguments import UsageError
from verifier.source import ModelError, Span, render

_READABLE = 2_000_000


def prepare() -> None:
    """Let output survive any locale: a character that it lacks is escaped, never a crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def out(text: str) -> None:
    """Write to standard output. When nobody reads it any more (a closed pipe), go on in silence."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()


def _silence() -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def err(text: str) -> None:
    """Write one message to standard error."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        sys.stderr.flush()


def usage_text(error: UsageError) -> str:
    """A wrong command line, as the user sees it."""
    return "\n".join([f"verify: error: {error.message}", *(f"  note: {note}" for note in error.notes)])


def model_text(error: ModelError) -> str:
    """Every diagnostic of a wrong model, with its source line and a caret."""
    spans = [d.span for d in error.diagnostics] + [n.span for d in error.diagnostics for n in d.notes if n.span]
    sources = {file: _lines(file) for file in {span.file for span in spans}}
    return "\n".join(render(d, sources) for d in error.diagnostics)


def _lines(path: str) -> list[str]:
    """A file's lines for excerpts, with everything a terminal could misunderstand replaced."""
    try:
        if not os.path.isfile(path):
            return []
        with open(path, "rb") as file:
            text = file.read(_READABLE).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    except (OSError, ValueError):
        return []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ["".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in row) for row in lines]


def writable(path: str, models: Sequence[str] = (), option: str = "-o") -> None:
    """Raise UsageError early when a report cannot or must not be written to `path`."""
    if os.path.isdir(path):
        raise UsageError(f"{option} {path}: this is a directory")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"{option} {path}: there is no directory {folder}")
    if any(os.path.exists(path) and os.path.exists(m) and os.path.samefile(path, m) for m in models):
        raise UsageError(f"{option} {path}: that would overwrite the model")
    if path.endswith(".go") and os.path.exists(path) and any(os.path.samefile(path, s) for s in _sources(models)):
        raise UsageError(f"{option} {path}: that would overwrite a Go file of the model")


def _sources(models: Sequence[str]) -> list[str]:
    """The Go files of models; none of one that cannot be read, which is said later."""
    from verifier.model.read import read_model

    found: list[str] = []
    for model in models:
        with contextlib.suppress(ModelError):
            found += [s.text.file for s in read_model(model).sources]
    return found


def deliver(text: str, path: str | None, option: str = "-o") -> None:
    """Write a report to `path`, or to standard output when it is None. Raises UsageError when that fails."""
    if path is None:
        out(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from None


def internal(path: str, error: BaseException, verbose: bool) -> str:
    """What the user sees of our own bug: one paragraph, and the traceback when asked."""
    import traceback

    where = traceback.extract_tb(error.__traceback__)[-1:] if error.__traceback__ else []
    place = "".join(f" at {os.path.basename(f.filename)}:{f.lineno}" for f in where)
    subject = f"{Span(path, 1, 1)}: " if path else ""
    words = " ".join(str(error).split())[:300]
    text = (
        f"{subject}internal error: {type(error).__name__}: {words}{place}\n"
        "This is a bug in verify, not in your model: no verdict was reached. Please report it with the model file and\n"
        f"the output of the same command with -v (verify {_version()}, Python {sys.version.split()[0]})."
    )
    if not verbose:
        return text
    return "".join(traceback.format_exception(error)) + text


def _version() -> str:
    from verifier import __version__

    return __version__
