"""Go that is wrong or outside the subset: exit 2 and one message with the line and column of the YAML file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verifier.cli import main

HEAD = "model: m\ndeclare: |\n  var n int\n  var mu sync.Mutex\ngoroutines:\n  w:\n    body: |\n"
FIRST = 8
"""The line of the first statement."""


@pytest.mark.parametrize(
    ("body", "at", "words"),
    [
        ("n = 1 +\n", (8, 13), "syntax error"),
        ("n = 1\n\nif n == 1 {\n", (10, 17), "never closed"),
        ("n = (1\n", (8, 11), "syntax error"),
        ("n == 1 }\n", (8, 14), "syntax error"),
        ('n = "one"\n', (8, 11), "cannot use"),
        ("n = 1\nvar s string = n\n_ = s\n", (9, 22), "cannot use"),
        ("n = mm\n", (8, 11), "undefined: mm"),
        ("mu.Lok()\n", (8, 10), "Lok"),
        ("x := 1\n", (8, 7), "declared and not used: x"),
        ("n = 1.5\n", (8, 11), "floating-point"),
        ("if n { n = 2 }\n", (8, 10), "bool"),
        ("c := make(<-chan int)\nc <- 1\n", (9, 7), "cannot send to receive-only channel"),
        ("c := make(chan int, n)\nclose(c)\n", (8, 27), "constant, small capacity"),
        ("select {\ncase <-n:\n}\n", (9, 12), "cannot receive from non-channel"),
        ('import "unsafe"\n', (8, 7), "import"),
    ],
)
def test_wrong_go_in_a_body(
    body: str, at: tuple[int, int], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(HEAD + "".join(f"      {line}\n" for line in body.splitlines()))
    assert main([str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    match = re.match(rf"{re.escape(str(file))}:([0-9]+):([0-9]+): error: (.*)", err)
    assert match, err
    assert (int(match[1]), int(match[2])) == at, err
    assert words in match[3]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("for i := 0, i < 3, i++ { n = i }\n", "use semicolons: `for i := 0; i < n; i++ { … }`"),
        ("# more\nn = 1\n", "a comment begins with //"),
        ("v := sync.OnceValues(func() (int, int) { return 1, 2 })()\n", "as in `v, _ := …`"),
        ("mu.RLock()\n", "a sync.RWMutex has RLock"),
        ("_ = cmp.Compare(1, 2)\n", "compare with `<`"),
    ],
)
def test_what_to_write_instead(body: str, note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(HEAD + "".join(f"      {line}\n" for line in body.splitlines()))
    assert main([str(file)]) == 2
    assert note in capsys.readouterr().err


def test_a_generic_function_that_is_wrong_is_not_called_wrong_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.yaml"
    declare = "func Least[T cmp.Ordered](a, b T) T { return min(a, b) }"
    file.write_text(f"model: m\ndeclare: |\n  {declare}\ngoroutines:\n  w: _ = Least(1, 2)\n")
    assert main([str(file)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"{file}:3:16: error: package cmp is not part of models")
    assert err.count("error:") == 1


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("declare: |\n  var n int\n  func f() { n = }\ngoroutines:\n  w: f()\n", (4, 17), "syntax error"),
        ("declare: var n inr\ngoroutines:\n  w: n++\n", (2, 16), "undefined: inr"),
        ("declare: 'var n int'\ngoroutines:\n  w: n++\nalways: {p: 'nn > 0'}\n", (5, 14), "undefined: nn"),
        ("declare: var n int\ngoroutines:\n  w: n++\nalways: {p: n}\n", (5, 13), "bool"),
        ("declare: var n int\ngoroutines:\n  w: n++\nfinally:\n  p: |\n    n >\n", (7, 8), "syntax error"),
        ("declare: var n int\ngoroutines:\n  w: n++\nsometimes: {p: 'at(v, here) > 0'}\n", (5, 20), "v"),
    ],
)
def test_wrong_go_elsewhere(
    text: str, at: tuple[int, int], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("model: m\n" + text)
    assert main([str(file)]) == 2
    err = capsys.readouterr().err
    match = re.match(rf"{re.escape(str(file))}:([0-9]+):([0-9]+): error: (.*)", err)
    assert match, err
    assert (int(match[1]), int(match[2])) == at, err
    assert words in match[3]


def test_a_model_too_large_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(HEAD.replace("  w:\n", "  w:\n    count: 12\n") + "".join("      n++\n" for _ in range(8)))
    assert main([str(file), "--check", "deadlock", "--max-states", "3000"]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"^\?\?\?   deadlock .*--max-states", out, re.M)
    assert out.endswith("exit status 3\n")


def test_memory_is_a_limit_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(HEAD.replace("  w:\n", "  w:\n    count: 12\n") + "".join("      n++\n" for _ in range(8)))
    assert main([str(file), "--check", "deadlock", "--max-memory", "1M"]) == 3
    assert "1 MiB of states" in capsys.readouterr().out


def test_the_skeleton_verifies_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "cache"]) == 0
    assert main(["cache.yaml"]) == 0
    assert re.search(r"^SAFE  cache  6/6 properties", capsys.readouterr().out, re.M)
