"""Fill the output blocks of the documentation with what the command really prints.

A block starts with `<!-- output: verify MODEL … -->` and ends with `<!-- end -->`; what stands between is replaced by
the command and its output, with durations written as `…s` because they differ from run to run. What Go prints (`verify
gotest MODEL --run`) is shown without addresses, numbers of goroutines and the frames of Go's test runner, and left
alone where Go is not installed. The tables of docs/claims.md and docs/patterns.md are made as well (`tables`), and
docs/semantics.md (`semantics`).

    python docs/regenerate.py            rewrite README.md, examples/**/README.md and the pages of tables
    python docs/regenerate.py --check    exit 1 and name the files that are out of date, write nothing
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifier.evidence.result import Result

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(r"(<!-- output: verify (?P<arguments>[^\n]*?) -->\n).*?(<!-- end -->)", re.DOTALL)
_DURATION = re.compile(r"\b\d+\.\d+s\b")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}|(?<=goroutine )\d+|(?<=Goroutine )\d+| \+0x[0-9a-f]+$", re.M)
_RUNNER = re.compile(r"(?:^  testing\.[^\n]*\n +[^\n]*\n)+", re.M)
_NAMED = {"0": "0x…", " ": ""}

GO = "1.27"
"""The Go whose reports the pages show."""


def pages() -> Iterator[Path]:
    """Every file that may hold output blocks."""
    if (ROOT / "README.md").exists():
        yield ROOT / "README.md"
    yield from sorted((ROOT / "examples").rglob("README.md"))


def commands(text: str) -> list[str]:
    """The commands whose output `text` shows."""
    return [f"verify {m['arguments']}" for m in _BLOCK.finditer(text)]


def output(arguments: str) -> str:
    """What `verify ARGUMENTS` prints when run at the top of the repository, durations blanked."""
    from verifier.cli import main

    printed = io.StringIO()
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        with contextlib.redirect_stdout(printed):
            status = main(shlex.split(arguments))
    finally:
        os.chdir(here)
    said = _DURATION.sub("…s", printed.getvalue())
    if runs_go(arguments):
        said = _RUNNER.sub("  …\n", _ADDRESS.sub(lambda m: _NAMED.get(m[0][0], "…"), said))
    lines = [line.rstrip() for line in said.splitlines()]
    if status and not any(line.startswith("exit status") for line in lines):
        lines.append(f"exit status {status}")
    return "\n".join(lines)


def runs_go(arguments: str) -> bool:
    """Whether a command prints what Go prints."""
    return arguments.startswith("gotest ") and "--run" in arguments.split()


@cache
def has_go() -> bool:
    """Whether the toolchain is there that the pages show: lines of Go's library differ from version to version."""
    from verifier.gotest.toolchain import NoToolchain, go_version

    try:
        return f"go{GO}." in go_version() and shutil.which("gcc") is not None
    except NoToolchain:
        return False


def filled(text: str) -> str:
    """`text` with the content of every block brought up to date."""

    def block(match: re.Match[str]) -> str:
        if runs_go(match["arguments"]) and not has_go():
            return match[0]
        shown = output(match["arguments"])
        return f"{match[1]}```text\n$ verify {match['arguments']}\n{shown}\n```\n{match[3]}"

    return _BLOCK.sub(block, text)


def contents() -> Iterator[tuple[Path, str]]:
    """Every page with what it should hold."""
    for page in pages():
        yield page, filled(page.read_text(encoding="utf-8"))
    import tables

    for page, made in tables.pages():
        yield page, made(judged)
    import semantics

    yield ROOT / "docs" / "semantics.md", semantics.page()


@cache
def judged(path: Path) -> Result:
    """What the tool says about a model of the tables."""
    from verifier.model.read import read_model
    from verifier.pipeline import Options, verify

    return verify(read_model(str(path)), Options())


def main(argv: list[str]) -> int:
    """Rewrite the pages, or with `--check` only tell which would change."""
    stale = 0
    for page, new in contents():
        if page.exists() and page.read_text(encoding="utf-8") == new:
            continue
        stale += 1
        print(page.relative_to(ROOT))
        if "--check" not in argv:
            page.write_text(new, encoding="utf-8")
    return 1 if stale and "--check" in argv else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
