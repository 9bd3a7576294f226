"""The text of a model's files, changed at places of its syntax, and the model that the changed text is."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.model.document import Document, Text
from verifier.model.gofiles import from_memory
from verifier.model.read import read_text
from verifier.model.schemes import kept
from verifier.records import dataclass
from verifier.source import Span

STEP = "  "
"""What a block is indented by where the model does not show it."""


class NoPlace(Exception):
    """The place of a change is not where the syntax says: in a quoted text with escapes, or in no text of the model."""


@dataclass(frozen=True, slots=True)
class Change:
    """Put `text` in place of the characters from `start` to `end` of a file."""

    file: str
    start: int
    end: int
    text: str


class Files:
    """The files of a model as text, and changes to them that keep lines whole and indented."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = {file: "\n".join(lines) for file, lines in document.files.items()}
        self._starts = {file: _starts(lines) for file, lines in document.files.items()}
        self._pieces = [
            *([document.declare] if document.declare is not None else ()),
            *(r.body for r in document.roles),
            *(c.text for c in document.clauses),
            *(s.text for s in document.sources),
        ]

    def holds(self, span: Span) -> bool:
        """Whether a span is one of the model's own texts."""
        return any(_holds(piece, span) for piece in self._pieces)

    def slice(self, span: Span) -> str:
        """The text of a span. Raises NoPlace."""
        start, end = self._place(span)
        return self.text[span.file][start:end]

    def replace(self, span: Span, text: str) -> Change:
        """Other text in the place of a span. Raises NoPlace."""
        start, end = self._place(span)
        return Change(span.file, start, end, text)

    def remove(self, span: Span) -> Change:
        """Without a statement; the lines it has to itself go as well. Raises NoPlace."""
        start, end = self._place(span)
        text = self.text[span.file]
        first, last = text.rfind("\n", 0, start) + 1, _end_of_line(text, end)
        behind = text[end:last].strip()
        if not text[first:start].strip() and (not behind or behind.startswith("//")):
            return Change(span.file, first, min(last + 1, len(text)), "")
        if behind.startswith(";"):
            end = text.index(";", end) + 1
            end += len(text[end:last]) - len(text[end:last].lstrip())
        elif text[first:start].rstrip().endswith(";"):
            start = first + len(text[first:start].rstrip()) - 1
        return Change(span.file, start, end, "")

    def before(self, span: Span, *lines: str) -> Change:
        """Lines before a statement, indented as it is. Raises NoPlace."""
        start, _ = self._place(span)
        text = self.text[span.file]
        first = text.rfind("\n", 0, start) + 1
        if text[first:start].strip():
            return Change(span.file, start, start, "; ".join(lines) + "; ")
        indent = text[first:start]
        return Change(span.file, first, first, "".join(f"{indent}{line}\n" for line in lines))

    def after(self, span: Span, *lines: str) -> Change:
        """Lines behind a statement, indented as it is. Raises NoPlace."""
        start, end = self._place(span)
        text = self.text[span.file]
        first, last = text.rfind("\n", 0, start) + 1, _end_of_line(text, end)
        behind = text[end:last].strip()
        if text[first:start].strip() or (behind and not behind.startswith("//")):
            return Change(span.file, end, end, "".join(f"; {line}" for line in lines))
        indent = text[first:start]
        return Change(span.file, last, last, "".join(f"\n{indent}{line}" for line in lines))

    def within(self, block: Span, *lines: str) -> Change:
        """Lines at the beginning of a block in braces, indented as what follows. Raises NoPlace."""
        start, _ = self._place(block)
        text = self.text[block.file]
        end = _end_of_line(text, start)
        if text[start + 1 : end].strip():
            return Change(block.file, start + 1, start + 1, "".join(f" {line};" for line in lines))
        first = text.rfind("\n", 0, start) + 1
        own = text[first:start][: len(text[first:start]) - len(text[first:start].lstrip())]
        below = text[end + 1 : _end_of_line(text, end + 1)]
        indent = below[: len(below) - len(below.lstrip())] if len(below.lstrip()) < len(below) else own + STEP
        return Change(block.file, end, end, "".join(f"\n{max(indent, own + STEP, key=len)}{line}" for line in lines))

    def declared(self, line: str) -> Change:
        """A line at the beginning of `declare:`. Raises NoPlace where that is not a text over several lines."""
        piece = self.document.declare
        if piece is None or "\n" not in piece.value or len(piece.columns) < 2:
            raise NoPlace("no `declare:` over several lines")
        at = self._starts[piece.file][piece.line - 1]
        return Change(piece.file, at, at, " " * (piece.columns[0] - 1) + line + "\n")

    def changed(self, changes: Iterable[Change]) -> dict[str, str]:
        """Every file with its changes. Raises NoPlace where two of them meet."""
        out = dict(self.text)
        at = {file: len(text) + 1 for file, text in out.items()}
        numbered = list(enumerate(changes))
        # From the end of each file; of insertions at one place the last one first, so that they stand in order.
        for _, c in sorted(numbered, key=lambda n: (n[1].start, n[1].end, n[0]), reverse=True):
            if c.end > at[c.file]:
                raise NoPlace("two changes to one place")
            out[c.file] = out[c.file][: c.start] + c.text + out[c.file][c.end :]
            at[c.file] = c.start
        return out

    def _place(self, span: Span) -> tuple[int, int]:
        starts = self._starts.get(span.file)
        piece = next((p for p in self._pieces if _holds(p, span)), None)
        if starts is None or piece is None:
            raise NoPlace(f"{span} is in no text of the model")
        start = starts[span.line - 1] + span.column - 1
        end = starts[(span.end_line or span.line) - 1] + (span.end_column or span.column) - 1
        rows = piece.value.split("\n")
        row, column = span.line - piece.line, span.column - piece.columns[span.line - piece.line]
        first = self.text[span.file][start:end].split("\n")[0]
        if rows[row][column : column + len(first)] != first:
            raise NoPlace(f"{span} is in a quoted text with escapes")
        return start, end


def rebuilt(document: Document, texts: dict[str, str]) -> Document:
    """The model with other texts of its files. Raises ModelError."""
    fetch = from_memory({s.name: texts[s.text.file] for s in document.sources})
    made = read_text(document.path, texts[document.path], fetch)
    if not document.scheme:
        return made
    files = [s.name for s in document.sources[len(document.sources) - document.scheme_files :]]
    return kept(made, document.scheme, files, fetch)


def _holds(piece: Text, span: Span) -> bool:
    return span.file == piece.file and 0 <= span.line - piece.line < len(piece.columns)


def _starts(lines: tuple[str, ...]) -> list[int]:
    out = [0]
    for line in lines:
        out.append(out[-1] + len(line) + 1)
    return out


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
