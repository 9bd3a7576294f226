"""The Go files a model names under `source:`: read once, relative to the model, errors at the line that names them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from verifier.model.document import SourceFile, Text
from verifier.model.yamltree import MAX_BYTES, Scalar, decode
from verifier.source import Note, fail, suggestion

Fetch = Callable[[Scalar, str], bytes]
"""The bytes of the file that a scalar of the model names, given its path. Raises ModelError at the scalar."""


def read_sources(model: str, names: Sequence[Scalar], fetch: Fetch) -> tuple[SourceFile, ...]:
    """The files `names` stand for, relative to the model file at `model`. Raises ModelError for the first wrong one."""
    found: dict[str, SourceFile] = {}
    for name in names:
        path = os.path.normpath(os.path.join(os.path.dirname(model), name.value))
        if path in found:
            raise fail(f"{path} is named twice", name.span, Note("first here", found[path].span))
        data = fetch(name, path)
        if not path.endswith(".go"):
            raise fail(f"`source:` wants Go files, and {path} is not named like one", name.span)
        text = decode(path, data, "not a Go file of a model")
        rows = text.count("\n") + 1
        found[path] = SourceFile(name.value, Text(text, path, 1, (1,) * rows), name.span)
    return tuple(found.values())


def from_disk(name: Scalar, path: str) -> bytes:
    """`Fetch` for models that are files."""
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise fail(f"no such file: {path}", name.span, *_near(name.value, path)) from None
    except IsADirectoryError:
        inside = _go_files(path)
        advice = [f"name the files in it, such as {os.path.join(name.value, inside[0])}"] if inside else []
        raise fail(f"{path} is a directory, not a Go file", name.span, *advice) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise fail(f"{path} cannot be read: {reason}", name.span) from None


def from_memory(texts: dict[str, str]) -> Fetch:
    """`Fetch` for models kept with their files: text by the name that the model gives."""

    def fetch(name: Scalar, path: str) -> bytes:
        if name.value not in texts:
            raise fail(f"{path} was not kept with this model", name.span)
        return texts[name.value].encode("utf-8", "surrogatepass")

    return fetch


def _near(name: str, path: str) -> tuple[str, ...]:
    """The Go file beside a missing one that was probably meant, as the model would name it."""
    near = suggestion(os.path.basename(path), _go_files(os.path.dirname(path)))
    return tuple(n.replace("'", f"'{os.path.join(os.path.dirname(name), '')}", 1) for n in near)


def _go_files(directory: str) -> list[str]:
    try:
        return [name for name in sorted(os.listdir(directory or "."))[:2000] if name.endswith(".go")]
    except (OSError, ValueError):
        return []
