"""Good model files: what the reader makes of them, and where it says the Go text stands."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest

from verifier.model.document import CHECKS, Bounds, Document, Text
from verifier.model.read import read_model, read_text
from verifier.source import ModelError
from verifier.verdict import Verdict

ROOT = Path(__file__).parents[2]

SMALL = """\
model: small
goroutines:
  worker: x = 1
"""


def read(text: str) -> Document:
    return read_text("m.yaml", text)


def texts(document: Document) -> list[Text]:
    declared = [document.declare] if document.declare else []
    return [*declared, *(r.body for r in document.roles), *(c.text for c in document.clauses)]


def assert_located(document: Document) -> None:
    """Every row of every Go text stands where the text says it does."""
    for text in texts(document):
        for row, words in enumerate(text.value.split("\n")):
            if words.strip():
                line = document.lines[text.line - 1 + row]
                assert line[text.columns[row] - 1 :].startswith(words), (line, words)


def test_defaults() -> None:
    document = read(SMALL)
    assert (document.name, document.title, document.about, document.go) == ("small", "", "", "1.27")
    assert (document.declare, document.clauses, document.expect) == (None, (), ())
    assert document.checks == CHECKS
    assert document.bounds == Bounds()
    (worker,) = document.roles
    assert (worker.name, worker.count, worker.body.value) == ("worker", 1, "x = 1")
    assert (worker.span.line, worker.span.column) == (3, 3)
    assert_located(document)


def test_everything() -> None:
    document = read(
        """\
model: all
title: A title
about: >
  Folded prose
  is fine here.
go: 1.20
declare: |
  var x int
goroutines:
  a: {count: any, body: "x = 1"}
  b:
    count: 3
    body: 'x = 2'
always: {positive: x >= 0}
sometimes:
  reached: "true"
finally:
  done: true
check: [fatal, always]
expect: {fatal: SAFE, positive: Unsafe, reached: unknown}
bounds: {heap: 8, int: [-1, 7], goroutines: 5, keys: 6, recursion: 7, defer: 9}
"""
    )
    assert document.about == "Folded prose is fine here."
    assert document.go == "1.21"
    assert [(r.name, r.count) for r in document.roles] == [("a", None), ("b", 3)]
    assert [(c.when, c.name, c.text.value) for c in document.clauses] == [
        ("always", "positive", "x >= 0"),
        ("sometimes", "reached", "true"),
        ("finally", "done", "true"),
    ]
    assert document.checks == ("fatal",)
    assert document.expect == (
        ("fatal", Verdict.SAFE),
        ("positive", Verdict.UNSAFE),
        ("reached", Verdict.UNKNOWN),
    )
    assert document.bounds == Bounds(heap=8, int=(-1, 7), goroutines=5, keys=6, recursion=7, defer=9)
    assert_located(document)


@pytest.mark.parametrize(
    ("written", "rules"),
    [("1.18", "1.21"), ("1.20", "1.21"), ("1.22", "1.23"), ('"1.23"', "1.23"), ("'1.24'", "1.27"), ("1.27", "1.27")],
)
def test_go_version_is_read_as_text(written: str, rules: str) -> None:
    assert read(SMALL + f"go: {written}\n").go == rules


@pytest.mark.parametrize(
    "body",
    [
        "|\n      a()\n      b()\n",
        "|\n\n   \n      a()\n\n        b()\n",
        "|2\n        a()\n      b()\n",
        "|-\n      a()\n      \tb()\n",
        "|+   # a comment\n      a()\n\n\n",
        "|\n     a()\n          \n     b()\n",
        "a()\n",
        "'a()'\n",
        '"a()"\n',
    ],
)
def test_every_row_of_a_body_is_located(body: str) -> None:
    document = read(f"model: m\ngoroutines:\n  w:\n    body: {body}go: 1.27\n")
    assert "a()" in document.roles[0].body.value
    assert_located(document)


def test_block_columns_count_from_the_indentation() -> None:
    document = read("model: m\ngoroutines:\n  w:\n    body: |\n\n        a()\n          b()\n")
    body = document.roles[0].body
    assert (body.line, set(body.columns)) == (5, {9})
    span = body.span(2, 2, 2, 5)
    assert (span.line, span.column, span.end_line, span.end_column) == (7, 11, 7, 14)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain, windows = tmp_path / "plain.yaml", tmp_path / "windows.yaml"
    text = "model: m\ngoroutines:\n  w: |\n    a()\n    b()\n"
    plain.write_bytes(text.encode())
    windows.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    one, other = read_model(str(plain)), read_model(str(windows))
    assert one.roles[0].body.value == other.roles[0].body.value == "a()\nb()\n"
    assert one.roles[0].body.columns == other.roles[0].body.columns
    assert one.lines == other.lines


CATALOGUE = sorted(glob.glob("models/*.yaml", root_dir=ROOT) + glob.glob("examples/*/*.yaml", root_dir=ROOT))


def test_there_is_a_catalogue() -> None:
    assert len(CATALOGUE) > 20


@pytest.mark.parametrize("path", CATALOGUE)
def test_catalogue_files_are_models(path: str) -> None:
    document = read_model(str(ROOT / path))
    assert document.roles
    assert_located(document)


def test_a_decision_is_kept_in_its_words() -> None:
    text = "model: m\ndecision: {question: Which lock?, considered: Mutex}\ngoroutines: {a: x()}\n"
    found = read_text("m.yaml", text).decision
    assert found is not None
    assert (found.question, found.record, found.chosen, found.considered) == ("Which lock?", "", "", ("Mutex",))


def test_a_decision_with_an_unknown_key_is_a_located_error() -> None:
    text = "model: m\ndecision: {quesion: Which lock?}\ngoroutines: {a: x()}\n"
    with pytest.raises(ModelError, match=r"m\.yaml:2:12: unknown key 'quesion'"):
        read_text("m.yaml", text)
