"""The reports for programs that a check can write: to standard output or `-o`, and others beside that."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.keep import is_file
from verifier.report.outcome import Entry, Failed
from verifier.source import suggestion
from verifier.verdict import Verdict

if TYPE_CHECKING:
    from verifier.evidence.result import Property, Result
    from verifier.report.junit import Times

FORMATS = ("json", "sarif", "sarif-full", "junit", "itf")
"""What `--format` takes beside text."""

BESIDE = ("sarif", "sarif-full", "junit")
"""Those with an option of their own, so that a run in CI can print its text and write them too."""

ONE_TRACE = ("itf",)
"""Formats that hold one schedule."""


def add_formats(parser: Parser) -> None:
    """The options of this module."""
    add = parser.add_argument
    words = "how to report (default: text)"
    add("--format", choices=("text", *FORMATS), default="text", help=words)
    add("-o", dest="output", metavar="FILE", help="write the report to FILE")
    add("--sarif", metavar="FILE", help="also write SARIF for GitHub code scanning: what fails or did not finish")
    add("--sarif-full", metavar="FILE", help="also write SARIF with what is SAFE in it, for archives")
    add("--junit", metavar="FILE", help="also write JUnit XML, for the test report of a CI system")
    add("--times", action="store_true", help="with JUnit: when and how long (without, equal runs give equal files)")
    add("--property", metavar="NAME", help="with itf: whose schedule (default: the first that fails)")


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
    if given.format in ONE_TRACE and len(given.models) > 1:
        raise UsageError(f"--format {given.format} is one schedule of one model", "run `verify` once per model")
    if given.property is not None and given.format not in ONE_TRACE:
        raise UsageError("--property says whose schedule `--format itf` shows; --check P,Q judges only some properties")
    if given.times and given.format != "junit" and given.junit is None:
        raise UsageError("--times is about JUnit", "add --junit FILE or --format junit")


def _one_file(evidence: str | None) -> str | None:
    """Where evidence goes when it is one file; a directory is not overwritten, and is looked at elsewhere."""
    return evidence if evidence is not None and is_file(evidence) else None


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
            from verifier.commands.repository import repository
            from verifier.report import sarif

            command = shlex.join(["verify", *arguments])
            return sarif.render(entries, repository(), command, full=format == "sarif-full")
        case "junit":
            from verifier.report import junit

            return junit.render(entries, _times(given))
        case _:
            return _one_trace(entries, given)


def beside(entries: Sequence[Entry], given: argparse.Namespace, arguments: Sequence[str]) -> None:
    """Write the files that were asked for by an option of their own. Raises UsageError."""
    for format in BESIDE:
        path = _file(given, format)
        if path is not None:
            console.deliver(render(format, entries, given, arguments), path, f"--{format}")


def _times(given: argparse.Namespace) -> Times | None:
    if not given.times:
        return None
    from datetime import UTC, datetime

    from verifier.report.junit import Times

    return Times(datetime.now(UTC).isoformat(timespec="seconds"))


def _one_trace(entries: Sequence[Entry], given: argparse.Namespace) -> str:
    """The schedule that is meant; nothing for a model that could not be read, of which all is said already."""
    if len(entries) > 1:
        raise UsageError(f"--format {given.format} is one schedule of one model", "name one scheme with --scheme")
    entry = entries[0]
    if isinstance(entry, Failed):
        return ""
    from verifier.report import itf

    prop = _chosen(entry, given.property)
    if prop is None:
        console.err(f"{entry.path}: no schedule to write: {entry.verdict.value}, and none fails")
        return ""
    return itf.render(entry, prop)


def _chosen(found: Result, name: str | None) -> Property | None:
    """The property of that name, or the first that fails. Raises UsageError when there is no such schedule."""
    known = [p for p in found.properties if p.trace is not None]
    if name is None:
        return next((p for p in known if p.verdict is Verdict.UNSAFE), None)
    names = [p.name for p in known]
    if name not in names:
        has = f"those with one: {', '.join(names)}" if names else "no property of it has one"
        raise UsageError(f"--property: {found.path} has no schedule for '{name}'", *(suggestion(name, names) or (has,)))
    return known[names.index(name)]
