"""Small models for tests of edits: what an operator makes of their Go."""

from __future__ import annotations

import textwrap

from verifier.model.document import Document
from verifier.model.read import read_text
from verifier.mutate.catalogue import weakened
from verifier.mutate.edit import Edit
from verifier.mutate.files import Files
from verifier.pipeline import Options, read_front


def model(declare: str, body: str, rest: str = "") -> Document:
    """A model with one role of two goroutines."""
    parts = ["model: small", "declare: |", _block(declare), "goroutines:", "  worker:", "    count: 2", "    body: |"]
    return read_text("small.yaml", "\n".join([*parts, textwrap.indent(_block(body), "    "), rest, ""]))


def _block(go: str) -> str:
    return textwrap.indent(textwrap.dedent(go).strip("\n"), "  ")


def weaker(document: Document) -> list[tuple[Edit, str]]:
    """Every edit that weakens a model, with the lines that differ: `-old` and `+new`."""
    files = Files(document)
    return [(e, changed(files, e)) for e in weakened(read_front(document, Options()))]


def changed(files: Files, edit: Edit) -> str:
    """The lines that an edit takes out and puts in, without their indentation."""
    from difflib import ndiff

    texts = files.changed(edit.changes)
    out = []
    for file, before in files.text.items():
        lines = ndiff(before.split("\n"), texts[file].split("\n"))
        out += [f"{line[0]}{line[2:].strip()}" for line in lines if line[0] in "+-"]
    return "\n".join(out)
