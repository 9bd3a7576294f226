"""The peers: how each is run on the shared workload, and which of them are not installed."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from benchmarks.child import ChildFailed

MODELS = Path(__file__).resolve().parent

NEEDS = {"SPIN": ("spin", "gcc"), "Rumur": ("rumur", "gcc")}


def missing(tlc: str | None) -> dict[str, str]:
    """Peers that cannot run here, each with the reason. `tlc` is the class path of TLC, if one was given."""
    found = {
        peer: f"{', '.join(absent)} not installed"
        for peer, tools in NEEDS.items()
        if (absent := [t for t in tools if shutil.which(t) is None])
    }
    if not tlc:
        found["TLC"] = "no class path given (--tlc JAR or the environment variable TLC_CP)"
    elif absent := [part for part in tlc.split(os.pathsep) if not Path(part).exists()]:
        found["TLC"] = f"not there: {', '.join(absent)}"
    elif shutil.which("java") is None:
        found["TLC"] = "java not installed"
    return found


def number(output: str, pattern: str) -> int:
    """The last number that `pattern` finds, thousands separators dropped. Raises ChildFailed when there is none."""
    matches = re.findall(pattern, output)
    if not matches:
        raise ChildFailed(f"no number like {pattern!r} in:\n{output[-2000:]}")
    return int(matches[-1].replace(",", ""))
