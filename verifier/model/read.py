"""A model file → `Document`, or every reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterator

from verifier.model import clients, fields as f
from verifier.model.conform import problems, quoted, unknown, whole
from verifier.model.document import (
    BUILTIN,
    CHECKS,
    LINEARIZABLE,
    Bounds,
    ClauseText,
    Decision,
    Document,
    OrderText,
    PointText,
    Role,
    SchemeEntry,
    Under,
)
from verifier.model.gofiles import Fetch, from_disk, read_sources
from verifier.model.text import does_nothing, located
from verifier.model.yamltree import MAX_BYTES, Mapping, Node, Scalar, Sequence, decode, parse
from verifier.source import Diagnostic, ModelError, Note, Span, fail, suggestion
from verifier.verdict import Verdict

_MAX_SHOWN = 20


def read_model(path: str) -> Document:
    """Read and check the model file at `path`. Raises ModelError with everything found wrong, each located."""
    data = _bytes(path)
    if path.endswith(".go"):
        advice = f"a model names it: `source: {os.path.basename(path)}`; `verify new NAME` writes one"
        raise fail("this is a Go file, not a model file", Span(path, 1, 1), advice)
    return read_text(path, decode(path, data))


def read_text(path: str, text: str, fetch: Fetch = from_disk) -> Document:
    """As `read_model`, for the text of a file that is already in memory; `fetch` reads the Go files it names."""
    tree = parse(path, text)
    wrong = list(problems(tree, f.MODEL, "the model"))
    if not wrong:
        wrong = list(_inconsistencies(_Entries(tree)))
    if wrong:
        wrong.sort(key=lambda d: (d.span.line, d.span.column))
        raise ModelError(*wrong[:_MAX_SHOWN])
    return _document(path, _Entries(tree), text.split("\n"), fetch)


def _bytes(path: str) -> bytes:
    here = Span(path, 1, 1)
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise fail("no such file", here, *suggestion(path, _neighbours(path))) from None
    except IsADirectoryError:
        inside = [p for p in _neighbours(os.path.join(path, "")) if p.endswith((".yaml", ".yml"))]
        advice = [f"name the models in it, such as {inside[0]}"] if inside else []
        raise fail("this is a directory, not a model file", here, *advice) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise fail(f"the file cannot be read: {reason}", here) from None


def _neighbours(path: str) -> list[str]:
    """Paths of the files in the directory of `path`; none when it cannot be listed."""
    directory = os.path.dirname(path)
    try:
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory or "."))[:2000]]
    except (OSError, ValueError):
        return []


class _Entries:
    """The entries of a mapping that fits its record, by name."""

    def __init__(self, node: Node) -> None:
        assert isinstance(node, Mapping)
        self.pairs = node.entries
        self.by_name = {key.value: value for key, value in node.entries}

    def scalar(self, name: str) -> Scalar | None:
        node = self.by_name.get(name)
        return node if isinstance(node, Scalar) else None

    def value(self, name: str, default: str = "") -> str:
        node = self.scalar(name)
        return node.value if node is not None else default

    def named(self, name: str) -> tuple[tuple[Scalar, Node], ...]:
        node = self.by_name.get(name)
        return node.entries if isinstance(node, Mapping) else ()

    def items(self, name: str) -> tuple[Scalar, ...] | None:
        node = self.by_name.get(name)
        return tuple(n for n in node.items if isinstance(n, Scalar)) if isinstance(node, Sequence) else None

    def one_or_more(self, name: str) -> tuple[Scalar, ...]:
        one = self.scalar(name)
        return (one,) if one is not None else self.items(name) or ()


def _inconsistencies(model: _Entries) -> Iterator[Diagnostic]:
    """What is wrong although every single field fits."""
    for key, node in model.named("goroutines"):
        body = _body(node)
        if does_nothing(body.value):
            message = f"role {quoted(key.value)} only has comments: a goroutine that does nothing shows nothing"
            yield Diagnostic(message, body.span)
    yield from clients.inconsistencies(model.by_name)
    seen: dict[str, Span] = {}
    for when in (*f.CLAUSES, f.EDGES):
        for key, _ in model.named(when):
            if key.value in (*BUILTIN, LINEARIZABLE):
                yield Diagnostic(f"'{key.value}' is the name of a built-in property: choose another", key.span)
            elif key.value in seen:
                first = Note("first here", seen[key.value])
                yield Diagnostic(f"two properties are named {quoted(key.value)}", key.span, (first,))
            seen.setdefault(key.value, key.span)
    yield from _unjudged(model, {*seen, *clients.own_property(model.by_name)})


def _unjudged(model: _Entries, clauses: set[str]) -> Iterator[Diagnostic]:
    checks = model.items("check")
    listed = {node.value for node in checks} if checks is not None else set(clients.default_checks(model.by_name))
    for node in checks or ():
        if node.value in (*f.CLAUSES, f.EDGES) and not model.named(node.value):
            message = f"`check:` lists '{node.value}', but the model has no `{node.value}:`"
            yield Diagnostic(message, node.span)
    if checks is not None and not checks and not clauses:
        where = model.by_name["check"].span
        yield Diagnostic("nothing is checked: `check:` is empty and the model has no property of its own", where)
    yield from _unexpected(model.named("expect"), listed, clauses)
    for key, value in model.named("expect"):
        if isinstance(value, Mapping) and not model.one_or_more("schemes"):
            message = f"`expect:` has verdicts for '{key.value}' alone, but the model names no `schemes:`"
            yield Diagnostic(message, key.span, (Note("write one verdict a property, as in `race: safe`"),))


def _unexpected(entries: tuple[tuple[Scalar, Node], ...], listed: set[str], clauses: set[str]) -> Iterator[Diagnostic]:
    for key, node in entries:
        if isinstance(node, Mapping):
            yield from _unexpected(node.entries, listed, clauses)
        elif key.value in BUILTIN and key.value not in listed and key.value not in clauses:
            left = "leaves out" if key.value in CHECKS else "would have to name: it is judged on demand only"
            yield Diagnostic(f"`expect:` names '{key.value}', which `check:` {left}", key.span)
        elif key.value not in clauses and key.value not in BUILTIN:
            yield unknown(key.value, "property", [*BUILTIN, *sorted(clauses)], key.span)


def _body(node: Node) -> Scalar:
    found = node if isinstance(node, Scalar) else _Entries(node).scalar("body")
    assert found is not None
    return found


def _document(path: str, model: _Entries, lines: list[str], fetch: Fetch) -> Document:
    declare = model.scalar("declare")
    checks = model.items("check")
    return Document(
        path=path,
        name=model.value("model"),
        title=model.value("title").strip(),
        about=model.value("about").strip(),
        go=_rules(model.value("go", "1.27")),
        declare=located(declare, lines) if declare is not None else None,
        roles=tuple(_role(key, node, lines) for key, node in model.named("goroutines")),
        clauses=tuple(_clauses(model, lines)),
        orders=tuple(_order(key, _Entries(node)) for key, node in model.named(f.EDGES)),
        checks=clients.default_checks(model.by_name)
        if checks is None
        else tuple(c for c in BUILTIN if any(n.value == c for n in checks)),
        expect=_expected(model.named("expect")),
        bounds=_bounds(model),
        lines=tuple(lines),
        sources=read_sources(path, model.one_or_more("source"), fetch),
        schemes=tuple(SchemeEntry(n.value, n.span) for n in model.one_or_more("schemes")),
        expect_under=tuple(
            Under(k.value, _expected(n.entries), k.span) for k, n in model.named("expect") if isinstance(n, Mapping)
        ),
        linearizable=clients.linearizable(model.pairs),
        decision=_decision(model.by_name.get("decision")),
    )


def _decision(node: Node | None) -> Decision | None:
    if not isinstance(node, Mapping):
        return None
    given = _Entries(node)
    considered = tuple(n.value for n in given.one_or_more("considered"))
    return Decision(given.value("question"), given.value("record"), given.value("chosen"), considered)


def _expected(entries: tuple[tuple[Scalar, Node], ...]) -> tuple[tuple[str, Verdict], ...]:
    return tuple((k.value, Verdict[n.value.upper()]) for k, n in entries if isinstance(n, Scalar))


def _rules(version: str) -> str:
    """The version that stands for `version`: loops changed with 1.22, the map with 1.24."""
    minor = int(version.split(".")[1])
    if minor >= 24:
        return "1.27"
    return "1.23" if minor >= 22 else "1.21"


def _role(key: Scalar, node: Node, lines: list[str]) -> Role:
    count: int | None = 1
    if isinstance(node, Mapping):
        given = _Entries(node).scalar("count")
        if given is not None:
            count = None if given.value == "any" else whole(given)
    return Role(key.value, count, located(_body(node), lines), key.span)


def _clauses(model: _Entries, lines: list[str]) -> Iterator[ClauseText]:
    for when in f.CLAUSES:
        for key, node in model.named(when):
            assert isinstance(node, Scalar)
            yield ClauseText(key.value, when, located(node, lines), key.span)


def _order(key: Scalar, node: _Entries) -> OrderText:
    def point(name: str, default: str = "") -> PointText:
        given = node.scalar(name) or node.scalar(default)
        assert given is not None
        role, _, label = given.value.partition(".")
        return PointText(role, label, given.span)

    first, last = point("before"), point("after")
    return OrderText(key.value, first, point("finished", "before"), point("start", "after"), last, key.span)


def _bounds(model: _Entries) -> Bounds:
    plain = Bounds()
    given = {key.value: node for key, node in model.named("bounds")}

    def number(name: str, default: int) -> int:
        return whole(given[name]) if name in given else default

    pair = given.get("int")
    return Bounds(
        heap=number("heap", plain.heap),
        int=(whole(pair.items[0]), whole(pair.items[1])) if isinstance(pair, Sequence) else plain.int,
        goroutines=number("goroutines", plain.goroutines),
        keys=number("keys", plain.keys),
        recursion=number("recursion", plain.recursion),
        defer=number("defer", plain.defer),
        slice=number("slice", plain.slice),
    )
