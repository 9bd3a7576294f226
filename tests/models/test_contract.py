"""What schemes leave to the workload is asked for where the workload names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.model.read import read_text
from verifier.model.schemes import schemes, under
from verifier.pipeline import Options
from verifier.pipeline.contract import told
from verifier.pipeline.load import Front, read_front
from verifier.source import Diagnostic, ModelError, Span

ROOT = Path(__file__).parents[2]
WHOLE = "type Key = string", "type Value = int", "func hash(key Key) int { return 0 }", "var m = NewMap()"


def front(scheme: str, *declared: str) -> Front:
    text = f"model: w\nschemes: {scheme}\ndeclare: |\n" + "".join(f"  {d}\n" for d in declared)
    read = read_text(str(ROOT / "models" / "workloads" / "w.yaml"), f"{text}goroutines: {{g: 'm.Len()'}}\n")
    return read_front(under(read, schemes(read)[0]), Options())


@pytest.mark.parametrize(
    ("scheme", "left", "missing"),
    [
        ("mutex", (1, 3), ["Key"]),
        ("mutex", (0, 3), ["Value"]),
        ("mutex", (3,), ["Key", "Value"]),
        ("sharded", (0, 1, 3), ["hash"]),
        ("syncmap127", (3,), ["Key", "Value", "hash"]),
    ],
)
def test_everything_missing_is_named_once(scheme: str, left: tuple[int, ...], missing: list[str]) -> None:
    with pytest.raises(ModelError) as error:
        front(scheme, *(WHOLE[n] for n in left))
    assert [d.message for d in error.value.diagnostics] == [
        f"the workload declares no {name}, which this scheme needs" for name in missing
    ]
    assert {(d.span.line, d.span.column) for d in error.value.diagnostics} == {(2, 10)}


def test_what_a_scheme_does_not_use_may_be_left_out() -> None:
    assert front("mutex", *(WHOLE[n] for n in (0, 1, 3))).package.functions
    assert front("sharded", *WHOLE).package.functions


def test_a_scheme_may_use_these_words_for_something_else(tmp_path: Path) -> None:
    go = "type Map struct{ Key, Value int }\nfunc NewMap() *Map { return &Map{} }\n"
    go += "func (m *Map) Len() int { return m.Key }\n"
    (tmp_path / "own.go").write_text(go, encoding="utf-8")
    assert front(str(tmp_path / "own.go"), "var m = NewMap()").package.functions
    (tmp_path / "own.go").write_text(go.replace("m.Key", "m.Kay"), encoding="utf-8")
    with pytest.raises(ModelError, match="Kay"):
        front(str(tmp_path / "own.go"), "var m = NewMap()")


def test_other_errors_stay_as_they_are() -> None:
    made = front("mutex", *(WHOLE[n] for n in (0, 1, 3))).document
    scheme, own = made.sources[-1].text.file, made.path
    found = [
        Diagnostic(f"undefined: {n}", Span(f, 7, 1)) for n, f in (("Value", scheme), ("Value", own), ("y", scheme))
    ]
    shown = told(ModelError(*found), made).diagnostics
    assert [d.message for d in shown] == [
        "the workload declares no Value, which this scheme needs",
        "undefined: Value",
        "undefined: y",
    ]
    assert shown[1:] == tuple(found[1:])


def test_it_may_be_declared_in_any_way() -> None:
    assert front("mutex", "type (", "  Key string", "  Value int", ")", "var m = NewMap()").package.functions
