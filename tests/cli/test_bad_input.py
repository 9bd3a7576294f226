"""Input that is no model: one located message, exit 2, no traceback, nothing written, and quickly."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from verifier.cli import main

BODY = "goroutines:\n  w: x = 1\n"


def refused(capsys: pytest.CaptureFixture[str], path: Path | str, *more: str) -> str:
    """The message for a file, after everything that holds for every refusal was asserted."""
    here = set(os.listdir(Path(path).parent)) if Path(path).parent.is_dir() else set()
    start = time.process_time()
    code = main([str(path), *more])
    assert time.process_time() - start < 20, "far more than any refusal takes, far less than one that is quadratic"
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert re.match(rf"{re.escape(str(path))}:[0-9]+:[0-9]+: error: ", err), err
    assert "Traceback" not in err
    assert all(c.isprintable() or c in "\n\t" for c in err)
    assert not here or set(os.listdir(Path(path).parent)) == here
    return err


def place(err: str) -> tuple[int, int]:
    match = re.search(r":([0-9]+):([0-9]+): error: ", err)
    assert match
    return int(match[1]), int(match[2])


def wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: bytes | str) -> str:
    file = tmp_path / "m.yaml"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return refused(capsys, file)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("model: [1, 2\n", (1, 8), "not YAML"),
        ("model: m: n\n", (1, 9), "not YAML"),
        ("model: 'm\n", (1, 8), "never closed"),
        ("model: m\n" + BODY + "  v: |\n    a\n   b: c\n", (6, 4), "not YAML: the indentation"),
        ("model: @m\n", (1, 8), "not YAML"),
        ("%YAML 3.0\n---\nmodel: m\n", (1, 1), "not YAML"),
        ("model: m\ngoroutines:\n\tw: x = 1\n", (3, 1), "tab"),
        ("model: m\n" + BODY + "chek: [race]\n", (4, 1), "did you mean 'check'?"),
        ("model: m\ngoroutines:\n  w: {count: 2, bdy: x = 1}\n", (3, 17), "did you mean 'body'?"),
        ("model: m\n" + BODY + "bounds: {haep: 2}\n", (4, 10), "did you mean 'heap'?"),
        ("model: 3\n" + BODY, (1, 8), "found the number 3"),
        ("model: m\ngoroutines: 3\n", (2, 13), "wants a mapping"),
        ("model: m\ngoroutines: []\n", (2, 13), "found a list"),
        ("model: m\ngoroutines: {}\n", (2, 13), "is empty"),
        ("model: m\ngoroutines:\n", (2, 1), "found nothing"),
        ("model: m\n" + BODY + "check: race\n", (4, 8), "write [race]"),
        ("model: m\n" + BODY + "check: [rase]\n", (4, 9), "did you mean 'race'?"),
        ("model: m\n" + BODY + "check: []\n", (4, 8), "nothing is checked"),
        ("model: m\n" + BODY + "check: [sometimes]\n", (4, 9), "no `sometimes:`"),
        ("model: m\n" + BODY + "expect: {rase: safe}\n", (4, 10), "did you mean 'race'?"),
        ("model: m\n" + BODY + "expect: {race: fine}\n", (4, 16), "one of safe, unsafe, unknown"),
        ("model: m\n" + BODY + "expect: {race: true}\n", (4, 16), "found the boolean true"),
        ("model: m\n" + BODY + "check: [fatal]\nexpect: {race: safe}\n", (5, 10), "leaves out"),
        ("model: m\n" + BODY + "always: {race: x > 0}\n", (4, 10), "built-in"),
        ("model: m\n" + BODY + "always: {p: x > 0}\nfinally: {p: x > 0}\n", (5, 11), "two properties are named 'p'"),
        ("model: m\n" + BODY + "always: {p: [x]}\n", (4, 13), "wants a Go bool expression, found a list"),
        ("model: m\n" + BODY + "always: {p: ''}\n", (4, 13), "is empty"),
        ("model: m\n" + BODY + "bounds: {int: [1, 5]}\n", (4, 15), "at most 0"),
        ("model: m\n" + BODY + "bounds: {heap: 2.5}\n", (4, 16), "whole number"),
        ("model: m\n" + BODY + "go: 1.99\n", (4, 5), "one of 1.18"),
        ("model: m\n" + BODY + "go: 1.2\n", (4, 5), "one of 1.18"),
        ("model: m\n" + BODY + "setup: x = 1\n", (4, 1), "`var _ = setup()`"),
        ("model: m\n" + BODY + "source: a.go\n", (4, 9), "no such file"),
        ("model: m\n" + BODY + "declare: >\n  var x int\n  var y int\n", (4, 10), "`|`"),
        ("model: m\n" + BODY + "declare: var x\n  int\n", (4, 10), "several lines"),
        (BODY, (1, 1), "has no `model:`"),
        ("model: m\n", (1, 1), "has no `goroutines:`"),
        ("", (1, 1), "empty"),
        ("# only a comment\n", (1, 1), "empty"),
        ("---\n", (1, 1), "empty"),
        ("- a\n", (1, 1), "found a list"),
        ("model\n", (1, 1), "wants a mapping"),
        ("model: m\ngoroutines:\n  w:\n", (3, 3), "does nothing"),
        ("model: m\ngoroutines:\n  w: |\n    // x\n    ;\n    /* y */\n", (3, 6), "does nothing"),
        ("model: m\ngoroutines:\n  w: {count: 3}\n", (3, 6), "has no `body:`"),
        ("model: m\ngoroutines:\n  w: {count: 0, body: x = 1}\n", (3, 14), "from 1 to 100 or `any`"),
        ("model: m\ngoroutines:\n  w: {count: -1, body: x = 1}\n", (3, 14), "found the number -1"),
        ("model: m\ngoroutines:\n  w: {count: 99999999999999999999, body: x = 1}\n", (3, 14), "from 1 to 100"),
        ("model: m\ngoroutines:\n  w: {count: all, body: x = 1}\n", (3, 14), "found the text 'all'"),
        ("model: m\ngoroutines:\n  w-1: x = 1\n", (3, 3), "a Go identifier"),
        ("model: m\ngoroutines:\n  func: x = 1\n", (3, 3), "Go keeps that word"),
        ("model: m\ngoroutines:\n  w: x = 1\n  w: x = 2\n", (4, 3), "written twice"),
        ("model: m\nmodel: n\n" + BODY, (2, 1), "written twice"),
        ("model: m\ngoroutines: &g\n  w: *g\n", (2, 13), "anchor &g"),
        ("model: m\ngoroutines:\n  w: *g\n", (3, 6), "alias *g"),
        ("model: m\ngoroutines:\n  <<: {w: x = 1}\n", (3, 3), "merge key"),
        ("model: !!python/object/apply:os.system [ls]\n", (1, 8), "the tag"),
        ("model: m\n" + BODY + "---\nmodel: n\n", (4, 1), "second YAML document"),
        ("model: m\n? [a]\n: b\n", (2, 3), "a key must be text"),
        ("a: " + "[" * 100_000, (1, 15), "nested"),
        ("model: m\n\x00", (2, 1), "U+0000"),
        ("model: m\ntitle: a\x1b[31m\n", (2, 9), "U+001B"),
        ('model: m\n"\\e[31m": n\n' + BODY, (2, 1), "unknown key"),
    ],
)
def test_wrong_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, at: tuple[int, int], words: str
) -> None:
    err = wrong(capsys, tmp_path, text)
    assert place(err) == at, err
    assert words in err


def test_no_version_is_a_slip_for_another_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "did you mean" not in wrong(capsys, tmp_path, "model: m\n" + BODY + 'go: "1.30"\n')


def test_a_model_named_without_its_ending(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cache.yaml").write_text("model: m\n" + BODY)
    assert main(["cache"]) == 2
    assert "did you mean 'verify cache.yaml'?" in capsys.readouterr().err


def test_everything_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    err = wrong(capsys, tmp_path, "model: m\ntitel: t\ngo: 2\ngoroutines:\n  w: {count: 0, body: x = 1}\n")
    assert re.findall(r":([0-9]+):[0-9]+: error:", err) == ["2", "3", "5"]


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (b"\x7fELF\x02\x01\x01\x00\x00", (1, 1)),
        (b"\x89PNG\r\n\x1a\n\x00\x00", (1, 1)),
        (b"model: m\ngoroutines:\n  w: \xff\xfe\n", (3, 6)),
        ("model: mé\n".encode("latin-1"), (1, 9)),
        ("model: m\n".encode("utf-16"), (1, 1)),
        ("model: é\n  ü: ".encode() + b"\xff", (2, 6)),
    ],
)
def test_binary_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: bytes, at: tuple[int, int]) -> None:
    err = wrong(capsys, tmp_path, data)
    assert "not a text file" in err
    assert place(err) == at


@pytest.mark.parametrize("line", ["a{n}: b\n", "- [a, b, c]\n", "  mu.Lock()\n", "\n", "# comment\n", "a: {{b: c}}\n"])
def test_a_file_of_100_000_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str) -> None:
    err = wrong(capsys, tmp_path, "".join(line.format(n=n) for n in range(100_000)))
    assert "not a model" in err


def test_many_values_on_few_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "not a model" in wrong(capsys, tmp_path, "a: [" + "b, " * 200_000 + "]\n")


def test_one_line_of_megabytes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "larger than" in wrong(capsys, tmp_path, b"x" * 3_000_000)


def test_a_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "cache.yaml").write_text("model: m\n" + BODY)
    assert f"did you mean '{tmp_path / 'cache.yaml'}'?" in refused(capsys, tmp_path / "cahce.yaml")
    assert "no such file" in refused(capsys, tmp_path / "nowhere" / "m.yaml")


def test_a_directory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "directory" in refused(capsys, tmp_path)


def test_a_name_no_file_can_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read" in refused(capsys, "./" + "m" * 5000 + ".yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("model: m\n")
    file.chmod(0)
    assert "cannot be read: Permission denied" in refused(capsys, file)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_an_endless_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "larger than" in refused(capsys, "/dev/zero")
