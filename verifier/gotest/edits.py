"""Changes to a piece of a model's Go: noted by place, made all at once, so that none moves another."""

from __future__ import annotations

from verifier.model.document import Text
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    order: int
    text: str


class Edits:
    """The changes to one text. What is inserted at one place stands in the order in which it was noted."""

    def __init__(self, text: Text) -> None:
        self.text = text
        rows = text.value.split("\n")
        # The row after the last line break is no row of this text: in the file something else may stand there.
        self._rows = len(rows) - (1 if len(rows) > 1 and not rows[-1] else 0)
        self._starts = [0]
        for row in rows:
            self._starts.append(self._starts[-1] + len(row) + 1)
        self._edits: list[_Edit] = []
        self._own: set[int] = set()

    def holds(self, span: Span) -> bool:
        """Whether a span of a file is one of this text."""
        return span.file == self.text.file and 0 <= span.line - self.text.line < self._rows

    def start(self, span: Span) -> int:
        """Where a span begins in the text."""
        return self._offset(span.line, span.column)

    def end(self, span: Span) -> int:
        """Where a span ends in the text."""
        return self._offset(span.end_line or span.line, span.end_column or span.column)

    def _offset(self, line: int, column: int) -> int:
        row = line - self.text.line
        return self._starts[row] + column - self.text.columns[row]

    def insert(self, at: int, text: str) -> None:
        """Put `text` before the character at `at`."""
        self._edits.append(_Edit(at, at, len(self._edits), text))

    def insert_after(self, at: int, line: str) -> None:
        """Put a line after the one that ends at `at`, or with a comment behind that."""
        value = self.text.value
        last = value.find("\n", at)
        last = len(value) if last < 0 else last
        rest = value[at:last].strip()
        if rest and not rest.startswith("//"):
            self.insert(at, f"\n{line}")
        else:
            self.insert(last, "\n" + line.rstrip("\n"))

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of a stretch that nothing else changes."""
        self._edits.append(_Edit(start, end, len(self._edits), text))

    def slice(self, span: Span) -> str:
        """The text of a span, unchanged."""
        return self.text.value[self.start(span) : self.end(span)]

    def own_line(self, at: int) -> None:
        """Let a line begin at `at`, if none does; a semicolon before it goes."""
        if at in self._own:
            return
        self._own.add(at)
        value = self.text.value
        before = at
        while before > 0 and value[before - 1] in " \t;":
            before -= 1
        if before > 0 and value[before - 1] != "\n":
            self.replace(before, at, "\n")

    def made(self) -> str:
        """The text with all changes."""
        out: list[str] = []
        position = 0
        for edit in sorted(self._edits, key=lambda e: (e.start, e.end > e.start, e.order)):
            assert edit.start >= position, f"two changes to {self.text.value[edit.start : position]!r}"
            out += [self.text.value[position : edit.start], edit.text]
            position = edit.end
        return "".join([*out, self.text.value[position:]])
