"""Ctrl-C during a long exploration: what is known so far, exit 3, no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", ["reference", "kernel"])
def test_ctrl_c_ends_in_unknown_with_what_was_covered(engine: str) -> None:
    counts = ["--count", "writer=9", "--count", "reader=9"]
    started = subprocess.Popen(
        [sys.executable, "-c", _RUN, "models/rwmutex.yaml", *counts, "--engine", engine, "--no-reduce"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    # The first progress report: the exploration is under way.
    assert started.stderr.readline() == "exploring\n"
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 3, err
    assert "Traceback" not in err
    assert "???   race" in out and "interrupted" in out
    assert "stopped after " in out
    assert out.endswith("exit status 3\n")


_RUN = """
import sys
import verifier.commands.judging as judging
from verifier.cli import main

class Line:
    said = False

    def __call__(self, states, transitions, frontier):
        if not self.said:
            print("exploring", file=sys.stderr, flush=True)
        self.said = True

    def erase(self):
        pass

judging.for_terminal = lambda quiet, label: Line()
sys.exit(main(sys.argv[1:]))
"""


def test_memory_that_is_used_up_ends_in_unknown_too() -> None:
    counts = ["--count", "writer=9", "--count", "reader=9"]
    command = [sys.executable, "-m", "verifier", "models/rwmutex.yaml", *counts, "--no-reduce", "--no-any"]
    ended = subprocess.run([*command, "--max-memory", "20MB"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 3, ended.stderr
    assert "20 MiB of states reached (--max-memory)" in ended.stdout
