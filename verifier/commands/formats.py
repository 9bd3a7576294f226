"""The reports for programs that a check can write: to standard output or `-o`, and others beside that."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.report.outcome import Entry, Failed

if TYPE_CHECKING:
    from verifier.report.junit import Times

FORMATS = ("json", "markdown", "mermaid", "html", "sarif", "sarif-full", "junit", "itf", "witness")
"""What `--format` takes beside text."""

BESIDE = ("html", "sarif", "sarif-full", "junit")
"""Those with an option of their own, so that a run in CI can print its text and write them too."""

ONE_TRACE = ("itf", "witness")
"""Formats that hold one schedule."""

ONE_MODEL = ("html", "mermaid", *ONE_TRACE)
"""Formats that are about one model, under one scheme."""


def add_formats(parser: Parser) -> None:
    """The options of this module."""
    add = parser.add_argument
    words = "how to report (default: text)"
    add("--format", choices=("text", *FORMATS), default="text", help=words)
    add("-o", dest="output", metavar="FILE", help="write the report to FILE")
    add("--html", metavar="FILE", help="also write a page to step through, in one file")
    add("--sarif", metavar="FILE", help="also write SARIF for GitHub code scanning: what fails or did not finish")
    add("--sarif-full", metavar="FILE", help="also write SARIF with what is SAFE in it, for archives")
    add("--junit", metavar="FILE", help="also write JUnit XML, for the test report of a CI system")
    add("--times", action="store_true", help="with JUnit and witness: when (without, equal runs give equal files)")
    add("--property", metavar="NAME", help="with itf and witness: whose schedule (default: the first that fails)")


def check(given: argparse.Namespace) -> None:
    """Raise UsageError early for what cannot be written."""
    targets = [
        ("-o", given.output),
        *((f"--{f}", _file(given, f)) for f in BESIDE),
        ("--evidence", _one_file(given.evidence)),
    ]
    seen: dict[str, str] = {}
    for option, path in targets:
        if path is None:
            continue
        console.writable(path, given.models, option)
        if option.removeprefix("--") in BESIDE and path.endswith((".yaml", ".yml")):
            # `verify --sarif a.yaml b.yaml`: the report would take the place of a model.
            raise UsageError(f"{option} {path}: this is the name of a model", f"{option} takes the file to write")
        other = seen.setdefault(os.path.abspath(path), option)
        if other != option:
            raise UsageError(f"{option} {path}: {other} writes to the same file")
    if len(given.models) > 1 and (given.html is not None or given.format in ONE_MODEL):
        what = "one schedule of one model" if given.html is None and given.format in ONE_TRACE else "about one model"
        option = f"--format {given.format}" if given.html is None else "--html"
        raise UsageError(f"{option} is {what}", "run `verify` once per model")
    if given.property is not None and given.format not in ONE_TRACE:
        raise UsageError(
            "--property says whose schedule `--format itf` or `witness` shows; --check P,Q judges only some properties"
        )
    if given.times and given.format not in ("junit", "witness") and given.junit is None:
        raise UsageError("--times is about JUnit and witness", "add --junit FILE")


def _one_file(evidence: str | None) -> str | None:
    """Where evidence goes when it is one file; a directory is not overwritten, and is looked at elsewhere."""
    if evidence is None:
        return None
    from verifier.commands.keep import is_file

    return evidence if is_file(evidence) else None


def _file(given: argparse.Namespace, format: str) -> str | None:
    found: str | None = getattr(given, format.replace("-", "_"))
    return found


def render(format: str, entries: Sequence[Entry], given: argparse.Namespace, arguments: Sequence[str]) -> str:
    """The report of a run in one of `FORMATS`; `arguments` are its command line. Raises UsageError."""
    match format:
        case "json":
            from verifier.report import jsonfile

            return jsonfile.render(entries)
        case "sarif" | "sarif-full":
            import shlex

            from verifier.commands.repository import repository
            from verifier.report import sarif

            command = shlex.join(["verify", *arguments])
            return sarif.render(entries, repository(), command, full=format == "sarif-full")
        case "junit":
            from verifier.report import junit

            return junit.render(entries, _times(given))
        case "html":
            return _page(entries, given)
        case "markdown":
            from verifier.report import markdown

            return markdown.several(entries)
        case "mermaid":
            return _diagram(entries)
        case _:
            return _one_trace(entries, given)


def beside(entries: Sequence[Entry], given: argparse.Namespace, arguments: Sequence[str]) -> None:
    """Write the files that were asked for by an option of their own. Raises UsageError."""
    for format in BESIDE:
        path = _file(given, format)
        if path is not None:
            console.deliver(render(format, entries, given, arguments), path, f"--{format}")


def _diagram(entries: Sequence[Entry]) -> str:
    """The diagram of a model; nothing for one that could not be read, of which all is said already."""
    (entry,) = entries
    from verifier.report import sequence

    return "" if isinstance(entry, Failed) else sequence.render(entry)


def _page(entries: Sequence[Entry], given: argparse.Namespace) -> str:
    """The page of a model; of one that could not be read what was wrong, so that no older page is taken for it."""
    (entry,) = entries
    from verifier.report.html.page import failed_page, html_page

    if isinstance(entry, Failed):
        return failed_page(entry)
    from verifier.commands.setup import document
    from verifier.pipeline.exhibit import exhibit

    return html_page(entry, exhibit(document(entry.path, given), entry))


def _times(given: argparse.Namespace) -> Times | None:
    if not given.times:
        return None
    from verifier.report.junit import Times

    return Times(_now())


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _one_trace(entries: Sequence[Entry], given: argparse.Namespace) -> str:
    """The schedule that is meant; nothing for a model that could not be read, of which all is said already."""
    if len(entries) > 1:
        raise UsageError(f"--format {given.format} is one schedule of one model", "name one scheme with --scheme")
    entry = entries[0]
    if isinstance(entry, Failed):
        return ""
    from verifier.commands.chosen import failing

    prop = failing(entry, given.property)
    if prop is None:
        console.err(f"{entry.path}: no schedule to write: {entry.verdict.value}, and none fails")
        return ""
    if given.format == "witness":
        from verifier.report import witness

        return witness.render(entry, prop, _now() if given.times else "")
    from verifier.report import itf

    return itf.render(entry, prop)
