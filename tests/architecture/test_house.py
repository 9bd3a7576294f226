"""The shape of the product: who may import whom, how long files may be, that the map at the door is true."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from .modules import PACKAGE, ROOT, Module, modules

FLOOR = {
    "": 0,
    "source": 0,
    "verdict": 0,
    "records": -1,
    "program": 1,
    "model": 1,
    "gosem": 2,
    "evidence": 2,
    "golang": 3,
    "explore": 3,
    "prove": 3,
    "audit": 3,
    "pipeline": 4,
    "mutate": 5,
    "report": 5,
    "gotest": 5,
    "commands": 6,
    "cli": 7,
    "__main__": 8,
}
"""A part imports itself and the floors below it."""

UP_TO = {"report": 2}
"""Parts that may not use every floor below them: reports draw evidence and know nothing of engines."""

ENGINES = ("explore", "prove")
LONGEST = 400
MEDIAN = 150
BEGIN, END = "<!-- map -->\n", "<!-- /map -->\n"

HOUSE = modules()


def allowed(user: Module, used: Module) -> bool:
    if user.part == used.part:
        return True
    return FLOOR[used.part] <= UP_TO.get(user.part, FLOOR[user.part] - 1)


def test_every_part_has_a_floor() -> None:
    assert len(HOUSE) > 50
    assert {m.part for m in HOUSE.values()} <= set(FLOOR)


def test_imports_point_down() -> None:
    wrong = [f"{m.name} imports {u}" for m in HOUSE.values() for u in sorted(m.imports) if not allowed(m, HOUSE[u])]
    assert wrong == []


def test_the_auditor_knows_no_engine() -> None:
    reached: set[str] = set()
    todo = [name for name, m in HOUSE.items() if m.part == "audit"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(HOUSE[name].imports)
    assert any(HOUSE[name].part == "audit" for name in reached)
    assert [name for name in sorted(reached) if HOUSE[name].part in ENGINES] == []


def test_no_import_cycles() -> None:
    graph = {name: m.imports for name, m in HOUSE.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_files_are_short() -> None:
    lengths = {m.name: m.lines for m in HOUSE.values()}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
    assert statistics.median(lengths.values()) <= MEDIAN


def test_every_module_says_what_it_is_for() -> None:
    assert [m.name for m in HOUSE.values() if not m.summary and m.path.name != "__init__.py"] == []


def drawn_map() -> str:
    """A line a module, by floor, then by name."""
    listed = sorted(
        (m for m in HOUSE.values() if m.path.name != "__init__.py"), key=lambda m: (FLOOR[m.part], m.part, m.name)
    )
    rows = [f"| `{m.path.relative_to(PACKAGE)}` | {m.summary.replace('|', '&#124;')} |" for m in listed]
    return "\n".join(["| module of `verifier/` | what it is for |", "| --- | --- |", *rows]) + "\n"


def test_the_map_in_the_readme_is_true(promote: bool) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    shown, after = rest.split(END)
    if promote:
        readme.write_text(before + BEGIN + drawn_map() + END + after, encoding="utf-8")
    else:
        assert shown == drawn_map(), "run `pytest tests/architecture --promote`"


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=lambda command: " ".join(command),
)
def test_tools_find_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_classes_are_defined_the_cheap_way() -> None:
    library = re.compile(r"^ *(from|import) dataclasses\b", re.MULTILINE)
    # `evidence.codec` reads classes from outside too, and never for a verdict alone.
    users = {m.name for m in HOUSE.values() if library.search(m.path.read_text("utf-8"))}
    assert users == {"verifier.records", "verifier.evidence.codec"}
