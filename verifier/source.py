"""Where things stand in the user's files, and how we talk about it: spans, diagnostics, carets."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.records import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file. Lines and columns count from 1; the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def brief(self) -> str:
        """`:14`, or `cache.go:14` in a Go file: for narrow columns. The model file itself goes without a name."""
        return f"{self._go_file}:{self.line}"

    @property
    def site(self) -> str:
        """`14`, or `cache.go:14` in a Go file: the end of a name for what is allocated there."""
        return self.brief.removeprefix(":")

    @property
    def words(self) -> str:
        """`line 14`, or `line 14 of cache.go` in a Go file."""
        return f"line {self.line}" + (f" of {self._go_file}" if self._go_file else "")

    @property
    def _go_file(self) -> str:
        name = self.file.replace("\\", "/").rsplit("/", 1)[-1]
        return name if name.endswith(".go") else ""


LIBRARY = "the Go library"
"""The file of code that is part of Go, not of the model: reports never show its lines, but where it is called."""


@dataclass(frozen=True, slots=True)
class Note:
    """A second place or a hint that belongs to a diagnostic; `span` is None for plain advice."""

    text: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong with the input, where, and what to do about it."""

    message: str
    span: Span
    notes: tuple[Note, ...] = field(default=())
    severity: str = "error"


class ModelError(Exception):
    """The model (or a file it names) is wrong. Carries every diagnostic found, at least one."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{d.span}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


def fail(message: str, span: Span, *notes: Note | str) -> ModelError:
    """A `ModelError` with one diagnostic; a plain string among `notes` is advice without a place."""
    made = tuple(Note(n) if isinstance(n, str) else n for n in notes)
    return ModelError(Diagnostic(message, span, made))


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to `word`, or None when none is near enough to be a likely slip."""
    import difflib

    near = difflib.get_close_matches(word, sorted(set(candidates)), n=1, cutoff=0.6)
    return near[0] if near else None


def suggestion(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """`("did you mean 'x'?",)` or `()`: ready to be spread into the notes of `fail`."""
    near = did_you_mean(word, candidates)
    return (f"did you mean '{near}'?",) if near else ()


def excerpt(span: Span, lines: list[str]) -> str:
    """The source line of `span` with a caret line under it; empty when the line does not exist or is blank."""
    if not 1 <= span.line <= len(lines):
        return ""
    text = lines[span.line - 1].rstrip("\r\n")
    if not text.strip():
        return ""
    start = min(max(span.column, 1), len(text) + 1)
    end = span.end_column if span.end_line == span.line else len(text) + 1
    width = max(1, min(end, len(text) + 1) - start)
    # Tabs stay tabs in the caret line, so that the caret stands under the same column on any terminal.
    lead = "".join("\t" if c == "\t" else " " for c in text[: start - 1])
    clipped = text if len(text) <= 160 else text[:157] + "..."
    return f"  {clipped}\n  {lead}{'^' + '~' * (min(width, 80) - 1)}" if start <= 160 else f"  {clipped}"


def render(diagnostic: Diagnostic, sources: dict[str, list[str]]) -> str:
    """`file:line:col: error: …`, the source line, a caret, then the notes. `sources`: file → its lines."""
    parts = [f"{diagnostic.span}: {diagnostic.severity}: {diagnostic.message}"]
    shown = excerpt(diagnostic.span, sources.get(diagnostic.span.file, []))
    if shown:
        parts.append(shown)
    for note in diagnostic.notes:
        if note.span is None:
            parts.append(f"  note: {note.text}")
            continue
        parts.append(f"{note.span}: note: {note.text}")
        shown = excerpt(note.span, sources.get(note.span.file, []))
        if shown:
            parts.append(shown)
    return "\n".join(parts)
