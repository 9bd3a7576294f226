"""Run another program to its end: what it printed, the CPU seconds it took and its peak memory, from wait4."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_LIMIT = 900
"""CPU seconds after which a child is ended: a tool that hangs must not take the other figures with it."""


class ChildFailed(Exception):
    """A program could not be run, or ended with a status that means it did not do its work."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that ended. `user` and `system` are CPU seconds, `memory` is its peak in bytes.

    A peak of `floor` bytes or less was not told apart from that of the process that started the child.
    """

    output: str
    errors: str
    status: int
    user: float
    system: float
    memory: int
    floor: int

    @property
    def cpu(self) -> float:
        """User and system time together."""
        return self.user + self.system


def run(
    command: Sequence[str],
    folder: Path = ROOT,
    accept: frozenset[int] = frozenset({0}),
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command to its end, in the environment given, else in ours.

    Raises ChildFailed with what it printed when its status is not one of `accept`.
    """
    floor = peak()
    with tempfile.TemporaryFile(mode="w+") as out, tempfile.TemporaryFile(mode="w+") as err:
        try:
            child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env=environment)
        except OSError as error:
            raise ChildFailed(f"{command[0]}: {error.strerror}") from error
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output, errors = out.read(), err.read()
    if child.returncode not in accept:
        raise ChildFailed(f"{Path(command[0]).name}: exit status {child.returncode}\n{(output + errors)[-2000:]}")
    return Finished(
        output, errors, child.returncode, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024, max(floor, peak())
    )


def peak() -> int:
    """The peak memory of this process in bytes: a child inherits it as the least peak that wait4 reports."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
