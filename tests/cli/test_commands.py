"""The command line itself: dispatch, exit codes, where output goes. The pipeline is a stand-in with fixed answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from verifier.cli import COMMANDS, main
from verifier.evidence.result import Explored, Property, Result
from verifier.model.document import Document
from verifier.verdict import Verdict

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Options:
    counts: tuple[tuple[str, int], ...] = ()
    checks: tuple[str, ...] | None = None
    max_states: int = 7
    timeout: float | None = None
    max_memory: int | None = None
    runtime: bool = False
    any_number: bool | None = None
    certificate: bool = False
    progress: Callable[[int, int, int], None] | None = None
    clock: Callable[[], float] | None = None
    engine: str = "auto"
    reduce: bool | None = None


def judged(document: Document, verdict: Verdict, limit: str = "") -> Result:
    prop = Property("race", "race", verdict, None, "the sentence", "exhaustive", 5, reason=limit)
    explored = Explored((("w", 1),), 5, 9, "reference", 0.01, not limit, limit)
    return Result(document.name, document.path, "", "1.27", (prop,), explored, audited="5 states")


class Pipeline(ModuleType):
    """Answers with the verdict that the model is named after."""

    Options = Options

    def __init__(self) -> None:
        super().__init__("verifier.pipeline")
        self.asked: list[Options] = []

    def verify(self, document: Document, options: Options) -> Result:
        self.asked.append(options)
        if document.name == "bug":
            raise RuntimeError("a bug\nof ours")
        if document.name == "ctrl-c":
            raise KeyboardInterrupt
        if document.name == "interrupted":
            return judged(document, Verdict.UNKNOWN, "interrupted")
        return judged(document, Verdict[document.name.upper()], "a limit" if document.name == "unknown" else "")


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    for name in ("safe", "unsafe", "unknown", "error", "bug", "ctrl-c", "interrupted"):
        Path(f"{name}.yaml").write_text(f"model: {name}\ngoroutines:\n  w: x = 1\n")
    Path("wrong.yaml").write_text("modle: m\n")
    made = Pipeline()
    monkeypatch.setitem(sys.modules, "verifier.pipeline", made)
    return made


@pytest.mark.parametrize(
    ("models", "code"),
    [
        ("safe", 0),
        ("unsafe", 1),
        ("wrong", 2),
        ("unknown", 3),
        ("error", 4),
        ("bug", 4),
        ("ctrl-c", 3),
        ("safe safe", 0),
        ("safe unknown safe", 3),
        ("unknown unsafe", 1),
        ("unsafe wrong unknown", 2),
        ("wrong bug unsafe", 4),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_gravest_exit_code_wins(pipeline: Pipeline, models: str, code: int, form: str) -> None:
    assert main([*(f"{m}.yaml" for m in models.split()), "--format", form]) == code


def test_a_wrong_model_does_not_stop_the_others(pipeline: Pipeline, capsys: Capture) -> None:
    assert main(["wrong.yaml", "safe.yaml", "unsafe.yaml"]) == 2
    out, err = capsys.readouterr()
    assert "did you mean 'model'?" in err
    assert "=== safe" in out and "=== unsafe" in out
    matrix = out[out.index("as expected\n") :]
    assert [line.split()[0] for line in matrix.splitlines()[1:4]] == ["wrong", "safe", "unsafe"]


def test_one_model_has_no_matrix(pipeline: Pipeline, capsys: Capture) -> None:
    main(["safe.yaml"])
    assert "as expected" not in capsys.readouterr().out


def test_json_names_models_that_were_not_judged(pipeline: Pipeline, capsys: Capture) -> None:
    assert main(["wrong.yaml", "safe.yaml", "--format=json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [m["verdict"] for m in found["models"]] == ["ERROR", "SAFE"]
    assert found["exit_code"] == 2


def test_our_own_bug_is_a_paragraph_and_with_v_a_traceback(pipeline: Pipeline, capsys: Capture) -> None:
    assert main(["bug.yaml"]) == 4
    short = capsys.readouterr().err
    assert "internal error: RuntimeError: a bug of ours at test_commands.py:" in short
    assert "Please report it" in short and "Traceback" not in short
    assert main(["bug.yaml", "-v"]) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("first", ["interrupted", "ctrl-c"])
def test_ctrl_c_stops_the_whole_run_and_says_what_was_left_out(pipeline: Pipeline, capsys: Capture, first: str) -> None:
    assert main([f"{first}.yaml", "safe.yaml"]) == 3
    assert len(pipeline.asked) == 1
    assert "NO: not checked" in capsys.readouterr().out


def test_options_reach_the_pipeline(pipeline: Pipeline) -> None:
    line = "safe.yaml --count w=3 --check race,fatal --max-states 10_000 --timeout 2m --max-memory 1.5k --runtime"
    line += " --engine kernel --no-reduce"
    assert main(line.split()) == 0
    (asked,) = pipeline.asked
    assert (asked.counts, asked.checks, asked.runtime) == ((("w", 3),), ("race", "fatal"), True)
    assert (asked.max_states, asked.timeout, asked.max_memory) == (10_000, 120.0, 1536)
    assert (asked.engine, asked.reduce) == ("kernel", False)
    assert asked.progress is None and asked.clock is not None


def test_what_is_not_said_keeps_the_default_of_the_pipeline(pipeline: Pipeline) -> None:
    main(["safe.yaml"])
    assert (pipeline.asked[0].max_states, pipeline.asked[0].checks) == (7, None)


def test_models_and_options_may_alternate(pipeline: Pipeline, capsys: Capture) -> None:
    assert main(["safe.yaml", "--timeout", "5", "unknown.yaml", "-q", "unsafe.yaml"]) == 1
    assert len(pipeline.asked) == 3


def test_output_goes_to_a_file(pipeline: Pipeline, capsys: Capture) -> None:
    assert main(["safe.yaml", "-o", "report.txt"]) == 0
    assert capsys.readouterr().out == ""
    assert "=== safe" in Path("report.txt").read_text()


@pytest.mark.parametrize("target", ["safe.yaml", ".", "nowhere/report.txt", "./safe.yaml"])
def test_output_that_cannot_be_written_is_refused_before_work(pipeline: Pipeline, target: str, capsys: Capture) -> None:
    before = Path("safe.yaml").read_text()
    assert main(["safe.yaml", "-o", target]) == 2
    assert pipeline.asked == []
    assert "verify: error: -o" in capsys.readouterr().err
    assert Path("safe.yaml").read_text() == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("safe.yaml --max-states 0", "not a number of states"),
        ("safe.yaml --max-states many", "not a number of states"),
        ("safe.yaml --timeout 0", "not a duration"),
        ("safe.yaml --timeout -3", "--timeout"),
        ("safe.yaml --timeout nan", "not a duration"),
        ("safe.yaml --max-memory 2X", "not a size"),
        ("safe.yaml --count w", "ROLE=N"),
        ("safe.yaml --count w=x", "1 to 100"),
        ("safe.yaml --count w=101", "1 to 100"),
        ("safe.yaml --count v=2", "its roles: w"),
        ("safe.yaml --check race,dedlock", "did you mean 'deadlock'?"),
        ("safe.yaml --format jsn", "invalid choice"),
        ("safe.yaml --engine warp", "invalid choice"),
        ("safe.yaml --formt json", "did you mean '--format'?"),
        ("grph safe.yaml", "did you mean 'verify graph'?"),
        ("replay safe.yaml", "CHOICES"),
        ("replay safe.yaml 0 1", "one argument too many: '1'"),
        ("replay safe.yaml 0//1", "no schedule"),
        ("replay safe.yaml 0/0 --at 3", "steps 1 to 2"),
        ("show", "MODEL"),
        ("show safe.yaml --formt dot", "did you mean '--format'?"),
        ("schema now", "one argument too many"),
    ],
)
def test_wrong_command_lines(pipeline: Pipeline, capsys: Capture, line: str, words: str) -> None:
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("verify: error: ")
    assert words in err


def test_new_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "cache"]) == 0
    written = (tmp_path / "cache.yaml").read_text()
    assert "model: cache\n" in written
    (tmp_path / "cache.yaml").write_text("mine")
    assert main(["new", "cache.yaml"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "cache.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "-x", "a b", "../", "a/", "nowhere/cache", ".hidden", "é", "a\nb"])
def test_new_refuses_names_that_are_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    assert os.listdir(tmp_path) == []


def test_schema_is_json(capsys: Capture) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: verify {command}" in capsys.readouterr().out


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("verify 0.")


def verify(*arguments: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "verifier", *arguments], cwd=ROOT, timeout=60, **more)  # type: ignore[call-overload,no-any-return]


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, verifier.cli as c; c.main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for heavy in ("ruamel", "networkx", "z3", "tree_sitter", "verifier.pipeline", "verifier.explore"):
        assert f"'{heavy}'" not in done.stderr


def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = verify("schema", stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_output_survives_a_terminal_without_unicode() -> None:
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = verify("--help", capture_output=True, env=plain)
    assert done.returncode == 0
    assert b"usage: verify MODEL\\u2026" in done.stdout
