"""The model's files with numbered lines; the script marks the lines of the current step and where goroutines stand."""

from __future__ import annotations

from verifier.evidence.result import Result
from verifier.evidence.subject import File
from verifier.report.html.markup import Markup, tag


def source(result: Result) -> Markup | None:
    """Every file of the model, one shown at a time; lines that no schedule ran are marked."""
    if result.subject is None:
        return None
    files = result.subject.files
    seen = result.coverage
    missed = {(span.file, span.line) for span, _ in seen.missed} if seen else set()
    ran = {(span.file, span.line) for span, _ in seen.statements} - missed if seen else set()
    names = [tag("option", f.path, value=n) for n, f in enumerate(files)]
    pick = tag("label", "File ", tag("select", names, id="file")) if len(files) > 1 else None
    return tag(
        "section",
        tag("h3", "Source", id="source-title"),
        pick,
        [_file(n, f, missed - ran) for n, f in enumerate(files)],
        class_="source",
        aria_labelledby="source-title",
    )


def _file(n: int, file: File, missed: set[tuple[str, int]]) -> Markup:
    lines = [_line(n, at, text, (file.path, at) in missed) for at, text in enumerate(file.lines, 1)]
    return tag(
        "div",
        tag("p", file.path, class_="name"),
        tag("pre", lines, tabindex=0, role="region", aria_label=f"Source of {file.path}"),
        class_="file",
        data_file=n,
    )


def _line(file: int, at: int, text: str, missed: bool) -> Markup:
    return tag(
        "span",
        tag("span", str(at), class_="no"),
        tag("span", text or " ", class_="text"),
        tag("span", "never ran", class_="never") if missed else None,
        tag("span", class_="tags"),
        class_="line missed" if missed else "line",
        id=f"f{file}l{at}",
    )
