"""`verify audit DIR`: every file of an evidence directory is what its evidence says, and that holds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping

from verifier import __version__
from verifier.audit.interpret import AuditError
from verifier.commands import console
from verifier.commands.audit_result import Line
from verifier.commands.provenance import damage, source
from verifier.commands.rechecking import lines, model, read, tell
from verifier.evidence.build import tool_digest
from verifier.evidence.store import Evidence, whole
from verifier.report import folder as made, index
from verifier.source import ModelError, Span, fail
from verifier.verdict import EXIT_INTERNAL, EXIT_OK, EXIT_UNKNOWN

MOST_FILES = 10_000
"""Files that are looked at; no evidence has so many."""


def run(path: str, given: argparse.Namespace) -> int:
    """Audit a directory. Raises ModelError when it is none of ours."""
    if os.path.isfile(os.path.join(path, index.INDEX)):
        return _several(path, given)
    if not os.path.isfile(os.path.join(path, made.EVIDENCE)):
        ours = os.path.isfile(os.path.join(path, made.SUMS))
        if ours:
            console.err(f"{path}: audit failed: there is no {made.EVIDENCE} any more")
            return EXIT_INTERNAL
        note = "`verify MODEL --evidence DIR` writes one"
        raise fail(f"this directory holds no evidence: there is no {made.EVIDENCE}", Span(path, 1, 1), note)
    return _one(path, given)


def _one(path: str, given: argparse.Namespace) -> int:
    found = read(os.path.join(path, made.EVIDENCE))
    if isinstance(found, str):
        console.err(f"{path}: audit failed: {made.EVIDENCE} is damaged: {found}")
        return EXIT_INTERNAL
    return tell(found, path, (*_files(path, found), *lines(found, given)))


def _several(path: str, given: argparse.Namespace) -> int:
    """The folders one after the other, then that the index is about them."""
    try:
        listed = index.load(_read(os.path.join(path, index.INDEX)) or "")
    except (ValueError, KeyError, TypeError) as error:
        console.err(f"{path}: audit failed: {index.INDEX} is damaged: {error}")
        return EXIT_INTERNAL
    codes, results, digests, tools = [], [], {}, set()
    for entry in listed.listed:
        inside = os.path.join(path, entry.folder)
        found = read(os.path.join(inside, made.EVIDENCE)) if os.path.isdir(inside) else "it is gone"
        if isinstance(found, str) or found.result is None or found.sha256_of_all != entry.digest:
            why = found if isinstance(found, str) else "it is not the evidence that the index is about"
            console.err(f"{inside}: audit failed: {why}")
            return EXIT_INTERNAL
        results.append(found.result)
        tools.add(found.tool)
        codes.append(_one(inside, given))
        digests[f"{entry.folder}/{made.SUMS}"] = _read(os.path.join(inside, made.SUMS)) or ""
    texts = index.files(listed, results)
    texts |= {made.SUMS: index.sums(texts, digests)}
    console.out(f"audit of the index ({path})\n")
    for line in _compared(path, texts, min(tools, default=__version__), tuple(e.folder for e in listed.listed)):
        codes.append(line.code)
        console.out(f"  {line.item:<12} {line.words}\n")
    for failed in listed.failed:
        console.out(f"  {'no verdict':<12} {failed.model}: nothing to check\n")
    worst = next((c for c in (EXIT_INTERNAL, EXIT_UNKNOWN) if c in codes), EXIT_OK)
    words = {EXIT_INTERNAL: "failed", EXIT_UNKNOWN: "incomplete: something could not be checked, see above"}
    console.out(f"audit of {len(listed.listed)} models {words.get(worst, 'passed')}\n")
    return worst


def _files(path: str, found: Evidence) -> Iterator[Line]:
    """Every file as it is drawn from the evidence once more, the run's word about itself, and strangers."""
    try:
        texts = made.files(found, _page(found))
    except (ValueError, AuditError, ModelError) as error:
        yield Line("files", f"REFUSED: {error}", EXIT_INTERNAL)
        return
    texts |= {made.SUMS: made.sums(texts)}
    yield from _compared(path, texts, found.tool)
    about = _read(os.path.join(path, made.PROVENANCE))
    wrong = "it is gone" if about is None else damage(about, found.sha256_of_all)
    if wrong:
        yield Line("files", f"REFUSED: {made.PROVENANCE}: {wrong}", EXIT_INTERNAL)
    else:
        yield Line("provenance", "belongs to this evidence; what it says of time and place cannot be checked")


def _page(found: Evidence) -> str:
    """The page in HTML as it must be: every schedule walked again, the pictures of state graphs as they were kept."""
    from verifier.pipeline.exhibit import again
    from verifier.report.html.page import html_page

    result = whole(found)
    return "" if result is None else html_page(result, again(model(found), result, found.pictures))


def _compared(path: str, texts: Mapping[str, str], tool: str, folders: tuple[str, ...] = ()) -> Iterator[Line]:
    wrong = {name: line for name, text in texts.items() for line in _differs(path, name, text)}
    if wrong and (writer := _other_writer(path, tool, folders)) and not _sums_differ(path, texts):
        words = f"{len(wrong)} of {len(texts)} files are drawn otherwise by this version, {__version__}; their digests"
        yield Line("files", f"{words} are those that {writer} wrote: it can compare them", EXIT_UNKNOWN)
    elif wrong:
        yield from (Line("files", f"REFUSED: {words}", EXIT_INTERNAL) for words in wrong.values())
    else:
        yield Line("files", f"{len(texts)} files, each as the evidence makes it")
    strangers = sorted(set(_listed(path, folders)) - texts.keys() - {made.PROVENANCE})
    if strangers:
        shown = ", ".join(strangers[:5]) + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")
        yield Line("strangers", f"not part of the evidence, not looked at: {shown}")


def _other_writer(path: str, tool: str, folders: tuple[str, ...]) -> str:
    """Which other version, or other build of this one, has written what is there; empty when this one has."""
    if tool != __version__:
        return f"verify {tool}"
    # Whoever changes this word as well gets "incomplete" for it, as with the version: never "passed".
    said = {source(_read(os.path.join(path, folder, made.PROVENANCE)) or "") for folder in folders or (".",)}
    return f"another build of verify {tool}" if said - {"", tool_digest()} else ""


def _sums_differ(path: str, texts: Mapping[str, str]) -> bool:
    """Whether the files are not those whose digests stand beside them; what has to be the same is drawn, not read."""
    names = sorted(texts.keys() - {made.SUMS})
    there = {name: _read(os.path.join(path, name)) for name in names}
    same = {name: text for name, text in there.items() if text is not None}
    return len(same) < len(names) or _read(os.path.join(path, made.SUMS)) != made.sums(same)


def _differs(path: str, name: str, text: str) -> Iterator[str]:
    there = _read(os.path.join(path, name))
    if there is None:
        yield f"{name} is gone"
    elif there != text:
        same = next(
            (n for n, (a, b) in enumerate(zip(there, text, strict=False)) if a != b), min(len(there), len(text))
        )
        yield f"{name} is not what the evidence says, from line {there.count(chr(10), 0, same) + 1} on"


def _read(path: str) -> str | None:
    """A file's text, byte for byte; None when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError:
        return None


def _listed(path: str, folders: tuple[str, ...]) -> Iterator[str]:
    """The files of a directory, without those in some folders of it."""
    number = 0
    for where, below, names in os.walk(path):
        inside = os.path.relpath(where, path)
        if inside == ".":
            below[:] = [name for name in below if name not in folders]
        for name in names:
            number += 1
            if number > MOST_FILES:
                return
            yield os.path.normpath(os.path.join(inside, name)).replace(os.sep, "/")
