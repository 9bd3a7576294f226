"""Reading the results that evidence holds, wherever it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from verifier.commands.rechecking import read
from verifier.source import Span, fail

if TYPE_CHECKING:
    from verifier.evidence.result import Result


class Damage(Exception):
    """A file of evidence that is not as it was written."""


def results(path: str) -> dict[str, Result]:
    """The results that are kept at a path, by model. Raises ModelError where there is no evidence, and Damage."""
    from verifier.report import index
    from verifier.report.folder import EVIDENCE

    if not os.path.isdir(path):
        return dict([_result(path)])
    at = os.path.join(path, index.INDEX)
    if not os.path.isfile(at):
        if not os.path.isfile(os.path.join(path, EVIDENCE)):
            note = "`verify MODEL --evidence DIR` writes one"
            raise fail(f"this directory holds no evidence: there is no {EVIDENCE}", Span(path, 1, 1), note)
        return dict([_result(os.path.join(path, EVIDENCE))])
    try:
        with open(at, encoding="utf-8", errors="surrogateescape", newline="") as file:
            listed = index.load(file.read()).listed
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damage(f"{at}: damaged: {error}") from None
    return dict(_result(os.path.join(path, entry.folder, EVIDENCE)) for entry in listed)


def _result(path: str) -> tuple[str, Result]:
    found = read(path)
    if isinstance(found, str):
        raise Damage(f"{path}: damaged: {found}")
    if found.result is None:
        note = "run `verify MODEL --evidence DIR` again"
        raise fail("this evidence is of an older version, and holds verdicts only", Span(path, 1, 1), note)
    return found.model, found.result
