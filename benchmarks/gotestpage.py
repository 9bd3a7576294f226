"""docs/gotest.md: what became of every counterexample's Go test, a row each, and how the SAFE programs fared.

The page is its own store: what is measured anew replaces the rows of its models, the others stay.
"""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gotest.md"
MODELS = ROOT / "models"
NO_MODELS = ("litmus", "workloads")
"""Folders of files that are no models by themselves."""

TOP = """\
# Counterexamples on the real runtime

`verify gotest MODEL` makes a Go test of a counterexample. For every UNSAFE model of the catalogue and every property
that does not hold in it, this table says how the test leads there, and in how many runs Go showed what the model
predicts:

* **forced**: the goroutines are held before their statements until it is their turn. A race counts as shown when Go's
  race detector reports the two accesses of the counterexample, in their two statements; another race does not count.
* **runs freely**: it depends on steps inside the runtime's map, where nothing can hold a goroutine. The goroutines run
  over and over, and wait a moment for each other before the statements where it can happen. A process that dies of
  something else is followed by another one, until one dies as predicted, for 30 seconds at most.
* **refused**: no test is made; the reason is what `verify gotest` says.

The last column says what the other runs came to. `models/workloads` holds workloads, each a model only under a scheme
(`--scheme`), and `models/litmus` questions about single outcomes; neither is in the table.

MEASURED. The page is made by `python -m benchmarks.gotests --write`; with names of models it measures those anew.
"""

EXCEPTIONS = {
    ("patterns/wg-done-twice", "fatal"): """\
The verdict is right, but the moment is too short to be met. The map is empty, and of an empty map a read does not
look at the flag (internal/runtime/maps/runtime_faststr.go:127). So it has to come after the writer has counted its
first entry (:225) and before it clears the flag (:305), a few instructions later. Every round is a process of its
own, because the counter falls below zero, which panics: some 200 rounds a second. With `Add(1)` and no deferred
`Done` the same read meets the same insertion and nothing panics, so that rounds follow each other in one process:
Go 1.27.3 died of "concurrent map read and map write" in 2 of 26 million rounds.""",
}
"""Tests that do not show in every run what they should, and why: each has a row that says less than "10 of 10"."""

EXCEPTIONS_TOP = """\
## Exceptions

Where less than all runs showed what the model predicts:
"""

SAFE_TOP = """\
## SAFE models as Go programs

Programs of [examples/go/safe](../examples/go/safe), made from SAFE models, under the race detector. In each run the
goroutines run again and again for half a second, each a little late now and then, at random; a race, a panic or a
clause that does not hold when they have returned would contradict the verdict. Runs without a contradiction:
"""

_ROW = re.compile(r"^\| \[(?P<model>[^]]+)\]\([^)]*\) \|(?P<rest>.*)\|$")
_MEASURED = re.compile(r"^Measured with .*?(?=\. The page)", re.M)
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Row:
    """What became of one test: `how` is forced, runs freely or refused."""

    model: str
    name: str
    how: str
    shown: int
    runs: int
    remark: str = ""

    @property
    def count(self) -> str:
        """In how many runs it showed what was predicted."""
        return f"{self.shown} of {self.runs}" if self.runs else "–"

    @property
    def line(self) -> str:
        """The row on a terminal."""
        return f"{self.model:<44} {self.name:<36.36} {self.how:<12} {self.count:>8}  {self.remark}"


@dataclass(frozen=True)
class Page:
    """The content of the page."""

    measured: str
    rows: tuple[Row, ...]
    safe: tuple[Row, ...]


def catalogue() -> list[str]:
    """Every model of the catalogue by its path below `models/`, without the ending."""
    found = [*MODELS.glob("*.yaml"), *MODELS.glob("*/*.yaml")]
    names = [p.relative_to(MODELS).with_suffix("").as_posix() for p in found if p.parent.name not in NO_MODELS]
    return sorted(names, key=lambda n: ("/" in n, n))


def read() -> Page:
    """The page as it is."""
    if not PAGE.exists():
        return Page("", (), ())
    text = PAGE.read_text(encoding="utf-8")
    unsafe, _, safe = text.partition(SAFE_TOP.split("\n")[0])
    found = _MEASURED.search(text)
    return Page(found[0] if found else "", tuple(_rows(unsafe)), tuple(_rows(safe)))


def _rows(text: str) -> Iterable[Row]:
    for line in text.split("\n"):
        if match := _ROW.match(line):
            cells = [c.strip().replace("\\|", "|") for c in _CELLS.split(match["rest"])]
            prop, how, count, remark = cells if len(cells) == 4 else ["SAFE", "runs freely", cells[0], cells[1]]
            shown, runs = map(int, count.split(" of ")) if " of " in count else (0, 0)
            yield Row(match["model"], prop, how, shown, runs, remark)


def merged(page: Page, measured: str, rows: list[Row], safe: list[Row]) -> Page:
    """The page with the rows of models that were measured anew, and without models that are gone."""
    known = catalogue()

    def put(old: tuple[Row, ...], new: list[Row]) -> tuple[Row, ...]:
        anew = {r.model for r in new}
        every = [r for r in old if r.model not in anew and r.model in known] + new
        return tuple(sorted(every, key=lambda r: known.index(r.model)))

    return Page(measured, put(page.rows, rows), put(page.safe, safe))


def text(page: Page) -> str:
    """The page in Markdown."""
    out = [
        TOP.replace("MEASURED", page.measured or "Not measured"),
        _line("model", "property", "how", "shown", "remark"),
    ]
    out.append(_line(*["---"] * 5))
    out += [_line(_link(r.model), r.name, r.how, r.count, r.remark) for r in page.rows]
    out += ["", EXCEPTIONS_TOP, *(_exception(*of, why) for of, why in EXCEPTIONS.items())]
    out += ["", SAFE_TOP, _line("model", "runs", "remark"), _line(*["---"] * 3)]
    out += [_line(_link(r.model), r.count, r.remark) for r in page.safe]
    return "\n".join([*out, ""])


def _exception(model: str, name: str, why: str) -> str:
    return f"* {_link(model)}, {name}.\n" + textwrap.indent(why, "  ")


def _link(model: str) -> str:
    return f"[{model}]({os.path.relpath(MODELS / f'{model}.yaml', PAGE.parent)})"


def _line(*cells: str) -> str:
    return "|" + "".join(f" {c.replace('|', chr(92) + '|')} |" if c else " |" for c in cells)
