"""YAML bytes → a tree of located nodes, or a located error. Only the part of YAML that models need.

Works on the parser's events, not on constructed objects: nothing in a file can run code, refer to itself, or nest
deeper than a model does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from verifier.records import dataclass
from verifier.source import Note, Span, fail

MAX_BYTES = 1_000_000
MAX_LINES = 20_000
MAX_NODES = 10_000
MAX_DEPTH = 12

_BOM = b"\xef\xbb\xbf"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_ONE_PLAIN_YAML = "a model uses plain YAML: mappings, lists and text"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text. `style` is "" (plain), one of the quotes, "|" or ">"."""

    value: str
    style: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, all different, each with its value, in file order."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span


Node = Scalar | Sequence | Mapping


def decode(path: str, data: bytes, otherwise: str = "not a model") -> str:
    """The file's text with `\\n` line ends and no byte order mark. `otherwise`: what a file too large is.

    Raises ModelError when it is too large, not UTF-8, or holds characters that no text file holds.
    """
    if len(data) > MAX_BYTES:
        raise fail(f"the file is larger than {MAX_BYTES:,} bytes: {otherwise}", Span(path, 1, 1))
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].removeprefix(_BOM)
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"not a text file: byte {data[error.start]:#04x} at offset {error.start} is not UTF-8"
        raise fail(message, Span(path, line, column)) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    odd = _FORBIDDEN.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - text.rfind("\n", 0, odd.start())
        raise fail(f"not a text file: it holds the character U+{ord(odd[0]):04X}", Span(path, line, column))
    if text.count("\n") > MAX_LINES:
        raise fail(f"the file has more than {MAX_LINES:,} lines: {otherwise}", Span(path, MAX_LINES + 1, 1))
    return text


def parse(path: str, text: str) -> Node:
    """The tree of the one YAML document in `text`. Raises ModelError where it is not plain YAML."""
    lines = text.split("\n")
    try:
        return _Builder(path).build(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        raise _yaml_error(path, error, lines) from None
    except (YAMLError, ValueError, OverflowError) as error:
        words = " ".join(str(error).split())[:200]
        raise fail(f"not YAML: {words}", Span(path, 1, 1)) from None


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been seen."""

    mapping: bool
    span: Span
    nodes: list[Node]


class _Builder:
    """Builds the tree with a stack of its own, so that deep nesting is an error and not an overflow."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.count = 0

    def build(self, events: Iterator[Any]) -> Node:
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise fail("a second YAML document: a file holds one model", self.at(event))
            elif kind == "AliasEvent":
                advice = "write the text out where it is used"
                raise fail(f"the alias *{event.anchor} is not supported in a model", self.at(event), advice)
            elif kind in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent"):
                self.start(kind, event)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self.close()
        if self.root is None or (isinstance(self.root, Scalar) and not self.root.value and not self.root.style):
            advice = "`verify new NAME` writes a model to start from"
            raise fail("the file is empty: a model needs `model:` and `goroutines:`", Span(self.path, 1, 1), advice)
        return self.root

    def start(self, kind: str, event: Any) -> None:
        span = self.at(event)
        self.count += 1
        if self.count > MAX_NODES:
            raise fail(f"more than {MAX_NODES:,} YAML values: not a model", span)
        if event.anchor is not None:
            raise fail(f"the anchor &{event.anchor} is not supported in a model", span, _ONE_PLAIN_YAML)
        if event.tag is not None:
            raise fail(f"the tag {_clip(str(event.tag))} is not supported in a model", span, _ONE_PLAIN_YAML)
        if kind == "ScalarEvent":
            self.add(Scalar(event.value, event.style or "", span))
            return
        if len(self.stack) >= MAX_DEPTH:
            raise fail(f"nested more than {MAX_DEPTH} levels deep: not a model", span)
        self.stack.append(_Open(kind == "MappingStartEvent", span, []))

    def close(self) -> None:
        done = self.stack.pop()
        if not done.mapping:
            self.add(Sequence(tuple(done.nodes), done.span))
            return
        pairs = list(zip(done.nodes[::2], done.nodes[1::2], strict=True))
        self.add(Mapping(tuple(_keyed(pairs)), done.span))

    def add(self, node: Node) -> None:
        if self.stack:
            self.stack[-1].nodes.append(node)
        else:
            self.root = node

    def at(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        if end.line != start.line or end.column <= start.column:
            return Span(self.path, start.line + 1, start.column + 1)
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _keyed(pairs: list[tuple[Node, Node]]) -> Iterator[tuple[Scalar, Node]]:
    seen: dict[str, Span] = {}
    for key, value in pairs:
        if not isinstance(key, Scalar):
            raise fail("a key must be text", key.span, "text with `{` or `[` in it needs quotes")
        if key.value == "<<" and not key.style:
            raise fail("the merge key `<<` is not supported in a model", key.span, _ONE_PLAIN_YAML)
        if key.value in seen:
            raise fail(f"the key '{_clip(key.value)}' is written twice", key.span, Note("first here", seen[key.value]))
        seen[key.value] = key.span
        yield key, value


_FLOW = "text with `[`, `{` or `,` in it needs single quotes there"

_FRIENDLY = (
    (
        "mapping values are not allowed here",
        "a `:` that YAML does not expect here",
        "text that holds `: ` needs quotes",
    ),
    ("found unexpected end of stream", "the quote that opens here is never closed", ""),
    ("expected ',' or ']'", "this `[` is never closed, or a `,` is missing in it", _FLOW),
    ("expected ',' or '}'", "this `{` is never closed, or a `,` is missing in it", _FLOW),
    ("expected <block end>", "the indentation does not fit the lines above", ""),
    ("could not find expected ':'", "a key without `:`", ""),
    ("found unknown escape character", "an escape that YAML does not know", "in single quotes a `\\` is only itself"),
)


def _yaml_error(path: str, error: MarkedYAMLError, lines: list[str]) -> Exception:
    problem = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    span = Span(path, mark.line + 1, mark.column + 1) if mark is not None else Span(path, 1, 1)
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        advice = "indent with spaces; below `|` tabs may follow the first spaces"
        return fail("not YAML: a tab indents this line", span, advice)
    for words, message, advice in _FRIENDLY:
        if not problem.startswith(words):
            continue
        opened = "opens" in message or "never closed" in message
        if opened and error.context_mark is not None:
            span = Span(path, error.context_mark.line + 1, error.context_mark.column + 1)
        better = _slip(problem, lines, span.line)
        return fail(f"not YAML: {message}", span, *([better or advice] if better or advice else []))
    return fail(f"not YAML: {' '.join(problem.split())[:200]}", span)


_VALUE = re.compile(r"(\s*)([^\s:#][^:#]*):\s+[^\s|>&{\[].*")
_NESTED_QUOTES = re.compile(r""".*:\s+"([^"']*"[^"'\s][^']*)"\s*""")


def _slip(problem: str, lines: list[str], number: int) -> str:
    """What was probably meant where line `number` (from 1) does not parse; empty when nothing is likely."""
    line = lines[number - 1] if number <= len(lines) else ""
    above = next((text for text in reversed(lines[: number - 1]) if text.strip()), "")
    key = _VALUE.fullmatch(above)
    if problem.startswith("mapping values") and key and len(line) - len(line.lstrip()) > len(key[1]):
        return f"is this line indented too far? `{key[2]}:` above it has its value already"
    quotes = _NESTED_QUOTES.fullmatch(line)
    return f"text with `\"` in it needs single quotes: '{quotes[1]}'" if quotes else ""


def _clip(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= 60 else shown[:57] + "..."
