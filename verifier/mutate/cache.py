"""Verdicts of edited models, kept in a directory of the user's: the key says everything they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping

from verifier.mutate.judge import Judged, Said, Task
from verifier.records import dataclass
from verifier.verdict import Verdict

FORMAT = 2

_PASSING = ("interrupted", "--timeout", "--max-memory")
"""Words of reasons that depend on the machine or on somebody's patience."""


def directory(environment: Mapping[str, str]) -> str:
    """Where verdicts are kept: below XDG_CACHE_HOME if that is an absolute path, else below ~/.cache (XDG base
    directory specification 0.8)."""
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "verify", "mutants")


@dataclass(frozen=True, slots=True)
class Cache:
    """Verdicts kept in `directory`, None: nowhere. `tool` is a digest of the tool: another one has other verdicts."""

    directory: str | None
    tool: str

    def get(self, task: Task) -> Judged | None:
        """What is known about a task; None when nothing is, or nothing that can be read."""
        if self.directory is None:
            return None
        try:
            with open(self._path(task), encoding="utf-8") as file:
                return _read(json.load(file))
        except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
            return None

    def put(self, task: Task, found: Judged) -> None:
        """Keep a verdict, unless it depends on the machine or on somebody's patience. Failing to is no error."""
        passing = any(s.verdict is Verdict.ERROR or any(w in s.reason for w in _PASSING) for s in found.said)
        if self.directory is None or passing or not (found.said or found.wrong):
            return
        path = self._path(task)
        with contextlib.suppress(OSError):
            os.makedirs(self.directory, exist_ok=True)
            # Under another name first: a reader never finds half a file, and two writers write the same.
            with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
                json.dump(_written(found), file)
            os.replace(f"{path}.{os.getpid()}", path)

    def _path(self, task: Task) -> str:
        whole = hashlib.sha256(f"{FORMAT}\0{self.tool}\0{task.document.path}\0{task.document.scheme}".encode())
        for file, text in task.texts:
            whole.update(f"\0{file}\0{len(text)}\0{text}".encode("utf-8", "surrogatepass"))
        whole.update(repr((task.counts, task.checks, task.max_states, task.explain, task.runtime)).encode())
        assert self.directory is not None
        return os.path.join(self.directory, f"{whole.hexdigest()}.json")


def _written(found: Judged) -> dict[str, object]:
    said = [[s.name, s.kind, s.verdict.value, s.steps, s.reason] for s in found.said]
    return {"said": said, "wrong": found.wrong, "states": found.states}


def _read(body: dict[str, object]) -> Judged:
    said, wrong, states = body["said"], body["wrong"], body["states"]
    if not isinstance(said, list) or not isinstance(wrong, str) or not isinstance(states, int):
        raise ValueError
    made = tuple(Said(str(n), str(k), Verdict(v), int(steps), str(r)) for n, k, v, steps, r in said)
    if not made and not wrong:
        raise ValueError
    return Judged(made, wrong, states)
