"""Ctrl-C during a long exploration: what is known so far, exit 3, no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_ctrl_c_ends_in_unknown_with_what_was_covered() -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", _RUN, "models/rwmutex.yaml", "--count", "writer=9", "--count", "reader=9"],
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
    assert out.endswith("exit status 3\n")


_RUN = """
import sys
import verifier.commands.check as check
from verifier.cli import main

class Line:
    said = False

    def __call__(self, states, transitions, frontier):
        if not self.said:
            print("exploring", file=sys.stderr, flush=True)
        self.said = True

    def erase(self):
        pass

check.for_terminal = lambda quiet: Line()
sys.exit(main(sys.argv[1:]))
"""
