"""Running Python as a user has it: from the second run on, with the bytecode of every module written.

The environment of whoever measures may forbid bytecode, or hold stale one; so it is kept in a folder of this run's own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache

from benchmarks.child import Finished, run

FORBIDS, FOLDER = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"

TOUCH = (
    ("-m", "compileall", "-q", "verifier", "benchmarks"),
    ("-m", "verifier", "models/rwmutex.yaml"),
    ("-m", "verifier", "models/mutex-early-return.yaml", "--format", "json"),
    ("-m", "benchmarks.ours", "1", "1", "1", "--engine", "kernel", "--reduce", "slice,fuse,symmetry"),
)
"""Commands that load, between them, the libraries that others load, so that their bytecode is there."""


def python(arguments: Sequence[str], accept: frozenset[int] = frozenset({0})) -> Finished:
    """Run this interpreter with these arguments. Raises ChildFailed."""
    return run([sys.executable, *arguments], accept=accept, environment=_environment(_bytecode()))


def first(arguments: Sequence[str]) -> Finished:
    """The same where no bytecode has been written yet. Raises ChildFailed."""
    with tempfile.TemporaryDirectory() as folder:
        return run([sys.executable, *arguments], environment=_environment(folder))


def _environment(folder: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name != FORBIDS}, FOLDER: folder}


@cache
def _bytecode() -> str:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for arguments in TOUCH:
        run([sys.executable, *arguments], accept=frozenset(range(256)), environment=_environment(folder))
    return folder
