"""A workload is judged under every protection scheme it names: which Go files those are, and one of them chosen.

Kept apart from reading the file: a scheme whose file is missing or wrong leaves the others to be judged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from verifier.model.document import Document, SchemeEntry
from verifier.model.gofiles import Fetch, from_disk, read_sources
from verifier.model.read import read_model
from verifier.model.yamltree import MAX_BYTES, Scalar
from verifier.records import dataclass, replace
from verifier.source import Diagnostic, ModelError, Note, Span, fail, suggestion

FOLDER = "schemes"
"""Where a scheme is looked for by its name: a folder of this name beside the workload, or beside a folder it is in."""

_ABOVE = 2
"""How many folders up that is: the root of a disk is nobody's project."""

ALL = "all"

SHIPPED = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "models", FOLDER)
"""The schemes that come with verify, for workloads without such a folder."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A protection scheme: how the command line names it, the paths of its Go files, and where it is asked for."""

    name: str
    paths: tuple[str, ...]
    span: Span


def schemes(workload: Document) -> tuple[Scheme, ...]:
    """The schemes of a workload, in its order. Raises ModelError where one is unknown, with every mistake."""
    found: dict[str, Scheme] = {}
    wrong: list[Diagnostic] = []
    for entry in workload.schemes:
        try:
            for scheme in _meant(workload.path, entry):
                if scheme.name in found:
                    first = Note("first here", found[scheme.name].span)
                    raise fail(f"two schemes are named '{scheme.name}'", entry.span, first)
                found[scheme.name] = scheme
        except ModelError as error:
            wrong += error.diagnostics
    if not wrong:
        wrong += _strangers(workload, found)
    if wrong:
        raise ModelError(*wrong)
    return tuple(found.values())


def _meant(model: str, entry: SchemeEntry) -> Iterable[Scheme]:
    if _is_path(entry.text):
        path = os.path.normpath(os.path.join(os.path.dirname(model), entry.text))
        return [_at(_stem(path), path, entry.span)]
    folders = _folders(model)
    if entry.text == ALL:
        if not folders:
            raise fail("there is no folder `schemes` with Go files beside the model or above it", entry.span)
        return [_in(folders[0], name, name, entry.span) for name in _names(folders[0])]
    folder = _holding(folders, entry.text)
    if folder is None:
        known = sorted({name for f in folders for name in _names(f)})
        advice = suggestion(entry.text, known) or (f"known: {', '.join(known)}" if known else "name a Go file instead",)
        where = f" in {' or '.join(folders)}" if folders else ""
        raise fail(f"there is no scheme '{entry.text}'{where}", entry.span, *advice)
    return [_in(folder, entry.text, entry.text, entry.span)]


def _holding(folders: Sequence[str], name: str) -> str | None:
    """The first folder with a scheme of that name."""
    return next((folder for folder in folders if _holds(folder, f"{name}.go")), None)


def _at(name: str, path: str, span: Span) -> Scheme:
    """The scheme that a path stands for. A file that is not there is found missing when it is read."""
    if path.endswith(".go"):
        return _in(os.path.dirname(path), _stem(path), name, span)
    if not os.path.isfile(path):
        raise fail(f"no such file: {path}", span)
    files = tuple(s.text.file for s in read_model(path).sources)
    if not files:
        raise fail(f"{path} names no `source:`, so it is no scheme", span)
    return Scheme(name, files, span)


def _in(folder: str, stem: str, name: str, span: Span) -> Scheme:
    """STEM.go of a folder with its parts, STEM-PART.go. STEM-PART-VARIANT: with that file in place of a part."""
    base, *rest = stem.split("-")
    if not rest or not _holds(folder, f"{base}.go") or _declares_map(folder, stem):
        return Scheme(name, _paths(folder, [stem, *_parts(folder, stem)]), span)
    part = f"{base}-{rest[0]}"
    if len(rest) == 1 or not _holds(folder, f"{part}.go"):
        whole = "; ".join([base, *(v for v in _variants(folder, part))])
        raise fail(f"{stem}.go is only a part of the scheme '{base}'", span, f"name the whole: {whole}")
    return Scheme(name, _paths(folder, [base, *(stem if p == part else p for p in _parts(folder, base))]), span)


def _paths(folder: str, stems: Iterable[str]) -> tuple[str, ...]:
    return tuple(os.path.join(folder, f"{stem}.go") for stem in stems)


def _parts(folder: str, base: str) -> list[str]:
    """The parts of a scheme. A file that declares the Map itself is another scheme, whatever its name."""
    named = [s for s in _stems(folder) if s.startswith(f"{base}-") and "-" not in s.removeprefix(f"{base}-")]
    return [s for s in named if not _declares_map(folder, s)]


def _variants(folder: str, part: str) -> list[str]:
    return [s for s in _stems(folder) if s.startswith(f"{part}-")]


def _strangers(workload: Document, found: dict[str, Scheme]) -> list[Diagnostic]:
    """Expectations under schemes that the workload does not name."""
    out = []
    for under in workload.expect_under:
        if under.scheme not in found:
            notes = suggestion(under.scheme, found) or (f"known: {', '.join(found)}",)
            message = f"`expect:` is about '{under.scheme}', which is none of the schemes"
            out.append(Diagnostic(message, under.span, tuple(Note(n) for n in notes)))
    return out


def _folders(model: str) -> list[str]:
    """The folders of schemes, the nearest one first, those that come with verify last."""
    above = os.path.dirname(model)
    found = []
    for _ in range(1 + _ABOVE):
        found.append(os.path.normpath(os.path.join(above, FOLDER)))
        above = os.path.join(above, os.pardir)
    if all(os.path.abspath(folder) != SHIPPED for folder in found):
        found.append(_shortest(SHIPPED))
    return [folder for folder in found if _names(folder)]


def _shortest(path: str) -> str:
    near = os.path.relpath(path)
    return near if len(near) < len(path) else path


def _names(folder: str) -> list[str]:
    """The schemes that `all` means: a file with a `-` in its name is a part of one, or a variant."""
    return [stem for stem in _stems(folder) if "-" not in stem]


def _declares_map(folder: str, stem: str) -> bool:
    try:
        with open(os.path.join(folder, f"{stem}.go"), encoding="utf-8", errors="replace") as file:
            return re.search(r"^type Map\b", file.read(MAX_BYTES), re.MULTILINE) is not None
    except OSError:
        return False


def _stems(folder: str) -> list[str]:
    try:
        return [_stem(name) for name in sorted(os.listdir(folder or ".")) if name.endswith(".go")]
    except (OSError, ValueError):
        return []


def _holds(folder: str, name: str) -> bool:
    return "\0" not in name and os.path.isfile(os.path.join(folder, name))


def _is_path(text: str) -> bool:
    return text.endswith((".go", ".yaml", ".yml"))


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def under(workload: Document, scheme: Scheme, fetch: Fetch = from_disk) -> Document:
    """The workload under one scheme: a model like any other. Raises ModelError when a file cannot be read."""
    here = os.path.dirname(workload.path) or "."
    names = [Scalar(os.path.relpath(path, here), "", scheme.span) for path in scheme.paths]
    short = _stem(scheme.name) if _is_path(scheme.name) else scheme.name
    own = next((dict(u.verdicts) for u in workload.expect_under if u.scheme == short), {})
    return replace(
        workload,
        name=f"{workload.name}/{short}",
        sources=(*workload.sources, *read_sources(workload.path, names, fetch)),
        expect=tuple((dict(workload.expect) | own).items()),
        scheme=scheme.name,
        scheme_files=len(names),
    )


def kept(workload: Document, name: str, files: Sequence[str], fetch: Fetch) -> Document:
    """The workload under a scheme whose files, named from the workload, were kept. Raises ModelError as `under`."""
    if not workload.schemes:
        raise fail("this model was kept as a workload, but it has no `schemes:`", Span(workload.path, 1, 1))
    paths = tuple(os.path.normpath(os.path.join(os.path.dirname(workload.path), file)) for file in files)
    return under(workload, Scheme(name, paths, workload.schemes[0].span), fetch)


def chosen(workload: Document, names: Sequence[str]) -> tuple[Scheme, ...]:
    """The schemes the command line names: of the workload, of the folder, or the path of a file; all without names.

    Raises ModelError as `schemes` does, and KeyError with a name that is nothing of this.
    """
    known = {s.name: s for s in schemes(workload)}
    if not names:
        return tuple(known.values())
    here = workload.schemes[0].span
    folders = _folders(workload.path)
    out: dict[str, Scheme] = {}
    for name in names:
        if name in known:
            out[name] = known[name]
        elif _is_path(name):
            out[name] = _at(name, name, here)
        elif (folder := _holding(folders, name)) is not None:
            out[name] = _in(folder, name, name, here)
        else:
            raise KeyError(name)
    return tuple(out.values())
