"""What `--evidence` leaves behind: one file, or a directory that a design review can keep and check again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import UsageError
from verifier.records import replace
from verifier.report.outcome import Entry, Failed
from verifier.source import ModelError

if TYPE_CHECKING:
    from verifier.evidence.exhibit import Exhibit
    from verifier.evidence.result import Result
    from verifier.evidence.store import Evidence
    from verifier.model.document import Document

MARKS = ("evidence.json", "index.json")
"""One of these is in every directory of ours."""


def is_file(path: str) -> bool:
    """Whether `--evidence PATH` means a single file."""
    return path.endswith(".json") and not os.path.isdir(path)


def usable(path: str) -> None:
    """Raise UsageError early when evidence cannot or must not be written to the directory `path`."""
    if os.path.exists(path) and not os.path.isdir(path):
        raise UsageError(f"--evidence {path}: this is a file", "a path that ends in .json is written as one file")
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise UsageError(f"--evidence {path}: there is no directory {os.path.dirname(path)}")
    if os.path.isdir(path) and os.listdir(path) and not any(os.path.isfile(os.path.join(path, m)) for m in MARKS):
        raise UsageError(f"--evidence {path}: the directory is not empty, and holds no evidence", "name a new one")


def gathered(result: Result, document: Document) -> tuple[Result, Evidence, Exhibit]:
    """What a directory keeps of a run: its result with files as they are called there, the evidence, what is shown."""
    from verifier.evidence import store
    from verifier.evidence.codec import relocated
    from verifier.evidence.places import headed, places
    from verifier.pipeline.exhibit import exhibit

    certificate = result.any_number.certificate if result.any_number else None
    where = places(document)
    moved = relocated(result, where)
    if moved.fixes is not None:
        fixes = tuple(replace(fix, diff=headed(fix.diff, where)) for fix in moved.fixes.found)
        moved = replace(moved, fixes=replace(moved.fixes, found=fixes))
    shown = relocated(exhibit(document, result), where)
    return moved, replace(store.evidence(moved, document, certificate), pictures=shown.pictures), shown


class Keeper:
    """Takes results as they come and writes them: one into the directory itself, several each into a folder of it."""

    def __init__(self, path: str, arguments: Sequence[str]) -> None:
        self.path = path
        self.arguments = tuple(arguments)
        self.several = False
        self._folders: dict[str, int] = {}
        self._made: list[tuple[str, str, Result]] = []
        self._cleared = False
        self._before: dict[str, Result] = {}

    def expect_several(self) -> None:
        """From now on every result has a folder of its own. Raises UsageError when one file was asked for."""
        if is_file(self.path):
            directory = f"a directory takes several: --evidence {self.path.removesuffix('.json')}"
            note = "judge one model, or name one scheme of a workload with --scheme"
            raise UsageError(f"{self.path}: a file of evidence is about one model", note, directory)
        self.several = True

    def take(self, result: Result, document: Document) -> None:
        """Keep a result. Raises UsageError when it cannot be written."""
        from verifier.evidence import store

        certificate = result.any_number.certificate if result.any_number else None
        if is_file(self.path):
            console.deliver(store.dump(result, document, certificate), self.path)
            return
        from verifier.report.html.page import html_page

        moved, found, shown = gathered(result, document)
        page = html_page(store.settled(moved), shown)
        name = self._name(result.model) if self.several else ""
        self._write(os.path.join(self.path, name), found, page, result)
        self._made.append((name, found.sha256_of_all, moved))

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """Of everything that was kept in a directory its folder there and the digest of its evidence, in order."""
        return tuple((name, digest) for name, digest, _ in self._made)

    def _name(self, model: str) -> str:
        """The folder of one of several models; two of one name do not share it."""
        from verifier.report.folder import slug

        name = slug(model)
        while name in self._folders:
            name = f"{slug(model)}-{self._folders[slug(model)] + 1}"
            self._folders[slug(model)] += 1
        self._folders[name] = 1
        return name

    def finish(self, entries: Sequence[Entry]) -> list[str]:
        """Write the index of several; returns lines that say where everything is, and what changed there."""
        if is_file(self.path) or not (self._made or self.several):
            return []
        if self.several:
            from verifier.report.lines import number

            self._write_index(entries)
            first = f"evidence   {os.path.join(self.path, 'index.md')}, {number(len(self._made), 'model')}"
        else:
            (_, digest, _), *_ = self._made
            first = f"evidence   {os.path.join(self.path, 'evidence.md')}  sha256:{digest[:16]}…"
        return [first, *self._changes()]

    def _changes(self) -> list[str]:
        """What is different from the evidence that was here before."""
        if not self._before:
            return []
        from verifier.report.changes_text import side_by_side, text

        compared = side_by_side(self._before, {r.model: r for _, _, r in self._made})
        lines = text(compared).rstrip("\n").split("\n")
        since = "since the last evidence here:"
        return [f"{since} {lines[0]}"] if len(lines) == 1 else ["", since, *lines]

    def _write_index(self, entries: Sequence[Entry]) -> None:
        from verifier.report import index
        from verifier.report.folder import SUMS

        failed = [e for e in entries if isinstance(e, Failed)]
        listed = [index.Listed(name, digest) for name, digest, _ in self._made]
        results = [result for _, _, result in self._made]
        texts = index.files(index.Index(tuple(listed), tuple(failed)), results)
        try:
            self._clear()
            for path, text in texts.items():
                _put(os.path.join(self.path, path), text)
            _put(os.path.join(self.path, SUMS), index.sums(texts, self._sums()))
        except OSError as error:
            raise UsageError(f"--evidence {self.path}: {error.strerror or error}") from None

    def _clear(self) -> None:
        """Remove what an earlier run left here, once, and nothing else."""
        if self._cleared:
            return
        self._cleared = True
        from verifier.commands.kept import Damage, results

        # What cannot be read is written anew all the same; only nobody can say what changed.
        with contextlib.suppress(Damage, ModelError):
            self._before = results(self.path)
        for folder in _folders(self.path):
            _clear(os.path.join(self.path, folder))
        _clear(self.path)

    def _sums(self) -> dict[str, str]:
        from verifier.report.folder import SUMS

        found: dict[str, str] = {}
        for name, _, _ in self._made:
            with open(os.path.join(self.path, name, SUMS), encoding="utf-8", newline="") as file:
                found[f"{name}/{SUMS}"] = file.read()
        return found

    def _write(self, folder: str, found: Evidence, page: str, result: Result) -> None:
        from verifier.commands.provenance import provenance
        from verifier.report import folder as made

        texts = made.files(found, page)
        try:
            self._clear()
            for path, text in texts.items():
                _put(os.path.join(folder, path), text)
            _put(os.path.join(folder, made.PROVENANCE), provenance(found, result, self.arguments))
            # The last file: without it, the directory is known to be incomplete.
            _put(os.path.join(folder, made.SUMS), made.sums(texts))
        except OSError as error:
            raise UsageError(f"--evidence {self.path}: {error.strerror or error}") from None


def _put(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


def _folders(path: str) -> list[str]:
    """The folders of evidence about several models that an index there names."""
    from verifier.report import index

    try:
        with open(os.path.join(path, index.INDEX), encoding="utf-8") as file:
            return [e.folder for e in index.load(file.read()).listed]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _clear(folder: str) -> None:
    from verifier.report.folder import PROVENANCE, SUMS

    try:
        with open(os.path.join(folder, SUMS), encoding="utf-8") as file:
            listed = [line[66:].rstrip("\n") for line in file]
    except (OSError, UnicodeDecodeError):
        return
    inside = os.path.realpath(folder) + os.sep
    for name in (*listed, PROVENANCE, SUMS):
        path = os.path.realpath(os.path.join(folder, name))
        if path.startswith(inside) and os.path.isfile(path):
            os.remove(path)
            _prune(os.path.dirname(path), inside)


def _prune(folder: str, inside: str) -> None:
    """Remove a directory and those around it as far as they are empty, up to and with the one of the evidence."""
    with contextlib.suppress(OSError):
        while (folder + os.sep).startswith(inside) and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
