"""docs/model.md says what the table of fields and the library say, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verifier.golang import library
from verifier.model import fields as f
from verifier.model.document import BUILTIN, CHECKS
from verifier.model.read import read_text
from verifier.model.schemes import schemes, under
from verifier.pipeline.load import read_front
from verifier.pipeline.options import Options
from verifier.verdict import Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")
ROWS = {row[0]: row for row in (re.findall(r"(?<=\| ).*?(?= \|)", line) for line in PAGE.splitlines()) if row}


def row(name: str) -> list[str]:
    """The cells of the table row that starts with this name."""
    return ROWS[f"`{name}`"]


FIELDS = [
    *((field.name, field) for field in f.MODEL.fields),
    *((f"goroutines.ROLE.{field.name}", field) for field in f.ROLE.fields),
    *((f"decision.{field.name}", field) for field in f.DECISION.fields),
    *((f"bounds.{field.name}", field) for field in f.BOUNDS.fields),
]


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_key_has_a_row_with_its_default(name: str, field: f.Field) -> None:
    _, holds, default, _ = row(name)
    if field.required:
        assert default == "required"
    elif isinstance(field.default, int | str):
        assert default == f"`{field.default}`"
    elif field.name == "int":
        assert field.default is not None and default == f"`{list(field.default)}`"
    elif field.name == "check":
        assert default == "the first four" and len(CHECKS) == 4
    else:
        assert field.default is None and default in ("none", "below")
    if isinstance(field.shape, f.Whole):
        assert holds.startswith(f"{field.shape.least} to {field.shape.most}")


def test_every_meaning_is_that_of_the_schema() -> None:
    first = [field for field in f.MODEL.fields if field.name not in f.CLAUSES]
    for field in (*first, *f.BOUNDS.fields):
        assert field.doc.rstrip(".").split(", as a list of two")[0] in PAGE, field.name


@pytest.mark.parametrize("word", [*BUILTIN, *f.CLAUSES, *f.VERDICT_WORDS, f.GO_VERSIONS[0], f.GO_VERSIONS[-1]])
def test_every_word_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize(("package", "path"), library.PACKAGES.items())
def test_every_package_is_listed_with_what_it_offers(package: str, path: str) -> None:
    members = library.CONTEXT if package == "context" else library.members(package)
    if not members:
        assert f"`{path}`" not in ROWS
        return
    _, offers = row(path)
    missing = [name for name in members if not re.search(rf"`{name}\b", offers)]
    operations = tuple(m.removesuffix("…") for m in re.findall(r"`(\w+…)`", offers))
    assert [name for name in missing if not name.startswith(operations or "-")] == []


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_of_a_workload_is_accepted(tmp_path: Path) -> None:
    (example,) = (e for e in EXAMPLES if "schemes:" in e)
    folder = tmp_path / "schemes"
    folder.mkdir()
    for file in ("schemes/mutex.go", "schemes/rwmutex.go", "mine.go"):
        (tmp_path / file).write_text(SCHEME, encoding="utf-8")
    text = f"model: m\n{example}".replace("unprotected:", "mine:")
    document = read_text(str(tmp_path / "m.yaml"), text)
    taken = [under(document, scheme) for scheme in schemes(document)]
    assert [d.name for d in taken] == ["m/mutex", "m/rwmutex", "m/mine"]
    assert [dict(d.expect)["race"] for d in taken] == [Verdict.SAFE, Verdict.SAFE, Verdict.UNSAFE]
    for one in taken:
        assert read_front(one, Options()).package.functions


SCHEME = """package schemes

type Map struct{ m map[Key]Value }

func NewMap() *Map { return &Map{m: map[Key]Value{}} }

func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) { return v, false }

func (m *Map) Range(f func(k Key, v Value) bool) {}
"""


def test_the_example_of_clauses_is_accepted() -> None:
    (example,) = (e for e in EXAMPLES if "always:" in e)
    declare = "type User struct{ Age int }; var users = map[string]*User{}; var done atomic.Bool"
    roles = 'goroutines: {writer: "writing: done.Store(true)", reader: "reading: _ = len(users)"}'
    document = read_text("m.yaml", f'model: m\ndeclare: "{declare}"\n{roles}\n{example}')
    assert {c.when for c in document.clauses} == set(f.CLAUSES)
    assert len(read_front(document, Options()).package.clauses) == len(document.clauses)
