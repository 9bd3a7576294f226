"""What the command prints, word for word: every file here is one command and its output."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from verifier.cli import main

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = sorted(HERE.rglob("*.txt"))
PROMPT = "$ verify"
_DURATION = re.compile(r"\b[0-9]+\.[0-9]+(?=s\b)|(?<=\"seconds\": )[0-9.]+")


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 10


def said(command: str) -> str:
    """The command, what it prints, and its exit code."""
    both = io.StringIO()
    with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
        code = main(shlex.split(command.removeprefix(PROMPT)))
    output = _DURATION.sub("…", both.getvalue())
    return f"{command}\n{output}{'' if not output or output.endswith(chr(10)) else chr(10)}exit {code}\n"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(HERE)))
def test_golden(file: Path, promote: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    expected = file.read_text(encoding="utf-8")
    command = expected.split("\n", 1)[0]
    assert command == PROMPT or command.startswith(PROMPT + " ")
    found = said(command)
    if promote:
        file.write_text(found, encoding="utf-8")
    else:
        assert found == expected
