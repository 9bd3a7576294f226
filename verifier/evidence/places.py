"""Where the files of a model stand in an evidence directory: as they stand to each other, under `model/`."""

from __future__ import annotations

import os

from verifier.model.document import Document

FOLDER = "model"


def places(document: Document) -> dict[str, str]:
    """The place of each file of a model by the path that spans name it with.

    It depends on where the files are relative to each other, not on where the command was run: `source: ../a.go` makes
    the model go one folder further down. A source named by an absolute path keeps that as its name.
    """
    names = {s.text.file: os.path.normpath(s.name) for s in document.sources}
    up = max((name.split(os.sep).count(os.pardir) for name in names.values()), default=0)
    home = os.path.dirname(os.path.abspath(document.path)).split(os.sep)
    base = os.path.join(FOLDER, *home[len(home) - up :]) if 0 < up < len(home) else FOLDER
    found = {document.path: _slashed(os.path.join(base, os.path.basename(document.path)))}
    return found | {file: _slashed(os.path.normpath(os.path.join(base, name))) for file, name in names.items()}


def headed(diff: str, paths: dict[str, str]) -> str:
    """A unified diff with the files in its heads called otherwise."""
    heads = [line[:4] in ("--- ", "+++ ") for line in diff.split("\n")]
    lines = zip(heads, diff.split("\n"), strict=True)
    return "\n".join(line[:4] + paths.get(line[4:], line[4:]) if head else line for head, line in lines)


def copy(place: str) -> str:
    """The path of the copy of a file, always inside the directory."""
    inside = place.removeprefix("/").replace(":", "")
    return place if inside == place and not place.startswith("..") else f"{FOLDER}/outside/{inside.replace('../', '')}"


def source(model: str, name: str) -> str:
    """The place of a Go file that the model at `model` calls `name`."""
    return _slashed(os.path.normpath(os.path.join(os.path.dirname(model), name)))


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")
