"""Checks a YAML tree against the table of fields: everything that does not fit, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from verifier.model import fields as f
from verifier.model.text import why_not_code
from verifier.model.yamltree import Mapping, Node, Scalar, Sequence
from verifier.records import replace
from verifier.source import Diagnostic, Note, Span, did_you_mean

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def problems(node: Node, shape: f.Shape, what: str) -> Iterator[Diagnostic]:
    """Everything in `node` that does not fit `shape`. `what` names the thing for the user, as `count:` does."""
    match shape:
        case f.Record():
            yield from _record(node, shape, what)
        case f.Named():
            yield from _named(node, shape, what)
        case f.Brief(short, full):
            yield from problems(node, full if isinstance(node, Mapping) else short, what)
        case f.Items(item):
            yield from _items(node, item, what)
        case f.Interval():
            yield from _interval(node, shape, what)
        case f.OneOrMore(item, listed) if isinstance(node, Sequence):
            if not node.items:
                yield Diagnostic(f"{what} is empty: it wants {listed}", node.span)
            yield from _items(node, item, what)
        case f.OneOrMore(item):
            yield from problems(node, item, what)
        case _:
            yield from _scalar(node, shape, what)


def kind(node: Node) -> str:
    """What YAML says a node is, in words, and the value of a short one."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.style:
        return f"the text {quoted(node.value)}"
    if node.value in _NULL:
        return "nothing"
    if node.value in _BOOL:
        return f"the boolean {node.value}"
    if _INTEGER.fullmatch(node.value) or _FLOAT.fullmatch(node.value):
        return f"the number {node.value[:40]}"
    return f"the text {quoted(node.value)}"


def quoted(text: str) -> str:
    """The text in quotes, shortened, safe to print."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    return f"'{shown}'" if shown.isprintable() else ascii(shown)


def unknown(word: str, what: str, known: Iterable[str], span: Span) -> Diagnostic:
    """An unknown word with the nearest known one, or with all of them."""
    known = list(known)
    near = did_you_mean(word, known)
    note = f"did you mean '{near}'?" if near else f"known: {', '.join(known)}"
    return Diagnostic(f"unknown {what} {quoted(word)}", span, (Note(note),))


def _wants(what: str, wanted: str, node: Node, *advice: str) -> Diagnostic:
    return Diagnostic(f"{what} wants {wanted}, found {kind(node)}", node.span, tuple(Note(a) for a in advice))


def _record(node: Node, shape: f.Record, what: str) -> Iterator[Diagnostic]:
    if not isinstance(node, Mapping):
        keys = (
            " and ".join(f"`{field.name}:`" for field in shape.fields if field.required) or f"`{shape.fields[0].name}:`"
        )
        yield _wants(what, f"a mapping with keys such as {keys}", node)
        return
    fields = {field.name: field for field in shape.fields}
    present = {key.value for key, _ in node.entries}
    for key, value in node.entries:
        if key.value in fields:
            yield from problems(_placed(key, value), fields[key.value].shape, f"`{key.value}:`")
            continue
        wrong = unknown(key.value, "key", fields, key.span)
        if shape is f.MODEL and key.value in f.ELSEWHERE:
            wrong = replace(wrong, notes=(Note(f.ELSEWHERE[key.value]),))
        yield wrong
        # A misspelt key is not missing as well.
        present.add(did_you_mean(key.value, fields) or "")
    for field in shape.fields:
        if field.required and field.name not in present and field.unless not in present:
            yield Diagnostic(f"{what} has no `{field.name}:`", node.span, (Note(field.doc),))


def _placed(key: Scalar, value: Node) -> Node:
    """The value; one that is not there (`body:` and nothing more) stands where its key does."""
    missing = isinstance(value, Scalar) and not value.value and not value.style
    return Scalar("", "", key.span) if missing else value


def _named(node: Node, shape: f.Named, what: str) -> Iterator[Diagnostic]:
    if not isinstance(node, Mapping):
        example = f"for example {what.strip('`')} {{alice is stored: 'users[\"alice\"] != nil'}}"
        advice = (example,) if isinstance(shape.value, f.Code) else ()
        yield _wants(what, f"a mapping from the name of each {shape.what} to what it is", node, *advice)
        return
    strays = _strays(node, shape)
    if not node.entries:
        yield Diagnostic(f"{what} is empty: name at least one {shape.what}", node.span)
    for key, value in node.entries:
        if not key.value.strip() or "\n" in key.value or not _matches(shape.key, key.value):
            yield Diagnostic(f"a {shape.what}'s name must be {shape.key.what}, found {quoted(key.value)}", key.span)
        elif shape.key.pattern == f.IDENTIFIER and (key.value in f.GO_KEYWORDS or key.value == "_"):
            yield Diagnostic(f"a {shape.what} cannot be named '{key.value}': Go keeps that word for itself", key.span)
        for found in problems(_placed(key, value), shape.value, f"{shape.what} {quoted(key.value)}"):
            yield replace(found, notes=found.notes + tuple(n for n in strays if key.value not in _inside(shape)))


def _strays(node: Mapping, shape: f.Named) -> tuple[Note, ...]:
    """Entries named like a field of what is named: most likely they stand one level too far out."""
    return tuple(
        Note(f"`{key.value}:` is a {shape.what} of its own here: is this line indented too little?", key.span)
        for key, _ in node.entries
        if key.value in _inside(shape)
    )


def _inside(shape: f.Named) -> set[str]:
    """The keys that belong inside each of what is named."""
    full = shape.value.full if isinstance(shape.value, f.Brief) else None
    return {field.name for field in full.fields} if isinstance(full, f.Record) else set()


def _items(node: Node, item: f.Shape, what: str) -> Iterator[Diagnostic]:
    if not isinstance(node, Sequence):
        advice = f"write [{node.value}]" if isinstance(node, Scalar) and node.value.isidentifier() else ""
        yield _wants(what, "a list", node, *([advice] if advice else []))
        return
    seen: set[str] = set()
    for element in node.items:
        yield from problems(element, item, what)
        if isinstance(element, Scalar):
            if element.value in seen:
                yield Diagnostic(f"{what} lists '{element.value}' twice", element.span)
            seen.add(element.value)


def _interval(node: Node, shape: f.Interval, what: str) -> Iterator[Diagnostic]:
    wanted = "a list of two whole numbers such as [-8, 63]"
    if not isinstance(node, Sequence) or len(node.items) != 2 or not all(_is_whole(n) for n in node.items):
        yield _wants(what, wanted, node)
        return
    low, high = (whole(n) for n in node.items)
    if not shape.least <= low <= 0 < high <= shape.most:
        yield Diagnostic(
            f"{what} must reach from at most 0 to at least 1 within 32 bits, found [{low}, {high}]", node.span
        )


def _scalar(node: Node, shape: f.Shape, what: str) -> Iterator[Diagnostic]:
    if not isinstance(node, Scalar):
        yield _wants(what, _wanted(shape), node)
        return
    match shape:
        case f.Line() | f.Prose():
            yield from _text(node, shape, what)
        case f.Code():
            yield from _code(node, shape, what)
        case f.Whole(least, most, word):
            is_word = bool(word) and node.value == word
            if not is_word and not (_is_whole(node) and least <= whole(node) <= most):
                yield _wants(what, _wanted(shape), node)
        case f.Word():
            yield from _word(node, shape, what)


def _text(node: Scalar, shape: f.Line | f.Prose, what: str) -> Iterator[Diagnostic]:
    if not _is_text(node):
        advice = () if node.value in _NULL else (f'write "{node.value}" in quotes if that is the text',)
        yield _wants(what, _wanted(shape), node, *advice)
    elif isinstance(shape, f.Line) and (
        not node.value or "\n" in node.value.rstrip("\n") or not _matches(shape, node.value)
    ):
        yield _wants(what, _wanted(shape), node)


def _code(node: Scalar, shape: f.Code, what: str) -> Iterator[Diagnostic]:
    if not node.value.strip():
        if shape.what == f.BODY:
            yield Diagnostic(f"{what} is empty: a goroutine that does nothing shows nothing", node.span)
        else:
            yield Diagnostic(f"{what} is empty: it wants {shape.what}", node.span)
    elif not _is_text(node) and not (shape.expression and node.value in _BOOL):
        yield _wants(what, shape.what, node)
    else:
        reason = why_not_code(node)
        if reason:
            yield Diagnostic(f"{what}: {reason}", node.span, (Note("write it below `|`, which keeps its lines"),))


def _word(node: Scalar, shape: f.Word, what: str) -> Iterator[Diagnostic]:
    value = node.value.lower() if shape.any_case else node.value
    if not _is_text(node) and not shape.number:
        yield _wants(what, _wanted(shape), node)
    elif value not in shape.choices:
        # One number is not like another.
        near = "" if shape.number else did_you_mean(value, shape.choices)
        yield _wants(what, _wanted(shape), node, *([f"did you mean '{near}'?"] if near else []))


def _wanted(shape: f.Shape) -> str:
    match shape:
        case f.Line(words) | f.Code(words):
            return words
        case f.Whole(least, most, word):
            return f"a whole number from {least} to {most}" + (f" or `{word}`" if word else "")
        case f.Word(choices):
            return "one of " + ", ".join(choices)
        case _:
            return "text"


def _matches(shape: f.Line, value: str) -> bool:
    return not shape.pattern or re.fullmatch(shape.pattern, value) is not None


def _is_text(node: Scalar) -> bool:
    if node.style:
        return True
    return not (
        node.value in _NULL or node.value in _BOOL or _INTEGER.fullmatch(node.value) or _FLOAT.fullmatch(node.value)
    )


def _is_whole(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.style and re.fullmatch("[-+]?[0-9]{1,18}", node.value) is not None


def whole(node: Node) -> int:
    """The number a node that has passed the check holds."""
    assert isinstance(node, Scalar)
    return int(node.value)
